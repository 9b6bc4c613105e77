// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of `bootflow` without disks; with disks they are in `tests/host/boot`.

use crate::testing::{output, run};

#[test]
fn without_disks_there_is_nothing() {
    let text = output("bootflow scan -lH");
    assert!(
        text.starts_with("Scanning for bootflows in all bootdevs\nSeq  Method "),
        "{text}"
    );
    assert!(
        text.ends_with("----------------\n(0 bootflows, 0 valid)\n"),
        "{text}"
    );
    assert_eq!(
        output("bootflow scan -H"),
        "No bootflows found; try again with -l\n"
    );
    assert_eq!(
        run("bootflow scan -bH"),
        (
            1,
            "No bootflows found; try again with -l\nNothing was booted:\n  there is no disk\n"
                .into()
        )
    );
    let text = output("bootflow scan -l pvblock:x");
    assert!(
        text.starts_with("Scanning for bootflows with label 'pvblock:x'\n"),
        "{text}"
    );
    assert!(text.contains("\nInvalid partition number: x\n"), "{text}");
    let text = output("bootflow list");
    assert!(
        text.starts_with("Showing all bootflows\nSeq  Method "),
        "{text}"
    );
    assert_eq!(run("bootflow menu"), (1, "Nothing chosen\n".into()));
}

#[test]
fn what_needs_a_selected_flow_says_so() {
    for line in ["info", "read", "boot", "cmdline get a"] {
        let expected = (1, "No bootflow selected\n".into());
        assert_eq!(run(&alloc::format!("bootflow {line}")), expected, "{line}");
    }
    assert_eq!(
        run("bootflow select 0"),
        (1, "Cannot find bootflow '0' (err=-2)\n".into())
    );
    assert_eq!(run("bootflow select"), (0, "".into()));
}

#[test]
fn what_is_not_known_is_explained() {
    for line in [
        "bootflow",
        "bootflow dance",
        "bootflow scan -x",
        "bootflow scan a b",
        "bootflow scan -l a b",
        "bootflow list a b",
        "bootflow boot a",
        "bootflow cmdline",
        "bootflow cmdline set",
        "bootflow cmdline get a b c",
    ] {
        let (status, text) = run(line);
        assert!(status == 1 && text.contains("Usage:"), "{line}: {text}");
    }
}
