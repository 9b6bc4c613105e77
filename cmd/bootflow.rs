// SPDX-License-Identifier: GPL-2.0-or-later
//! `bootflow`: looks for something to boot on all disks, lists it, boots it.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bootflow.rst`. Unlike there, a scan that
//! is to boot and finds nothing that does, fails.
#![cfg(CONFIG_CMD_BOOTFLOW)]

use crate::{CmdError, CmdResult, Context};
use boot::bootflow::{self, Bootflow};
use boot::bootmeth;
use common::println;
use core::ops::ControlFlow;

const RULE: &str =
    "---  -----------  ------  --------  ----  ------------------------  ----------------";

fn do_bootflow(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args {
        [_, "scan", rest @ ..] => scan(ctx, rest),
        _ => Err(CmdError::Usage),
    }
}

/// `bootflow scan [-lb] [interface|disk]`
fn scan(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (flags, only) = match args {
        [] => ("", None),
        [flags] if flags.starts_with('-') => (&flags[1..], None),
        [only] => ("", Some(*only)),
        [flags, only] if flags.starts_with('-') => (&flags[1..], Some(*only)),
        _ => return Err(CmdError::Usage),
    };
    if flags.contains(|flag| !"lb".contains(flag)) {
        return Err(CmdError::Usage);
    }
    let (list, boot) = (flags.contains('l'), flags.contains('b'));
    if list {
        match only {
            Some(only) => println!("Scanning for bootflows with label '{only}'"),
            None => println!("Scanning for bootflows in all bootdevs"),
        }
        println!("Seq  Method       State   Uclass    Part  Name                      Filename");
        println!("{RULE}");
    }
    let (model, methods) = (ctx.dm.clone(), bootmeth::ordered(&ctx.env));
    let (mut count, mut booted) = (0, false);
    bootflow::scan(&model, &methods, only, &mut |mut flow| {
        if list {
            show(count, &flow);
        }
        count += 1;
        booted = boot && flow.boot(ctx).is_ok();
        match booted {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    if list {
        println!("{RULE}");
        println!(
            "({count} bootflow{}, {count} valid)",
            if count == 1 { "" } else { "s" }
        );
    } else if count == 0 {
        println!("No bootflows found; try again with -l");
    }
    match boot && !booted {
        true => Err(CmdError::Failure),
        false => Ok(()),
    }
}

fn show(index: usize, flow: &Bootflow) {
    let uclass = flow.bootdev.interface;
    println!(
        "{index:3x}  {:<11}  {:<6}  {uclass:<9.9} {:4x}  {:<25.25} {}",
        flow.method.name,
        flow.state.name(),
        flow.partition.number,
        flow.name,
        flow.file.as_deref().unwrap_or_default()
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn without_disks_there_is_nothing() {
        let text = output("bootflow scan -l");
        assert!(
            text.starts_with("Scanning for bootflows in all bootdevs\nSeq  Method "),
            "{text}"
        );
        assert!(
            text.ends_with("----------------\n(0 bootflows, 0 valid)\n"),
            "{text}"
        );
        assert_eq!(
            output("bootflow scan"),
            "No bootflows found; try again with -l\n"
        );
        assert_eq!(run("bootflow scan -b").0, 1);
        let text = output("bootflow scan -l pvblock0");
        assert!(
            text.starts_with("Scanning for bootflows with label 'pvblock0'\n"),
            "{text}"
        );
    }

    #[test]
    fn what_is_not_known_is_explained() {
        for line in [
            "bootflow",
            "bootflow dance",
            "bootflow scan -x",
            "bootflow scan a b",
            "bootflow scan -l a b",
        ] {
            let (status, text) = run(line);
            assert!(status == 1 && text.contains("Usage:"), "{line}: {text}");
        }
    }
}

command! {
    name: "bootflow",
    max_args: 4,
    repeatable: true,
    usage: "boot flows",
    help: "scan [-lb] [interface|disk]   - look for something to boot\n\
        \x20   -l: list what is found, -b: boot the first of it that works",
    subcommands: &["scan"],
    run: do_bootflow,
}
