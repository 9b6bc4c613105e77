// SPDX-License-Identifier: GPL-2.0-or-later
//! `bootflow scan`: looks at disks, and boots if that is wanted.

use super::report::Report;
use super::show;
use crate::bootstd_common::BootStd;
use crate::{CmdError, CmdResult, Context};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use boot::bootdev::{self, Bootdev};
use boot::bootflow::{BootError, Bootflow, Event, Scan};
use boot::bootmeth;
use common::{Error, println};
use core::ops::ControlFlow;

/// More flows than this are none.
const MAX_FLOWS: usize = 1000;

/// What the user wants.
#[derive(Default)]
struct Options {
    all: bool,
    boot: bool,
    errors: bool,
    list: bool,
    no_hunt: bool,
    menu: bool,
    label: Option<String>,
}

/// Where is looked.
#[derive(Default)]
struct Where {
    bootdevs: Vec<Bootdev>,
    part: Option<u32>,
    /// One disk that was named by its number: less is told.
    by_seq: bool,
}

/// What came of it.
#[derive(Default)]
struct Outcome {
    count: usize,
    valid: usize,
    booted: bool,
    report: Report,
}

/// `bootflow scan [-abeGHlmt] [bootdev]`
pub fn scan(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let options = options(args)?;
    let selected = match options.label {
        Some(_) => None,
        None => ctx.current_bootdev(),
    };
    ctx.select_flow(None);
    if options.list {
        announce(&options, selected.as_ref());
    }
    let flows = &mut ctx.state::<BootStd>().flows;
    match &selected {
        Some(bootdev) => flows.retain(|flow| flow.bootdev.name != bootdev.name),
        None => flows.clear(),
    }
    let mut outcome = Outcome::default();
    let place = find_place(ctx, &options, selected, &mut outcome.report);
    let end = look(ctx, &options, &place, &mut outcome);
    if options.list {
        show::footer(outcome.count, outcome.valid);
    } else if end.is_ok() && outcome.valid == 0 && cfg!(CONFIG_CMD_BOOTFLOW_FULL) {
        println!("No bootflows found; try again with -l");
    }
    end?;
    #[cfg(CONFIG_CMD_BOOTFLOW_FULL)]
    if options.menu && outcome.valid > 0 {
        return super::full::choose(ctx, options.boot);
    }
    if options.boot && !outcome.booted {
        outcome.report.print();
        return Err(CmdError::Failure);
    }
    Ok(())
}

fn options(args: &[&str]) -> Result<Options, CmdError> {
    let (flags, label) = match args.get(1..).unwrap_or_default() {
        [flags, label @ ..] if flags.starts_with('-') => (&flags[1..], label.first()),
        label => ("", label.first()),
    };
    if !cfg!(CONFIG_CMD_BOOTFLOW_FULL) {
        if !flags.is_empty() {
            println!("Flags not supported: enable CONFIG_BOOTSTD_FULL");
            return Err(CmdError::Usage);
        }
        let boot = true;
        return Ok(Options {
            boot,
            ..Options::default()
        });
    }
    if flags.contains(|flag| !"abeGHlmt".contains(flag)) || args.len() > 2 && flags.is_empty() {
        return Err(CmdError::Usage);
    }
    let has = |flag: char| flags.contains(flag);
    Ok(Options {
        all: has('a'),
        boot: has('b'),
        errors: has('e'),
        list: has('l'),
        no_hunt: has('H'),
        menu: has('m'),
        label: label.map(ToString::to_string),
    })
}

fn announce(options: &Options, selected: Option<&Bootdev>) {
    match (selected, &options.label) {
        (Some(bootdev), _) => println!("Scanning for bootflows in bootdev '{}'", bootdev.name),
        (None, Some(label)) => println!("Scanning for bootflows with label '{label}'"),
        (None, None) => println!("Scanning for bootflows in all bootdevs"),
    }
    show::header();
}

/// The disks to look at. A name that means none has been told then.
fn find_place(
    ctx: &mut Context,
    options: &Options,
    selected: Option<Bootdev>,
    report: &mut Report,
) -> Where {
    if let Some(bootdev) = selected {
        return Where {
            bootdevs: alloc::vec![bootdev],
            ..Where::default()
        };
    }
    let label = options.label.as_deref();
    let (name, part) = match label.map(|label| label.split_once(':').unwrap_or((label, ""))) {
        None => (None, None),
        Some((name, "")) => (Some(name), None),
        Some((name, part)) => match number(part) {
            Some(part) => (Some(name), Some(part)),
            None => {
                println!("Invalid partition number: {part}");
                return Where::default();
            }
        },
    };
    if !options.no_hunt {
        let interface = name.map(|name| name.trim_end_matches(|c: char| c.is_ascii_digit()));
        if let Err(error) = ctx.hunt(interface, options.list) {
            println!("Cannot look for disks: {error}");
        }
    }
    let targets = ctx.env.get("boot_targets");
    match (name, targets.filter(|targets| !targets.is_empty())) {
        (Some(name), _) => bootdev::find(&ctx.dm, name).map_or_else(
            |_| Where::default(),
            |named| Where {
                bootdevs: named.bootdevs,
                part,
                by_seq: named.by_seq,
            },
        ),
        (None, Some(targets)) => Where {
            bootdevs: bootdev::targets(&ctx.dm, targets, options.list),
            ..Where::default()
        },
        (None, None) => {
            let order = bootdev::order(&ctx.dm);
            order.left_out.iter().for_each(|out| report.left_out(out));
            Where {
                bootdevs: order.tried,
                ..Where::default()
            }
        }
    }
}

/// A decimal number, or a hexadecimal one that begins with 0x.
fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn look(
    ctx: &mut Context,
    options: &Options,
    place: &Where,
    outcome: &mut Outcome,
) -> common::Result<()> {
    let (model, methods) = (ctx.dm.clone(), bootmeth::ordered(&ctx.env));
    let scan = Scan {
        model: &model,
        methods: &methods,
        part: place.part,
    };
    let tell = options.list && !place.by_seq;
    let end = scan.run(&place.bootdevs, &mut |event| match event {
        Event::Bootdev(bootdev) => {
            if tell {
                println!("Scanning bootdev '{}':", bootdev.name);
            }
            ControlFlow::Continue(())
        }
        Event::Flow(flow) => found(ctx, options, outcome, *flow),
    });
    if tell && end.is_ok() && !outcome.booted && !place.bootdevs.is_empty() {
        println!("No more bootdevs");
    }
    end
}

fn found(
    ctx: &mut Context,
    options: &Options,
    outcome: &mut Outcome,
    flow: Bootflow,
) -> ControlFlow<common::Result<()>> {
    let told = outcome.report.note(&flow);
    let is_valid = flow.error.is_none();
    if !is_valid && !options.all {
        if let Some(told) = told {
            println!("{told}");
        }
        return ControlFlow::Continue(());
    }
    if options.list {
        show::flow(outcome.count, &flow, options.errors);
    }
    outcome.count += 1;
    outcome.valid += usize::from(is_valid);
    let flows = &mut ctx.state::<BootStd>().flows;
    flows.push(flow);
    let index = flows.len() - 1;
    if is_valid && options.boot && !options.menu {
        let booted = ctx.boot_flow(index);
        if booted == Err(BootError::Interrupted) {
            return ControlFlow::Break(Err(Error::Interrupted));
        }
        outcome.booted = booted.is_ok();
        let flow = ctx.state::<BootStd>().flows.get(index);
        if let Some(flow) = flow.filter(|_| !outcome.booted) {
            outcome.report.failed(flow);
        }
    }
    match outcome.booted || outcome.count >= MAX_FLOWS {
        true => ControlFlow::Break(Ok(())),
        false => ControlFlow::Continue(()),
    }
}
