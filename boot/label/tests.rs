// SPDX-License-Identifier: GPL-2.0-or-later

use super::*;
use crate::fdt::Fdt;
use crate::fdt::testing::{build, node, xen_guest};
use crate::fdt_support::tree_at;
use crate::fit::testing::fit_with;
use crate::image::testing::image;
use crate::seed::NO_SEED;
use crate::testing::Files;
use crate::uimage::testing::legacy;
use common::Error;
use common::testing::capture;
use core::slice::from_ref;
use env::Env;
use fs::{DirEntry, FileSystem, Metadata};
use include::image::FLAG_ANYWHERE;
use include::uimage::{TYPE_KERNEL, TYPE_RAMDISK};

const RAM: u64 = 0x4000_0000;
const MIB: u64 = 1 << 20;
const FOLDER: &str = "/boot/extlinux/";

/// What a kernel would have been started with.
struct Started {
    /// The word by which a test knows a kernel.
    mark: u8,
    tree: Vec<u8>,
}

impl Started {
    fn chosen(&self, name: &str) -> Option<Vec<u8>> {
        let tree = Fdt::new(&self.tree).unwrap();
        let chosen = tree.find("/chosen").unwrap();
        chosen.property(name).map(<[u8]>::to_vec)
    }

    fn bootargs(&self) -> String {
        let tree = Fdt::new(&self.tree).unwrap();
        let bootargs = tree.find("/chosen").unwrap().string("bootargs");
        bootargs.unwrap_or("none").into()
    }

    fn root(&self, name: &str) -> bool {
        Fdt::new(&self.tree)
            .unwrap()
            .root()
            .property(name)
            .is_some()
    }
}

/// A guest whose own tree has a seed, if `seed` says so.
struct Guest {
    ram: Ram,
    env: Env,
    started: Vec<Started>,
    /// The contents of each initramfs.
    initrds: Vec<Vec<u8>>,
}

impl Guest {
    fn new() -> Guest {
        let mut ram = Ram::in_buffer(RAM, 32 << 20, Vec::new());
        let control = with_seed(&xen_guest());
        let place = ram.slice_mut(RAM + 30 * MIB, control.len()).unwrap();
        place.copy_from_slice(&control);
        let mut env = Env::empty();
        for (name, value) in [
            ("board", "xenguest"),
            ("root", "/dev/xvda2"),
            ("bootargs", "old"),
        ] {
            env.set(name, value).unwrap();
        }
        for (name, offset) in [
            ("kernel_addr_r", 0),
            ("kernel_comp_addr_r", 4),
            ("ramdisk_addr_r", 8),
            ("fdt_addr_r", 16),
            ("fdtcontroladdr", 30),
        ] {
            env.set_hex(name, RAM + offset * MIB).unwrap();
        }
        Guest {
            ram,
            env,
            started: Vec::new(),
            initrds: Vec::new(),
        }
    }

    /// Boots; each kernel returns, as if it could not be started.
    fn boot(&mut self, text: &str, files: &[(&str, &[u8])]) -> Result<Outcome, Failed> {
        let files = Files::new(files);
        let mut loader = Loader::new(&mut self.ram, &mut self.env, files.as_ref(), FOLDER);
        let (started, initrds) = (&mut self.started, &mut self.initrds);
        let options = Options::default();
        boot(
            &mut loader,
            text.as_bytes(),
            options,
            &mut |loader, handover| {
                let mark = loader.ram.slice(handover.kernel.start, 4).unwrap()[0];
                let tree = tree_at(loader.ram, handover.fdt).unwrap().bytes().to_vec();
                let range = crate::fdt_support::chosen_initrd(Fdt::new(&tree).unwrap());
                let initrd = range.map(|range| loader.ram.slice(range.start, len(&range) as usize));
                initrds.push(initrd.map_or(Vec::new(), |bytes| bytes.unwrap().to_vec()));
                started.push(Started { mark, tree });
                Err(Failed)
            },
        )
    }
}

fn with_seed(tree: &[u8]) -> Vec<u8> {
    let mut roomy = alloc::vec![0; tree.len() + 256];
    crate::fdt::open_into(Fdt::new(tree).unwrap(), &mut roomy).unwrap();
    let mut edited = crate::fdt::FdtMut::new(&mut roomy).unwrap();
    let chosen = edited.find("/chosen").unwrap();
    edited.set_property(chosen, "rng-seed", b"secret").unwrap();
    roomy
}

fn kernel(mark: u8) -> Vec<u8> {
    let mut bytes = image(0x1000, 0, 0x2000, FLAG_ANYWHERE);
    bytes[0] = mark;
    bytes
}

/// Boots from these files, and gives what was to be started and what was said.
fn booted(text: &str, files: &[(&str, &[u8])]) -> (Guest, String) {
    let console = capture();
    let mut guest = Guest::new();
    assert_eq!(guest.boot(text, files), Err(Failed));
    assert_eq!(guest.env.get("bootargs"), Some("old"));
    (guest, console.take())
}

#[test]
fn the_default_is_tried_first_and_then_the_others() {
    let (guest, said) = booted(
        "default b\nlabel a\nkernel /Image\nlabel b\nmenu label B\x1b\nkernel ../Image\n\
         initrd rd\nappend root=${root} x\nlabel c\nkernel none\nlabel d\n",
        &[
            ("/Image", &kernel(1)),
            ("/boot/Image", &kernel(2)),
            ("/boot/extlinux/rd", b"333"),
        ],
    );
    let started = guest.started.iter().map(|s| (s.mark, s.bootargs()));
    let expected = [(2, "root=/dev/xvda2 x".into()), (1, "old".into())];
    assert_eq!(started.collect::<Vec<_>>(), expected);
    assert_eq!(guest.initrds, [b"333".to_vec(), Vec::new()]);
    assert!(
        said.starts_with(
            "2:\tB?\nRetrieving file: /boot/extlinux/../Image\n\
             Retrieving file: /boot/extlinux/rd\nappend: root=/dev/xvda2 x\n"
        ),
        "{said}"
    );
    assert!(
        said.ends_with(
            "3:\tc\nRetrieving file: /boot/extlinux/none\n/boot/extlinux/none: not found\n\
             Skipping c for failure retrieving kernel\n4:\td\nNo kernel given, skipping d\n"
        ),
        "{said}"
    );
}

#[test]
fn nothing_more_is_tried_once_a_kernel_was_started() {
    let _console = capture();
    let mut guest = Guest::new();
    let files = Files::new(&[("/Image", &kernel(1))]);
    let mut loader = Loader::new(&mut guest.ram, &mut guest.env, files.as_ref(), FOLDER);
    let text = b"label a\nkernel /none\nlabel b\nkernel /Image\nlabel c\nkernel /Image";
    let mut count = 0;
    let outcome = boot(&mut loader, text, Options::default(), &mut |_, _| {
        count += 1;
        Ok(())
    });
    assert_eq!((outcome, count), (Ok(Outcome::Started), 1));
}

#[test]
fn options_come_before_the_configuration() {
    let console = capture();
    let mut guest = Guest::new();
    let files = Files::new(&[("/1", &kernel(1)), ("/2", &kernel(2))]);
    let text = "label a\nkernel /1\nlabel b\nkernel /2\ndefault a\n";
    let mut first = |text: &str, options| {
        let mut loader = Loader::new(&mut guest.ram, &mut guest.env, files.as_ref(), FOLDER);
        let mut mark = 0;
        _ = boot(&mut loader, text.as_bytes(), options, &mut |loader, at| {
            mark = loader.ram.slice(at.kernel.start, 1).unwrap()[0];
            Ok(())
        });
        mark
    };
    let fallback = Options {
        fallback: true,
        ..Options::default()
    };
    assert_eq!(first(&(String::from(text) + "fallback b"), fallback), 2);
    assert!(console.take().starts_with("Setting use of fallback\n"));
    assert_eq!(first(text, fallback), 1);
    assert!(
        console
            .take()
            .starts_with("Selected fallback option, but not set\n")
    );
    let prompt = Options {
        prompt: true,
        ..Options::default()
    };
    console.keys("b\r");
    assert_eq!(first(text, prompt), 2);
    console.keys("\x03");
    assert_eq!(first(text, prompt), 0);
}

/// Files of which one is never read to its end, because the user presses Ctrl-C.
struct Interrupted(alloc::boxed::Box<Files>, &'static str);

impl FileSystem for Interrupted {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn label(&self) -> String {
        self.0.label()
    }
    fn uuid(&self) -> String {
        self.0.uuid()
    }
    fn metadata(&self, path: &str) -> common::Result<Metadata> {
        self.0.metadata(path)
    }
    fn read(&self, path: &str, offset: u64, buf: &mut [u8]) -> common::Result<usize> {
        match path == self.1 {
            true => Err(Error::Interrupted),
            false => self.0.read(path, offset, buf),
        }
    }
    fn list(
        &self,
        path: &str,
        each: &mut dyn FnMut(DirEntry) -> common::Result<()>,
    ) -> common::Result<()> {
        self.0.list(path, each)
    }
}

#[test]
fn after_ctrl_c_nothing_is_started() {
    let _console = capture();
    let text = "include /more\nlabel a\nkernel /I\ninitrd /i\nfdtoverlays /o.dtbo\n\
                label b\nkernel /J\n";
    let files: [(&str, &[u8]); 5] = [
        ("/more", b"timeout 0\n"),
        ("/I", &kernel(1)),
        ("/i", b"1"),
        ("/o.dtbo", b"1"),
        ("/J", &kernel(2)),
    ];
    for path in ["/more", "/I", "/i", "/o.dtbo"] {
        let files = Interrupted(Files::new(&files), path);
        let mut guest = Guest::new();
        let mut loader = Loader::new(&mut guest.ram, &mut guest.env, &files, FOLDER);
        let mut started = false;
        let result = boot(
            &mut loader,
            text.as_bytes(),
            Options::default(),
            &mut |_, _| {
                started = true;
                Err(Failed)
            },
        );
        assert_eq!((result, started), (Err(Failed), false), "{path}");
        assert!(loader.is_interrupted());
    }
}

#[test]
fn labels_without_a_kernel_of_their_own() {
    let console = capture();
    let mut guest = Guest::new();
    let text = "default l\nlabel l\nlocalboot 1\nappend root=${root}\nlabel a\nkernel /I\n";
    let files: &[(&str, &[u8])] = &[("/I", &kernel(1))];
    assert_eq!(guest.boot(text, files), Err(Failed));
    let missing = "1:\tl\nmissing environment variable: localcmd\n";
    assert_eq!(console.take(), missing);
    guest.env.set("localcmd", "echo local").unwrap();
    assert_eq!(guest.boot(text, files), Ok(Outcome::LocalCommand));
    assert_eq!(guest.env.get("bootargs"), Some("root=/dev/xvda2"));
    let nothing = text.replace("localboot 1", "localboot -1");
    assert_eq!(guest.boot(&nothing, files), Ok(Outcome::Nothing));
    assert!(guest.started.is_empty());
    // Nor is one whose commands are missing.
    guest.env.delete("localcmd");
    let missing = text.replace("default l", "");
    assert_eq!(guest.boot(&missing, files), Err(Failed));
    assert_eq!(guest.started.len(), 1);
    guest.started.clear();
    // What is to be left alone is no reason to leave all else alone.
    let others = nothing.replace("default l", "");
    assert_eq!(guest.boot(&others, files), Err(Failed));
    assert_eq!(guest.started.len(), 1);
}

#[test]
fn device_trees_and_overlays() {
    let source = node("", &[("model", b"mine\0")], &[node("soc", &[], &[])]);
    let tree = build(&source, &[], 0);
    let content = node("__overlay__", &[("added", &[])], &[]);
    let fragment = |target: &'static [u8]| {
        let properties: &[(&str, &[u8])] = &[("target-path", target)];
        let fragment = node("fragment@0", properties, from_ref(&content));
        build(&node("", &[], &[fragment]), &[], 0)
    };
    let (overlay, lost) = (fragment(b"/\0"), fragment(b"/none\0"));
    let (guest, said) = booted(
        "label a\nkernel /I\nfdt /my.dtb\nfdtoverlays /o.dtbo /bad.dtbo /none.dtbo /lost.dtbo\n\
         label b\nkernel /I\nfdtdir /dtbs\nlabel c\nkernel /I\nfdtoverlays /o.dtbo\n\
         label d\nkernel /I\nfdt /none\nlabel e\nkernel /I\nfdtdir /none/\n\
         label f\nkernel /I\nfdt -\nfdtdir /dtbs\n",
        &[
            ("/I", &kernel(1)),
            ("/my.dtb", &tree),
            ("/dtbs/xenguest.dtb", &tree),
            ("/o.dtbo", &overlay),
            ("/lost.dtbo", &lost),
            ("/bad.dtbo", b"bad"),
        ],
    );
    let found = guest
        .started
        .iter()
        .map(|s| (s.root("model"), s.root("added"), s.root("compatible")));
    let expected = [
        (true, true, false),
        (true, false, false),
        // The loader's own tree, with an overlay.
        (false, true, true),
        // The label without its tree is left out, but not the one without a folder.
        (false, false, true),
        (false, false, true),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    for line in [
        "Retrieving file: /dtbs/xenguest.dtb\n",
        "Invalid overlay /bad.dtbo, skipping\n",
        "Failed loading overlay /none.dtbo\n",
        "failed on fdt_overlay_apply(): FDT_ERR_NOTFOUND\n\
         base fdt does not have a /__symbols__ node\nmake sure you've compiled with -@\n\
         Failed to apply overlay /lost.dtbo, skipping\n",
        "Skipping d for failure retrieving FDT\n",
        "Retrieving file: /none/xenguest.dtb\n/none/xenguest.dtb: not found\n\
         Skipping fdtdir /none/ for failure retrieving dts\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn the_name_of_the_boards_device_tree() {
    let _console = capture();
    let tree = build(&node("", &[("model", b"mine\0")], &[]), &[], 0);
    for (variables, name) in [
        (&[("fdtfile", "xen/my.dtb")][..], "/d/xen/my.dtb"),
        (&[("soc", "s")], "/d/s-xenguest.dtb"),
        (&[("soc", "s"), ("board", "")], "/d/.dtb"),
    ] {
        let mut guest = Guest::new();
        for (name, value) in variables {
            guest.env.set(name, value).unwrap();
        }
        let files: &[(&str, &[u8])] = &[("/I", &kernel(1)), (name, &tree)];
        _ = guest.boot("label a\nkernel /I\nfdtdir /d\n", files);
        assert!(guest.started[0].root("model"), "{name}");
    }
}

#[test]
fn a_random_number_takes_the_place_of_the_one_in_a_file() {
    let old = b"the same";
    let chosen = node("chosen", &[("kaslr-seed", old)], &[]);
    let tree = build(&node("", &[], &[chosen]), &[], 0);
    let files: &[(&str, &[u8])] = &[("/I", &kernel(1)), ("/t", &tree)];
    let (guest, _) = booted(
        "label a\nkernel /I\nfdt /t\nlabel b\nkernel /I\nfdt /t\nkaslrseed\n",
        files,
    );
    let seed = |index: usize| guest.started[index].chosen("kaslr-seed").unwrap();
    assert_eq!(seed(0), old);
    assert_ne!(seed(1), old);
    assert_eq!(seed(1).len(), 8);
    let console = capture();
    let mut bare = Guest::new();
    let control = xen_guest();
    let place = bare.ram.slice_mut(RAM + 30 * MIB, control.len());
    place.unwrap().copy_from_slice(&control);
    _ = bare.boot("label a\nkernel /I\nfdt /t\nkaslrseed\n", files);
    assert_eq!(bare.started[0].chosen("kaslr-seed").unwrap(), old);
    assert!(console.take().contains(NO_SEED), "it is started without");
}

#[test]
fn an_initramfs_of_several_files() {
    let raw: &[(&str, &[u8])] = &[
        ("/I", &kernel(1)),
        ("/a", b"12345"),
        ("/b", b"678"),
        ("/u", &legacy(TYPE_RAMDISK, 0, 0, 0, b"header")),
    ];
    let (guest, said) = booted(
        "label a\nkernel /I\ninitrd /a,/b\nlabel b\nkernel /I\ninitrd /u\n\
         label c\nkernel /I\ninitrd /u,/b\nlabel d\nkernel /I\ninitrd /a,/none\n",
        raw,
    );
    assert_eq!(
        guest.initrds,
        [b"12345\0\0\x00678".to_vec(), b"header".to_vec()]
    );
    for line in [
        "## Loading init Ramdisk from Legacy Image at ",
        "/u: an initramfs with a header cannot be joined with others\n",
        "Skipping d for failure retrieving initrd\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn kernels_in_images_go_the_way_of_bootm() {
    // Low in memory, where kernel_addr_r is too.
    let (load, flat) = (RAM, kernel(7));
    let old = legacy(TYPE_KERNEL, 0, load as u32, load as u32, &flat);
    let cell = |value: u64| (value as u32).to_be_bytes();
    let part = |name, data: &[u8], kind: &[u8], at: &[u8]| {
        let properties: &[(&str, &[u8])] = &[
            ("data", data),
            ("type", kind),
            ("arch", b"arm64\0"),
            ("os", b"linux\0"),
            ("compression", b"none\0"),
            ("load", at),
            ("entry", at),
        ];
        node(name, properties, &[])
    };
    let tree = build(&node("", &[("model", b"fit\0")], &[]), &[], 0);
    let images = [
        part("fdt", &tree, b"flat_dt\0", &cell(RAM + 20 * MIB)),
        part("kernel-1", &kernel(1), b"kernel\0", &cell(load)),
        part("kernel-2", &kernel(2), b"kernel\0", &cell(load)),
        part("ramdisk", b"initrd", b"ramdisk\0", &cell(RAM + 22 * MIB)),
    ];
    let configuration = |name, kernel: &[u8]| {
        let properties: &[(&str, &[u8])] = &[
            ("kernel", kernel),
            ("fdt", b"fdt\0"),
            ("ramdisk", b"ramdisk\0"),
        ];
        node(name, properties, &[])
    };
    let configurations = [
        configuration("one", b"kernel-1\0"),
        configuration("two", b"kernel-2\0"),
    ];
    let fit = fit_with(&images, b"one\0", &configurations);
    let mine = build(&node("", &[("mine", b"")], &[]), &[], 0);
    let (guest, said) = booted(
        "label old\nkernel /uImage\nlabel default\nkernel /fit\nlabel two\nfit /fit#two\n\
         label own\nkernel /fit\nfdt /dtb\nlabel parts\nkernel /fit#two\ninitrd /fit#two\n\
         fdt /fit#two\nlabel none\nkernel /fit#none\n",
        &[("/uImage", &old), ("/fit", &fit), ("/dtb", &mine)],
    );
    let started = guest.started.iter().zip(&guest.initrds);
    let found = started.map(|(s, initrd)| (s.mark, s.root("model"), s.root("mine"), initrd.len()));
    let expected = [
        (7, false, false, 0),
        (1, true, false, 6),
        (2, true, false, 6),
        // With a tree of its own it gets nothing that is not named, as in U-Boot.
        (1, false, true, 0),
        (2, true, false, 6),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected, "{said}");
    assert!(
        said.contains("## Booting kernel from Legacy Image at "),
        "{said}"
    );
    assert!(said.contains("Could not find configuration node"), "{said}");
}
