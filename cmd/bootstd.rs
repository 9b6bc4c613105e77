// SPDX-License-Identifier: GPL-2.0-or-later
//! `bootstd`: what standard boot has in memory.
//!
//! Behaviour: U-Boot, `cmd/bootstd.c`.
#![cfg(CONFIG_CMD_BOOTSTD)]

use crate::bootstd_common::{BootStd, run_subcommand, sub};
use crate::command::Command;
use crate::{CmdResult, Context};
use alloc::format;
use common::println;

const RULE: &str = "---  -------------------  --------------  --------  --------  ----------------";

const SUBCOMMANDS: &[Command] = &[sub("images", 1, images)];

fn images(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    println!("Seq  Bootflow             Type                  At      Size  Filename\n{RULE}");
    let mut count = 0;
    for (index, flow) in ctx.state::<BootStd>().flows.iter().enumerate() {
        let Some(file) = flow.file.as_deref().filter(|_| flow.error.is_none()) else {
            continue;
        };
        let address = flow.buffer.as_ref();
        let address = address.map_or("-".into(), |b| format!("{:x}", b.as_ptr() as usize));
        println!(
            "{index:3}  {:<20.20} {:<15.15} {address:>8}  {:8x}  {file}",
            flow.name, flow.method.file_type, flow.size
        );
        count += 1;
    }
    let plural = if count == 1 { "" } else { "s" };
    println!("{RULE}\n({count} image{plural})");
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{output, run};

    #[test]
    fn without_flows_there_are_no_images() {
        let text = output("bootstd images");
        assert!(
            text.starts_with("Seq  Bootflow             Type "),
            "{text}"
        );
        assert!(text.ends_with("----------------\n(0 images)\n"), "{text}");
        let (status, text) = run("bootstd");
        assert!(status == 1 && text.contains("Usage:"), "{text}");
    }
}

command! {
    name: "bootstd",
    max_args: 2,
    repeatable: true,
    usage: "Standard-boot operation",
    help: "images      - list the images that were loaded",
    subcommands: &["images"],
    run: |ctx, args| run_subcommand(ctx, SUBCOMMANDS, args),
}
