// SPDX-License-Identifier: GPL-2.0-or-later
//! `random`: fills memory with numbers that look random.
//!
//! The same seed gives the same bytes as in U-Boot, `lib/rand.c`. They are no
//! secret.
#![cfg(CONFIG_CMD_RANDOM)]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use common::{Error, console, println};

/// What stands in for a seed of 0, with which all numbers would be 0.
const SEED: u32 = 0xdead_beef;
/// Bytes that are filled between two looks for Ctrl-C.
const CHUNK: usize = 1 << 20;

/// The generator: Marsaglia's xorshift of 32 bits.
struct Random(u32);

impl Default for Random {
    fn default() -> Self {
        Random(1)
    }
}

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

fn do_random(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (address, len, seed) = match args {
        [_, address, len] => (address, len, None),
        [_, address, len, seed] => (address, len, Some(hex(seed)? as u32)),
        _ => return Err(CmdError::Usage),
    };
    let (address, len) = (hex(address)?, hex(len)?);
    let seed = match seed {
        Some(0) => {
            println!("The seed cannot be 0. Using 0x{SEED:X}.");
            SEED
        }
        Some(seed) => seed,
        None => match ctx.state::<Random>().next() ^ arch::time::ms() as u32 {
            0 => SEED,
            seed => seed,
        },
    };
    *ctx.state::<Random>() = Random(seed);
    let mut random = Random(seed);
    let size = usize::try_from(len).unwrap_or(usize::MAX);
    for chunk in ctx.ram.slice_mut(address, size)?.chunks_mut(CHUNK) {
        let (words, rest) = chunk.as_chunks_mut::<4>();
        words
            .iter_mut()
            .for_each(|word| *word = random.next().to_le_bytes());
        rest.iter_mut().for_each(|byte| *byte = random.next() as u8);
        if console::ctrlc() {
            return Err(Error::Interrupted.into());
        }
    }
    *ctx.state::<Random>() = random;
    println!("{len} bytes filled with random data");
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn a_seed_gives_the_same_bytes_as_in_u_boot() {
        assert_eq!(
            output("random 40000000 b 1; md.l 40000000 3"),
            "11 bytes filled with random data\n\
             40000000: 00042021 04080601 00d14fc5           ! .......O..\n"
        );
        let (status, text) = run("random 40000000 100 0; random 40001000 100 deadbeef; \
             cmp.b 40000000 40001000 100");
        assert_eq!(status, 0);
        assert!(text.starts_with("The seed cannot be 0. Using 0xDEADBEEF.\n"));
    }

    #[test]
    fn without_a_seed_the_bytes_differ_each_time() {
        let (status, _) = run("random 40000000 100; random 40001000 100; \
             cmp.b 40000000 40001000 100");
        assert_eq!(status, 1);
    }

    #[test]
    fn only_ram_is_filled() {
        assert_eq!(
            output("random 40000000 0"),
            "0 bytes filled with random data\n"
        );
        for command in ["random 43ffffff 2", "random 0 1", "random 40000000 -1"] {
            assert_eq!(run(command).0, 1, "{command}");
        }
        assert!(output("random 40000000").contains("Usage:\nrandom <addr> <len> [<seed>]"));
    }
}

command! {
    name: "random",
    max_args: 4,
    usage: "fill memory with numbers that look random",
    help: "<addr> <len> [<seed>]\n    \
        - fill 'len' bytes at 'addr'; the same seed gives the same bytes",
    run: do_random,
}
