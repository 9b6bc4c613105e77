// SPDX-License-Identifier: GPL-2.0-or-later
//! `fdt print`, `fdt list`, `fdt header`.

use super::{bad_path, failed, working, working_address};
use crate::{CmdError, CmdResult, Context};
use alloc::string::String;
use boot::fdt::{Entry, Fdt, FdtError, HEADER_FIELDS};
use common::{print, println};
use core::fmt::Write;

/// How deep a tree is printed.
const MAX_LEVEL: usize = 32;

/// `fdt print [path [prop]]`
pub fn print(ctx: &mut Context, args: &[&str]) -> CmdResult {
    show(ctx, args, MAX_LEVEL)
}

/// `fdt list [path [prop]]`
pub fn list(ctx: &mut Context, args: &[&str]) -> CmdResult {
    show(ctx, args, 1)
}

fn show(ctx: &Context, args: &[&str], depth: usize) -> CmdResult {
    let printer = Printer {
        fdt: working(ctx)?,
        address: working_address(ctx)?,
        max_dump: ctx.env.get_hex("fdt_max_dump", u64::MAX),
    };
    match args {
        [] => printer.node("/", depth),
        [path] => printer.node(path, depth),
        [path, property, ..] => printer.property(path, property),
    }
}

struct Printer<'a> {
    fdt: Fdt<'a>,
    address: u64,
    /// Values longer than this are not shown, only where they are.
    max_dump: u64,
}

impl Printer<'_> {
    fn property(&self, path: &str, name: &str) -> CmdResult {
        let node = self.fdt.find(path).map_err(bad_path)?;
        match node.property(name) {
            Some([]) => println!("{path} {name}"),
            Some(value) => println!("{name} = {}", self.text(value)),
            None => return Err(failed("fdt_getprop", FdtError::NotFound)),
        }
        Ok(())
    }

    fn node(&self, path: &str, depth: usize) -> CmdResult {
        let mut level = 0;
        for entry in self.fdt.find(path).map_err(bad_path)?.entries() {
            if common::console::ctrlc() {
                println!("<INTERRUPT>");
                return Err(CmdError::Failure);
            }
            match entry {
                Entry::Begin(node) => {
                    let name = if node.name().is_empty() {
                        "/"
                    } else {
                        node.name()
                    };
                    line(level, depth, format_args!("{name} {{"));
                    level += 1;
                    if level >= MAX_LEVEL {
                        println!("Nested too deep, aborting.");
                        return Err(CmdError::Failure);
                    }
                }
                Entry::End => {
                    level -= 1;
                    line(level, depth, format_args!("}};"));
                }
                Entry::Property(p) if p.value.is_empty() => {
                    line(level, depth, format_args!("{};", p.name))
                }
                Entry::Property(p) => line(
                    level,
                    depth,
                    format_args!("{} = {};", p.name, self.text(p.value)),
                ),
                Entry::Nop => line(level, usize::MAX, format_args!("/* NOP */")),
            }
        }
        Ok(())
    }

    /// A value as text, cells or bytes, whichever it looks like.
    fn text(&self, value: &[u8]) -> String {
        if is_printable(value) {
            return join(boot::fdt::strings(value), ", ", |out, text| {
                write!(out, "\"{text}\"")
            });
        }
        if value.len() as u64 > self.max_dump {
            let at = self.address + self.fdt.offset_of(value).unwrap_or(0) as u64;
            return alloc::format!("* 0x{at:016x} [0x{:08x}]", value.len());
        }
        match value.as_chunks::<4>() {
            (cells, []) => {
                let cells = join(cells, " ", |out, cell| {
                    write!(out, "0x{:08x}", u32::from_be_bytes(*cell))
                });
                alloc::format!("<{cells}>")
            }
            _ => alloc::format!(
                "[{}]",
                join(value, " ", |out, byte| write!(out, "{byte:02x}"))
            ),
        }
    }
}

fn line(level: usize, depth: usize, text: core::fmt::Arguments<'_>) {
    if level <= depth {
        (0..level).for_each(|_| print!("\t"));
        println!("{text}");
    }
}

fn join<T>(
    items: impl IntoIterator<Item = T>,
    separator: &str,
    put: impl Fn(&mut String, T) -> core::fmt::Result,
) -> String {
    let mut out = String::new();
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push_str(separator);
        }
        // Writing to a String cannot fail.
        _ = put(&mut out, item);
    }
    out
}

/// Whether a value is one or more strings: none of them empty, each with its end.
pub fn is_printable(value: &[u8]) -> bool {
    let printable =
        |text: &[u8]| !text.is_empty() && text.iter().all(|byte| matches!(byte, 0x20..=0x7e));
    value
        .strip_suffix(&[0])
        .is_some_and(|text| text.split(|&byte| byte == 0).all(printable))
}

/// `fdt header [get var member]`
pub fn header(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let fdt = working(ctx)?;
    if let &[action, variable, member] = args {
        let index = HEADER_FIELDS.iter().position(|&name| name == member);
        let Some(index) = index.filter(|_| action.starts_with('g')) else {
            return Err(CmdError::Failure);
        };
        let value = fdt.field(index) as u64;
        return Ok(ctx.env.set_hex(variable, value)?);
    }
    for (index, name) in HEADER_FIELDS.iter().enumerate() {
        let (value, tabs) = (fdt.field(index), "\t".repeat(3 - (name.len() + 1) / 8));
        match *name {
            "totalsize" => println!("{name}:{tabs}0x{value:x} ({value})"),
            "version" | "last_comp_version" => println!("{name}:{tabs}{value}"),
            _ => println!("{name}:{tabs}0x{value:x}"),
        }
    }
    println!("number mem_rsv:\t\t0x{:x}\n", fdt.reservations().count());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_tree_is_printed_as_in_u_boot() {
        let mut ctx = with_tree();
        let text = output(&mut ctx, "fdt print");
        let expected = "/ {\n\tcompatible = \"a\", \"b\";\n\t#address-cells = <0x00000002>;\n\
            \t#size-cells = <0x00000002>;\n\taliases {\n\t\tc = \"/chosen\";\n\t};\n\
            \tchosen {\n\t\tbootargs = \"quiet\";\n\t};\n\tsoc {\n\t\tuart@0 {\n\t\t};\n\t};\n};\n";
        assert_eq!(text, expected);
        assert_eq!(
            output(&mut ctx, "fdt list /soc"),
            "soc {\n\tuart@0 {\n\t};\n};\n"
        );
        assert_eq!(
            output(&mut ctx, "fdt list c"),
            "chosen {\n\tbootargs = \"quiet\";\n};\n"
        );
    }

    #[test]
    fn a_property_is_printed_by_what_it_looks_like() {
        let mut ctx = with_tree();
        output(
            &mut ctx,
            "fdt set /soc reg '<1 0x2>'; fdt set /soc key '[01 02 ff]'; fdt set /soc flag",
        );
        assert_eq!(
            output(&mut ctx, "fdt print /soc reg"),
            "reg = <0x00000001 0x00000002>\n"
        );
        assert_eq!(output(&mut ctx, "fdt print /soc key"), "key = [01 02 ff]\n");
        assert_eq!(output(&mut ctx, "fdt print /soc flag"), "/soc flag\n");
        assert_eq!(
            output(&mut ctx, "fdt list /soc").lines().nth(1),
            Some("\tflag;")
        );
        output(&mut ctx, "setenv fdt_max_dump 4");
        let text = output(&mut ctx, "fdt print /soc reg");
        assert!(
            text.starts_with("reg = * 0x000000004010") && text.ends_with(" [0x00000008]\n"),
            "{text}"
        );
        let error = "libfdt fdt_getprop(): FDT_ERR_NOTFOUND\n";
        assert_eq!(run(&mut ctx, "fdt print /soc none"), (1, error.into()));
        let error = "libfdt fdt_path_offset() returned FDT_ERR_NOTFOUND\n";
        assert_eq!(run(&mut ctx, "fdt print /none"), (1, error.into()));
    }

    #[test]
    fn strings_are_told_from_bytes() {
        assert!(is_printable(b"a b\0c\0"));
        for bytes in [&b""[..], b"\0", b"a", b"a\0\0", b"a\x01\0"] {
            assert!(!is_printable(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn the_header_is_shown_and_read() {
        let mut ctx = with_tree();
        let text = output(&mut ctx, "fdt header");
        assert!(
            text.starts_with(
                "magic:\t\t\t0xd00dfeed\ntotalsize:\t\t0x600 (1536)\noff_dt_struct:\t\t0x38\n"
            ),
            "{text}"
        );
        assert!(
            text.contains("\noff_dt_strings:\t\t0x")
                && text.contains("\noff_mem_rsvmap:\t\t0x28\n"),
            "{text}"
        );
        assert!(
            text.contains("\nversion:\t\t17\nlast_comp_version:\t16\nboot_cpuid_phys:\t0x0\n"),
            "{text}"
        );
        assert!(
            text.contains("\nsize_dt_strings:\t0x") && text.contains("\nsize_dt_struct:\t\t0x"),
            "{text}"
        );
        assert!(text.ends_with("\nnumber mem_rsv:\t\t0x0\n\n"), "{text}");
        assert_eq!(
            output(&mut ctx, "fdt header get v totalsize; echo $v"),
            "600\n"
        );
        assert_eq!(run(&mut ctx, "fdt header get v nothing").0, 1);
    }
}
