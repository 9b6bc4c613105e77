// SPDX-License-Identifier: GPL-2.0-or-later
//! `bootdev`: the disks that can be booted from.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bootdev.rst`. Unlike there, it is the disk
//! itself that is probed.
#![cfg(CONFIG_CMD_BOOTDEV)]

use crate::bootstd_common::{BootStd, run_subcommand, sub};
use crate::command::Command;
use crate::{CmdError, CmdResult, Context};
use boot::bootdev::{self, Bootdev};
use common::{Error, println};

const RULE: &str = "---  ------  ------  --------  ------------------";

const SUBCOMMANDS: &[Command] = &[
    sub("list", 2, list),
    sub("hunt", 2, hunt),
    sub("select", 2, select),
    sub("info", 2, info),
];

fn list(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let probe = args.get(1) == Some(&"-p");
    println!("Seq  Probed  Status  Uclass    Name\n{RULE}");
    let all = bootdev::all(&ctx.dm);
    for bootdev in &all {
        let error = probed(ctx, bootdev, probe);
        println!(
            "{:3x}   [ {} ]  {:>6}  {:<9.9} {}",
            bootdev.seq,
            if bootdev.device.active() { '+' } else { ' ' },
            error.map_or("OK".into(), |error| alloc::format!("{}", -error.errno())),
            bootdev.interface,
            bootdev.name
        );
    }
    let plural = if all.len() == 1 { "" } else { "s" };
    println!("{RULE}\n({} bootdev{plural})", all.len());
    Ok(())
}

/// The error of a disk that is to be probed and cannot be.
fn probed(ctx: &Context, bootdev: &Bootdev, probe: bool) -> Option<Error> {
    probe.then(|| bootdev.disk(&ctx.dm).err()).flatten()
}

fn hunt(ctx: &mut Context, args: &[&str]) -> CmdResult {
    if args.get(1) == Some(&"-l") {
        list_hunters(ctx);
        return Ok(());
    }
    let spec = args.get(1);
    let interface = spec.map(|spec| spec.trim_end_matches(|c: char| c.is_ascii_digit()));
    ctx.hunt(interface, true).map_err(|error| {
        println!("Failed (err={}): {error}", error.errno());
        CmdError::Failure
    })
}

fn list_hunters(ctx: &mut Context) {
    println!("Prio  Used  Uclass           Hunter");
    println!("----  ----  ---------------  ---------------");
    for hunter in bootdev::HUNTERS {
        println!(
            "{:4}  {:>4}  {:<15}  {}",
            hunter.priority,
            if ctx.has_hunted(hunter) { "*" } else { "" },
            ctx.dm.uclass_name(hunter.uclass),
            hunter.name
        );
    }
    println!("(total hunters: {})", bootdev::HUNTERS.len());
}

fn select(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let Some(name) = args.get(1) else {
        ctx.state::<BootStd>().bootdev = None;
        return Ok(());
    };
    let named = bootdev::find(&ctx.dm, name).map_err(|_| CmdError::Failure)?;
    let bootdev = named.bootdevs.first().ok_or(CmdError::Failure)?;
    if let Some(error) = probed(ctx, bootdev, true) {
        println!("Cannot probe bootdev '{name}' (err={})", error.errno());
        return Err(CmdError::Failure);
    }
    ctx.state::<BootStd>().bootdev = Some(bootdev.name.clone());
    Ok(())
}

fn info(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let Some(bootdev) = ctx.current_bootdev() else {
        println!("Please use 'bootdev select' first");
        return Err(CmdError::Failure);
    };
    let error = probed(ctx, &bootdev, args.get(1) == Some(&"-p"));
    let (count, valid) = ctx.state::<BootStd>().count(Some(&bootdev));
    println!("Name:      {}", bootdev.name);
    println!("Sequence:  {}", bootdev.seq);
    match error {
        Some(error) => println!("Status:    {}", -error.errno()),
        None if bootdev.device.active() => println!("Status:    Probed"),
        None => println!("Status:    OK"),
    }
    println!("Uclass:    {}", bootdev.interface);
    println!("Bootflows: {count} ({valid} valid)");
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn without_disks_there_is_nothing_to_choose() {
        let rule = super::RULE;
        let expected = "Seq  Probed  Status  Uclass    Name\n";
        let expected = alloc::format!("{expected}{rule}\n{rule}\n(0 bootdevs)\n");
        assert_eq!(output("bootdev list"), expected);
        assert_eq!(output("bootdev li -p"), expected);
        let none = (1, "Please use 'bootdev select' first\n".into());
        assert_eq!(run("bootdev info"), none);
        assert_eq!(
            run("bootdev select 50"),
            (1, "Cannot find '50' (err=-19)\n".into())
        );
        assert_eq!(
            run("bootdev select fred0"),
            (1, "Cannot find bootdev 'fred0' (err=-96)\n".into())
        );
        assert_eq!(run("bootdev select"), (0, "".into()));
    }

    #[test]
    fn what_is_not_known_is_explained() {
        for line in [
            "bootdev",
            "bootdev dance",
            "bootdev list a b",
            "bootdev select a b",
        ] {
            let (status, text) = run(line);
            assert!(status == 1 && text.contains("Usage:"), "{line}: {text}");
        }
    }
}

command! {
    name: "bootdev",
    max_args: 4,
    repeatable: true,
    usage: "Boot devices",
    help: "list [-p]         - list the disks that can be booted from; -p: probe them\n\
        bootdev hunt [-l|<spec>]  - look for disks, of all interfaces or one; -l: list the ways\n\
        bootdev select [<bd>]     - select a disk by name, label or number; none without one\n\
        bootdev info [-p]         - show what is selected; -p: probe it",
    subcommands: &["hunt", "info", "list", "select"],
    run: |ctx, args| run_subcommand(ctx, SUBCOMMANDS, args),
}
