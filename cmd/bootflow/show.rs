// SPDX-License-Identifier: GPL-2.0-or-later
//! The list of flows.

use boot::bootflow::{Bootflow, State};
use common::println;

const RULE: &str =
    "---  -----------  ------  --------  ----  ------------------------  ----------------";

/// What is above the list.
pub fn header() {
    println!("Seq  Method       State   Uclass    Part  Name                      Filename");
    println!("{RULE}");
}

/// What is below the list.
pub fn footer(count: usize, valid: usize) {
    let plural = if count == 1 { "" } else { "s" };
    println!("{RULE}\n({count} bootflow{plural}, {valid} valid)");
}

/// A flow's line, with its error if that is wanted.
pub fn flow(index: usize, flow: &Bootflow, errors: bool) {
    println!(
        "{index:3x}  {:<11}  {:<6}  {:<9.9} {:4x}  {:<25.25} {}",
        flow.method.name,
        flow.state.name(),
        flow.bootdev.interface,
        flow.partition.number,
        flow.name,
        flow.file.as_deref().unwrap_or_default()
    );
    if let Some(error) = flow.error.filter(|_| errors) {
        let what = match flow.state {
            State::Base => "No media/partition found",
            State::Media => "No partition found",
            State::Part => "No filesystem found",
            State::Fs => "File not found",
            State::File => "File cannot be loaded",
            State::Ready => "Ready",
        };
        println!("     ** {what}, err={}: {error}", error.errno());
    }
}

/// What each step took, and how a boot ended.
pub fn steps(flow: &Bootflow) {
    common::print!("     --");
    for (index, (step, us)) in flow.steps.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        common::print!("{comma} {step} {}.{} ms", us / 1000, us / 100 % 10);
    }
    println!();
    if let Some(failure) = &flow.failure {
        println!("     -- did not boot: {failure}");
    }
}
