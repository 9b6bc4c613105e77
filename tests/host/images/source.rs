// SPDX-License-Identifier: GPL-2.0-or-later
//! `source`, with the examples of U-Boot's documentation and of its own test.

use crate::{Folder, IMAGE, Machine};

/// The example of U-Boot's `doc/usage/cmd/source.rst`.
const SCRIPTS: &str = r#"/dts-v1/;
/ {
	description = "FIT image to test the source command";
	#address-cells = <1>;
	images {
		default = "script-1";
		script-1 { data = "echo 1"; type = "script"; arch = "sandbox"; compression = "none"; };
		script-2 { data = "echo 2"; type = "script"; arch = "sandbox"; compression = "none"; };
	};
	configurations {
		default = "conf-2";
		conf-1 { script = "script-1"; };
		conf-2 { script = "script-2"; };
	};
};
"#;

fn script(text: &str) -> Vec<u8> {
    Folder::new().legacy(&["-T", "script"], &[text.as_bytes()])
}

#[test]
fn scripts_of_a_fit_image_are_run() {
    let mut machine = Machine::with(&Folder::new().fit(SCRIPTS, &[]));
    let head = format!("## Executing script at {IMAGE:08x}\n");
    for (command, expected) in [
        ("source", 2),
        ("source :", 1),
        ("source :script-1", 1),
        ("source :script-2", 2),
        ("source \\#", 2),
        ("source '#conf-1'", 1),
        ("source ${loadaddr}#conf-2", 2),
        ("source ${loadaddr}:script-1", 1),
    ] {
        let (status, text) = machine.run(command);
        assert_eq!(
            (status, text),
            (0, format!("{head}{expected}\n")),
            "{command}"
        );
    }
    let (status, text) = machine.run("source :not-a-script || echo Fail");
    assert_eq!(status, 0);
    assert!(text.ends_with("\nFail\n"), "{text}");
    // As the tree loses its defaults, something else is meant.
    machine.run("fdt addr ${loadaddr}; fdt rm /configurations default");
    assert_eq!(machine.run("source"), (0, format!("{head}1\n")));
    assert_eq!(machine.run("source \\#").0, 1);
    machine.run("fdt rm /images default");
    let nothing = format!("{head}No FIT subimage unit name\n");
    assert_eq!(machine.run("source"), (1, nothing));
}

#[test]
fn legacy_scripts_are_run() {
    let text = "# a comment\nsetenv a 1\nif test $a = 1; then\n  echo yes\nfi\n";
    let mut machine = Machine::with(&script(text));
    let (status, said) = machine.run("source; printenv a");
    assert!(said.ends_with("yes\na=1\n"), "{said}");
    assert_eq!(status, 0);
    assert_eq!(machine.run("mw.b 40800050 0; source").0, 1);
}

#[test]
fn the_status_is_that_of_the_script() {
    let failing = script("echo before\nfalse");
    assert_eq!(Machine::with(&failing).run("source").0, 1);
    let mut machine = Machine::with(&script("exit 7\necho never"));
    let (_, text) = machine.run("source; echo $?");
    assert!(text.ends_with("\n7\n"), "{text}");
}

#[test]
fn a_script_that_runs_itself_is_ended() {
    let mut machine = Machine::with(&script("source\necho never"));
    let (status, text) = machine.run("source");
    assert_eq!(status, 1);
    assert!(text.contains("levels deep"), "{text}");
    assert!(!text.contains("never"), "{text}");
}

#[test]
fn a_damaged_script_is_not_run() {
    let good = script("echo wrong\n");
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x20;
        let (status, text) = Machine::with(&bad).run("source");
        assert_eq!(status, 1, "{at}");
        assert!(!text.ends_with("wrong\n"), "{at}: {text}");
    }
    let mut unchecked = good.clone();
    let last = good.len() - 2;
    unchecked[last] = b'G';
    let (status, text) = Machine::with(&unchecked).run("setenv verify no; source");
    assert_eq!(status, 0);
    assert!(text.ends_with("wronG\n"), "{text}");
}
