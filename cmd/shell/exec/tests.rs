// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of what scripts do.

use super::*;
use crate::command::Command;
use crate::testing;
use alloc::format;
use alloc::string::{String, ToString};

fn echo(_: &mut Context, args: &[&str]) -> CmdResult {
    println!("{}", args[1..].join("|"));
    Ok(())
}

fn fail(_: &mut Context, _: &[&str]) -> CmdResult {
    Err(CmdError::Failure)
}

fn error(_: &mut Context, _: &[&str]) -> CmdResult {
    Err(Error::NotFound.into())
}

fn script(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match ctx.run_script(&args[1..].join(" ")) {
        0 => Ok(()),
        status => Err(CmdError::Status(status)),
    }
}

fn set(ctx: &mut Context, args: &[&str]) -> CmdResult {
    Ok(ctx.env.set(args[1], &args[2..].join(" "))?)
}

fn interrupt(_: &mut Context, _: &[&str]) -> CmdResult {
    Err(Error::Interrupted.into())
}

fn leave(ctx: &mut Context, _: &[&str]) -> CmdResult {
    ctx.shell.stop = Some(Stop::Exit(7));
    Ok(())
}

static TABLE: [Command; 8] = [
    entry("echo", echo),
    entry("ok", |_, _| Ok(())),
    entry("fail", fail),
    entry("error", error),
    entry("script", script),
    entry("set", set),
    entry("interrupt", interrupt),
    entry("leave", leave),
];

const fn entry(name: &'static str, run: fn(&mut Context, &[&str]) -> CmdResult) -> Command {
    let max_args = 9;
    Command {
        name,
        run,
        max_args,
        usage: "one line",
        help: "ARG...",
        ..Command::new()
    }
}

/// The status of a script, and what it printed.
fn run(script: &str) -> (i32, String) {
    let console = testing::capture();
    let mut ctx = testing::context();
    ctx.commands = &TABLE;
    let status = ctx.run_script(script);
    assert_eq!(ctx.shell.depth, 0);
    assert_eq!(ctx.shell.stop, None);
    (status, console.take())
}

fn output(script: &str) -> String {
    run(script).1
}

#[test]
fn the_last_status_counts() {
    assert_eq!(run("ok").0, 0);
    assert_eq!(run("fail; ok").0, 0);
    assert_eq!(run("ok; fail").0, 1);
    assert_eq!(output("fail; echo $?; echo $?"), "1\n0\n");
    assert_eq!(
        run("error"),
        (
            1,
            "Command 'error' failed: Error -2 (not found)\n".to_string()
        )
    );
}

#[test]
fn chains_depend_on_the_status() {
    assert_eq!(output("ok && echo a || echo b"), "a\n");
    assert_eq!(output("fail && echo a || echo b"), "");
    assert_eq!(output("ok || echo a && echo b"), "");
    assert_eq!(output("ok && fail || echo b && echo c"), "b\nc\n");
    assert_eq!(run("fail && ok").0, 1);
}

#[test]
fn what_stands_before_an_error_runs() {
    let (status, text) = run("echo a\nif ok\nthen echo b\nfi; echo c\necho d; fi\necho e");
    assert_eq!(text, "a\nb\nc\nsyntax error: unexpected 'fi'\n");
    assert_eq!(status, 1);
    assert_eq!(run("leave\nfi").0, 7);
    assert_eq!(output("interrupt\necho a"), "<INTERRUPT>\n");
}

#[test]
fn branches_and_loops() {
    assert_eq!(output("if ok; then echo a; else echo b; fi"), "a\n");
    assert_eq!(
        output("if fail; then echo a; elif ok; then echo b; fi"),
        "b\n"
    );
    assert_eq!(run("if fail; then echo a; fi"), (1, String::new()));
    assert_eq!(run("if fail; then echo a; elif fail; then ok; fi").0, 1);
    assert_eq!(run("if fail; then echo a; else ok; fi").0, 0);
    assert_eq!(
        output("for i in a $none 'b c' \"\"; do echo $i; done"),
        "a\nb\nc\n"
    );
    // As in RAUC's scripts, which keep the order of their slots in a variable.
    assert_eq!(
        output(
            "l=' A  B'; for i in \"${l}\"; do echo \"$i.\"; done; for i in \"\"; do echo never; done"
        ),
        "A.\nB.\n"
    );
    assert_eq!(
        output("n=ok; while $n; do echo a; n=fail; done; echo $?"),
        "a\n1\n"
    );
    assert_eq!(output("n=fail; until $n; do echo a; n=ok; done"), "a\n");
    assert_eq!(output("until ok; do echo never; done; echo $?"), "0\n");
}

#[test]
fn variables_are_split_unless_quoted() {
    assert_eq!(output("a='b  c'; echo x$a \"x$a\" '$a'"), "xb|c|xb  c|$a\n");
    assert_eq!(output("echo a $none \"$none\" ''"), "a||\n");
    assert_eq!(output("a=' b '; echo x${a}y"), "x|b|y\n");
    assert_eq!(
        output("echo ${a:-b c} ${a:=d} $a ${a:+e} x${b:+f}"),
        "b|c|d|d|e|x\n"
    );
    assert_eq!(
        output("echo ${a-b} ${a=c d} ${a+e} ${a:+'e  f'} \"${a:+g  h}\" ${none+x}."),
        "b|c|d|e|e  f|g  h|.\n"
    );
    assert_eq!(
        output(
            "b=1; echo ${a:-$b} ${a:-${b}2} \"${a:-\"$b\"}\" ${a:-${c:-'}'}} ${a:-\\}} \"${a:-'x'\\}}\""
        ),
        "1|12|1|}|}|'x'}\n"
    );
    assert_eq!(
        output("set b-c 1; echo ${b-c} ${b-d}; b=2; echo ${b-c} ${b-d}"),
        "1|d\n1|2\n"
    );
    assert_eq!(
        output("a=${b:-c d}; echo \"$a\" ${c:-} \"${c:-}\""),
        "c d|\n"
    );
    assert_eq!(output("echo \\$a \"\\$a \\x\" $ $1"), "$a|$a \\x|$|$1\n");
}

#[test]
fn single_quotes_drop_backslashes() {
    assert_eq!(
        output("set v 'echo a \\\\\\& b \\\\; echo c'; echo $v; script \"$v\""),
        "echo|a|\\&|b|\\;|echo|c\na|&|b|;|echo|c\n"
    );
    assert_eq!(output(r"echo 'a\b' 'a\\' 'a\'"), "ab|a\\|a\n");
    assert_eq!(run("echo 'a\\'b'").0, 1);
}

#[test]
fn text_in_double_quotes_is_read_twice_if_it_has_a_value() {
    // What is in single quotes is replaced when the text is run.
    assert_eq!(
        output("n=1; set v \"echo '${n}' $n\"; n=2; echo \"$v\"; script \"$v\""),
        "echo ${n} 1\n2|1\n"
    );
    assert_eq!(
        output("echo \"it's\" \"a 'b' c\" \"\\'x\\'\""),
        "it's|a b c|\\'x\\'\n"
    );
    for (text, alone, with_value) in [
        ("a\\&b", "a\\&b", "a&b"),
        ("a\\\\b\\\"", "a\\b\"", "a\\b\""),
        ("a\nb", "a\nb", "a b"),
        ("a\\\nb", "ab", "a b"),
    ] {
        assert_eq!(output(&format!("echo \"{text}\"")), format!("{alone}\n"));
        assert_eq!(
            output(&format!("echo \"{text}$?\"")),
            format!("{with_value}0\n")
        );
    }
    let mut nested = "x".to_string();
    for _ in 0..15 {
        nested = format!("${{a:-\"{nested}\"}}");
    }
    assert_eq!(output(&format!("echo \"{nested}\"")), "x\n");
}

#[test]
fn the_environment_goes_before_the_shell() {
    assert_eq!(
        output("a=1; set a 2; echo $a; set a; echo $a; a=; echo $a."),
        "2\n1\n.\n"
    );
}

#[test]
fn a_value_is_not_parsed_again() {
    assert_eq!(output("a='echo b; echo c'; $a"), "b;|echo|c\n");
    assert_eq!(
        output("a='ok;echo'; $a"),
        "Unknown command 'ok;echo' - try 'help' or use 'run' command\n"
    );
}

#[test]
fn usage_is_printed_for_too_many_arguments() {
    assert_eq!(
        run("ok 1 2 3 4 5 6 7 8 9"),
        (1, "ok - one line\n\nUsage:\nok ARG...\n".to_string())
    );
}

#[test]
fn exit_leaves_one_script() {
    assert_eq!(output("script 'leave; echo a'; echo $?; echo b"), "7\nb\n");
    assert_eq!(run("if ok; then leave; fi; echo a"), (7, String::new()));
}

#[test]
fn a_script_that_runs_one_gives_0_or_1() {
    assert_eq!(output("script 'script leave'; echo $?"), "1\n");
}

#[test]
fn ctrl_c_leaves_all() {
    assert_eq!(
        run("script 'script interrupt; echo a'; echo b"),
        (1, "<INTERRUPT>\n".to_string())
    );
    assert_eq!(
        output("while ok; do interrupt; done; echo a"),
        "<INTERRUPT>\n"
    );
    assert_eq!(
        output("if interrupt; then echo a; else echo b; fi"),
        "<INTERRUPT>\n"
    );
}

#[test]
fn a_loop_without_end_is_left_by_ctrl_c() {
    let console = testing::capture();
    let mut ctx = testing::context();
    ctx.commands = &TABLE;
    console.keys("\x03");
    ctx.run_script("while ok; do a=b; done");
    assert_eq!(console.take(), "<INTERRUPT>\n");
}

#[test]
fn endless_recursion_is_ended() {
    fn again(ctx: &mut Context, _: &[&str]) -> CmdResult {
        ctx.run_script("again || again; again");
        Ok(())
    }
    static ENDLESS: [Command; 1] = [entry("again", again)];
    let console = testing::capture();
    let mut ctx = testing::context();
    ctx.commands = &ENDLESS;
    assert_eq!(ctx.run_script("again; again"), 1);
    assert_eq!(
        console.take(),
        "## Error: commands run each other more than 64 levels deep\n"
    );
}

#[test]
fn a_variable_that_doubles_is_stopped() {
    let doubling = "a=xxxxxxxx; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do a=$a$a; done";
    let (status, text) = run(doubling);
    assert_eq!(status, 1);
    assert!(text.contains("cannot expand"), "{text}");
}

#[test]
fn a_script_with_a_mistake_does_nothing() {
    assert_eq!(
        run("echo a; fi"),
        (1, "syntax error: unexpected 'fi'\n".to_string())
    );
    assert_eq!(
        run("if ok; then echo a"),
        (1, "syntax error: fi is missing\n".to_string())
    );
}
