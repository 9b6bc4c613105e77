// SPDX-License-Identifier: GPL-2.0-or-later
//! `hash`: hashes memory with any algorithm.
//!
//! Behaviour: U-Boot, `cmd/hash.c` and `test/cmd/hash.c`.
#![cfg(CONFIG_CMD_HASH)]

use crate::hash_common::{Target, check, compute};
use crate::{CmdError, CmdResult, Context};

fn do_hash(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args {
        [_, "-v", name, rest @ ..] if cfg!(CONFIG_HASH_VERIFY) => {
            check(ctx, &name.to_ascii_lowercase(), rest)
        }
        [_, name, rest @ ..] => compute(ctx, &name.to_ascii_lowercase(), rest, Target::Variable),
        _ => Err(CmdError::Usage),
    }
}

#[cfg(all(test, CONFIG_MD5, CONFIG_SHA1, CONFIG_SHA256, CONFIG_CRC16))]
mod tests {
    use crate::testing::{output, run};

    const ABC: &str = "mw.l 40000000 636261; ";
    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

    fn after_abc(script: &str) -> (i32, alloc::string::String) {
        run(&alloc::format!("{ABC}{script}"))
    }

    #[test]
    fn hashes_are_shown_and_stored() {
        assert_eq!(
            output("hash md5 40000000 0 foo; echo $foo"),
            "md5 for 40000000 ... 3fffffff ==> d41d8cd98f00b204e9800998ecf8427e\n\
             d41d8cd98f00b204e9800998ecf8427e\n"
        );
        assert_eq!(
            after_abc("hash SHA1 40000000 3 *40000100; md.b 40000100 14"),
            (
                0,
                "sha1 for 40000000 ... 40000002 ==> a9993e364706816aba3e25717850c26c9cd0d89d\n\
                 40000100: a9 99 3e 36 47 06 81 6a ba 3e 25 71 78 50 c2 6c  ..>6G..j.>%qxP.l\n\
                 40000110: 9c d0 d8 9d                                      ....\n"
                    .into()
            )
        );
        assert_eq!(
            after_abc("hash crc16-ccitt 40000000 3").1,
            "crc16-ccitt for 40000000 ... 40000002 ==> 9dd6\n"
        );
    }

    #[test]
    fn hashes_are_verified() {
        for expected in [MD5, "foo", "*40000100"] {
            let script = alloc::format!(
                "setenv foo {MD5}; hash md5 40000000 3 *40000100; \
                 hash -v md5 40000000 3 {expected}"
            );
            let (status, text) = after_abc(&script);
            assert_eq!((status, text.lines().count()), (0, 1), "{text}");
        }
        let (status, text) = after_abc(
            "setenv foo ffffffffffffffffffffffffffffffff; \
             hash -v md5 40000000 3 foo",
        );
        assert_eq!(status, 1);
        assert_eq!(
            text,
            alloc::format!(
                "md5 for 40000000 ... 40000002 ==> {MD5} != {} ** ERROR **\n",
                "f".repeat(32)
            )
        );
        for expected in ["bar", "00", &"g".repeat(32), &"+1".repeat(16)] {
            let (status, text) = after_abc(&alloc::format!("hash -v md5 40000000 3 {expected}"));
            assert_eq!(status, 1);
            let message = alloc::format!("ERROR: {expected} does not contain a valid md5 sum\n");
            assert!(text.contains(&message), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_hashed_is_refused() {
        let (status, text) = run("hash foo 40000000 1");
        assert_eq!(status, 1);
        assert!(
            text.starts_with("Unknown hash algorithm 'foo'\nhash - "),
            "{text}"
        );
        assert!(run("hash md5 40000000").1.contains("Usage:"));
        assert!(run("hash -v md5 40000000 1").1.contains("Usage:"));
        for command in [
            "hash md5 43fffff0 11",
            "hash md5 40000000 ffffffffffffffff",
            "hash md5 40000000 1 *0",
            "hash -v md5 40000000 1 *0",
        ] {
            let (status, text) = run(command);
            assert_eq!(status, 1, "{command}");
            assert!(text.contains("is not in RAM"), "{text}");
        }
    }
}

command! {
    name: "hash",
    max_args: if cfg!(CONFIG_HASH_VERIFY) { 6 } else { 5 },
    repeatable: true,
    usage: "hash memory",
    help: "algorithm address count [[*]hash_dest]\n    \
        - show the hash; set the variable 'hash_dest' to it, or store it at '*address'\n\
        hash -v algorithm address count [*]hash\n    \
        - compare the hash with a given one, a variable's, or the one at '*address'",
    run: do_hash,
}
