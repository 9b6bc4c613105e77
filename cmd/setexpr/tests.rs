// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of `setexpr`, after those of U-Boot's `test/cmd/setexpr.c`.

use crate::testing::{self, RAM_BASE, run};
use std::string::{String, ToString};

/// The value that a command leaves in `fred`.
fn fred(command: &str) -> String {
    let script = std::format!("setenv fred 'this is a test'; setexpr{command} && echo \"$fred\"");
    let (status, text) = run(&script);
    assert_eq!(status, 0, "{command}: {text}");
    text.trim_end_matches('\n').to_string()
}

/// The status of a command, and what it prints.
fn failed(command: &str) -> String {
    let (status, text) = run(&std::format!(
        "setenv fred old; setexpr{command} || echo $fred"
    ));
    assert_eq!(status, 0);
    text.strip_suffix("old\n")
        .expect("the old value")
        .to_string()
}

#[test]
fn memory_is_read_in_the_width() {
    let console = testing::capture();
    let mut ctx = testing::context();
    let memory = ctx.ram.slice_mut(RAM_BASE, 0x20).unwrap();
    memory[..8].copy_from_slice(&0x4567_89ab_cdef_0123u64.to_le_bytes());
    memory[0x10..0x18].copy_from_slice(&0x4987_3283_7284_9283u64.to_le_bytes());
    for (command, expected) in [
        (".b fred *40000000", "23"),
        (".w fred *40000000", "123"),
        (".l fred *40000000", "cdef0123"),
        (".q fred *40000000", "456789abcdef0123"),
        (" fred *40000000", "cdef0123"),
        (".b fred *40000000 + *40000010", "a6"),
        (".w fred *40000000 + *40000010", "93a6"),
        (".q fred *40000000 + *40000010", "8eeebc2f407393a6"),
        (" fred *40000000 + *40000010", "1407393a6"),
    ] {
        assert_eq!(ctx.run_script(&std::format!("setexpr{command}")), 0);
        assert_eq!(ctx.env.get("fred"), Some(expected), "{command}");
    }
    ctx.ram
        .slice_mut(RAM_BASE, 6)
        .unwrap()
        .copy_from_slice(b"hello\0");
    ctx.run_script("setexpr.s fred *40000000 + ' there'");
    assert_eq!(ctx.env.get("fred"), Some("hello there"));
    assert_eq!(ctx.run_script("setexpr fred *1000"), 1);
    assert!(console.take().contains("is not in RAM"));
}

#[test]
fn operators() {
    for (command, expected) in [
        (" fred 1234 '|' 560000", "561234"),
        (" fred 561200 '&' 1234", "1200"),
        (" fred 561200 ^ 1234", "560034"),
        (" fred 561200 - 1234", "55ffcc"),
        (" fred 561200 * 1234", "61ebfa800"),
        (" fred 561200 / 1234", "4ba"),
        (" fred 561200 % 1234", "838"),
        (" fred 0 - 1", "ffffffffffffffff"),
        (" fred ffffffffffffffff + 2", "1"),
        (" fred 0", "0"),
        (".s fred 0", "0"),
        (".s fred '1' + '3'", "13"),
    ] {
        assert_eq!(fred(command), expected, "{command}");
    }
}

#[test]
fn mistakes_change_nothing() {
    assert_eq!(failed(" fred 1 ! 2"), "invalid op\n");
    assert_eq!(failed(".s fred 1 - 2"), "invalid op\n");
    assert_eq!(failed(" fred a / 0"), "## Error: a / 0: division by zero\n");
    assert_eq!(failed(" fred 1 % 0"), "## Error: 1 % 0: division by zero\n");
    for usage in [
        " fred",
        " fred 1 +",
        " fred 1 ++ 2",
        " fred fmt",
        " fred 1 + 2 3",
    ] {
        assert!(failed(usage).starts_with("setexpr - "), "{usage}");
    }
    assert!(failed(" fred xyz").contains("'xyz' is not a hexadecimal number"));
    assert!(failed(".x fred 1").contains("Invalid data width specifier"));
}

#[test]
fn parts_are_replaced() {
    for (command, expected) in [
        (" fred sub is us", "thus is a test"),
        (" fred gsub is us", "thus us a test"),
        (
            " fred gsub is much_longer_string",
            "thmuch_longer_string much_longer_string a test",
        ),
        (" fred gsub none us", "this is a test"),
        (" fred gsub a+ b aacaa", "bcb"),
        (" fred gsub ^a b aaa", "baa"),
        (" fred gsub b* x abc", "xaxcx"),
        (
            " fred sub '(.*) is (.*)' \"\\2 \\0 \\1 \\3\\x\"",
            "a test this is a test this \\3\\x",
        ),
        (" fred gsub '(x)|i' \"<\\1>\"", "th<>s <>s a test"),
        (" fred sub $ !", "this is a test!"),
        (" fred gsub '' . \u{e4}b", ".\u{e4}.b."),
        (
            " fred gsub '(this) (is) (surely|indeed)' \"us \\1 \\2 \\3!\" \
             'this is surely a test is it? yes this is indeed a test'",
            "us this is surely! a test is it? yes us this is indeed! a test",
        ),
    ] {
        assert_eq!(fred(command), expected, "{command}");
    }
    assert_eq!(
        failed(" none sub a b"),
        "## Error: variable \"none\" not defined\n"
    );
    assert_eq!(
        failed(" fred sub '(' b"),
        "Error compiling regex: No closing bracket\n"
    );
}

#[test]
fn replacing_has_a_limit() {
    let console = testing::capture();
    let mut ctx = testing::context();
    let text = "a".repeat(1000);
    let script = std::format!("setexpr x gsub a {} {text}", "b".repeat(50));
    assert_eq!(ctx.run_script(&script), 1);
    assert_eq!(console.take(), "## error: substitution buffer overflow\n");
    assert_eq!(ctx.env.get("x"), None);
}

#[test]
fn formats() {
    for (command, expected) in [
        ("%d 0xff", "255"),
        ("0x%04x 257", "0x0257"),
        ("%%%o 8", "%10"),
        ("%%%x%% 0xff", "%ff%"),
        ("\"hello\\040world\"", "hello world"),
        ("\"a\\tb\\\\\\\\c\\q\"", "a\tb\\c\\q"),
        ("oh%bno \"\\0137\"", "oh_no"),
        ("oh%bno \"\\137\"", "oh_no"),
        ("hello%bworld \"\\c\"", "hello"),
        ("\"a\\cb\"", "a"),
        (
            "0x%08x-%s-%d-%s eff hello 0x63 world",
            "0x00000eff-hello-99-world",
        ),
        ("%d_%x 100", "256_0"),
        ("%u ffffffffffffffff", "18446744073709551615"),
        ("%d 7fffffffffffffff", "9223372036854775807"),
        ("%d 8000000000000000", "-9223372036854775808"),
        ("%d ffffffffffffffff", "-1"),
        ("%d +5", "5"),
        ("%d -4", "-4"),
        ("%x -2", "fffffffffffffffe"),
        ("%+d:%#x 5 1f", "+5:0x1f"),
        ("'% d:%-4d:%4d' 5 5 5", " 5:5   :   5"),
        ("%05d:%.3d -1 7", "-0001:007"),
        ("%*d:%.*s 4 1 2 abc", "   1:ab"),
        ("%4s:%-4s:%.1s: ab ab ab", "  ab:ab  :a:"),
        ("%c%c abc", "a"),
        ("%lld%hx 10 10", "1610"),
        ("%X ab", "AB"),
    ] {
        assert_eq!(
            fred(&std::format!(" fred fmt {command}")),
            expected,
            "{command}"
        );
    }
    let longest = fred(" fred fmt %0127d 7b");
    assert_eq!(longest, "0".repeat(124) + "123");
}

#[test]
fn bad_formats_are_named() {
    assert_eq!(failed(" fred fmt %a 0xff"), "`%a': invalid format\n");
    assert_eq!(failed(" fred fmt hello% bf"), "`%': invalid format\n");
    let too_long = "## Error: the result is longer than 127 characters\n";
    assert_eq!(failed(" fred fmt %0128d 456"), too_long);
    assert_eq!(failed(" fred fmt %99999999999d 456"), too_long);
    assert_eq!(failed(" fred fmt %.99999999999d 456"), too_long);
    assert!(failed(" fred fmt %d xyz").contains("'xyz' is not a hexadecimal number"));
}
