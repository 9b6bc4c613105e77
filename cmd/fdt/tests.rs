// SPDX-License-Identifier: GPL-2.0-or-later
//! What U-Boot's `test/cmd/fdt.c` expects, and trees and arguments that are damaged.

use super::testing::{AT, output, run, tree, with_tree};
use crate::{Context, testing};
use boot::fdt::{Fdt, FdtMut, open_into};
use std::format;
use std::string::String;
use std::vec::Vec;

const FAILED_PATH: &str = "libfdt fdt_path_offset() returned ";

/// A context whose working tree is that of the reference's tests.
fn reference() -> Context {
    let mut blob = std::vec![0; 4096];
    let source = tree();
    open_into(Fdt::new(&source).unwrap(), &mut blob).unwrap();
    let mut fdt = FdtMut::new(&mut blob).unwrap();
    for path in ["/soc", "/chosen", "/aliases"] {
        let node = fdt.find(path).unwrap();
        fdt.delete_node(node).unwrap();
    }
    for (parent, name) in [
        ("/", "test-node@1234"),
        ("/", "aliases"),
        ("/test-node@1234", "subnode"),
    ] {
        let parent = fdt.find(parent).unwrap();
        fdt.add_node(parent, name).unwrap();
    }
    for (path, name, value) in [
        ("/aliases", "badalias", &b"/bad/alias\0"[..]),
        ("/aliases", "subnodealias", b"/test-node@1234/subnode\0"),
        ("/aliases", "testnodealias", b"/test-node@1234\0"),
        (
            "/test-node@1234",
            "regs",
            &[0, 0, 0x12, 0x34, 0, 0, 0x10, 0],
        ),
        ("/test-node@1234", "u-boot,empty-property", b""),
        (
            "/test-node@1234",
            "clock-names",
            b"fixed\0i2c\0spi\0uart2\0uart1\0",
        ),
    ] {
        let node = fdt.find(path).unwrap();
        fdt.set_property(node, name, value).unwrap();
    }
    let mut ctx = testing::context();
    ctx.ram
        .slice_mut(AT, blob.len())
        .unwrap()
        .copy_from_slice(&blob);
    ctx.env.set_hex("fdtaddr", AT).unwrap();
    ctx
}

#[test]
fn values_are_got_as_in_the_reference() {
    let mut ctx = reference();
    for node in ["/test-node@1234", "testnodealias"] {
        for (what, expected) in [
            ("clock-names", "fixed"),
            ("clock-names 0", "fixed"),
            ("clock-names 1", "i2c"),
            ("clock-names 2", "spi"),
            ("regs", "0000123400001000"),
            ("regs 0", "0x00001234"),
            ("regs 1", "0x00001000"),
        ] {
            let line = format!("fdt get value var {node} {what}; echo $var");
            assert_eq!(output(&mut ctx, &line), format!("{expected}\n"));
        }
        for what in ["clock-names 10", "regs 10"] {
            let line = format!("fdt get value ften {node} {what}");
            assert_eq!(run(&mut ctx, &line), (1, String::new()));
        }
    }
    for (line, expected) in [
        ("get name v / 0; echo $v", "aliases\n"),
        ("get name v / 1; echo $v", "test-node@1234\n"),
        ("get name v / -1; echo $v", "aliases\n"),
        ("get name v testnodealias 0; echo $v", "subnode\n"),
        ("get size v / compatible; echo $v", "4\n"),
        ("get size v testnodealias clock-names; echo $v", "1a\n"),
        ("get size v /; echo $v", "2\n"),
    ] {
        assert_eq!(output(&mut ctx, &format!("fdt {line}")), expected, "{line}");
    }
}

#[test]
fn failures_are_named_as_in_the_reference() {
    let mut ctx = reference();
    let (not_found, bad_path) = ("FDT_ERR_NOTFOUND\n", "FDT_ERR_BADPATH\n");
    for (path, error) in [
        ("/nonexistent", not_found),
        ("badalias", not_found),
        ("noalias", bad_path),
    ] {
        for line in [
            format!("get value v {path} prop"),
            format!("get name v {path} 0"),
            format!("get addr v {path} prop"),
            format!("get size v {path} prop"),
            format!("get size v {path}"),
            format!("set {path} prop"),
            format!("mknode {path} node"),
            format!("rm {path}"),
            format!("print {path}"),
            format!("list {path} prop"),
        ] {
            let result = run(&mut ctx, &format!("fdt {line}"));
            assert_eq!(result, (1, format!("{FAILED_PATH}{error}")), "{line}");
        }
    }
    for (line, text) in [
        ("get name v / 2", "libfdt node not found\n"),
        (
            "get value v / none",
            "libfdt fdt_getprop(): FDT_ERR_NOTFOUND\n",
        ),
        (
            "get addr v subnodealias none",
            "libfdt fdt_getprop(): FDT_ERR_NOTFOUND\n",
        ),
        (
            "get size v subnodealias none",
            "libfdt fdt_getprop(): FDT_ERR_NOTFOUND\n",
        ),
        (
            "mknode testnodealias subnode",
            "libfdt fdt_add_subnode(): FDT_ERR_EXISTS\n",
        ),
        (
            "rm /test-node@1234 noprop",
            "libfdt fdt_delprop(): FDT_ERR_NOTFOUND\n",
        ),
    ] {
        assert_eq!(
            run(&mut ctx, &format!("fdt {line}")),
            (1, text.into()),
            "{line}"
        );
    }
}

#[test]
fn values_are_set_in_all_forms() {
    let mut ctx = reference();
    for path in ["/", "/test-node@1234/subnode", "subnodealias"] {
        for property in ["compatible", "newproperty"] {
            for (value, expected) in [
                ("new", "\"new\""),
                ("rewrite", "\"rewrite\""),
                ("<42>", "<0x0000002a>"),
                ("<42 1701 10>", "<0x0000002a 0x000006a5 0x0000000a>"),
                ("<74656 9>", "<0x000123a0 0x00000009>"),
                ("42 1701 end", "\"42\", \"1701\", \"end\""),
                ("'<0x10 ?>'", "<0x00000010 0x31373031>"),
                ("[de ad be]", "[de ad be]"),
            ] {
                let value = value.replace('<', "\\<").replace('>', "\\>");
                let value = if value.starts_with('\'') {
                    value.replace('\\', "")
                } else {
                    value
                };
                output(&mut ctx, &format!("fdt set {path} {property} {value}"));
                let text = output(&mut ctx, &format!("fdt print {path} {property}"));
                let text = text.trim_end().strip_prefix(&format!("{property} = "));
                if !value.contains('?') {
                    assert_eq!(text, Some(expected), "{path} {property}");
                }
            }
        }
    }
}

#[test]
fn chosen_is_set_up_as_in_the_reference() {
    let mut ctx = reference();
    let missing = format!("{FAILED_PATH}FDT_ERR_NOTFOUND\n");
    assert_eq!(run(&mut ctx, "fdt print /chosen"), (1, missing));
    output(&mut ctx, "setenv bootargs quiet; fdt chosen");
    let version = include::PLAIN_VERSION;
    let common = format!("\tu-boot,version = \"{version}\";\n\tbootargs = \"quiet\";\n}};\n");
    assert_eq!(
        output(&mut ctx, "fdt print /chosen"),
        format!("chosen {{\n{common}")
    );
    output(&mut ctx, "fdt chosen 0x1234 0x5678");
    let initrd = "chosen {\n\tlinux,initrd-end = <0x00000000 0x000068ab>;\n\
                  \tlinux,initrd-start = <0x00000000 0x00001234>;\n";
    assert_eq!(
        output(&mut ctx, "fdt print /chosen"),
        format!("{initrd}{common}")
    );
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const WORDS: [&str; 30] = [
    "/",
    "/soc",
    "/soc/uart@0",
    "/chosen",
    "c",
    "bootargs",
    "compatible",
    "v",
    "0",
    "1",
    "-1",
    "40100000",
    "40100100",
    "600",
    "ffffffffffffffff",
    "80000000",
    "'<1 2'",
    "'<1 ?>'",
    "'[0'",
    "'[00 ff]'",
    "''",
    "x",
    "//",
    "/a/b",
    "get",
    "totalsize",
    "print",
    "add",
    "delete",
    "-c",
];

fn random_line(random: &mut Random) -> String {
    let subcommands = [
        "addr",
        "move",
        "systemsetup",
        "mknode",
        "set",
        "get value",
        "get name",
        "get addr",
        "get size",
        "print",
        "list",
        "rm",
        "header",
        "bootcpu",
        "memory",
        "rsvmem",
        "chosen",
        "apply",
        "resize",
    ];
    let mut line = format!("fdt {}", random.of(&subcommands));
    for _ in 0..random.below(6) {
        line.push(' ');
        line.push_str(random.of(&WORDS));
    }
    line
}

#[test]
fn any_arguments_leave_a_tree_that_is_one() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let console = testing::capture();
    for _ in 0..60 {
        let mut ctx = with_tree();
        for _ in 0..40 {
            let line = random_line(&mut random);
            let status = ctx.run_script(&line);
            assert!(matches!(status, 0 | 1), "{line}");
            let address = ctx.env.get_hex("fdtaddr", 0);
            if boot::fdt_support::tree_at(&ctx.ram, AT).is_err() {
                // What moves a tree over another one leaves the one that was moved.
                assert!(
                    boot::fdt_support::tree_at(&ctx.ram, address).is_ok(),
                    "{line}"
                );
                break;
            }
            console.take();
        }
    }
}

#[test]
fn a_damaged_tree_is_refused_or_used_within_its_bounds() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let console = testing::capture();
    let whole = tree();
    let (mut used, mut ctx) = (0, with_tree());
    for _ in 0..1500 {
        let mut blob: Vec<u8> = whole.clone();
        for _ in 0..1 + random.below(4) {
            // The header's fields are worth more tries than their share.
            let end = [40, 400][random.below(2)];
            let place = random.below(end);
            blob[place] = match random.below(3) {
                0 => 0xff,
                1 => blob[place] ^ 1 << random.below(8),
                _ => random.below(256) as u8,
            };
        }
        ctx.env.set_hex("fdtaddr", AT).unwrap();
        let place = ctx.ram.slice_mut(AT, blob.len()).unwrap();
        place.copy_from_slice(&blob);
        let status = ctx.run_script("fdt print; fdt header; fdt rsvmem print; fdt list /soc");
        used += usize::from(status == 0);
        for _ in 0..3 {
            ctx.run_script(&random_line(&mut random));
        }
        ctx.run_script("fdt apply 40100000; fdt chosen 1000 10; fdt memory 0 1000");
        assert!(console.take().len() < 1 << 20);
    }
    assert!((100..1400).contains(&used), "{used}");
}
