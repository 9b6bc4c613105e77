// SPDX-License-Identifier: GPL-2.0-or-later
//! `blkcache`: what the block cache did, and how large it may be.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/blkcache.rst`.
#![cfg(CONFIG_CMD_BLOCK_CACHE)]

use crate::{CmdError, CmdResult, Context};
use common::println;
use disk::number::autotoul;

fn do_blkcache(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args[1..] {
        // Both may be abbreviated, as in U-Boot.
        [what] if !what.is_empty() && "show".starts_with(what) => show(ctx),
        [what, blocks, entries] if !what.is_empty() && "configure".starts_with(what) => {
            configure(ctx, blocks, entries)
        }
        _ => Err(CmdError::Usage),
    }
}

fn show(ctx: &Context) -> CmdResult {
    let stats = ctx.dm.block_cache().take_stats();
    println!("hits: {}", stats.hits);
    println!("misses: {}", stats.misses);
    println!("entries: {}", stats.entries);
    println!("max blocks/entry: {}", stats.max_blocks);
    println!("max cache entries: {}", stats.max_entries);
    Ok(())
}

fn configure(ctx: &Context, blocks: &str, entries: &str) -> CmdResult {
    let [blocks, entries] = [number(blocks)?, number(entries)?];
    ctx.dm.block_cache().configure(blocks, entries);
    println!("changed to max of {entries} entries of {blocks} blocks each");
    Ok(())
}

fn number(arg: &str) -> Result<u32, CmdError> {
    match autotoul(arg) {
        (number, "") if !arg.is_empty() => u32::try_from(number).ok(),
        _ => None,
    }
    .ok_or_else(|| {
        println!("'{arg}' is not a number of 32 bits");
        CmdError::Failure
    })
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn it_shows_and_sets_the_sizes() {
        let script = "blkcache show; blkcache configure 8 0x10; blkcache sh";
        let show = |blocks, entries| {
            alloc::format!(
                "hits: 0\nmisses: 0\nentries: 0\n\
                 max blocks/entry: {blocks}\nmax cache entries: {entries}\n"
            )
        };
        let changed = "changed to max of 16 entries of 8 blocks each\n";
        let expected = alloc::format!("{}{changed}{}", show(32, 32), show(8, 16));
        assert_eq!(testing::run(script), (0, expected));
    }

    #[test]
    fn bad_arguments_change_nothing() {
        for bad in ["x 1", "1 x", "100000000000 1", "0x100000000 1", "'' 1"] {
            let (status, output) = testing::run(&alloc::format!("blkcache configure {bad}"));
            assert!(
                status == 1 && output.ends_with("is not a number of 32 bits\n"),
                "{output}"
            );
        }
        for bad in [
            "",
            "x",
            "show 1",
            "configure",
            "configure 1",
            "configure 1 2 3",
            "''",
        ] {
            let (status, output) = testing::run(&alloc::format!("blkcache {bad}"));
            assert!(status == 1 && output.contains("Usage:"), "{bad}: {output}");
        }
    }
}

command! {
    name: "blkcache",
    max_args: 4,
    usage: "statistics and size of the block cache",
    help: "show - show and reset statistics\n\
        blkcache configure <blocks> <entries>\n    \
        - set the number of blocks of an entry, and of entries",
    subcommands: &["configure", "show"],
    run: do_blkcache,
}
