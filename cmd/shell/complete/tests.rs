// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the Tab key.

use crate::command::Command;
use crate::shell::readline::{Editor, Kept};
use crate::testing;
use crate::{CmdResult, Context};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::sync::OnceLock;

fn nothing(_: &mut Context, _: &[&str]) -> CmdResult {
    Ok(())
}

fn files(_: &Context, words: &[&str]) -> Vec<String> {
    match words {
        ["load", "disk", "1000", _] => ["/boot/", "/bin dir/", "/it's $5"].map(String::from).into(),
        _ => Vec::new(),
    }
}

fn table() -> &'static [Command] {
    static TABLE: OnceLock<[Command; 6]> = OnceLock::new();
    TABLE.get_or_init(|| {
        let entry = |name, subcommands| Command {
            name,
            subcommands,
            run: nothing,
            complete: files,
            ..Command::new()
        };
        [
            entry("part", &["list", "start", "size", "set"]),
            entry("printenv", &[]),
            entry("load", &[]),
            entry("ls", &[]),
            entry("echo", &[]),
            Command {
                complete: crate::complete::variables,
                ..entry("run", &[])
            },
        ]
    })
}

/// What the line becomes when Tab is pressed at its end, and what is shown in addition.
fn tab(line: &str) -> (String, String) {
    let console = testing::capture();
    let mut ctx = testing::context();
    ctx.commands = table();
    ctx.env = env::Env::empty();
    for (name, value) in [
        ("kernel_addr_r", "1000"),
        ("kernel_comp_addr_r", "x"),
        ("serial#", "1"),
    ] {
        ctx.env.set(name, value).unwrap();
    }
    ctx.shell.set_local("where", "disk").unwrap();
    let mut editor = Editor::default();
    editor.insert(line.as_bytes());
    console.take();
    ctx.complete("=> ", &mut editor);
    let shown = console.take();
    editor.key(5, &mut Kept::default());
    (editor.before_cursor(), shown)
}

fn line(line: &str) -> String {
    tab(line).0
}

#[test]
fn commands_and_subcommands() {
    assert_eq!(tab("pri"), ("printenv ".into(), "ntenv ".into()));
    assert_eq!(line("l"), "l");
    assert_eq!(line("lo"), "load ");
    assert_eq!(line("part l"), "part list ");
    assert_eq!(line("par l"), "par list ");
    assert_eq!(line("part st"), "part start ");
    assert_eq!(line("if part l"), "if part list ");
    assert_eq!(line("echo a; pri"), "echo a; printenv ");
    assert_eq!(line("echo a || pri"), "echo a || printenv ");
    assert_eq!(line("echo 'a; pri"), "echo 'a; pri");
    assert_eq!(tab("nonsense"), ("nonsense".into(), "\x07".into()));
    assert_eq!(tab("nonsense x"), ("nonsense x".into(), "\x07".into()));
    assert_eq!(tab("part list x"), ("part list x".into(), "\x07".into()));
}

#[test]
fn candidates_are_listed() {
    assert_eq!(tab("p"), ("p".into(), "\n  part printenv\n=> p".into()));
    assert_eq!(
        tab("part s"),
        ("part s".into(), "\n  set size start\n=> part s".into())
    );
    assert_eq!(tab("").1, "\n  echo load ls part printenv run\n=> ");
}

#[test]
fn variables() {
    assert_eq!(
        tab("echo $ker"),
        ("echo $kernel_".into(), "nel_\x07".into())
    );
    assert_eq!(line("echo $kernel_a"), "echo $kernel_addr_r ");
    assert_eq!(line("echo ${kernel_a"), "echo ${kernel_addr_r} ");
    assert_eq!(line("echo a${kernel_a"), "echo a${kernel_addr_r} ");
    assert_eq!(line("echo \"${kernel_a"), "echo \"${kernel_addr_r}");
    assert_eq!(line("echo \"$kernel_a"), "echo \"$kernel_addr_r");
    assert_eq!(line("echo '$kernel_a"), "echo '$kernel_a");
    assert_eq!(line("echo $whe"), "echo $where ");
    assert_eq!(line("echo $ser"), "echo $ser");
    assert_eq!(line("echo ${ser"), "echo ${serial#} ");
    assert_eq!(line("run kernel_a"), "run kernel_addr_r ");
    assert_eq!(tab("run ker\u{e4}").1, "\x07");
    assert_eq!(
        tab("run kernel_").1,
        "\n  kernel_addr_r kernel_comp_addr_r\n=> run kernel_"
    );
}

#[test]
fn files_with_unusual_names() {
    assert_eq!(line("load disk 1000 /bo"), "load disk 1000 /boot/");
    assert_eq!(
        line("load $where ${kernel_addr_r} /bo"),
        "load $where ${kernel_addr_r} /boot/"
    );
    assert_eq!(line("load disk 1000 /bi"), "load disk 1000 /bin\\ dir/");
    assert_eq!(line("load disk 1000 \"/bi"), "load disk 1000 \"/bin dir/");
    assert_eq!(line("load disk 1000 /i"), "load disk 1000 /it\\'s\\ \\$5 ");
    assert_eq!(
        line("load disk 1000 \"/i"),
        "load disk 1000 \"/it's \\$5\" "
    );
    assert_eq!(
        tab("load disk 1000 /b").1,
        "\n  bin dir/ boot/\n=> load disk 1000 /b"
    );
}

#[test]
fn long_lists_are_wrapped_and_cut() {
    let console = testing::capture();
    let names: Vec<_> = (0..300).map(|n| n.to_string() + "-name").collect();
    super::list(&names);
    let text = console.take();
    assert!(text.lines().all(|line| line.len() <= 78), "{text}");
    assert!(text.lines().nth(1).unwrap().len() > 70);
    assert!(text.ends_with("199-name ...\n"), "{text}");
}

#[test]
fn any_line_can_be_completed() {
    let whole =
        "if load \"$where\" '${x' ${kernel_addr_r:-a} \\; $ { } && x=${ se\u{e4} \u{20ac} | & # $?";
    for (end, _) in whole.char_indices() {
        tab(&whole[..end]);
    }
}
