// SPDX-License-Identifier: GPL-2.0-or-later
//! The loader as a process: it links everything, and does what the command line says.
#![forbid(unsafe_code)]

#[cfg(not(CONFIG_SANDBOX))]
compile_error!("configured for another board; `cargo xtask sandbox` builds this one");

// A crate that nothing names is not linked, and what it registers is lost.
extern crate drivers as _;
extern crate fs as _;

use arch::sandbox::options::{Options, Request, parse};
use arch::sandbox::{start, terminal};
use cmd::Context;
use std::process::exit;

/// The control device tree unless the user names one.
const TREE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sandbox.dtb"));

fn main() {
    let options = match parse(std::env::args_os()) {
        Ok(Request::Start(options)) => options,
        Ok(Request::Help(text)) => {
            print!("{text}");
            exit(0)
        }
        Err(message) => {
            eprint!("{message}");
            exit(1)
        }
    };
    let machine = control_tree(&options).and_then(|tree| start::machine(&options, tree));
    let machine = machine.unwrap_or_else(|message| {
        eprintln!("u-boot: {message}");
        exit(1)
    });
    terminal::setup(options.terminal, options.signals);
    let mut ctx = cmd::init(machine);
    if let Some(status) = run(&mut ctx, &options)
        && !options.interactive
    {
        exit(status)
    }
    cmd::main_loop(ctx)
}

/// The device tree that the user named, checked, or the built-in one.
fn control_tree(options: &Options) -> Result<Vec<u8>, String> {
    let Some(path) = &options.fdt else {
        return Ok(TREE.to_vec());
    };
    let path_shown = path.display();
    let tree = std::fs::read(path).map_err(|error| format!("{path_shown}: {error}"))?;
    boot::fdt::Fdt::new(&tree).map_err(|error| format!("{path_shown}: {error}"))?;
    Ok(tree)
}

/// Runs what the command line gives, if it gives anything; the status of the last command.
fn run(ctx: &mut Context, options: &Options) -> Option<i32> {
    let command = options.command.as_ref();
    let status = command.map(|command| ctx.run_script(command));
    match options.boot {
        true => Some(ctx.run_script("run bootcmd")),
        false => status,
    }
}
