// SPDX-License-Identifier: GPL-2.0-or-later
//! `bootm`: starts a kernel that is in a legacy or FIT image, at once or in stages.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bootm.rst`. Beyond it: Linux gets the
//! loader's own device tree if there is no other.
#![cfg(CONFIG_CMD_BOOTM)]

use crate::image_common::{load_address, select};
use crate::{CmdError, CmdResult, Context};
use boot::bootm;
use boot::spec::Spec;
use boot::stages::{ALL, Bootm, Next, STAGES, Selection, Stage};
use boot::standalone;
use common::println;
use include::config::CONFIG_SYS_MAXARGS;

fn do_bootm(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let name = args.get(1).filter(|arg| Spec::parse(arg).is_err());
    let Some(name) = name else {
        return run(ctx, ALL, &args[1..]);
    };
    let stage = find(name).ok_or(CmdError::Usage)?;
    if !ctx.state::<Bootm>().may(stage) {
        println!("Trying to execute a command out of order");
        return Err(CmdError::Usage);
    }
    run(ctx, &[stage], &args[2..])
}

/// The stage that a word means: the only one whose name begins so.
fn find(word: &str) -> Option<Stage> {
    let mut found = STAGES.iter().filter(|(name, _)| name.starts_with(word));
    let stage = found.next().map(|(_, stage)| *stage);
    stage.filter(|_| found.next().is_none())
}

fn run(ctx: &mut Context, stages: &[Stage], args: &[&str]) -> CmdResult {
    let selection = Selection {
        kernel: select(args.first())?,
        ramdisk: select(args.get(1))?,
        fdt: select(args.get(2))?,
        load_address: load_address(ctx),
    };
    for &stage in stages {
        let mut state = core::mem::take(ctx.state::<Bootm>());
        let next = state.run(stage, &mut ctx.ram, &mut ctx.env, selection);
        *ctx.state() = state;
        let done = next.and_then(|next| match next {
            Next::Stay => Ok(()),
            Next::Linux(handover) => bootm::start(&mut ctx.ram, &ctx.dm, handover),
            Next::Program(entry) => standalone::run(&mut ctx.ram, entry, args),
        });
        done.map_err(|_| CmdError::Failure)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run;

    #[test]
    fn stages_may_be_abbreviated() {
        assert_eq!(find("start"), Some(Stage::Start));
        assert_eq!(find("lo"), Some(Stage::LoadOs));
        assert_eq!(find("g"), Some(Stage::Go));
        assert_eq!(find("starts"), None);
    }

    #[test]
    fn what_cannot_be_booted_is_refused() {
        let wrong = "Wrong Image Type for bootm command\nERROR -91E: can't get kernel image!\n";
        assert_eq!(run("bootm 40000000"), (1, wrong.into()));
        let (status, text) = run("bootm loados");
        assert_eq!(status, 1);
        assert!(
            text.contains("'bootm start' has to find the images first"),
            "{text}"
        );
        assert!(run("bootm nonsense").1.contains("Usage:\nbootm "));
        assert_eq!(run("bootm 1000").0, 1);
    }
}

command! {
    name: "bootm",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "boot application image from memory",
    help: "[addr [initrd [fdt]]]\n\
        \x20   - start the kernel in the legacy or FIT image at 'addr'. Each of the\n\
        \tthree may be ADDR, or in a FIT image ADDR:IMAGE or ADDR#CONFIGURATION;\n\
        \t'initrd' may be ADDR:SIZE, or '-' for none, and 'fdt' a device tree.\n\
        \tWhat is left out is what the FIT image's configuration says; without\n\
        \tany device tree Linux gets the one that this guest was given.\n\
        \n\
        The stages can be gone through one by one, in this order:\n\
        \tstart [addr [initrd [fdt]]] - find and check the images\n\
        \tloados  - load the kernel\n\
        \tramdisk - move the initramfs, set initrd_start and initrd_end\n\
        \tfdt     - move the device tree\n\
        \tcmdline - fails: there is nothing to do on this machine\n\
        \tbdt     - fails: there is nothing to do on this machine\n\
        \tprep    - complete the device tree\n\
        \tfake    - do as if the kernel was started\n\
        \tgo      - start the kernel",
    subcommands: &["bdt", "cmdline", "fake", "fdt", "go", "loados", "prep", "ramdisk", "start"],
    run: do_bootm,
}
