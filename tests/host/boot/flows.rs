// SPDX-License-Identifier: GPL-2.0-or-later
//! Boot flows on disks as mke2fs, sgdisk and mkimage make them: what is found,
//! kept, chosen, and booted, and what is said if nothing can be.

use super::{environment, ram_with_tree};
use cmd::Context;
use cmd::testing::{Captured, capture};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tests::image::{self, HUNTED, ImageDisk};
use tests::tool::{arg, run};

const MIB: u64 = 1 << 20;
const HEAD: &str = "Seq  Method       State   Uclass    Part  Name                      Filename\n";
const RULE: &str =
    "---  -----------  ------  --------  ----  ------------------------  ----------------\n";
const SCRIPT: &str = "echo script of ${devtype} ${devnum}:${distro_bootpart} ${prefix}; false";

/// A file system of 8 MiB with these files.
fn ext4(folder: &Path, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let root = folder.join(format!("{name}.root"));
    for (path, bytes) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let file = tests::tool::image(folder, name, 8 * MIB);
    let words = ["-q", "-F", "-t", "ext4", "-d", arg(&root), arg(&file)];
    run("mke2fs", &words);
    file
}

/// A script as mkimage packs it.
fn script(folder: &Path, text: &str) -> Vec<u8> {
    let (source, packed) = (folder.join("boot.txt"), folder.join("boot.scr"));
    std::fs::write(&source, text).unwrap();
    let words = [
        "-T",
        "script",
        "-C",
        "none",
        "-d",
        arg(&source),
        arg(&packed),
    ];
    run("mkimage", &words);
    std::fs::read(packed).unwrap()
}

/// Three disks: one that cannot be read; one with a broken configuration on
/// partition 1, a script on partition 2, which is bootable, and nothing on
/// partition 3; and one with a script and without partitions.
fn disks(text: &str) -> Vec<Arc<ImageDisk>> {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let packed = script(folder, text);
    let config = b"label first\n kernel /none\nlabel The System\n kernel /none\n";
    let one = ext4(folder, "one", &[("extlinux/extlinux.conf", config)]);
    let two = ext4(folder, "two", &[("boot/boot.scr", &packed)]);
    let whole = ext4(folder, "whole", &[("boot.scr.uimg", &packed)]);

    let disk = tests::tool::image(folder, "disk", 40 * MIB);
    let parts = ["-n", "1:2048:+8M", "-n", "2:20480:+8M", "-n", "3:40960:+8M"];
    let bootable = ["-A", "2:set:2", arg(&disk)];
    run("sgdisk", &[&parts[..], &bootable].concat());
    let mut bytes = std::fs::read(disk).unwrap();
    for (at, part) in [(MIB, one), (10 * MIB, two)] {
        bytes[at as usize..][..8 << 20].copy_from_slice(&std::fs::read(part).unwrap());
    }
    let broken = ImageDisk::new(vec![0; 1 << 20], 512);
    broken.break_block(0);
    let whole = ImageDisk::new(std::fs::read(whole).unwrap(), 512);
    vec![broken, ImageDisk::new(bytes, 512), whole]
}

/// A machine with these disks, and what it prints.
struct Machine {
    ctx: Context,
    console: Captured,
}

fn machine() -> Machine {
    with_script(SCRIPT)
}

fn with_script(text: &str) -> Machine {
    let console = capture();
    let model = Arc::new(image::model(&disks(text)));
    Machine {
        ctx: Context::new(ram_with_tree(), model, environment()),
        console,
    }
}

impl Machine {
    /// The status of a script and what it prints.
    fn run(&mut self, script: &str) -> (i32, String) {
        let status = self.ctx.run_script(script);
        (status, self.console.take())
    }

    fn output(&mut self, script: &str) -> String {
        let (status, text) = self.run(script);
        assert_eq!(status, 0, "{script}: {text}");
        text
    }
}

/// The lines of the three flows.
const FLOWS: [&str; 3] = [
    "script       ready   pvblock      2  pvblock1.bootdev.part_2   /boot/boot.scr\n",
    "extlinux     ready   pvblock      1  pvblock1.bootdev.part_1   /extlinux/extlinux.conf\n",
    "script       ready   pvblock      0  pvblock2.bootdev.whole    /boot.scr.uimg\n",
];

fn rows(flows: &[&str]) -> String {
    let rows = flows.iter().enumerate();
    rows.map(|(index, row)| format!("{index:3x}  {row}"))
        .collect()
}

#[test]
fn what_is_found_stays_and_can_be_chosen() {
    let mut machine = machine();
    let [two, one, whole] = FLOWS;
    let footer = format!("{RULE}(3 bootflows, 3 valid)\n");
    assert_eq!(
        machine.output("bootflow scan -l"),
        format!(
            "Scanning for bootflows in all bootdevs\n{HEAD}{RULE}Hunting with: {HUNTED}\n\
            Scanning bootdev 'pvblock0.bootdev':\npvblock0.bootdev: I/O error at block 0\n\
            Scanning bootdev 'pvblock1.bootdev':\n  0  {two}  1  {one}\
            Scanning bootdev 'pvblock2.bootdev':\n  2  {whole}No more bootdevs\n{footer}"
        )
    );
    let list = format!(
        "Showing all bootflows\n{HEAD}{RULE}{}{footer}",
        rows(&FLOWS)
    );
    assert_eq!(machine.output("bootflow list"), list);
    assert_eq!(machine.output("bootflow select 1"), "");
    let info = machine.output("bootflow info -d");
    for line in [
        "Name:      pvblock1.bootdev.part_1\nDevice:    pvblock1.bootdev\nBlock dev: disk1\n",
        "Method:    extlinux\nState:     ready\nPartition: 1\nSubdir:    (none)\n",
        "Filename:  /extlinux/extlinux.conf\nBuffer:    ",
        "\nSize:      39 (57 bytes)\nOS:        The System\nCmdline:   (none)\nLogo:      (none)\n",
        "FDT:       <NULL>\nError:     0\nContents:\n\nlabel first\n kernel /none\n",
    ] {
        assert!(info.contains(line), "{line}: {info}");
    }
    machine.output("bootflow select pvblock2.bootdev.whole");
    let info = machine.output("bootflow info");
    assert!(info.contains("\nPartition: 0\nSubdir:    /\n"), "{info}");
    let (status, text) = machine.run("bootflow select pvblock7.bootdev.whole");
    assert_eq!(
        (status, text.as_str()),
        (
            1,
            "Cannot find bootflow 'pvblock7.bootdev.whole' (err=-2)\n"
        )
    );
    let images = machine.output("bootstd images");
    assert!(
        images.contains("\n  1  pvblock1.bootdev.par extlinux_cfg    "),
        "{images}"
    );
    assert!(images.ends_with("(3 images)\n"), "{images}");
}

#[test]
fn errors_and_times_are_shown_if_they_are_wanted() {
    let mut machine = machine();
    let text = machine.output("bootflow scan -ale pvblock1");
    let [two, one, _] = FLOWS;
    for line in [
        "Scanning for bootflows with label 'pvblock1'\n",
        "  0  extlinux     media   pvblock      0  pvblock1.bootdev.whole    \n     \
        ** No partition found, err=-2: not found\n",
        "  3  extlinux     fs      pvblock      2  pvblock1.bootdev.part_2   \
        /boot/extlinux/extlinux.conf\n     ** File not found, err=-2: not found\n",
        &format!("  4  {two}"),
        &format!("  6  {one}"),
        "  9  extlinux     part    pvblock      3  pvblock1.bootdev.part_3   \n     \
        ** No filesystem found, err=-95: not supported: no file system that is known\n",
        "(12 bootflows, 2 valid)\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let text = machine.output("bootflow list -e");
    let steps: Vec<&str> = text.lines().filter(|l| l.starts_with("     --")).collect();
    assert_eq!(steps.len(), 12);
    assert!(steps[0].starts_with("     -- disk ") && steps[0].contains(" ms, partitions "));
    assert!(steps[3].starts_with("     -- file system ") && steps[3].contains(" ms, files "));
    assert!(steps[4].starts_with("     -- files ") && steps[4].ends_with(" ms"));

    machine.output("bootflow scan -a pvblock0");
    let text = machine.output("bootflow list -e");
    let line = "extlinux     media   pvblock      0  pvblock0.bootdev.whole    \n     \
        ** No partition found, err=-5: I/O error at block 0\n     -- disk ";
    assert!(text.contains(line), "{text}");
}

#[test]
fn a_script_knows_where_it_is_from() {
    let mut machine = machine();
    let (status, text) = machine.run("bootflow scan -b");
    assert_eq!(status, 1);
    assert_eq!(
        text,
        "pvblock0.bootdev: I/O error at block 0\n\
        ** Booting bootflow 'pvblock1.bootdev.part_2' with script\n\
        script of pvblock 1:2 /boot/\nBoot failed (err=1)\n\
        ** Booting bootflow 'pvblock1.bootdev.part_1' with extlinux\n\
        1:\tfirst\nRetrieving file: /none\n/none: not found\n\
        Skipping first for failure retrieving kernel\n\
        2:\tThe System\nRetrieving file: /none\n/none: not found\n\
        Skipping The System for failure retrieving kernel\nBoot failed (err=-14)\n\
        ** Booting bootflow 'pvblock2.bootdev.whole' with script\n\
        script of pvblock 2:0 /\nBoot failed (err=1)\n\
        Nothing was booted:\n  \
          pvblock0.bootdev: I/O error at block 0\n  \
          pvblock1.bootdev.part_2: no file for extlinux, image\n  \
          pvblock1.bootdev.part_2, script: script of pvblock 1:2 /boot/\n  \
          pvblock1.bootdev.part_1, extlinux: /none: not found; \
          Skipping The System for failure retrieving kernel\n  \
          pvblock1.bootdev.part_1: no file for script, image\n  \
          pvblock1.bootdev.part_3: not supported: no file system that is known\n  \
          pvblock2.bootdev.whole: no file for extlinux, image\n  \
          pvblock2.bootdev.whole, script: script of pvblock 2:0 /\n"
    );
    let text = machine.output("bootflow list -e");
    assert!(text.contains(" ms, boot "), "{text}");
    let failure = "     -- did not boot: script of pvblock 2:0 /\n";
    assert!(text.contains(failure), "{text}");

    machine.output("bootflow select 2");
    let (status, text) = machine.run("bootflow boot");
    assert_eq!(status, 1);
    assert!(
        text.ends_with("script of pvblock 2:0 /\nBoot failed (err=1)\n"),
        "{text}"
    );
}

#[test]
fn ctrl_c_leads_to_the_prompt() {
    let scan = "bootflow scan -b; echo more";
    let mut machine = machine();
    machine.console.keys("\x03");
    let (status, text) = machine.run(scan);
    assert_eq!(status, 1);
    assert_eq!(
        text,
        "pvblock0.bootdev: I/O error at block 0\n<INTERRUPT>\n"
    );
    drop(machine);

    let Machine { mut ctx, console } = with_script("echo a while; sleep 100");
    let mut text = std::thread::scope(|scope| {
        let user = scope.spawn(|| {
            let mut text = String::new();
            while !text.contains("a while\n") {
                text += &console.take();
            }
            console.keys("\x03");
            text
        });
        assert_eq!(ctx.run_script(scan), 1);
        user.join().unwrap()
    });
    text += &console.take();
    let end = "with script\na while\nBoot failed (err=1)\n<INTERRUPT>\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn the_user_orders_disks_and_methods() {
    let mut machine = machine();
    machine.output("setenv boot_targets pvblock2 pvblock0 pvblock1");
    let [two, one, whole] = FLOWS;
    machine.output("bootflow scan");
    let list = machine.output("bootflow list");
    assert!(list.contains(&rows(&[whole, two, one])), "{list}");
    machine.output("bootmeth order extlinux; bootflow scan");
    let list = machine.output("bootflow list");
    assert!(
        list.contains(&format!("{}{RULE}(1 bootflow,", rows(&[one]))),
        "{list}"
    );
    machine.output("setenv bootmeths; bootflow scan pvblock1:1");
    let list = machine.output("bootflow list");
    assert!(
        list.contains(&format!("{}{RULE}(1 bootflow,", rows(&[one]))),
        "{list}"
    );
    let text = machine.output("bootflow scan -l 2");
    let expected = "Scanning for bootflows with label '2'\n";
    assert_eq!(
        text,
        format!("{expected}{HEAD}{RULE}  0  {whole}{RULE}(1 bootflow, 1 valid)\n")
    );
    machine.output("bootdev select pvblock1");
    let text = machine.output("bootflow scan -l");
    assert!(text.starts_with("Scanning for bootflows in bootdev 'pvblock1.bootdev'\n"));
    assert!(text.ends_with("(2 bootflows, 2 valid)\n"), "{text}");
    let text = machine.output("bootdev info");
    assert_eq!(
        text,
        "Name:      pvblock1.bootdev\nSequence:  1\nStatus:    Probed\nUclass:    pvblock\n\
        Bootflows: 2 (2 valid)\n"
    );
    let text = machine.output("bootdev list");
    assert!(
        text.contains("\n  1   [ + ]      OK  pvblock   pvblock1.bootdev\n"),
        "{text}"
    );
}

#[test]
fn the_command_line_of_a_flow_is_that_of_the_variable() {
    let mut machine = machine();
    machine.output("bootflow scan; bootflow select 1");
    assert_eq!(
        machine.run("bootflow cmdline get a").1,
        "Argument not found\n"
    );
    machine.output("bootflow cmdline set a 1; bootflow cmdline set b 'x y'");
    machine.output("bootflow cmdline set c; bootflow cmdline clear d");
    let text = machine.output("printenv bootargs; bootflow cmdline get b");
    assert_eq!(text, "bootargs=a=1 b=\"x y\" c d=\nx y\n");
    machine.output("bootflow cmdline delete b; setenv bootargs ${bootargs} e");
    let text = machine.output("bootflow info");
    assert!(text.contains("\nCmdline:   a=1 c d= e\n"), "{text}");
    let (status, text) = machine.run("bootflow cmdline auto fred");
    assert_eq!(
        (status, text.as_str()),
        (1, "Unknown param 'fred'\nArgument not found\n")
    );
    machine.output("bootflow select; setenv bootargs; bootflow select 1");
    assert_eq!(machine.output("printenv bootargs"), "bootargs=a=1 c d= e\n");
}

#[test]
fn a_menu_chooses_by_arrows_and_by_keys() {
    let mut machine = machine();
    machine.console.keys("\x1b[B\x1b[B\x1b[B\x1b[A\r");
    let text = machine.output("bootflow scan -m");
    assert!(
        text.starts_with("pvblock0.bootdev: I/O error at block 0\nBoot menu:"),
        "{text}"
    );
    let line = "\r  0  pvblock1.bootdev.part_2   script\x1b[K\n\
        \r> 1  pvblock1.bootdev.part_1   extlinux    The System\x1b[K\n";
    assert!(text.contains(line), "{text}");
    assert!(text.ends_with("\nSelected: The System\n"), "{text}");
    assert!(
        machine
            .output("bootflow info")
            .starts_with("Name:      pvblock1.bootdev.part_1\n")
    );
    machine.console.keys("2");
    let text = machine.output("bootflow menu");
    assert!(
        text.ends_with("\nSelected: pvblock2.bootdev.whole\n"),
        "{text}"
    );
    machine.console.keys("\x03");
    let (status, text) = machine.run("bootflow menu");
    assert!(
        status == 1 && text.ends_with("\nNothing chosen\n"),
        "{text}"
    );
    let text = machine.output("setenv bootmenu_delay 0; bootflow menu");
    assert!(
        text.ends_with("\r\x1b[KSelected: pvblock1.bootdev.part_2\n"),
        "{text}"
    );
    machine.console.keys("\x1b[B\r");
    let (status, text) = machine.run("setenv bootmenu_delay 9; bootflow scan -mb");
    assert_eq!(status, 1);
    assert!(
        text.contains("Selected: The System\n** Booting bootflow"),
        "{text}"
    );
}
