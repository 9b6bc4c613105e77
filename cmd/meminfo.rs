// SPDX-License-Identifier: GPL-2.0-or-later
//! `meminfo` and `memsize`: how much memory there is, and what uses it.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/meminfo.rst` and `memsize.rst`. The
//! regions are the reservations of all banks, from the top down, under U-Boot's
//! names; what is left below the lowest one of a bank is free.
#![cfg(CONFIG_CMD_MEMINFO)]

use crate::{CmdResult, Context};
use common::println;
use common::size::Size;

fn do_meminfo(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    println!("DRAM:  {}", Size(total(ctx)));
    #[cfg(CONFIG_CMD_MEMINFO_MAP)]
    map::show(&ctx.ram);
    Ok(())
}

fn total(ctx: &Context) -> u64 {
    ctx.ram.banks().map(|bank| bank.end - bank.start).sum()
}

#[cfg(CONFIG_CMD_MEMSIZE)]
fn do_memsize(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let mib = total(ctx) >> 20;
    match args.get(1) {
        Some(variable) => ctx.env.set(variable, &alloc::format!("{mib}"))?,
        None => println!("{mib} MiB"),
    }
    Ok(())
}

#[cfg(CONFIG_CMD_MEMINFO_MAP)]
mod map {
    use crate::regions::reserved;
    use arch::mem::{Ram, owner};
    use common::{print, println};
    use core::ops::Range;

    /// Prints the regions of each bank, the highest first.
    pub fn show(ram: &Ram) {
        let [name, base, size, end, gap] = ["Region", "Base", "Size", "End", "Gap"];
        println!("\n{name:<12} {base:>13} {size:>13} {end:>13} {gap:>13}");
        println!("--------------------------------------------------------------------");
        let mut above = None;
        for bank in ram.banks().collect::<alloc::vec::Vec<_>>().iter().rev() {
            let mut free_end = bank.end;
            let inside = reserved(ram).into_iter().rev();
            for reserved in inside.filter(|r| bank.contains(&r.range.start)) {
                region(name_of(reserved.what), &reserved.range, &mut above);
                free_end = free_end.min(reserved.range.start);
            }
            region("free", &(bank.start..free_end), &mut above);
        }
    }

    /// Prints a region; `above` is where the one above begins.
    fn region(name: &str, range: &Range<u64>, above: &mut Option<u64>) {
        let (start, end) = (range.start, range.end);
        print!(
            "{name:<12} {start:13x} {:13x} {end:13x}",
            end.saturating_sub(start)
        );
        if let Some(above) = above {
            print!(" {:13x}", above.saturating_sub(end));
        }
        println!();
        *above = Some(start);
    }

    /// U-Boot's name of a region.
    fn name_of(what: &str) -> &'static str {
        match what {
            owner::IMAGE => "code",
            owner::HEAP => "malloc",
            owner::TABLES => "page tables",
            owner::GUARD => "guard page",
            owner::STACK => "stack",
            owner::DEVICE_TREE => "devicetree",
            _ => "lmb",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, RAM_BASE, output, run};
    use arch::mem::{Access, Reserved, owner};

    #[test]
    fn the_size_is_shown_and_set() {
        assert!(output("meminfo").starts_with("DRAM:  64 MiB\n"));
        assert_eq!(output("memsize"), "64 MiB\n");
        assert_eq!(output("memsize size; echo $size"), "64\n");
        assert_eq!(run("meminfo x").0, 1);
    }

    #[test]
    #[cfg(CONFIG_CMD_MEMINFO_MAP)]
    fn the_regions_are_shown_from_the_top() {
        let console = testing::capture();
        let mut ctx = testing::context();
        for (range, what) in [
            (0x100_0000..0x100_2000, "initial ramdisk"),
            (0x3f0_0000..0x400_0000, owner::IMAGE),
            (0x300_0000..0x3ef_0000, owner::HEAP),
        ] {
            ctx.ram.reserve(Reserved {
                range: RAM_BASE + range.start..RAM_BASE + range.end,
                what,
                access: Access::Private,
            });
        }
        ctx.run_script("meminfo");
        let text = console.take();
        let lines: std::vec::Vec<_> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "",
                "Region                Base          Size           End           Gap",
                "--------------------------------------------------------------------",
                "code              43f00000        100000      44000000",
                "malloc            43000000        ef0000      43ef0000         10000",
                "lmb               41000000          2000      41002000       1ffe000",
                "free              40000000       1000000      41000000             0",
            ]
        );
    }
}

command! {
    name: "meminfo",
    repeatable: true,
    usage: "display memory information",
    run: do_meminfo,
}

#[cfg(CONFIG_CMD_MEMSIZE)]
command! {
    name: "memsize",
    max_args: 2,
    repeatable: true,
    usage: "show the size of memory in MiB, or put it into a variable",
    help: "[envvar]",
    run: do_memsize,
}
