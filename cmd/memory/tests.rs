// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the memory commands.

use crate::testing::{self, RAM_BASE, output, run};
use alloc::string::String;
use arch::mem::{Access, Reserved};

#[test]
fn memory_is_shown_as_u_boot_shows_it() {
    let fill = "mw.b 40000000 41 3; mw.b 40000003 a 1; mw.q 40000008 0123456789abcdef; ";
    let shown = |command: &str| output(&(String::from(fill) + command));
    assert_eq!(
        shown("md 40000000 4"),
        "40000000: 0a414141 00000000 89abcdef 01234567  AAA.........gE#.\n"
    );
    assert_eq!(
        shown("md.b 40000000 5"),
        "40000000: 41 41 41 0a 00                                   AAA..\n"
    );
    assert_eq!(
        shown("md.w 0x40000000 9"),
        "40000000: 4141 0a41 0000 0000 cdef 89ab 4567 0123  AAA.........gE#.\n\
         40000010: 0000                                     ..\n"
    );
    assert_eq!(
        shown("md.q 40000008 1"),
        "40000008: 0123456789abcdef                   ....gE#.\n"
    );
    assert_eq!(shown("md 40000000").lines().count(), 16);
}

#[test]
fn repeating_goes_on_where_it_stopped() {
    let console = testing::capture();
    let mut ctx = testing::context();
    console.keys("md.b 40000000 10\r\r\r");
    (0..3).for_each(|_| ctx.interact());
    let text = console.take();
    let addresses: alloc::vec::Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(address, _)| address)
        .collect();
    assert_eq!(addresses, ["40000000", "40000010", "40000020"]);
}

#[test]
fn memory_is_filled_and_copied() {
    assert_eq!(
        output(
            "mw 40000000 11223344 2; cp.b 40000000 40000004 4; cp.w 40000002 40000100 3; md.b 40000100 6"
        ),
        "40000100: 22 11 44 33 22 11                                \".D3\".\n"
    );
    assert_eq!(
        run("cp 40000000 40000100 0"),
        (1, "Zero length ???\n".into())
    );
}

#[test]
fn memory_is_compared() {
    let fill = "mw.b 40000000 5 20; mw.b 40000100 5 20; ";
    let compare = |command: &str| run(&(String::from(fill) + command));
    assert_eq!(
        compare("cmp 40000000 40000100 8"),
        (0, "Total of 8 word(s) were the same\n".into())
    );
    assert_eq!(
        compare("mw.b 40000107 6; cmp.w 40000000 40000100 8"),
        (
            1,
            "halfword at 0x40000006 (0x505) != halfword at 0x40000106 (0x605)\n\
             Total of 3 halfword(s) were the same\n"
                .into()
        )
    );
    assert_eq!(
        compare("mw.b 40000100 6; cmp.b 40000000 40000100 20").1,
        "byte at 0x40000000 (0x5) != byte at 0x40000100 (0x6)\nTotal of 0 byte(s) were the same\n"
    );
}

#[test]
fn addresses_outside_of_ram_are_refused() {
    for command in [
        "md 0",
        "md 43fffffc 2",
        "md ffffffffffffffff 1",
        "md.q 40000000 ffffffffffffffff",
        "mw 44000000 1",
        "mw.b 40000000 1 4000001",
        "cp.b 40000000 43ffffff 2",
        "cmp 40000000 50000000 1",
    ] {
        let (status, text) = run(command);
        assert_eq!(status, 1, "{command}");
        assert!(text.contains("is not in RAM"), "{command}: {text}");
    }
    assert!(run("md x").1.contains("'x' is not a hexadecimal number"));
    assert!(run("md").1.contains("Usage:\nmd [.b, .w, .l, .q] address"));
}

#[test]
fn the_loader_can_be_shown_but_not_changed() {
    let console = testing::capture();
    let mut ctx = testing::context();
    ctx.ram.reserve(Reserved {
        range: RAM_BASE + 0x1000..RAM_BASE + 0x2000,
        what: "loader",
        access: Access::Private,
    });
    assert_eq!(ctx.run_script("md 40001000 1"), 0);
    assert_eq!(ctx.run_script("mw 40000ffc 1 2"), 1);
    assert_eq!(ctx.run_script("cp.b 40000000 40001000 1"), 1);
    assert!(console.take().contains("overwrite the loader"));
}

#[test]
fn ctrl_c_ends_a_dump() {
    let console = testing::capture();
    console.keys("\x03");
    testing::context().run_script("md 40000000 1000");
    let text = console.take();
    assert_eq!(text.lines().count(), 2);
    assert!(text.ends_with("<INTERRUPT>\n"));
}

#[test]
fn the_base_is_added_to_addresses() {
    assert_eq!(
        output("base; base 40000000; mw.b 10 41 4; cp.b 10 20 4; cmp.b 10 20 4; md.b 20 4"),
        "Base Address: 0x00000000\n\
         Base Address: 0x40000000\n\
         Total of 4 byte(s) were the same\n\
         40000020: 41 41 41 41                                      AAAA\n"
    );
    assert!(run("base x").1.contains("'x' is not a hexadecimal number"));
}

/// What `mm` or `nm` shows when lines are typed, and what is in memory then.
fn typed(command: &str, keys: &str) -> (String, String) {
    let console = testing::capture();
    let mut ctx = testing::context();
    console.keys(keys);
    ctx.run_script(command);
    let shown = console.take();
    ctx.run_script("md.b 40000000 10");
    let memory = console.take();
    (shown, memory["40000000: ".len()..][..47].into())
}

#[test]
fn memory_is_modified_unit_by_unit() {
    let (shown, memory) = typed("mm.b 40000000", "48\r\r0x6cxyz\r-\r1ff\rq\r");
    assert_eq!(
        shown,
        "40000000: 00 ? 48\n40000001: 00 ? \n40000002: 00 ? 0x6cxyz\n\
         40000003: 00 ? -\n40000002: 6c ? 1ff\n40000003: 00 ? q\n"
    );
    assert_eq!(&memory[..11], "48 00 ff 00");
    let (shown, memory) = typed("nm.q 40000000", "123456789\r\r.\r");
    assert_eq!(
        shown,
        "40000000: 0 ? 123456789\n40000000: 123456789 ? \n40000000: 123456789 ? .\n"
    );
    assert_eq!(&memory[..23], "89 67 45 23 01 00 00 00");
    let (shown, memory) = typed("mm 40000000; echo no", "deadbeef\r\x03");
    assert_eq!(
        shown,
        "40000000: 00000000 ? deadbeef\n40000004: 00000000 ? \n<INTERRUPT>\n"
    );
    assert_eq!(&memory[..11], "ef be ad de");
}

#[test]
fn modifying_stays_in_ram() {
    for command in ["mm 0", "nm.q 43fffffc", "mm.x 40000000", "mm x", "mm"] {
        assert_eq!(run(command).0, 1, "{command}");
    }
    let (shown, _) = typed("mm 43fffffc", "1\r");
    assert!(
        shown.contains("0x44000000 (length 0x4) is not in RAM"),
        "{shown}"
    );
}

#[test]
fn repeating_a_modification_goes_on_where_it_stopped() {
    let console = testing::capture();
    let mut ctx = testing::context();
    console.keys("mm.w 40000000\r1\rq\r\rq\r");
    (0..2).for_each(|_| ctx.interact());
    assert_eq!(console.take().matches("40000002: 0000 ? q").count(), 2);
}

/// What a command prints that Ctrl-C has to end, and its status.
fn interrupted(command: &str) -> (i32, String) {
    let console = testing::capture();
    console.keys("\x03");
    let status = testing::context().run_script(command);
    (status, console.take())
}

#[test]
fn loops_end_with_ctrl_c() {
    let (status, text) = interrupted("mdc.b 40000000 2 500");
    let line = "40000000: 00 00                                            ..\n";
    // The dump itself already looks for Ctrl-C.
    assert_eq!((status, text), (0, String::from(line) + "Abort\n"));
    assert_eq!(interrupted("mwc 40000000 1 500"), (0, "Abort\n".into()));
    for command in [
        "loop 40000000 1",
        "loop.q 40000000 100",
        "loopw.b 40000000 10 5",
    ] {
        assert_eq!(
            interrupted(command),
            (1, "<INTERRUPT>\n".into()),
            "{command}"
        );
    }
    for command in ["loop 0 1", "loopw 43fffffc 2 1", "mdc 0 1 1", "mwc 0 1 1"] {
        let (status, text) = run(command);
        assert_eq!(status, 1);
        assert!(text.contains("is not in RAM"), "{command}: {text}");
    }
    for command in ["loop 40000000", "loopw 40000000 1", "mdc 40000000 1"] {
        assert!(run(command).1.contains("Usage:"), "{command}");
    }
}
