// SPDX-License-Identifier: GPL-2.0-or-later
//! The subcommands that change the tree.

use super::{bad_path, failed, valid, value, working, working_mut};
use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use boot::fdt::{Fdt, FdtError, Reservation, overlay};
use boot::fdt_support as support;
use common::println;

/// `fdt mknode path node`
pub fn make_node(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[path, name, ..] = args else {
        return Err(CmdError::Usage);
    };
    let mut tree = working_mut(ctx)?;
    let parent = tree.find(path).map_err(bad_path)?;
    let added = tree.add_node(parent, name);
    added
        .map(|_| ())
        .map_err(|error| failed("fdt_add_subnode", error))
}

/// `fdt set path prop [val...]`
pub fn set(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[path, name, ref words @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let mut tree = working_mut(ctx)?;
    let node = tree.find(path).map_err(bad_path)?;
    let value = match words {
        [] => alloc::vec::Vec::new(),
        _ => {
            let old = tree.value_mut(node, name).map(|old| &*old);
            value::parse(words, old.unwrap_or(&[]))?
        }
    };
    tree.set_property(node, name, &value)
        .map_err(|error| failed("fdt_setprop", error))
}

/// `fdt rm path [prop]`
pub fn remove(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[path, ref property @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let mut tree = working_mut(ctx)?;
    let node = tree.find(path).map_err(bad_path)?;
    match property.first() {
        Some(name) => tree
            .delete_property(node, name)
            .map_err(|error| failed("fdt_delprop", error)),
        None => tree
            .delete_node(node)
            .map_err(|error| failed("fdt_del_node", error)),
    }
}

/// `fdt bootcpu id`
pub fn boot_cpu(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[id] = args else {
        return Err(CmdError::Usage);
    };
    let id = hex(id)? as u32;
    working_mut(ctx)?.set_boot_cpu(id);
    Ok(())
}

/// `fdt memory addr size`
pub fn memory(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[start, size] = args else {
        return Err(CmdError::Usage);
    };
    let (start, size) = (hex(start)?, hex(size)?);
    let bank = start..start.saturating_add(size);
    let result = support::memory(&mut working_mut(ctx)?, &[bank]);
    result.map_err(|error| failed("fdt_fixup_memory", error))
}

/// `fdt rsvmem print | add addr size | delete index`
pub fn reservations(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[action, ref rest @ ..] = args else {
        return Err(CmdError::Usage);
    };
    match (action.chars().next(), rest) {
        (Some('p'), _) => {
            print_reservations(working(ctx)?);
            Ok(())
        }
        (Some('a'), &[start, size, ..]) => {
            let entry = Reservation {
                start: hex(start)?,
                size: hex(size)?,
            };
            let result = working_mut(ctx)?.add_reservation(entry);
            result.map_err(|error| failed("fdt_add_mem_rsv", error))
        }
        (Some('d'), &[index, ..]) => {
            let index = usize::try_from(hex(index)?).unwrap_or(usize::MAX);
            let result = working_mut(ctx)?.delete_reservation(index);
            result.map_err(|error| failed("fdt_del_mem_rsv", error))
        }
        _ => Err(CmdError::Usage),
    }
}

fn print_reservations(fdt: Fdt<'_>) {
    println!("index\t\t   start\t\t    size");
    println!("------------------------------------------------");
    for (index, Reservation { start, size }) in fdt.reservations().enumerate() {
        println!("    {index:x}\t{start:016x}\t{size:016x}");
    }
}

/// `fdt chosen [start size]`
pub fn chosen(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let initrd = match args {
        [] => None,
        // U-Boot counts the end as the last byte here.
        [start, size] => {
            let (start, size) = (hex(start)?, hex(size)?);
            Some(start..start.saturating_add(size).saturating_sub(1))
                .filter(|range| !range.is_empty())
        }
        _ => return Err(CmdError::Usage),
    };
    let bootargs = ctx.env.get("bootargs").map(alloc::string::String::from);
    let mut tree = working_mut(ctx)?;
    let result = support::chosen(&mut tree, bootargs.as_deref())
        .and_then(|()| initrd.map_or(Ok(()), |initrd| support::initrd(&mut tree, &initrd)));
    result.map_err(|error| failed("fdt_setprop", error))
}

/// `fdt systemsetup`: this system has nothing to set up, as the reference's.
pub fn system_setup(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    match cfg!(CONFIG_OF_SYSTEM_SETUP) {
        true => working(ctx).map(|_| ()),
        false => Err(CmdError::Usage),
    }
}

/// `fdt apply addr`
pub fn apply(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[address] = args else {
        return Err(CmdError::Usage);
    };
    let overlay = valid(&ctx.ram, hex(address)?)?.to_vec();
    let mut tree = working_mut(ctx)?;
    let result = overlay.and_then(|overlay| overlay::apply(&mut tree, Fdt::new(&overlay)?));
    result.map_err(|error| explain(error, tree.find("/__symbols__").is_ok()))
}

fn explain(error: FdtError, has_symbols: bool) -> CmdError {
    println!("failed on fdt_overlay_apply(): {error}");
    if !has_symbols {
        println!("base fdt does not have a /__symbols__ node");
        println!("make sure you've compiled with -@");
    }
    CmdError::Failure
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use boot::fdt_support::tree_at;

    #[test]
    fn nodes_and_properties_come_and_go() {
        let mut ctx = with_tree();
        output(
            &mut ctx,
            "fdt mknode / reserved-memory; fdt set /reserved-memory ranges; fdt set /soc name a b",
        );
        assert_eq!(
            output(&mut ctx, "fdt print /reserved-memory"),
            "reserved-memory {\n\tranges;\n};\n"
        );
        assert_eq!(
            output(&mut ctx, "fdt print /soc name"),
            "name = \"a\", \"b\"\n"
        );
        assert_eq!(
            run(&mut ctx, "fdt mknode / soc"),
            (1, "libfdt fdt_add_subnode(): FDT_ERR_EXISTS\n".into())
        );
        output(&mut ctx, "fdt rm /reserved-memory; fdt rm /soc name");
        assert_eq!(
            run(&mut ctx, "fdt rm /soc name"),
            (1, "libfdt fdt_delprop(): FDT_ERR_NOTFOUND\n".into())
        );
        assert_eq!(run(&mut ctx, "fdt rm /reserved-memory").0, 1);
        assert_eq!(run(&mut ctx, "fdt rm").0, 1);
        let long = std::format!("fdt set /soc big '[{}]'", "00 ".repeat(1300));
        assert_eq!(
            run(&mut ctx, &long),
            (1, "libfdt fdt_setprop(): FDT_ERR_NOSPACE\n".into())
        );
        output(&mut ctx, "fdt resize 1000");
        output(&mut ctx, &long);
    }

    #[test]
    fn cells_of_the_old_value_can_be_kept() {
        let mut ctx = with_tree();
        output(
            &mut ctx,
            "fdt set /soc reg '<1 2 3>'; fdt set /soc reg '<? 9 ?>'",
        );
        assert_eq!(
            output(&mut ctx, "fdt print /soc reg"),
            "reg = <0x00000001 0x00000009 0x00000003>\n"
        );
    }

    #[test]
    fn reservations_are_managed() {
        let mut ctx = with_tree();
        output(
            &mut ctx,
            "fdt rsvmem add 1000 20; fdt rsvmem add 200000000 30; fdt rsvmem delete 0",
        );
        let text = output(&mut ctx, "fdt rsvmem print");
        assert_eq!(
            text.lines().nth(2),
            Some("    0\t0000000200000000\t0000000000000030")
        );
        assert_eq!(text.lines().nth(1).map(str::len), Some(48));
        assert_eq!(
            run(&mut ctx, "fdt rsvmem delete 1"),
            (1, "libfdt fdt_del_mem_rsv(): FDT_ERR_NOTFOUND\n".into())
        );
        assert_eq!(run(&mut ctx, "fdt rsvmem x").0, 1);
    }

    #[test]
    fn chosen_and_memory_are_set_up() {
        let mut ctx = with_tree();
        output(
            &mut ctx,
            "setenv bootargs root=/dev/xvda2; fdt chosen 42000000 1000; fdt memory 40000000 4000000",
        );
        output(&mut ctx, "fdt bootcpu 3; fdt systemsetup");
        let tree = tree_at(&ctx.ram, AT).unwrap();
        assert_eq!(
            tree.find("/chosen").unwrap().string("bootargs"),
            Some("root=/dev/xvda2")
        );
        assert_eq!(support::chosen_initrd(tree), Some(0x4200_0000..0x4200_0fff));
        assert_eq!(
            tree.find("/memory").unwrap().property("reg").unwrap().len(),
            16
        );
        assert_eq!(tree.field(boot::fdt::BOOT_CPU), 3);
    }

    #[test]
    fn what_is_no_overlay_for_this_tree_changes_nothing() {
        let mut ctx = with_tree();
        let before = tree_at(&ctx.ram, AT).unwrap().bytes().to_vec();
        assert_eq!(run(&mut ctx, "fdt apply 40200000").0, 1);
        // A tree without fragments is an overlay that does nothing.
        assert_eq!(output(&mut ctx, "fdt apply 40100000"), "");
        assert_eq!(tree_at(&ctx.ram, AT).unwrap().bytes(), before);
    }
}
