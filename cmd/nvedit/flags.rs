// SPDX-License-Identifier: GPL-2.0-or-later
//! `env flags`: shows what flags there are and the variables that have some.

use crate::{CmdResult, Context};
use common::println;
use env::flags::{self, Access, Flags, Kind};

pub fn do_flags(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    println!("Available variable type flags (position 0):");
    println!("\tFlag\tVariable Type Name\n\t----\t------------------");
    for (_, letter, name) in Kind::ALL {
        println!("\t{letter}   -\t{name}");
    }
    println!("\nAvailable variable access flags (position 1):");
    println!("\tFlag\tVariable Access Name\n\t----\t--------------------");
    for (_, letter, name) in Access::ALL {
        println!("\t{letter}   -\t{name}");
    }
    println!("\nStatic flags:");
    heading();
    for (variable, letters) in flags::built_in() {
        row(variable, Flags::parse(letters));
    }
    println!("\nActive flags:");
    heading();
    for (variable, _) in ctx.env.sorted() {
        let flags = ctx.env.flags(variable);
        if flags != Flags::default() {
            row(variable, flags);
        }
    }
    Ok(())
}

fn heading() {
    println!(
        "\t{:20} {:20} {:20}",
        "Variable Name", "Variable Type", "Variable Access"
    );
    println!(
        "\t{:20} {:20} {:20}",
        "-------------", "-------------", "---------------"
    );
}

fn row(variable: &str, flags: Flags) {
    println!(
        "\t{variable:20} {:20} {:20}",
        flags.kind.name(),
        flags.access.name()
    );
}
