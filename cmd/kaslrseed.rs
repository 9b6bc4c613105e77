// SPDX-License-Identifier: GPL-2.0-or-later
//! `kaslrseed`: gives the kernel a random number for its place in memory.
//!
//! Behaviour: U-Boot, `cmd/kaslrseed.c`, without its notice that each kernel gets
//! one anyway.
#![cfg(CONFIG_CMD_KASLRSEED)]

use crate::{CmdError, CmdResult, Context, fdt};
use boot::seed::{self, NO_SEED};
use common::println;

fn do_kaslrseed(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    fdt::working(ctx)?;
    let model = ctx.dm.clone();
    let seed = model
        .node("/chosen")
        .and_then(|node| node.property("rng-seed"));
    let Some(seed) = seed.filter(|seed| !seed.is_empty()) else {
        println!("{NO_SEED}");
        return Err(CmdError::Failure);
    };
    let mut tree = fdt::working_mut(ctx)?;
    seed::place(&mut tree, seed).map_err(|error| {
        println!("WARNING: could not set kaslr-seed {error}.");
        CmdError::Failure
    })
}

#[cfg(test)]
mod tests {
    use crate::Context;
    use crate::fdt::testing::{output, run, tree, with_tree};
    use alloc::boxed::Box;
    use alloc::string::String;
    use alloc::sync::Arc;
    use dm::{DRIVERS, Model, UCLASSES};

    /// A context whose control tree has this seed.
    fn context(seed: &[u8]) -> Context {
        let mut blob = tree();
        let mut control = boot::fdt::FdtMut::new(&mut blob).unwrap();
        let chosen = control.find("/chosen").unwrap();
        control.set_property(chosen, "rng-seed", seed).unwrap();
        let control = ::fdt::Fdt::new(blob.leak()).unwrap();
        let mut ctx = with_tree();
        ctx.dm = Arc::new(Model::new(
            &DRIVERS,
            &UCLASSES,
            Some(Box::leak(Box::new(control))),
        ));
        ctx
    }

    fn number(ctx: &mut Context) -> String {
        output(
            ctx,
            "kaslrseed; fdt get value s /chosen kaslr-seed; echo $s",
        )
    }

    #[test]
    fn the_number_is_never_the_same() {
        arch::time::advance(1);
        let mut ctx = context(b"some bytes that nobody knows");
        let (first, second) = (number(&mut ctx), number(&mut ctx));
        assert_eq!(first.len(), 17, "{first}");
        assert_ne!(first, second);
        // The same seed at another time, and another seed at the same time.
        arch::time::advance(1);
        assert_ne!(number(&mut context(b"some bytes that nobody knows")), first);
        let (one, other) = (number(&mut context(b"a")), number(&mut context(b"b")));
        assert_ne!(one, other);
        // Nor is it in the time that stands still here.
        assert_ne!(number(&mut context(b"a")), one);
    }

    #[test]
    fn without_a_seed_nothing_is_set() {
        let text = "No RNG device: the device tree has no /chosen/rng-seed\n";
        for mut ctx in [with_tree(), context(b"")] {
            assert_eq!(run(&mut ctx, "kaslrseed"), (1, text.into()));
            assert_eq!(run(&mut ctx, "fdt print /chosen kaslr-seed").0, 1);
        }
        let mut ctx = context(b"a");
        ctx.env.delete("fdtaddr");
        assert!(
            run(&mut ctx, "kaslrseed")
                .1
                .starts_with("No FDT memory address configured.")
        );
    }

    #[test]
    fn a_tree_without_room_is_named() {
        let mut ctx = context(b"a");
        let full = |n: &i32| run(&mut ctx, &std::format!("fdt mknode /soc n{n}")).0 != 0;
        (0..1000).find(full).unwrap();
        let (status, text) = run(&mut ctx, "kaslrseed");
        assert_eq!(status, 1);
        assert_eq!(text, "WARNING: could not set kaslr-seed FDT_ERR_NOSPACE.\n");
    }
}

command! {
    name: "kaslrseed",
    usage: "put a random number into /chosen/kaslr-seed of the working device tree",
    run: do_kaslrseed,
}
