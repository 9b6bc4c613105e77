// SPDX-License-Identifier: GPL-2.0-or-later
//! `fdt get`: puts what is in the tree into variables.

use super::show::is_printable;
use super::{bad_path, failed, working, working_address};
use crate::number::decimal;
use crate::{CmdError, CmdResult, Context};
use alloc::format;
use alloc::string::String;
use boot::fdt::{FdtError, Node, strings};
use common::println;
use disk::number::hextoul;

/// `fdt get value|name|addr|size var path [prop|index [index]]`
pub fn get(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[what, variable, path, ref rest @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let fdt = working(ctx)?;
    let node = fdt.find(path);
    let value = match (what.chars().next(), rest) {
        (Some('s'), []) => format!("{}", node.map_err(bad_path)?.children().count()),
        (_, []) => return Err(CmdError::Usage),
        (Some('n'), [index, ..]) => child_name(node.map_err(bad_path)?, hextoul(index).0)?,
        (kind, [property, index @ ..]) => {
            let value = node.map_err(bad_path)?.property(property);
            let value = value.ok_or_else(|| failed("fdt_getprop", FdtError::NotFound))?;
            match kind {
                Some('v') => {
                    let index = index.first().map(|index| decimal(index) as usize);
                    text(value, index).ok_or(CmdError::Failure)?
                }
                Some('a') => {
                    let offset = fdt.offset_of(value).ok_or(CmdError::Failure)?;
                    format!("{:x}", working_address(ctx)? + offset as u64)
                }
                Some('s') => format!("{:x}", value.len()),
                _ => return Err(CmdError::Usage),
            }
        }
    };
    Ok(ctx.env.set(variable, &value)?)
}

fn child_name(node: Node<'_>, index: u64) -> Result<String, CmdError> {
    let child = usize::try_from(index)
        .ok()
        .and_then(|index| node.children().nth(index));
    child.map(|child| child.name().into()).ok_or_else(|| {
        println!("libfdt node not found");
        CmdError::Failure
    })
}

/// A value as a variable holds it: a string, one cell, or all bytes. `None` if there is no such part.
fn text(value: &[u8], index: Option<usize>) -> Option<String> {
    if is_printable(value) {
        return strings(value).nth(index.unwrap_or(0)).map(String::from);
    }
    let cell = |cell: &[u8; 4]| format!("0x{:08X}", u32::from_be_bytes(*cell));
    match (value.as_chunks::<4>(), index) {
        (([only], []), _) => Some(cell(only)),
        ((cells, []), Some(index)) if !cells.is_empty() => cells.get(index).map(cell),
        _ => Some(value.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn values_become_text() {
        assert_eq!(text(b"a\0bc\0", None).as_deref(), Some("a"));
        assert_eq!(text(b"a\0bc\0", Some(1)).as_deref(), Some("bc"));
        assert_eq!(text(b"a\0bc\0", Some(2)), None);
        assert_eq!(
            text(&[0, 0, 0, 0xab], Some(7)).as_deref(),
            Some("0x000000AB")
        );
        assert_eq!(
            text(&[0, 0, 0, 1, 0, 0, 0, 2], Some(1)).as_deref(),
            Some("0x00000002")
        );
        assert_eq!(text(&[0, 0, 0, 1, 0, 0, 0, 2], Some(2)), None);
        assert_eq!(
            text(&[0, 0, 0, 1, 0, 0, 0, 2], None).as_deref(),
            Some("0000000100000002")
        );
        assert_eq!(text(&[1, 2, 3], None).as_deref(), Some("010203"));
        assert_eq!(text(&[], None).as_deref(), Some(""));
    }

    #[test]
    fn variables_are_set() {
        let mut ctx = with_tree();
        assert_eq!(
            output(&mut ctx, "fdt get value v /chosen bootargs; echo $v"),
            "quiet\n"
        );
        assert_eq!(
            output(&mut ctx, "fdt get value v / compatible 1; echo $v"),
            "b\n"
        );
        assert_eq!(output(&mut ctx, "fdt get name v / 2; echo $v"), "soc\n");
        assert_eq!(output(&mut ctx, "fdt get size v /; echo $v"), "3\n");
        assert_eq!(
            output(&mut ctx, "fdt get size v /chosen bootargs; echo $v"),
            "6\n"
        );
        output(&mut ctx, "fdt get addr v /chosen bootargs");
        let address = ctx.env.get_hex("v", 0);
        assert_eq!(ctx.ram.slice(address, 5).unwrap(), b"quiet");
        assert_eq!(
            run(&mut ctx, "fdt get name v / 3"),
            (1, "libfdt node not found\n".into())
        );
        assert_eq!(run(&mut ctx, "fdt get value v / none").0, 1);
        assert_eq!(run(&mut ctx, "fdt get value v /none x").0, 1);
        assert_eq!(run(&mut ctx, "fdt get value v /").0, 1);
    }
}
