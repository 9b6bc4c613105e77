// SPDX-License-Identifier: GPL-2.0-or-later
//! `kaslrseed`: gives the kernel a random number for its place in memory.
//!
//! A guest has no hardware for random numbers, but Xen's toolstack passes
//! `/chosen/rng-seed`. What comes of it and of the time goes through SHA-256, so
//! that nobody can tell one number, or the seed, from another.
//!
//! Behaviour: U-Boot, `cmd/kaslrseed.c`, without its notice, as nothing here
//! sets a seed on its own.
#![cfg(CONFIG_CMD_KASLRSEED)]

use crate::{CmdError, CmdResult, Context, fdt};
use boot::fdt::{FdtError, FdtMut};
use common::println;
use dm::Model;
use sha2::{Digest, Sha256};

/// The generator's state, once it has a seed.
#[derive(Default)]
struct Generator(Option<[u8; 32]>);

impl Generator {
    /// A number that never comes again.
    ///
    /// The next state cannot be told from the number, nor the last one from the next.
    fn next(&mut self, model: &Model) -> Option<[u8; 8]> {
        let hash = |first: &[u8], second: &[u8]| -> [u8; 32] {
            let hash = Sha256::new().chain_update(first).chain_update(second);
            hash.finalize().into()
        };
        let state = match self.0 {
            Some(state) => state,
            None => hash(b"seed", seed(model)?),
        };
        let state = hash(&state, &arch::time::us().to_le_bytes());
        self.0 = Some(hash(b"next", &state));
        hash(b"number", &state).first_chunk().copied()
    }
}

/// What the toolstack gave this guest.
fn seed(model: &Model) -> Option<&'static [u8]> {
    let seed = model.node("/chosen")?.property("rng-seed")?;
    Some(seed).filter(|seed| !seed.is_empty())
}

fn do_kaslrseed(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    fdt::working(ctx)?;
    let model = ctx.dm.clone();
    let Some(number) = ctx.state::<Generator>().next(&model) else {
        println!("No RNG device: the device tree has no /chosen/rng-seed");
        return Err(CmdError::Failure);
    };
    let mut tree = fdt::working_mut(ctx)?;
    set(&mut tree, number).map_err(|error| {
        println!("WARNING: could not set kaslr-seed {error}.");
        CmdError::Failure
    })
}

fn set(tree: &mut FdtMut<'_>, number: [u8; 8]) -> Result<(), FdtError> {
    let root = tree.fdt().root().offset();
    let chosen = tree.find_or_add_node(root, "chosen")?;
    tree.set_property(chosen, "kaslr-seed", &number)
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
        // In the time that stands still here, the same of both is the same.
        assert_eq!(number(&mut context(b"a")), one);
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
