// SPDX-License-Identifier: GPL-2.0-or-later

use super::*;
use crate::fdt::testing::{Random, mutate};
use alloc::format;
use common::testing::capture;

/// As Debian's u-boot-menu writes it.
const DEBIAN: &str = "\
## /boot/extlinux/extlinux.conf
default l0
menu title U-Boot menu
prompt 0
timeout 50

label l0
\tmenu label Debian GNU/Linux 12 (bookworm) 6.1.0-13-arm64
\tlinux /boot/vmlinuz-6.1.0-13-arm64
\tinitrd /boot/initrd.img-6.1.0-13-arm64
\tfdtdir /usr/lib/linux-image-6.1.0-13-arm64/
\tappend root=/dev/xvda2 ro quiet

label l0r
\tmenu label Rescue
\tlinux /boot/vmlinuz-6.1.0-13-arm64
\tappend root=/dev/xvda2 ro single
";

/// What a text without included files says, and what is said about it.
fn parsed(text: &str) -> (Config, String) {
    let console = capture();
    let config = parse(text, &mut |_| None);
    (config, console.take())
}

fn label(text: &str) -> Label {
    parsed(&format!("label a\n{text}")).0.labels.remove(0)
}

#[test]
fn debians_menu() {
    let (config, said) = parsed(DEBIAN);
    assert_eq!(said, "");
    assert_eq!(config.title.as_deref(), Some("U-Boot menu"));
    assert_eq!(
        (config.default.as_deref(), config.prompt, config.timeout),
        (Some("l0"), false, 50)
    );
    let [first, second] = &config.labels[..] else {
        panic!("{config:?}")
    };
    let title = "Debian GNU/Linux 12 (bookworm) 6.1.0-13-arm64";
    assert_eq!(first.title(), title);
    assert_eq!(first.initrd_files(), ["/boot/initrd.img-6.1.0-13-arm64"]);
    assert_eq!(first.append.as_deref(), Some("root=/dev/xvda2 ro quiet"));
    let folder = "/usr/lib/linux-image-6.1.0-13-arm64/";
    assert_eq!(first.fdtdir.as_deref(), Some(folder));
    assert_eq!(second.name, "l0r");
    assert!(second.initrd_files().is_empty());
}

#[test]
fn the_last_label_is_found_without_a_word() {
    let console = capture();
    assert_eq!(last_label(DEBIAN).as_deref(), Some("l0r"));
    assert_eq!(
        last_label("say x\nLABEL a b\nlabel\n# label c\n").as_deref(),
        Some("a b")
    );
    assert_eq!(last_label("default x\n"), None);
    assert_eq!(console.take(), "");
}

#[test]
fn case_and_line_ends_do_not_matter() {
    let text = "LABEL a\r\n  KERNEL ../Image#conf\r\n\tMENU\tDEFAULT\r\n  APPEND a # b  \r\n";
    let (config, said) = parsed(text);
    assert_eq!(said, "");
    let label = &config.labels[0];
    assert_eq!(label.kernel_parts(), Some(("../Image", Some("conf"))));
    assert!(label.is_kernel("../Image#conf") && !label.is_kernel("../Image"));
    assert_eq!(label.append.as_deref(), Some("a # b"));
    assert_eq!(config.default.as_deref(), Some("a"));
    assert_eq!(parsed("label a\0\nlabel b\n").0.labels.len(), 1);
}

#[test]
fn an_initramfs_of_several_files() {
    let files = |text| label(text).initrd_files().join(" ");
    assert_eq!(files("initrd /a,/b , /c\ninitrd /d"), "/a /b /c /d");
    assert_eq!(files("append x initrd=/a,/b y"), "/a /b");
    assert_eq!(files("append noinitrd=/a"), "");
    // The usual pair of both ways does not load anything twice.
    assert_eq!(files("append initrd=/a\ninitrd /a"), "/a");
}

#[test]
fn values_that_are_there_twice() {
    let label = label(
        "kernel a\nlinux b\nappend a\nappend b\nfdt a\nfdt b\nfdtdir a\nfdtdir b\n\
         fdtoverlays x.dtbo  y.dtbo\ndevicetree-overlay z.dtbo\n",
    );
    let value = |field: &Option<String>| field.clone().unwrap();
    assert_eq!([value(&label.kernel), value(&label.append)], ["b", "b"]);
    assert_eq!([value(&label.fdt), value(&label.fdtdir)], ["a", "a"]);
    assert_eq!(label.overlays, ["x.dtbo", "y.dtbo", "z.dtbo"]);
    let text = "default a\nontimeout b\nfallback a\nfallback c\nlabel d\nmenu default\n";
    let (config, _) = parsed(text);
    assert_eq!(config.default.as_deref(), Some("b"));
    assert_eq!(config.fallback.as_deref(), Some("c"));
}

#[test]
fn flags_and_numbers() {
    assert!(label("kaslrseed\nipappend 2").kaslrseed);
    assert_eq!(label("localboot -1").localboot, Some(-1));
    assert_eq!(label("localboot").localboot, Some(0));
    assert_eq!(label("kernel a").localboot, None);
    let timeout = |text| parsed(text).0.timeout;
    assert_eq!(timeout("timeout 15 tenths"), 15);
    for none in [
        "timeout",
        "timeout x",
        "timeout -3",
        "timeout 99999999999999999999",
    ] {
        assert_eq!(timeout(none), 0, "{none}");
    }
    let prompt = |text| parsed(text).0.prompt;
    assert!(prompt("prompt 1") && prompt("menu title x") && prompt("menu background x"));
    assert!(!prompt("menu title x\nprompt 0") && !prompt("label a\nmenu label x"));
    assert!(
        prompt("prompt 1\nprompt"),
        "a flag that is missing changes nothing"
    );
}

#[test]
fn what_is_not_known_is_named_and_left_out() {
    let (config, said) = parsed(
        "kernel /Image\n\tFrob x\nmenu color red\n# label x\nlabel a\n bad\x1b 1\n kernel /I\n\
         menu hidden\nappend\nmenu\ndefault #x\n say Hello, \x1b[1m you\n append b\n",
    );
    assert_eq!(
        said,
        "Ignoring unknown command: kernel\n\
         Ignoring unknown command: \tFrob\n\
         Ignoring malformed menu command:  color\n\
         Ignoring unknown command:  bad?\n\
         Ignoring malformed menu command:  hidden\n\
         Expected string literal: append\n\
         Ignoring malformed menu command: \n\
         Expected string literal: default\n\
         Hello, ?[1m you\n"
    );
    let [label] = &config.labels[..] else {
        panic!("{config:?}")
    };
    assert_eq!(label.kernel.as_deref(), Some("/I"));
    assert_eq!(label.append.as_deref(), Some("b"));
    let (config, said) = parsed("label a\nlabel\nkernel b\n");
    assert_eq!(config.labels.len(), 1);
    assert_eq!(config.labels[0].kernel, None);
    assert!(said.contains("Expected label name"), "{said}");
}

#[test]
fn files_include_each_other() {
    let console = capture();
    let mut asked = Vec::new();
    let text = "label a\nkernel a\ninclude more\nkernel b\nlabel d\nmenu include none\nappend d\nlabel e\n";
    let config = parse(text, &mut |path| {
        asked.push(path.to_string());
        (path == "more").then(|| "timeout 30\nkernel x\nlabel c\nkernel c".into())
    });
    assert_eq!(asked, ["more", "none"]);
    let names = config.labels.iter().map(|label| label.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["a", "c", "d", "e"]);
    assert_eq!(config.labels[1].kernel.as_deref(), Some("c"));
    assert_eq!(config.labels[2].append.as_deref(), Some("d"));
    assert_eq!(config.timeout, 30);
    assert_eq!(
        console.take(),
        "Ignoring unknown command: kernel\nIgnoring unknown command: kernel\n\
         Couldn't retrieve none\n"
    );
}

#[test]
fn includes_come_to_an_end() {
    let console = capture();
    let mut files = 0;
    let config = parse("include me\nlabel a", &mut |_| {
        files += 1;
        Some("include me\nlabel b".into())
    });
    assert_eq!((files, config.labels.len()), (MAX_DEPTH - 1, MAX_DEPTH));
    assert_eq!(console.take(), "Maximum nesting (16) exceeded\n");
    let mut files = 0;
    parse("include me", &mut |_| {
        files += 1;
        Some("include me\ninclude me".into())
    });
    assert_eq!(files, MAX_INCLUDES);
    assert!(console.take().contains("More than 64 files are included\n"));
}

#[test]
fn mutated_files_never_panic() {
    let _console = capture();
    let mut random = Random(0xe71);
    for _ in 0..5_000 {
        let mut bytes = DEBIAN.as_bytes().to_vec();
        mutate(&mut random, &mut bytes);
        _ = parse(&String::from_utf8_lossy(&bytes), &mut |_| None);
    }
}
