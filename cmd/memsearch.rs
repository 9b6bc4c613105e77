// SPDX-License-Identifier: GPL-2.0-or-later
//! `ms`: searches memory.
//!
//! Behaviour: U-Boot, `cmd/mem.c` and `test/cmd/mem_search.c`.
#![cfg(CONFIG_CMD_MEM_SEARCH)]

use crate::memory_common::{LINE, address, bytes, show};
use crate::number::{hex, width};
use crate::{CmdError, CmdResult, Context};
use alloc::vec::Vec;
use common::{Error, console, print, println};
use include::config::CONFIG_SYS_MAXARGS;

/// Matches that are shown, if the user does not say.
const LIMIT: u64 = 10;
/// Places that are compared between two looks for Ctrl-C.
const CHUNK: usize = 1 << 16;

/// A search; an empty line goes on with what is left of it.
#[derive(Clone, Default)]
struct Search {
    address: u64,
    /// Units that are left.
    count: u64,
    width: usize,
    pattern: Vec<u8>,
    limit: u64,
    quiet: bool,
}

/// What was found.
#[derive(Default)]
struct Found {
    matches: u64,
    /// The first match in the line that was shown last.
    address: u64,
    /// The same, in units from where the search began.
    position: u64,
}

fn do_ms(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let mut search = match ctx.repeated {
        true => ctx.state::<Search>().clone(),
        false => Search::parse(ctx, args)?,
    };
    let (found, end) = search.run(ctx)?;
    if !search.quiet {
        let plural = if found.matches == 1 { "" } else { "es" };
        print!("{} match{plural}", found.matches);
        let more = found.matches == search.limit;
        let hint = " (repeat command to check for more)";
        println!("{}", if more { hint } else { "" });
    }
    ctx.env.set_hex("memmatches", found.matches)?;
    ctx.env.set_hex("memaddr", found.address)?;
    ctx.env.set_hex("mempos", found.position)?;
    search.address = search.address.wrapping_add(end as u64);
    search.count = search.count.saturating_sub((end / search.width) as u64);
    *ctx.state::<Search>() = search;
    match found.matches {
        0 => Err(CmdError::Failure),
        _ => Ok(()),
    }
}

impl Search {
    fn parse(ctx: &mut Context, args: &[&str]) -> Result<Search, CmdError> {
        let (name, mut args) = args.split_first().ok_or(CmdError::Usage)?;
        let text = name.ends_with(".s");
        let mut search = Search {
            width: if text { 1 } else { width(name)? },
            limit: LIMIT,
            ..Search::default()
        };
        while let [option, rest @ ..] = args
            && let Some(option) = option.strip_prefix('-')
        {
            match option.split_at_checked(1) {
                Some(("q", _)) => search.quiet = true,
                Some(("l", limit)) if !limit.is_empty() => search.limit = hex(limit)?,
                _ => return Err(CmdError::Usage),
            }
            args = rest;
        }
        let &[start, count, ref values @ ..] = args else {
            return Err(CmdError::Usage);
        };
        search.address = address(ctx, start)?;
        search.count = hex(count)?;
        for value in values {
            match text {
                true => search.pattern.extend(value.bytes()),
                false => search
                    .pattern
                    .extend(&hex(value)?.to_le_bytes()[..search.width]),
            }
        }
        match search.pattern.is_empty() {
            true => Err(CmdError::Usage),
            false => Ok(search),
        }
    }

    /// Shows what is found; also gives how many bytes were searched.
    fn run(&self, ctx: &Context) -> Result<(Found, usize), CmdError> {
        let length = bytes(self.address, self.count, self.width)?;
        let memory = ctx.ram.slice(self.address, length)?;
        let (mut found, mut offset) = (Found::default(), 0);
        for (i, place) in memory
            .windows(self.pattern.len())
            .step_by(self.width)
            .enumerate()
        {
            if found.matches >= self.limit {
                break;
            }
            if place == self.pattern {
                self.found(ctx, &mut found, i)?;
            }
            offset = (i + 1) * self.width;
            if i % CHUNK == CHUNK - 1 && console::ctrlc() {
                return Err(Error::Interrupted.into());
            }
        }
        Ok((found, offset))
    }

    /// Counts a match; shows its lines, unless the match before was in the same one.
    fn found(&self, ctx: &Context, found: &mut Found, unit: usize) -> CmdResult {
        let place = self.address.wrapping_add((unit * self.width) as u64);
        let line = |address: u64| address & !(LINE as u64 - 1);
        if found.matches == 0 || line(found.address) != line(place) {
            if !self.quiet {
                if found.matches > 0 {
                    println!("--");
                }
                let before = (place - line(place)) as usize;
                let length = (before + self.pattern.len()).next_multiple_of(LINE);
                show(&ctx.ram, line(place), length, self.width)?;
            }
            found.address = place;
            found.position = unit as u64;
        }
        found.matches += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, output, run};

    const VARIABLES: &str = "; echo $memmatches $memaddr $mempos";

    #[test]
    fn bytes_words_and_longs_are_found() {
        let script = "mw.b 40000000 12; mw.b 40000031 12; mw.b 400000ff 12; \
             mw.b 40000100 12; ms.b 40000001 ff 12";
        assert_eq!(
            output(&alloc::format!("{script}{VARIABLES}")),
            "40000030: 00 12 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................\n\
             --\n\
             400000f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 12  ................\n\
             2 matches\n2 400000ff fe\n"
        );
        let script = "mw.w 40000034 1234; mw.w 40000100 1234; ms.w 40000000 80 1234";
        assert_eq!(
            output(&alloc::format!("{script}{VARIABLES}")),
            "40000030: 0000 0000 1234 0000 0000 0000 0000 0000  ....4...........\n\
             1 match\n1 40000034 1a\n"
        );
        let script = "mw 40000038 12345678; ms 40000000 40 12345678";
        assert_eq!(
            output(&alloc::format!("{script}{VARIABLES}")),
            "40000030: 00000000 00000000 12345678 00000000  ........xV4.....\n\
             1 match\n1 40000038 e\n"
        );
        let (status, text) = run("ms 40000000 80 12345679");
        assert_eq!((status, text.as_str()), (1, "0 matches\n"));
    }

    #[test]
    fn several_values_and_texts_are_found() {
        let script = "mw.b 40000018 55 10; ms.q -q 40000000 10 5555555555555555 \
             5555555555555555";
        assert_eq!(
            output(&alloc::format!("{script}{VARIABLES}")),
            "1 40000018 3\n"
        );
        let script = "mw.q 4000000c 6f6f42552d74; ms.s 40000000 100 t- UBo";
        let expected = "40000000: 00 00 00 00 00 00 00 00 00 00 00 00 74 2d 55 42  ............t-UB\n\
             40000010: 6f 6f 00 00 00 00 00 00 00 00 00 00 00 00 00 00  oo..............\n\
             1 match\n";
        assert_eq!(output(script), expected);
    }

    #[test]
    fn an_empty_line_goes_on() {
        let console = testing::capture();
        let mut ctx = testing::context();
        let memory = ctx.ram.slice_mut(testing::RAM_BASE, 0x100).unwrap();
        (5..0x33).step_by(3).for_each(|i| memory[i] = 0x34);
        console.keys("ms.b 40000000 100 34\r\r");
        ctx.interact();
        let first = console.take();
        assert!(first.ends_with("\n10 matches (repeat command to check for more)\n"));
        assert_eq!(first.matches("--").count(), 2);
        assert_eq!(ctx.env.get("memaddr"), Some("40000020"));
        ctx.interact();
        assert!(console.take().ends_with("\n6 matches\n"));
        let get = |name| ctx.env.get(name);
        // 32, less 21, where the second search began.
        assert_eq!(get("memmatches"), Some("6"));
        assert_eq!(get("memaddr"), Some("40000032"));
        assert_eq!(get("mempos"), Some("11"));
    }

    #[test]
    fn the_limit_can_be_chosen() {
        let script = "mw.b 40000000 7 100; ms.b -q -l20 40000000 100 7";
        assert_eq!(
            output(&alloc::format!("{script}; echo $memmatches")),
            "20\n"
        );
        // Longer than what is searched, or nothing is searched.
        assert_eq!(run("ms.q 40000000 1 0 0").1, "0 matches\n");
        assert_eq!(run("ms.b 40000000 0 0").1, "0 matches\n");
    }

    #[test]
    fn nonsense_is_refused() {
        for command in [
            "ms",
            "ms 40000000 1",
            "ms -x 40000000 1 1",
            "ms -l 40000000 1 1",
            "ms - 1 1",
        ] {
            assert!(run(command).1.contains("Usage:"), "{command}");
        }
        for command in [
            "ms 0 1 1",
            "ms.q 43fffff8 2 1",
            "ms.q 40000000 ffffffffffffffff 1",
        ] {
            assert!(run(command).1.contains("is not in RAM"), "{command}");
        }
        assert_eq!(run("ms.z 40000000 1 1").0, 1);
        assert_eq!(run("ms 40000000 1 x").0, 1);
    }
}

command! {
    name: "ms",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "memory search",
    help: "[.b, .w, .l, .q, .s] [-q | -l<n>] address #-of-objects <value>...\n    \
        - search for values that follow each other, or with .s for a text; show\n      \
        the first 10 matches, or 'n'; -q shows none. Sets the variables\n      \
        memmatches, memaddr and mempos.",
    run: do_ms,
}
