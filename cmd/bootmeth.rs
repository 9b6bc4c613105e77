// SPDX-License-Identifier: GPL-2.0-or-later
//! `bootmeth`: the ways to boot, and their order.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bootmeth.rst`.
#![cfg(CONFIG_CMD_BOOTMETH)]

use crate::bootstd_common::{BootStd, run_subcommand, sub};
use crate::command::Command;
use crate::{CmdError, CmdResult, Context};
use alloc::format;
use alloc::string::ToString;
use boot::bootmeth::{self, BootMethod};
use common::println;
use env::By;
use include::config::CONFIG_SYS_MAXARGS;
use include::errno;

const RULE: &str = "-----  ---  ------------------  ------------------";

const SUBCOMMANDS: &[Command] = &[
    sub("list", 2, list),
    sub("order", CONFIG_SYS_MAXARGS as usize, order),
    sub("set", CONFIG_SYS_MAXARGS as usize, set),
];

fn list(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let every = args
        .get(1)
        .is_some_and(|arg| arg.starts_with('-') && arg.contains('a'));
    let (all, ordered) = (bootmeth::all(), bootmeth::ordered(&ctx.env));
    println!("Order  Seq  Name                Description\n{RULE}");
    let listed = if every { &all } else { &ordered };
    for method in listed {
        let order = place(&ordered, method).map_or("-".into(), |place| format!("{place:x}"));
        let seq = place(&all, method).unwrap_or_default();
        println!(
            "{order:>5}  {seq:3x}  {:<19.19} {}",
            method.name, method.description
        );
    }
    let plural = if listed.len() == 1 { "" } else { "s" };
    println!("{RULE}\n({} bootmeth{plural})", listed.len());
    Ok(())
}

fn place(methods: &[&'static BootMethod], method: &BootMethod) -> Option<usize> {
    methods.iter().position(|known| known.name == method.name)
}

fn order(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let order = args.get(1..).unwrap_or_default().join(" ");
    // A name that is not known is told here; the variable's callback would do so again.
    let set = bootmeth::parse_order(&order).and_then(|methods| match methods.is_empty() {
        true if ctx.env.get("bootmeths").is_none() => Ok(()),
        true => ctx.env.remove("bootmeths", By::Program),
        false => ctx.env.put("bootmeths", &order, By::Program),
    });
    set.map_err(|error| failed(error.errno()))
}

fn failed(error: i32) -> CmdError {
    println!("Failed (err={error})");
    CmdError::Failure
}

fn set(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let [_, name, property, value, ..] = *args else {
        println!("Required parameters not provided");
        return Err(CmdError::Failure);
    };
    let method = bootmeth::by_name(name).map_err(|error| failed(error.errno()))?;
    if method.properties.is_empty() {
        println!("set_property not found");
        return Err(failed(-errno::ENODEV));
    }
    let mut known = method.properties.iter();
    let Some((_, values)) = known.find(|(name, _)| *name == property) else {
        println!("Invalid option");
        return Err(failed(-errno::EINVAL));
    };
    if !values.contains(&value) {
        println!("Unexpected value '{value}'");
        return Err(failed(-errno::EINVAL));
    }
    let key = (method.name, property.to_string());
    let properties = &mut ctx.state::<BootStd>().properties;
    properties.insert(key, value.to_string());
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn methods_are_listed_in_their_order() {
        let text = output("bootmeth order image extlinux; bootmeth list; printenv bootmeths");
        let head = "Order  Seq  Name                Description\n";
        let rule = super::RULE;
        let image = "    0    2  image               A kernel without any configuration\n";
        let extlinux = "    1    0  extlinux            Extlinux boot from a block device\n";
        let listed = alloc::format!("{head}{rule}\n{image}{extlinux}{rule}\n");
        assert_eq!(text, listed + "(2 bootmeths)\nbootmeths=image extlinux\n");
        let text = output("bootmeth order script; bootmeth list -a");
        assert!(text.contains("\n    -    0  extlinux "), "{text}");
        assert!(text.contains("\n    0    1  script "), "{text}");
        assert!(text.ends_with("(3 bootmeths)\n"), "{text}");
        assert!(run("bootmeth order script; bootmeth order; printenv bootmeths").0 == 1);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert_eq!(
            run("bootmeth order extlinux fred"),
            (1, "Unknown bootmeth 'fred'\nFailed (err=-19)\n".into())
        );
        let (status, text) = run("setenv bootmeths fred");
        assert!(
            status == 1 && text.starts_with("Unknown bootmeth 'fred'\n"),
            "{text}"
        );
        assert_eq!(
            run("bootmeth set image"),
            (1, "Required parameters not provided\n".into())
        );
        assert_eq!(
            run("bootmeth set image a b"),
            (1, "set_property not found\nFailed (err=-19)\n".into())
        );
        for line in ["bootmeth", "bootmeth dance", "bootmeth list -a b"] {
            let (status, text) = run(line);
            assert!(status == 1 && text.contains("Usage:"), "{line}: {text}");
        }
    }
}

command! {
    name: "bootmeth",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "Boot methods",
    help: "list [-a]     - list the boot methods in use; -a: all\n\
        bootmeth order [<bm> ...]  - use these boot methods in this order; all without any\n\
        bootmeth set <bootmeth> <property> <value> - set a property of a boot method",
    subcommands: &["list", "order", "set"],
    run: |ctx, args| run_subcommand(ctx, SUBCOMMANDS, args),
}
