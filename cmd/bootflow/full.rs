// SPDX-License-Identifier: GPL-2.0-or-later
//! Choosing of what a scan has found, and booting that.

use super::show;
use crate::bootstd_common::BootStd;
use crate::{CmdError, CmdResult, Context};
use boot::bootflow::{BootError, Bootflow, State};
use boot::bootflow_menu;
use common::{console, print, println};
use disk::number::hextoul;
use include::errno;

/// Of a file that is shown, at most these bytes are.
const DUMP_MAX: usize = 10 << 10;
/// Bytes of it between two looks for Ctrl-C.
const DUMP_PIECE: usize = 128;

/// Whether the first argument has this letter as an option.
fn has_flag(args: &[&str], flag: char) -> bool {
    let flags = args.get(1).and_then(|arg| arg.strip_prefix('-'));
    flags.is_some_and(|flags| flags.contains(flag))
}

/// `bootflow list [-e]`
pub fn list(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let errors = has_flag(args, 'e');
    let bootdev = ctx.current_bootdev();
    match &bootdev {
        Some(bootdev) => println!("Showing bootflows for bootdev '{}'", bootdev.name),
        None => println!("Showing all bootflows"),
    }
    show::header();
    let state = ctx.state::<BootStd>();
    for (number, (_, flow)) in state.of(bootdev.as_ref()).enumerate() {
        show::flow(number, flow, errors);
        if errors {
            show::steps(flow);
        }
    }
    let (count, valid) = state.count(bootdev.as_ref());
    show::footer(count, valid);
    Ok(())
}

/// `bootflow select [<num>|<name>]`: of the device that is selected, or of all.
pub fn select(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let Some(&name) = args.get(1) else {
        ctx.select_flow(None);
        return Ok(());
    };
    let bootdev = ctx.current_bootdev();
    let (seq, rest) = hextoul(name);
    let state = ctx.state::<BootStd>();
    let found = state
        .of(bootdev.as_ref())
        .enumerate()
        .find(|(number, (_, flow))| match rest.is_empty() {
            true => *number as u64 == seq,
            false => flow.name == name,
        })
        .map(|(_, (index, flow))| (index, flow.cmdline.clone()));
    let Some((index, cmdline)) = found else {
        print!("Cannot find bootflow '{name}' ");
        if let Some(bootdev) = &bootdev {
            print!("in bootdev '{}' ", bootdev.name);
        }
        println!("(err=-{})", errno::ENOENT);
        return Err(CmdError::Failure);
    };
    let cmdline = cmdline.unwrap_or_default();
    if ctx.env.set("bootargs", &cmdline).is_err() {
        println!("Cannot set bootargs");
        return Err(CmdError::Failure);
    }
    ctx.select_flow(Some(index));
    Ok(())
}

/// `bootflow info [-ds]`
pub fn info(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (_, flow) = ctx.current_flow()?;
    let or_none = |text: &Option<alloc::string::String>| text.clone().unwrap_or("(none)".into());
    println!("Name:      {}", flow.name);
    println!("Device:    {}", flow.bootdev.name);
    println!("Block dev: {}", flow.bootdev.device.name());
    println!("Method:    {}", flow.method.name);
    println!("State:     {}", flow.state.name());
    println!("Partition: {}", flow.partition.number);
    println!("Subdir:    {}", or_none(&flow.subdir));
    println!("Filename:  {}", or_none(&flow.file));
    match &flow.buffer {
        Some(buffer) => println!("Buffer:    {:x}", buffer.as_ptr() as usize),
        None => println!("Buffer:    (not loaded)"),
    }
    println!("Size:      {:x} ({} bytes)", flow.size, flow.size);
    println!("OS:        {}", or_none(&flow.os_name));
    println!("Cmdline:   {}", or_none(&flow.cmdline));
    println!("Logo:      (none)");
    println!("FDT:       <NULL>");
    println!("Error:     {}", flow.error.map_or(0, |error| error.errno()));
    if has_flag(args, 'd') {
        dump(flow);
    }
    Ok(())
}

fn dump(flow: &Bootflow) {
    let Some(buffer) = &flow.buffer else { return };
    println!("Contents:\n");
    for piece in buffer[..buffer.len().min(DUMP_MAX)].chunks(DUMP_PIECE) {
        console::write_bytes(piece);
        if console::ctrlc() {
            println!("...interrupted");
            return;
        }
    }
}

/// `bootflow read`
pub fn read(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    let mut flow = ctx.current_flow()?.1.clone();
    let result = match flow.method.read_all {
        _ if flow.state != State::Ready => Err(BootError::Status(-errno::EPROTO)),
        None => Err(BootError::Status(-errno::ENOSYS)),
        Some(read_all) => read_all(ctx, &mut flow),
    };
    Ok(result.inspect_err(|error| println!("Failed: err={}", error.number()))?)
}

/// `bootflow boot`: what returns has failed.
pub fn boot(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    let (index, _) = ctx.current_flow()?;
    ctx.boot_flow(index)?;
    Err(CmdError::Failure)
}

/// `bootflow menu [-t]`
pub fn menu(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    choose(ctx, false)
}

/// Lets the user choose, and boots that if it is wanted.
pub fn choose(ctx: &mut Context, boot: bool) -> CmdResult {
    let seconds = ctx.env.get("bootmenu_delay");
    let seconds = seconds.and_then(|text| text.parse().ok());
    let chosen = bootflow_menu::choose(&ctx.state::<BootStd>().flows, seconds);
    ctx.select_flow(chosen);
    let Some(index) = chosen else {
        println!("Nothing chosen");
        return Err(CmdError::Failure);
    };
    let (_, flow) = ctx.current_flow()?;
    println!("Selected: {}", flow.os_name.as_ref().unwrap_or(&flow.name));
    if boot {
        ctx.boot_flow(index)?;
    }
    Ok(())
}
