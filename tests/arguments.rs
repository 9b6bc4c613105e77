// SPDX-License-Identifier: GPL-2.0-or-later
//! A machine that survives any command, to find out whether the commands survive any argument.
//!
//! [`run`] takes bytes as choices and runs lines of all registered commands,
//! made by [`words`], on a small machine with disks. A user who loses patience
//! ends what waits; what leaves the machine comes back. What was changed on the
//! disks is undone.

mod examples;
mod words;

use crate::image::ImageDisk;
use crate::machine::{dos_disk, gpt_disk};
use crate::tool::{arg, run as run_tool};
use arch::mem::{Access, Ram, Reserved};
use arch::sandbox::exit::{self, Exit};
use cmd::testing::xen;
use cmd::{COMMANDS, Command, Context};
use common::console::{self, Terminal};
use dm::{Driver, Model, UclassDriver, UclassId};
use env::Env;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use words::Choices;

/// Where the RAM begins.
const RAM_BASE: u64 = 0x4000_0000;
/// How large it is.
const RAM_SIZE: usize = 16 << 20;
/// Where the device tree is, and the room for it.
const TREE: std::ops::Range<u64> = 0x4010_0000..0x4011_0000;
/// Where the pretended loader is, up to the end of the RAM.
const LOADER: u64 = 0x40f0_0000;
/// How many lines a machine runs at most.
const LINES: usize = 24;

/// How a line ended.
pub struct Outcome<'a> {
    /// The command in it.
    pub command: &'a Command,
    /// The line.
    pub line: String,
    /// Its status, or how it left the machine.
    pub end: Result<i32, Exit>,
    /// What it printed, up to a limit.
    pub output: String,
}

/// The registered commands, by name.
pub fn commands() -> Vec<&'static Command> {
    let mut commands: Vec<_> = COMMANDS.iter().collect();
    commands.sort_by_key(|command| command.name);
    commands
}

/// Runs the lines that these bytes choose of these commands.
pub fn run<'a>(bytes: &[u8], commands: &[&'a Command], mut each: impl FnMut(Outcome<'a>)) {
    let mut choices = Choices::new(bytes);
    let mut subject = Subject::new();
    // Mostly with a tree to work on.
    if choices.below(4) > 0 {
        _ = subject.run("fdt addr ${fdtcontroladdr}");
    }
    for _ in 0..LINES {
        if choices.are_over() {
            break;
        }
        let command = commands[choices.below(commands.len())];
        let line = words::line(command, &mut choices);
        let (end, output) = subject.run(&line);
        each(Outcome {
            command,
            line,
            end,
            output,
        });
    }
}

/// Runs a script on a machine of its own.
pub fn run_script(script: &str) {
    _ = Subject::new().run(script);
}

/// The machine, and what is needed to put it right.
struct Subject {
    context: Context,
    disks: Vec<Arc<ImageDisk>>,
}

impl Subject {
    fn new() -> Subject {
        console::set_device(USER.clone());
        arch::time::advance(0);
        let disks: Vec<_> = HOST.disks.iter().map(|(_, disk)| disk.clone()).collect();
        disks.iter().for_each(|disk| disk.log_writes());
        std::fs::write(HOST.folder.join("disk.img"), &HOST.small).unwrap();
        Subject {
            context: context(&disks),
            disks,
        }
    }

    fn run(&mut self, script: &str) -> (Result<i32, Exit>, String) {
        USER.looks.store(0, Ordering::Relaxed);
        USER.shown().clear();
        let end = exit::catch(|| self.context.run_script(script));
        if end.is_err() {
            self.context = context(&self.disks);
        }
        let output = String::from_utf8_lossy(&USER.shown()).into_owned();
        (end, output)
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        for (original, disk) in &HOST.disks {
            let blocks = disk.take_writes();
            let mut bytes = disk.bytes();
            for (number, block) in blocks {
                let at = number as usize * block.len();
                bytes[at..][..block.len()].copy_from_slice(&original[at..][..block.len()]);
            }
        }
    }
}

/// What is made once: by the real tools, as far as it has a format.
struct Host {
    /// The only files of the host that the sandbox sees.
    folder: PathBuf,
    /// A disk as a file.
    small: Vec<u8>,
    /// Disks, and what they hold at first.
    disks: Vec<(Vec<u8>, Arc<ImageDisk>)>,
    /// What is in RAM at first: its address, the variable that has it, the bytes.
    memory: Vec<(u64, &'static str, Vec<u8>)>,
    tree: &'static fdt::Fdt<'static>,
}

static HOST: LazyLock<Host> = LazyLock::new(|| {
    // Never removed: it is used until the process ends.
    let folder = tempfile::tempdir().unwrap().keep();
    let disks = [gpt_disk(), dos_disk(), vec![0; 1 << 20]];
    let memory = memory(&folder);
    let tree = memory[0].2.clone().leak();
    let inside = folder.join("inside");
    std::fs::create_dir_all(inside.join("dir")).unwrap();
    std::fs::write(inside.join("hello.txt"), "Hello from the host!\n").unwrap();
    arch::sandbox::os::confine(&inside);
    Host {
        folder: inside,
        small: dos_disk()[..1 << 20].to_vec(),
        disks: disks
            .map(|bytes| (bytes.clone(), ImageDisk::new(bytes, 512)))
            .into(),
        memory,
        tree: Box::leak(Box::new(fdt::Fdt::new(tree).unwrap())),
    }
});

fn memory(folder: &Path) -> Vec<(u64, &'static str, Vec<u8>)> {
    let path = |name: &str| folder.join(name);
    let tool = |tool: &str, args: &[&str], name: &str| {
        let path = path(name);
        run_tool(tool, &[args, &[arg(&path)]].concat());
    };
    std::fs::write(path("tree.dts"), TREE_SOURCE).unwrap();
    std::fs::write(path("fit.its"), FIT_SOURCE).unwrap();
    // As long as a block.
    let script = format!("{:#<512}", "setenv n 5\necho sourced\n");
    std::fs::write(path("script"), &script).unwrap();
    let (tree, source) = (path("tree.dtb"), path("script"));
    tool("dtc", &["-o", arg(&tree)], "tree.dts");
    let fit = path("fit");
    run_tool("mkimage", &["-f", arg(&path("fit.its")), arg(&fit)]);
    tool("mkimage", &["-T", "script", "-d", arg(&source)], "legacy");
    tool("gzip", &["-k"], "script");
    tool("xz", &["-k"], "script");
    tool("xz", &["-k", "--format=lzma"], "script");
    tool("zstd", &["-q"], "script");
    run_tool("lz4", &["-q", arg(&source), arg(&path("script.lz4"))]);
    let mut image = vec![0; 4096];
    // The length in memory, little-endian memory anywhere, the magic number.
    for (at, number) in [(16, 4096), (24, 0xa), (56, 0x644d_5241u32)] {
        image[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    let read = |name: &str| std::fs::read(path(name)).unwrap();
    vec![
        (TREE.start, "fdtcontroladdr", read("tree.dtb")),
        (0x4020_0000, "script", read("script")),
        (0x4021_0000, "packed", read("script.gz")),
        (0x4022_0000, "legacy", read("legacy")),
        (0x4023_0000, "fit", read("fit")),
        (0x4024_0000, "xz", read("script.xz")),
        (0x4025_0000, "lzma", read("script.lzma")),
        (0x4026_0000, "zstd", read("script.zst")),
        (0x4027_0000, "lz4", read("script.lz4")),
        (0x4040_0000, "image", image),
    ]
}

const TREE_SOURCE: &str = "/dts-v1/; / {
    #address-cells = <2>; #size-cells = <2>; model = \"for tests\"; compatible = \"xen,xenvm\";
    aliases { ethernet0 = \"/net\"; };
    chosen { bootargs = \"console=hvc0\"; kaslr-seed = <1 2>; rng-seed = <1 2 3 4 5 6 7 8>; };
    net { };
    memory@40000000 { device_type = \"memory\"; reg = <0 0x40000000 0 0x1000000>; };
    cpus { #address-cells = <1>; #size-cells = <0>;
        cpu@0 { device_type = \"cpu\"; compatible = \"arm,armv8\"; reg = <0>; }; };
};";

const FIT_SOURCE: &str = "/dts-v1/; / { description = \"for tests\"; #address-cells = <1>;
    images {
        kernel { data = /incbin/(\"script\"); type = \"kernel\"; arch = \"arm64\"; os = \"linux\";
            compression = \"none\"; load = <0x40400000>; entry = <0x40400000>;
            hash-1 { algo = \"sha1\"; }; };
        script { data = /incbin/(\"script\"); type = \"script\"; compression = \"none\";
            hash-1 { algo = \"crc32\"; }; };
    };
    configurations { default = \"conf\"; conf { kernel = \"kernel\"; }; };
};";

fn context(disks: &[Arc<ImageDisk>]) -> Context {
    let reserved = |range: std::ops::Range<u64>, what, access| Reserved {
        range,
        what,
        access,
    };
    let end = RAM_BASE + RAM_SIZE as u64;
    let kept = vec![
        reserved(LOADER..end, "loader", Access::Private),
        reserved(TREE, "device tree", Access::NoLoad),
    ];
    let mut ram = Ram::in_buffer(RAM_BASE, RAM_SIZE, kept);
    let model = Model::new(&DRIVERS, &UCLASSES, Some(HOST.tree));
    model.bind_children(model.root()).unwrap();
    _ = dm::cpu::bind(&model);
    crate::image::bind(&model, disks);
    let store = xen::Store::default();
    for (path, value) in [("name", "guest"), ("vm/key", "value")] {
        let path = format!("/local/domain/1/{path}");
        store
            .nodes
            .lock()
            .unwrap()
            .insert(path.into(), value.into());
    }
    xen::bind(&model, Arc::new(store));
    let mut env = Env::default();
    env.set_tables(&env::storage::ENV_DRIVERS, &env::callback::ENV_CALLBACKS);
    env.set_layout(TREE.end..LOADER);
    env.load(&model);
    for (address, name, bytes) in &HOST.memory {
        ram.slice_mut(*address, bytes.len())
            .unwrap()
            .copy_from_slice(bytes);
        env.set_hex(name, *address).unwrap();
        if *name == "packed" {
            env.set_hex("packed_size", bytes.len() as u64).unwrap();
        }
    }
    env.set("run_me", "setenv n 7; echo ran").unwrap();
    env.set("bootcmd", "run run_me").unwrap();
    Context::new(ram, Arc::new(model), env)
}

/// The image's drivers, and those of the test's disks and hypervisor.
static DRIVERS: LazyLock<Vec<Driver>> = LazyLock::new(|| {
    let own = crate::image::DRIVERS.iter().chain([&xen::DRIVER]);
    let linked = dm::DRIVERS.iter();
    let linked = linked.filter(|driver| {
        crate::image::DRIVERS
            .iter()
            .all(|own| own.name != driver.name)
            && driver.name != xen::DRIVER.name
    });
    own.chain(linked)
        .map(|driver| Driver { ..*driver })
        .collect()
});

static UCLASSES: LazyLock<Vec<UclassDriver>> = LazyLock::new(|| {
    let own = [
        UclassDriver::new(UclassId::PvBlock, "pvblock"),
        UclassDriver::new(UclassId::Xen, "xen"),
    ];
    let linked = dm::UCLASSES.iter().map(|uclass| UclassDriver { ..*uclass });
    let mut all: Vec<_> = linked.collect();
    for uclass in own {
        if all.iter().all(|linked| linked.id != uclass.id) {
            all.push(uclass);
        }
    }
    all
});

/// How often a command can look for a key until one is pressed.
const PATIENCE: usize = 200;
/// After so many looks nobody is there any more.
const END: usize = 4 * PATIENCE;
/// The most bytes of output that are kept.
const KEPT: usize = 1 << 12;

/// A user who watches for a while, and then wants it to end.
#[derive(Default)]
struct User {
    looks: AtomicUsize,
    shown: Mutex<Vec<u8>>,
}

static USER: LazyLock<Arc<User>> = LazyLock::new(Arc::default);

impl User {
    fn shown(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Terminal for User {
    fn write(&self, bytes: &[u8]) {
        let mut shown = self.shown();
        let room = KEPT.saturating_sub(shown.len());
        shown.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn read(&self) -> Option<u8> {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        let tired = looks.checked_sub(PATIENCE)?;
        // One key at a time: who looks twice after it finds none.
        let keys = [b'\r', 3, b'x', b'q'];
        (tired % 4 == 0).then(|| keys[tired / 4 % keys.len()])
    }

    fn wait(&self, timeout_us: u64) {
        arch::time::advance(timeout_us);
    }

    fn ended(&self) -> bool {
        self.looks.load(Ordering::Relaxed) > END
    }
}
