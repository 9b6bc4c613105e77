// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the subcommands of `env`, against what Debian's U-Boot and U-Boot's
//! `test/py/tests/test_env.py` show.

use crate::testing::{capture, context, output, run};
use env::Env;
use include::config::{CONFIG_BOOTDELAY, CONFIG_SYS_BOARD};
use std::format;
use std::string::{String, ToString};

const AT: u64 = 0x4100_0000;

/// The output of a script that begins with an export of two variables as text.
fn with_text(script: &str) -> String {
    output(&format!(
        "setenv foo 5; setenv .flags foo:dr; env export -t {AT:x} .flags foo
        env delete -f .flags foo; {script}"
    ))
}

#[test]
fn the_aliases_do_the_same() {
    assert_eq!(output("env set a 1 2; env print a"), "a=1 2\n");
    assert_eq!(
        output("env p a; env set a 1; env p a"),
        "## Error: \"a\" not defined\na=1\n"
    );
    assert_eq!(output("env set a 'echo run'; env run a"), "run\n");
    for unclear in ["env", "env nosuch", "env e a", "env ex a"] {
        assert!(run(unclear).1.contains("Usage:\nenv "), "{unclear}");
    }
    let help = output("help env");
    for line in [
        "\nenv default [-k] [-f] -a - ",
        "\nenv delete [-f] var [...] - ",
        "\nenv set [-f] name",
    ] {
        assert!(help.contains(line), "{help}");
    }
}

#[test]
fn variables_exist_or_not() {
    assert_eq!(output("setenv a ''; env exists a; echo $?"), "0\n");
    assert_eq!(run("env exists none"), (1, "".into()));
    assert!(run("env exists").1.contains("Usage:"));
    assert_eq!(output("setenv a 1; env exists a none x; echo $?"), "0\n");
}

#[test]
fn variables_are_deleted() {
    assert_eq!(
        output("setenv a 1; setenv b 2; env delete a none b; echo $?"),
        "1\n"
    );
    assert_eq!(
        run("setenv a 1; env delete a; env exists a"),
        (1, "".into())
    );
    assert_eq!(run("env delete; env delete -f"), (0, "".into()));
    assert!(run("env delete -x a").1.contains("Usage:"));
    assert_eq!(
        output(
            "setenv foo 5; setenv .flags foo:sr; env delete foo; echo $?; env delete -f foo; echo $?"
        ),
        "## Error: Can't delete \"foo\"\n1\n0\n"
    );
}

#[test]
fn defaults_come_back() {
    assert_eq!(
        output(
            "setenv board x; setenv own 1; env default -a; env print board; env exists own; echo $?"
        ),
        format!("## Resetting to default environment\nboard={CONFIG_SYS_BOARD}\n1\n")
    );
    assert_eq!(
        output("setenv board x; setenv own 1; env default -k -a; env print board own"),
        format!("## Resetting to default environment\nboard={CONFIG_SYS_BOARD}\nown=1\n")
    );
    assert_eq!(
        output(
            "setenv board x; setenv own 1; env default board own none; echo $?; env print board own"
        ),
        format!(
            "WARNING: 'own' not in imported env, deleting it!\n\
             WARNING: 'none' neither in running nor in imported env!\n0\n\
             board={CONFIG_SYS_BOARD}\n## Error: \"own\" not defined\n"
        )
    );
    assert_eq!(
        output("setenv own 1; env default -k own; env print own"),
        "own=1\n"
    );
    for wrong in [
        "env default",
        "env default -a foo",
        "env default -x",
        "env default -f",
    ] {
        assert!(run(wrong).1.contains("Usage:"), "{wrong}");
    }
}

#[test]
fn a_protected_default_needs_force() {
    assert_eq!(
        output(
            "setenv bootdelay 5; setenv .flags bootdelay:sr; env default bootdelay
            env print bootdelay; env default -f bootdelay; env print bootdelay"
        ),
        format!(
            "## Error: Can't overwrite \"bootdelay\"\n\
             himport_r: can't insert \"bootdelay={CONFIG_BOOTDELAY}\" into hash table\n\
             bootdelay=5\nbootdelay={CONFIG_BOOTDELAY}\n"
        )
    );
}

#[test]
fn what_no_memory_holds_is_not_exported() {
    let _console = capture();
    let mut ctx = context();
    for form in ["-c", "-b", "-t"] {
        for size in ["10000000", "ffffffff", "ffffffffffffffff"] {
            let line = format!("setenv a 1; env export {form} -s {size} {AT:x} a");
            assert_eq!(ctx.run_script(&line), 1, "{line}");
        }
    }
}

#[test]
fn variables_are_exported() {
    let console = capture();
    let mut ctx = context();
    ctx.env.set("a", "x\\y").unwrap();
    let mut export = |options: &str, shown: usize| {
        assert_eq!(ctx.run_script(&format!("env export {options}")), 0);
        let bytes = ctx.ram.slice(AT, shown).unwrap().to_vec();
        (bytes, ctx.env.get("filesize").unwrap().to_string())
    };
    let (text, size) = export(&format!("-t {AT:x} a"), 8);
    assert_eq!((&text[..], &size[..]), (&b"a=x\\\\y\n\0"[..], "8"));
    let (text, size) = export(&format!("-s 1A -t {AT:x} a"), 26);
    assert_eq!((&text[..8], &size[..]), (&b"a=x\\\\y\n\0"[..], "1A"));
    assert!(text[8..].iter().all(|byte| *byte == 0));
    let (binary, size) = export(&format!("-b {AT:x} a"), Env::CAPACITY);
    assert_eq!((&binary[..8], &size[..]), (&b"a=x\\\\y\0\0"[..], "1f000"));
    let (image, size) = export(&format!("-c -s 40 {AT:x} a"), 64);
    assert_eq!(
        (&image[Env::HEADER..][..8], &size[..]),
        (&b"a=x\\\\y\0\0"[..], "40")
    );
    assert_eq!(console.take(), "");
    let script = format!("setenv a; env import -c {AT:x} 40; printenv a");
    assert_eq!(ctx.run_script(&script), 0);
    assert_eq!(console.take(), "a=x\\y\n");
}

#[test]
fn what_cannot_be_exported_is_named() {
    assert_eq!(
        run(&format!(
            "setenv long 0123456789abcdef; env export -t -s 10 {AT:x} long"
        )),
        (
            1,
            "Env export buffer too small: 16, but need 23\n\
             ## Error: Cannot export environment: errno = 12\n"
                .into()
        )
    );
    assert_eq!(
        run(&format!("env export -t -b {AT:x}")),
        (
            1,
            "## Error: export: only one of \"-b\", \"-c\" or \"-t\" allowed\n".into()
        )
    );
    for wrong in [
        "env export",
        "env export -s",
        "env export -z 0",
        "env export -t",
    ] {
        assert!(run(wrong).1.contains("Usage:"), "{wrong}");
    }
    for outside in [
        "env export 0",
        "env export -b ffffffffffffffff",
        "env export -s ffffffffffffffff 41000000",
        "env export zz",
    ] {
        let (status, text) = run(outside);
        assert_eq!((status, text.lines().count()), (1, 1), "{outside}: {text}");
    }
}

/// As Debian's U-Boot answers.
#[test]
fn variables_are_imported() {
    let info = "## Info: input data size = 21 = 0x15\n";
    assert_eq!(
        with_text(&format!(
            "env import -t {AT:x} -; echo $?; printenv foo; setenv foo 6; env import {AT:x} 15"
        )),
        format!(
            "{info}0\nfoo=5\n## Error: Can't overwrite \"foo\"\n\
             ## Error inserting \"foo\" variable, errno=1 (not permitted)\n\
             ## Warning: defaulting to text format\n## Error: Can't overwrite \"foo\"\n\
             himport_r: can't insert \"foo=5\" into hash table\n"
        )
    );
    assert_eq!(
        with_text(&format!(
            "setenv b1 1; env import -t {AT:x} - foo nosuch b1; env import -d -t {AT:x} - foo nosuch b1
            printenv b1 foo"
        )),
        format!(
            "{info}{info}WARNING: 'nosuch' neither in running nor in imported env!\n\
             WARNING: 'b1' not in imported env, deleting it!\n\
             ## Error: \"b1\" not defined\nfoo=5\n"
        )
    );
    let all = with_text(&format!("env import -d -t {AT:x} 15; env print -a"));
    assert_eq!(
        all,
        format!(
            ".flags=foo:dr\nfoo=5\n\nEnvironment size: 21/{} bytes\n",
            Env::CAPACITY
        )
    );
}

#[test]
fn each_form_comes_back() {
    for (form, size) in [
        ("-b", "-"),
        ("-b", "${filesize}"),
        ("-c", "${filesize}"),
        ("-t", "${filesize}"),
    ] {
        let text = output(&format!(
            "setenv a 'x y'; setenv b 1; env export {form} {AT:x} a b; setenv a; setenv b
            env import {form} {AT:x} {size}; echo $?; printenv a b"
        ));
        assert!(text.ends_with("0\na=x y\nb=1\n"), "{form} {size}: {text}");
    }
}

#[test]
fn what_cannot_be_imported_changes_nothing() {
    for (arguments, message) in [
        (
            format!("-c {AT:x} -"),
            "## Error: external checksum format must pass size\n",
        ),
        (
            format!("-c {AT:x}"),
            "## Error: external checksum format must pass size\n",
        ),
        (
            format!("-c {AT:x} - a b"),
            "## Error: external checksum format must pass size\n",
        ),
        (format!("-c {AT:x} 4"), "## Error: Invalid size 0x4\n"),
        (
            format!("-c {AT:x} 100"),
            "## Error: bad CRC, import failed\n",
        ),
        (
            format!("-t -b {AT:x}"),
            "## import: only one of \"-b\", \"-c\" or \"-t\" allowed\n",
        ),
    ] {
        assert_eq!(
            run(&format!("env import {arguments}")),
            (1, message.into()),
            "{arguments}"
        );
    }
    for wrong in ["env import", "env import -z 41000000", "env import -t"] {
        assert!(run(wrong).1.contains("Usage:"), "{wrong}");
    }
    for outside in [
        "-t 0",
        "-t ffffffffffffffff",
        "-t 41000000 ffffffffffffffff",
        "-b zz",
        "-c 43ffffff 5",
    ] {
        let (status, text) = run(&format!("env import {outside}"));
        assert_eq!((status, text.lines().count()), (1, 1), "{outside}: {text}");
    }
    let (status, text) = run(&format!(
        "mw.b {AT:x} 3d; mw.b 41000001 41; env import -t {AT:x} 3"
    ));
    assert_eq!(status, 1);
    assert!(
        text.starts_with("## Error: Environment import failed: errno = 22"),
        "{text}"
    );
    // Nothing but zeros until the end of what is looked at.
    assert!(
        output(&format!("env import -t {AT:x}"))
            .contains("## Warning: Input data exceeds 1048576 bytes - truncated\n")
    );
}

#[test]
fn a_value_is_taken_indirectly() {
    assert_eq!(output("setenv a 1; env indirect b a; printenv b"), "b=1\n");
    assert_eq!(output("env indirect b none dflt; printenv b"), "b=dflt\n");
    assert_eq!(
        run("env indirect b none"),
        (
            1,
            "## env indirect: Environment variable for <from> (none) does not exist.\n".into()
        )
    );
    assert!(run("env indirect a").1.contains("Usage:"));
}

#[test]
#[cfg(CONFIG_ENV_IS_DEFAULT)]
fn the_state_is_shown() {
    let text = output(
        "env load; env info; env info -p -d; echo $?; env info -d -q; echo $?; env info -p -q; echo $?",
    );
    assert_eq!(
        text,
        "Loading Environment from nowhere... OK\n\
         env_valid = invalid\nenv_ready = true\nenv_use_default = true\n\
         Default environment is used\nEnvironment cannot be persisted\n1\n0\n1\n"
    );
    assert!(run("env info -x").1.contains("Usage:"));
}

#[test]
#[cfg(CONFIG_ENV_IS_DEFAULT)]
fn a_place_is_selected() {
    assert_eq!(
        run("env select nowhere"),
        (0, "Select Environment on nowhere: OK\n".into())
    );
    assert_eq!(
        run("env select MOON"),
        (1, "Select Environment on MOON: driver not found\n".into())
    );
    assert!(run("env select").1.contains("Usage:"));
}

#[test]
fn flags_and_callbacks_are_shown() {
    let text = output("setenv ser 1; setenv .flags ser:dr; env flags");
    assert!(text.starts_with(
        "Available variable type flags (position 0):\n\tFlag\tVariable Type Name\n\
         \t----\t------------------\n\ts   -\tstring\n\td   -\tdecimal\n"
    ));
    assert!(text.contains(
        "\nStatic flags:\n\tVariable Name        Variable Type        Variable Access     \n"
    ));
    assert!(text.contains("\n\tserial#              string               write-once          \n"));
    assert!(text.ends_with("\tser                  decimal              read-only           \n"));
    let text = output("setenv .callbacks x:y; env callbacks");
    assert!(text.starts_with(
        "Available callbacks:\n\tCallback Name\n\t-------------\n\tbootmeths\n\tcallbacks\n"
    ));
    assert!(
        text.contains("\nStatic callback bindings:\n\tVariable Name        Callback Name       \n")
    );
    assert!(
        text.ends_with("\t.callbacks           callbacks           \n\tstderr               console             \n\tstdin                console             \n\tstdout               console             \n"),
        "{text}"
    );
}
