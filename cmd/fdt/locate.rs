// SPDX-License-Identifier: GPL-2.0-or-later
//! `fdt addr`, `fdt move`, `fdt resize`: where the tree is and how large.

use super::{failed, valid, working_address};
use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use arch::mem::MemError;
use boot::bootm::set_working_fdt;
use boot::fdt::{Fdt, FdtError, Reservation, open_into, set_totalsize};
use boot::fdt_support::{TreeError, drop_reservation, tree_at, tree_at_mut};
use common::println;

/// Room that `resize` leaves: five memory reservations, one for the tree and
/// the rest for what `chosen` gets.
const RESIZE_PAD: u64 = 5 * 16;
const PAGE: u64 = 0x1000;

/// `fdt addr [-c] [-q] [addr [size]]`
pub fn addr(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let (mut control, mut quiet, mut args) = (false, false, args);
    while let [flags, rest @ ..] = args
        && let Some(flags) = flags.strip_prefix('-')
    {
        for flag in flags.chars() {
            match flag {
                'c' => control = true,
                'q' => quiet = true,
                _ => return Err(CmdError::Usage),
            }
        }
        args = rest;
    }
    let (variable, title) = if control {
        ("fdtcontroladdr", "Control")
    } else {
        ("fdtaddr", "Working")
    };
    let Some(address) = args.first() else {
        let address = ctx.env.get_hex(variable, 0);
        valid(&ctx.ram, address)?;
        println!("{title} fdt: {address:08x}");
        return Ok(());
    };
    let address = hex(address)?;
    if quiet {
        tree_at(&ctx.ram, address).map_err(|_| CmdError::Failure)?;
    } else {
        valid(&ctx.ram, address)?;
    }
    match control || quiet {
        true => ctx.env.set_hex(variable, address)?,
        false => set_working_fdt(&mut ctx.env, address),
    }
    match args.get(1) {
        Some(size) => grow(ctx, address, hex(size)?, quiet),
        None => Ok(()),
    }
}

/// Gives the tree more room where it is; one that cannot grow stays as it is, as in U-Boot.
fn grow(ctx: &mut Context, address: u64, size: u64, quiet: bool) -> CmdResult {
    let old = valid(&ctx.ram, address)?.bytes().len() as u64;
    let result = if size < old {
        Ok(())
    } else {
        copy(ctx, address, address, size)
    };
    match result {
        _ if quiet => {}
        Ok(()) if size < old => println!("New length {size} < existing length {old}, ignoring"),
        Ok(()) => {}
        Err(error) => println!("libfdt fdt_open_into(): {error}"),
    }
    Ok(())
}

/// `fdt move fdt newaddr [length]`
pub fn relocate(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[from, to, ref rest @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let (from, to) = (hex(from)?, hex(to)?);
    let old = valid(&ctx.ram, from)?.bytes().len() as u64;
    let size = rest.first().map_or(Ok(old), |size| hex(size))?;
    if size < old {
        println!("New length 0x{size:X} < existing length 0x{old:X}, aborting.");
        return Err(CmdError::Failure);
    }
    copy(ctx, from, to, size).map_err(|error| failed("fdt_open_into", error))?;
    set_working_fdt(&mut ctx.env, to);
    Ok(())
}

/// Copies a tree, which becomes `size` bytes long.
fn copy(ctx: &mut Context, from: u64, to: u64, size: u64) -> Result<(), TreeError> {
    let source = tree_at(&ctx.ram, from)?.packed()?;
    let target = ctx.ram.slice_mut(to, length(size)?)?;
    Ok(open_into(Fdt::new(&source)?, target)?)
}

/// `totalsize` has 32 bits.
fn length(size: u64) -> Result<usize, FdtError> {
    u32::try_from(size)
        .map(|size| size as usize)
        .map_err(|_| FdtError::NoSpace)
}

/// `fdt resize [extrasize]`
pub fn resize(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let address = working_address(ctx)?;
    let extra = args.first().map_or(Ok(0), |extra| hex(extra))?;
    resize_at(ctx, address, extra).map_err(|error| failed("fdt_resize", error))
}

/// Makes the tree end with a page; a reservation for it follows.
fn resize_at(ctx: &mut Context, address: u64, extra: u64) -> Result<(), TreeError> {
    let fdt = tree_at(&ctx.ram, address)?;
    let reserved = fdt.reservations().any(|entry| entry.start == address);
    let used = fdt.used() as u64;
    let end = address
        .checked_add(used + RESIZE_PAD)
        .and_then(|end| end.checked_add(extra));
    let end = end.and_then(|end| end.checked_next_multiple_of(PAGE));
    let end = end.ok_or(MemError::NotRam {
        start: address,
        len: extra,
    })?;
    let size = end - address;
    let bytes = ctx.ram.slice_mut(address, length(size)?)?;
    // Fits: the length was checked just now.
    set_totalsize(bytes, size as u32);
    if reserved {
        let mut tree = tree_at_mut(&mut ctx.ram, address)?;
        drop_reservation(&mut tree, address)?;
        tree.add_reservation(Reservation {
            start: address,
            size,
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn the_address_is_set_and_shown() {
        let mut ctx = with_tree();
        assert_eq!(output(&mut ctx, "fdt addr"), "Working fdt: 40100000\n");
        assert_eq!(
            output(&mut ctx, "fdt addr 0x40100000"),
            "Working FDT set to 40100000\n"
        );
        assert_eq!(
            run(&mut ctx, "fdt addr 40200000"),
            (1, "libfdt fdt_check_header(): FDT_ERR_BADMAGIC\n".into())
        );
        assert_eq!(run(&mut ctx, "fdt addr -q 40200000"), (1, "".into()));
        assert_eq!(
            run(&mut ctx, "fdt addr -c"),
            (1, "The address of the fdt is invalid (NULL).\n".into())
        );
        assert_eq!(
            output(&mut ctx, "fdt addr -c 40100000; fdt addr -c"),
            "Control fdt: 40100000\n"
        );
        assert_eq!(run(&mut ctx, "fdt addr -x").0, 1);
        assert_eq!(ctx.env.get("fdtaddr"), Some("40100000"));
    }

    #[test]
    fn a_tree_grows_and_moves() {
        let mut ctx = with_tree();
        output(&mut ctx, "fdt addr 40100000 2000");
        assert_eq!(tree_at(&ctx.ram, AT).unwrap().bytes().len(), 0x2000);
        let text = output(&mut ctx, "fdt addr 40100000 10");
        assert!(
            text.ends_with("New length 16 < existing length 8192, ignoring\n"),
            "{text}"
        );
        assert_eq!(
            output(&mut ctx, "fdt move 40100000 40100100 3000"),
            "Working FDT set to 40100100\n"
        );
        assert_eq!(tree_at(&ctx.ram, AT + 0x100).unwrap().bytes().len(), 0x3000);
        let (status, text) = run(&mut ctx, "fdt move 40100100 40200000 10");
        assert_eq!(
            (status, text.as_str()),
            (1, "New length 0x10 < existing length 0x3000, aborting.\n")
        );
        assert_eq!(run(&mut ctx, "fdt move 40100100 43fff000").0, 1);
    }

    #[test]
    fn a_resized_tree_ends_with_a_page() {
        let mut ctx = with_tree();
        output(&mut ctx, "fdt rsvmem add 40100000 600; fdt resize");
        assert_eq!(tree_at(&ctx.ram, AT).unwrap().bytes().len(), 0x1000);
        let entry = Reservation {
            start: AT,
            size: 0x1000,
        };
        assert!(tree_at(&ctx.ram, AT).unwrap().reservations().eq([entry]));
        output(&mut ctx, "fdt resize 1000");
        assert_eq!(tree_at(&ctx.ram, AT).unwrap().bytes().len(), 0x2000);
        assert_eq!(run(&mut ctx, "fdt resize 80000000").0, 1);
    }
}
