// SPDX-License-Identifier: GPL-2.0-or-later
//! What U-Boot's own tests of its older parser expect: `test/hush/*.c`,
//! `test/cmd/exit.c` and `test/cmd/test_echo.c`.

use crate::testing;
use alloc::format;

/// Runs commands in one context and compares their status.
fn expect(cases: &[(&str, i32)]) {
    let _console = testing::capture();
    let mut ctx = testing::context();
    for (script, status) in cases {
        assert_eq!(ctx.run_script(script), *status, "{script}");
    }
}

/// Runs commands in one context and compares what they print.
fn prints(cases: &[(&str, &str)]) {
    let console = testing::capture();
    let mut ctx = testing::context();
    for (script, output) in cases {
        ctx.run_script(script);
        assert_eq!(console.take(), *output, "{script}");
    }
}

#[test]
fn lists_have_their_truth_tables() {
    expect(&[
        ("false; false", 1),
        ("false; true", 0),
        ("true; true", 0),
        ("true; false", 1),
        ("false && false", 1),
        ("false && true", 1),
        ("true && true", 0),
        ("true && false", 1),
        ("false || false", 1),
        ("false || true", 0),
        ("true || true", 0),
        ("true || false", 0),
        ("false && false || false", 1),
        ("false && false || true", 1),
        ("false && true || true", 1),
        ("false && true || false", 1),
        ("true && true || false", 0),
        ("true && false || false", 1),
        ("true && false || true", 0),
        ("false || false && true", 1),
        ("false || true && true", 0),
        ("true || true && false", 0),
        ("true || false && false", 0),
        ("true || false && true", 0),
    ]);
}

#[test]
fn conditions_hold_or_not() {
    for (condition, status) in [
        ("true", 0),
        ("false", 1),
        ("test", 1),
        ("test ''", 1),
        ("test 'abc'", 0),
        ("test '-n'", 1),
        ("test aaa < bbb", 0),
        ("test bbb < aaa", 1),
        ("test aaa > bbb", 1),
        ("test 123 -eq 123", 0),
        ("test 123 -ne 123", 1),
        ("test 123 -lt 456", 0),
        ("test 456 -le 123", 1),
        ("test 123 -gt 456", 1),
        ("test 123 -ge 123", 0),
        ("test aaa = bbb -o bbb = bbb", 0),
        ("test aaa = aaa -a bbb != bbb", 1),
        ("test ! aaa != aaa -o ! bbb != bbb", 0),
        ("test ! aaa = aaa -o ! bbb = bbb", 1),
        ("test ! ! aaa = aaa -o ! ! bbb != bbb", 0),
        ("test ! ! ! aaa != aaa", 0),
        ("test -z \"$ut_var_nonexistent\"", 0),
        ("[ aaa = aaa ]", 0),
        ("[ aaa = bbb ]", 1),
        ("[ aaa = aaa", 1),
        ("[ aaa = aaa]", 1),
        ("[ ]", 1),
        ("[", 1),
        ("[ '' ]", 1),
        ("[ 'abc' ]", 0),
        ("[ 'abc'", 1),
        ("[ -n ]", 1),
    ] {
        expect(&[(
            &format!("if {condition}; then true; else false; fi"),
            status,
        )]);
    }
}

#[test]
fn variables_are_replaced() {
    prints(&[
        ("echo $dollar_foo", "\n"),
        ("dollar_foo=bar", ""),
        ("echo $dollar_foo ${dollar_foo}", "bar bar\n"),
        ("dollar_foo=\\$bar; echo $dollar_foo", "$bar\n"),
        ("dollar_foo='$bar'; echo $dollar_foo", "$bar\n"),
        (
            "dollar_foo=bar quux",
            "Unknown command 'quux' - try 'help'\n",
        ),
        ("dollar_foo='bar \"quux'; echo $dollar_foo", "bar \"quux\n"),
        ("dollar_foo=\"bar 'quux\"; echo $dollar_foo", "bar 'quux\n"),
        ("dollar_foo=; echo $dollar_foo", "\n"),
        ("setenv env_foo bar; env_foo=quux; echo ${env_foo}", "bar\n"),
        (
            "dollar_bar=\"echo bar\"; $dollar_bar; ${dollar_bar}",
            "bar\nbar\n",
        ),
        ("dollar_bar=\"echo\nbar\"; $dollar_bar", "bar\n"),
        ("dollar_bar='echo bar\n'; $dollar_bar", "bar\n"),
        ("dollar_bar='echo bar\\n'; $dollar_bar", "barn\n"),
        ("dollar_bar='echo $bar'; $dollar_bar", "$bar\n"),
        ("q=quux; dollar_bar=\"echo $q\"; $dollar_bar", "quux\n"),
        ("foo=bar echo baz", "baz\n"),
    ]);
    expect(&[("a='bar quux", 1), ("a=bar quux\"", 1)]);
}

#[test]
fn loops() {
    prints(&[
        (
            "for i in foo bar quux quux; do echo $i; done",
            "foo\nbar\nquux\nquux\n",
        ),
        (
            "while test -z \"$f\"; do echo bar; f=quux; done; echo $?",
            "bar\n1\n",
        ),
        (
            "setenv b x; until test -z \"$b\"; do echo quux; setenv b; done",
            "quux\n",
        ),
        (
            "for jQx in 1 2 3; do echo -n \"${jQx}, \"; done; echo;",
            "1, 2, 3, \n",
        ),
    ]);
}

#[test]
fn exit_leaves_run_with_a_status() {
    for number in -3..=3 {
        let foo = format!("setenv foo 'echo bar ; exit {number} ; echo baz'");
        let status = number.max(0);
        let quux = |when| if when { "quux\n" } else { "" };
        prints(&[
            (&foo, ""),
            ("run foo ; echo $?", &format!("bar\n{status}\n")),
            (
                "run foo && echo quux ; echo $?",
                &format!("bar\n{}{status}\n", quux(status == 0)),
            ),
            (
                "run foo || echo quux ; echo $?",
                &format!("bar\n{}0\n", quux(status != 0)),
            ),
        ]);
    }
}
