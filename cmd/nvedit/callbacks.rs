// SPDX-License-Identifier: GPL-2.0-or-later
//! `env callbacks`: shows the callbacks and the variables that have one.

use crate::{CmdResult, Context};
use common::println;
use env::callback;

pub fn do_callbacks(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    println!("Available callbacks:\n\tCallback Name\n\t-------------");
    for name in ctx.env.callback_names() {
        println!("\t{name}");
    }
    println!("\nStatic callback bindings:");
    row("Variable Name", "Callback Name");
    row("-------------", "-------------");
    for (variable, callback) in callback::built_in() {
        row(variable, callback);
    }
    println!("\nActive callback bindings:");
    row("Variable Name", "Callback Name");
    row("-------------", "-------------");
    for (variable, _) in ctx.env.sorted() {
        if let Some(callback) = ctx.env.callback_name(variable) {
            row(variable, callback);
        }
    }
    Ok(())
}

fn row(variable: &str, callback: &str) {
    println!("\t{variable:20} {callback:20}");
}
