// SPDX-License-Identifier: GPL-2.0-or-later
//! The Tab key at the prompt: files and partitions of the disks, and what stands before them.

use cmd::Context;
use cmd::testing::{Captured, capture};
use include::config::CONFIG_SYS_PROMPT;
use std::collections::BTreeSet;
use tests::image::ImageDisk;
use tests::machine::{MIB, machine, usual};

struct Session {
    console: Captured,
    context: Context,
}

/// Stands before each line, so that it is not run. Ctrl-C would drop what is
/// typed before it as soon as a directory is read.
const NOT_RUN: &str = "false && ";

impl Session {
    /// What the prompt shows when keys are typed.
    fn shown(&mut self, keys: &str) -> String {
        self.console.keys(&format!("{NOT_RUN}{keys}\r"));
        self.context.interact();
        let shown = self.console.take();
        let shown = shown.strip_suffix('\n').unwrap();
        let start = format!("{CONFIG_SYS_PROMPT}{NOT_RUN}");
        shown.strip_prefix(&start).unwrap().into()
    }

    /// Checks what a line becomes with Tab at its end; a bell says that it may go on.
    fn completes(&mut self, line: &str, more: &str) {
        let tab = format!("{line}\t");
        assert_eq!(self.shown(&tab), format!("{line}{more}"));
    }

    /// Checks what is listed for a line with Tab at its end.
    fn lists(&mut self, line: &str, names: &[&str]) {
        let shown = self.shown(&format!("{line}\t"));
        let rest = shown.strip_prefix(line).unwrap();
        let end = format!("\n{CONFIG_SYS_PROMPT}{NOT_RUN}{line}");
        let list = rest.strip_suffix(&end);
        let list = list.unwrap_or_else(|| panic!("{shown:?}"));
        let listed: BTreeSet<&str> = list.split_whitespace().collect();
        assert_eq!(listed, names.iter().copied().collect(), "{line}");
        assert!(list.split_whitespace().is_sorted(), "{list}");
    }
}

/// A session on the usual disks.
fn session() -> Session {
    let console = capture();
    let (mut context, _) = usual();
    context.env.set_layout(0x4000_0000..0x4f00_0000);
    Session { console, context }
}

#[test]
fn files_on_ext4_and_on_fat() {
    let mut session = session();
    let session = &mut session;
    session.completes("load pvblock 0:2 ${kernel_addr_r} /bo", "ot/");
    session.completes("load pvblock 0:2 ${kernel_addr_r} /boot/", "Image ");
    session.completes("load pvblock 0#root $loadaddr vm", "linuz ");
    session.completes("ext4load pvblock 0:2 42000000 hel", "lo.txt ");
    session.completes("fatload pvblock 0:1 42000000 /hel", "lo.txt ");
    session.completes("ls pvblock 0:1 d", "ir/");
    session.completes("fatls pvblock 0:1 /d", "ir/");
    session.completes("cat pvblock 0:2 \"/hel", "lo.txt\" ");
    session.completes("test -n a && size pvblock 0:2 /boot/I", "mage ");
    session.lists("load pvblock 0:1 0 /", &["dir/", "hello.txt"]);
    let root = ["boot/", "hello.txt", "lost+found/", "vmlinuz"];
    session.lists("load pvblock 0:2 0 /", &root);
    for nowhere in [
        "load pvblock 0:2 0 /none",
        "load pvblock 0:2 0 /none/x",
        "load pvblock 0:2 0 /hello.txt/x",
        "load pvblock 1:1 0 /",
        "load pvblock 0:9 0 /",
        "load pvblock 7 0 /",
        "load usb 0:1 0 /",
    ] {
        session.completes(nowhere, "\x07");
    }
}

#[test]
fn a_completed_line_does_what_it_says() {
    let mut session = session();
    session.console.keys("cat pvb\t0:2 /hel\t\r");
    session.context.interact();
    let shown = session.console.take();
    assert!(
        shown.ends_with("cat pvblock 0:2 /hello.txt \nHello from the disk!\n"),
        "{shown:?}"
    );
}

#[test]
fn interfaces_disks_and_partitions() {
    let mut session = session();
    let session = &mut session;
    session.completes("load p", "vblock ");
    session.lists("ls pvblock ", &["0", "1", "2"]);
    session.lists("ls pvblock 0:", &["0:1", "0:2"]);
    session.completes("ls pvblock 1:", "1 ");
    session.completes("ls pvblock 2:", "\x07");
    session.completes("part list pv", "block ");
    session.lists("part list pvblock ", &["0", "1", "2"]);
}

#[test]
fn commands_subcommands_and_variables() {
    let mut session = session();
    let session = &mut session;
    session.completes("pri", "ntenv ");
    session.completes("part lis", "t ");
    session.completes("load pvblock 0:2 ${kernel_addr", "_r} ");
    session.completes("printenv kernel_addr", "_r ");
    session.completes("echo $kernel_co", "mp_\x07");
    session.completes("part t", "ype\x07");
    session.lists("part s", &["set", "size", "start"]);
}

#[test]
fn names_with_blanks_and_other_letters_on_real_disks() {
    let folder = tempfile::tempdir().unwrap();
    let (root, _) = tests::fsimage::tree(folder.path());
    let ext4 = tests::fsimage::ext4(folder.path(), 32 * MIB as u64, &root, &["-t", "ext4"]);
    let disk = ImageDisk::open(&ext4, 512);
    let console = capture();
    let context = machine(&[disk]);
    let mut session = Session { console, context };
    let session = &mut session;
    session.completes("load pvblock 0 0 /one", "\\ byte ");
    session.completes("load pvblock 0 0 '/one", " byte' ");
    session.completes("load pvblock 0 0 /dir/", "Ünïcödé\\ ☃.txt ");
    session.completes("load pvblock 0 0 /boot/extlinux/ex", "tlinux.conf ");
    session.completes("load pvblock 0 0 /many/", "file\\ number\\ \x07");
    session.lists(
        "load pvblock 0 0 /boot/",
        &["Image", "extlinux/", "initrd.img-6.1.0-amd64"],
    );
}
