// SPDX-License-Identifier: GPL-2.0-or-later
//! `crc32`: the checksum of memory.
//!
//! Behaviour: U-Boot, `cmd/mem.c` and `common/hash.c`. The checksum is stored
//! with its highest byte first, and always at an address.
#![cfg(CONFIG_CMD_CRC32)]

use crate::hash_common::{Target, sum};
use crate::{CmdResult, Context};

fn do_crc32(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let verify = cfg!(CONFIG_CRC32_VERIFY);
    sum(ctx, args, "crc32", verify, Target::Address)
}

#[cfg(all(test, CONFIG_CRC32_VERIFY))]
mod tests {
    use crate::testing::run;

    #[test]
    fn the_checksum_is_shown_stored_and_verified() {
        let digits = "mw.q 40000000 3837363534333231; mw.b 40000008 39; ";
        let shown = "crc32 for 40000000 ... 40000008 ==> cbf43926\n";
        let after = |script: &str| run(&alloc::format!("{digits}{script}"));
        assert_eq!(after("crc32 40000000 9"), (0, shown.into()));
        let (status, text) = after("crc32 40000000 9 40000100; md.b 40000100 4");
        assert_eq!(status, 0);
        let stored = "40000100: cb f4 39 26                                      ..9&\n";
        assert_eq!(text, alloc::format!("{shown}{stored}"));
        for expected in ["cbf43926", "CBF43926", "sum", "*40000100"] {
            let script = alloc::format!(
                "mw.l 40000100 2639f4cb; setenv sum cbf43926; crc32 -v 40000000 9 {expected}"
            );
            assert_eq!(after(&script), (0, "".into()), "{expected}");
        }
        assert_eq!(
            after("crc32 -v 40000000 9 12345678"),
            (1, shown.replace('\n', " != 12345678 ** ERROR **\n"))
        );
        assert!(run("crc32 40000000").1.contains("Usage:"));
        assert!(run("crc32 -v 40000000 1").1.contains("Usage:"));
    }

    #[test]
    fn ctrl_c_ends_it() {
        let console = crate::testing::capture();
        console.keys("\x03");
        assert_eq!(
            crate::testing::context().run_script("crc32 40000000 4000000"),
            1
        );
        assert!(console.take().ends_with("<INTERRUPT>\n"));
    }
}

command! {
    name: "crc32",
    max_args: if cfg!(CONFIG_CRC32_VERIFY) { 5 } else { 4 },
    repeatable: true,
    usage: "checksum of memory",
    help: "address count [addr]\n    \
        - show the CRC32 checksum, and store it at 'addr'\n\
        crc32 -v address count crc\n    \
        - compare the checksum with a given one, a variable's, or the one at '*crc'",
    run: do_crc32,
}
