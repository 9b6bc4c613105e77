// SPDX-License-Identifier: GPL-2.0-or-later
//! Any text as an `extlinux.conf`: read, with what it includes, chosen from, and
//! each label loaded up to the jump, without a panic, an endless loop or a
//! change to what is reserved.
//!
//! The bytes 0xff part the input: what is typed, the configuration, a file that
//! it may include, and one that it may take for a kernel, an initramfs, a device
//! tree or an overlay.
#![no_main]

use arch::mem::{Access, Ram, Reserved};
use boot::bootm::Failed;
use boot::label::{self, Options};
use boot::loader::Loader;
use common::console::{self, Terminal};
use common::{Error, Result};
use env::Env;
use fs::{DirEntry, FileSystem, FileType, Metadata};
use libfuzzer_sys::fuzz_target;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Once};

const BASE: u64 = 0x4000_0000;
const SIZE: u64 = 4 << 20;
/// Where the loader would be.
const LOADER: u64 = BASE + SIZE - 0x1_0000;
/// Longer configurations take long and show nothing more.
const MAX_LEN: usize = 4096;

/// What is typed; and then, without an end, the first label.
static KEYS: Mutex<VecDeque<u8>> = Mutex::new(VecDeque::new());

struct Keys;

impl Terminal for Keys {
    fn write(&self, _bytes: &[u8]) {}

    fn read(&self) -> Option<u8> {
        let mut keys = KEYS.lock().expect("nothing panics with it");
        if keys.is_empty() {
            keys.extend(b"\r1\r");
        }
        keys.pop_front()
    }

    fn wait(&self, _timeout_us: u64) {}
}

/// Files by name, in whatever folder.
struct Files<'a>(Vec<(&'static str, &'a [u8])>);

impl Files<'_> {
    fn file(&self, path: &str) -> Result<&[u8]> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let mut files = self.0.iter();
        let found = files.find(|(other, _)| *other == name);
        found.map(|(_, bytes)| *bytes).ok_or(Error::NotFound)
    }
}

impl FileSystem for Files<'_> {
    fn name(&self) -> &'static str {
        "files"
    }

    fn label(&self) -> String {
        String::new()
    }

    fn uuid(&self) -> String {
        String::new()
    }

    fn metadata(&self, path: &str) -> Result<Metadata> {
        Ok(Metadata {
            kind: FileType::Regular,
            size: self.file(path)?.len() as u64,
        })
    }

    fn read(&self, path: &str, offset: u64, buf: &mut [u8]) -> Result<usize> {
        let rest = self.file(path)?.get(offset as usize..).unwrap_or(&[]);
        let len = rest.len().min(buf.len());
        buf[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn list(&self, _path: &str, _each: &mut dyn FnMut(DirEntry) -> Result<()>) -> Result<()> {
        Err(Error::NotADirectory)
    }
}

/// An arm64 kernel that needs little.
fn kernel() -> Vec<u8> {
    let mut bytes = vec![0; 0x200];
    bytes[16..24].copy_from_slice(&0x1000u64.to_le_bytes());
    bytes[24] = 1 << 3;
    bytes[56..60].copy_from_slice(b"ARM\x64");
    bytes
}

/// A device tree with nothing in it but `/chosen` and a seed for random numbers.
fn tree() -> Vec<u8> {
    let mut words = vec![1u32, 0, 1];
    words.extend([u32::from_be_bytes(*b"chos"), u32::from_be_bytes(*b"en\0\0")]);
    words.extend([3, 4, 0, 0x0102_0304, 2, 2, 9]);
    let (structure, strings) = (words.len() * 4, b"rng-seed\0");
    let total = 56 + structure + strings.len();
    let header = [
        0xd00d_feed,
        total as u32,
        56,
        (56 + structure) as u32,
        40,
        17,
        16,
        0,
        strings.len() as u32,
        structure as u32,
    ];
    let reservations = [0u32; 4];
    let all = header.iter().chain(&reservations).chain(&words);
    let mut bytes: Vec<u8> = all.flat_map(|word| word.to_be_bytes()).collect();
    bytes.extend(strings);
    bytes
}

fuzz_target!(|data: &[u8]| {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| console::set_device(Arc::new(Keys)));
    let mut parts = data.splitn(4, |&byte| byte == 0xff);
    let mut part = || parts.next().unwrap_or(&[]);
    let (keys, text, more, blob) = (part(), part(), part(), part());
    *KEYS.lock().expect("nothing panics with it") = keys.iter().copied().collect();
    let cut = |bytes: &[u8]| bytes[..bytes.len().min(MAX_LEN)].to_vec();
    let (text, more) = (cut(text), cut(more));

    let loader = Reserved {
        range: LOADER..BASE + SIZE,
        what: "loader",
        access: Access::Private,
    };
    let mut ram = Ram::in_buffer(BASE, SIZE as usize, vec![loader]);
    let control = tree();
    let at = LOADER - 0x1000;
    let place = ram.slice_mut(at, control.len()).expect("there is room");
    place.copy_from_slice(&control);
    let mut env = Env::empty();
    for (name, address) in [
        ("kernel_addr_r", BASE),
        ("ramdisk_addr_r", BASE + (1 << 20)),
        ("fdt_addr_r", BASE + (2 << 20)),
        ("fdtcontroladdr", at),
    ] {
        env.set_hex(name, address).expect("a name and a number");
    }
    env.set("localcmd", "true").expect("a name and a text");
    let kernel = kernel();
    let files = Files(vec![
        ("I", &kernel),
        ("t", &control),
        ("i", b"initramfs"),
        ("m", &more),
        ("b", blob),
    ]);
    let options = Options {
        prompt: keys.len() % 2 == 1,
        fallback: keys.len() % 3 == 2,
    };
    let mut loader = Loader::new(&mut ram, &mut env, &files, "/d/");
    let mut started = 0;
    _ = label::boot(&mut loader, &text, options, &mut |loader, handover| {
        started += 1;
        let kernel = &handover.kernel;
        assert!(kernel.end <= LOADER && kernel.start >= BASE && handover.fdt < LOADER);
        assert!(!kernel.contains(&handover.fdt));
        assert!(loader.ram.slice(handover.fdt, 40).is_ok());
        Err(Failed)
    });
    let mut bytes = [0; 64];
    ram.peek(LOADER, &mut bytes).expect("it is in RAM");
    assert_eq!(bytes, [0; 64], "the loader was overwritten");
});
