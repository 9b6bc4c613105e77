// SPDX-License-Identifier: GPL-2.0-or-later
//! `bdinfo`: the memory, and where the loader lives in it.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bdinfo.rst` and `test/cmd/bdinfo.c`. What
//! a guest does not have (flash, a board number) is shown as 0.
#![cfg(CONFIG_CMD_BDI)]

use crate::getopt::Getopt;
use crate::{CmdError, CmdResult, Context, regions};
use arch::mem::{Ram, Reserved, owner};
use common::println;
use include::config::{CONFIG_BAUDRATE, CONFIG_TEXT_BASE};

fn do_bdinfo(ctx: &mut Context, args: &[&str]) -> CmdResult {
    if args.len() == 1 {
        all(ctx);
        return Ok(());
    }
    match Getopt::new(args, "aem").next_option()? {
        Some(('a', _)) => all(ctx),
        Some(('m', _)) => banks(&ctx.ram),
        // What would follow -e is the network's.
        _ => return Err(CmdError::Usage),
    }
    Ok(())
}

fn all(ctx: &Context) {
    let own = |what| ctx.ram.reserved().find(|r: &&Reserved| r.what == what);
    number("boot_params", 0);
    banks(&ctx.ram);
    number("flashstart", 0);
    number("flashsize", 0);
    number("flashoffset", 0);
    match ctx.env.get("baudrate") {
        Some(rate) => println!("baudrate    = {rate} bps"),
        None => println!("baudrate    = {CONFIG_BAUDRATE} bps"),
    }
    let image = own(owner::IMAGE).map_or(0, |image| image.range.start);
    number("relocaddr", image);
    number("reloc off", image.wrapping_sub(CONFIG_TEXT_BASE));
    println!("{:<12}= {}-bit", "Build", usize::BITS);
    number("fdt_blob", ctx.env.get_hex("fdtcontroladdr", 0));
    regions::dump(&ctx.ram);
    println!("{:<12}= {}", "devicetree", "prior stage");
    number("arch_number", 0);
    number("TLB addr", own(owner::TABLES).map_or(0, |r| r.range.start));
    let stack = own(owner::STACK).map_or(0, |r| r.range.end);
    number("irq_sp", stack);
    number("sp start ", stack);
}

fn banks(ram: &Ram) {
    for (i, bank) in ram.banks().enumerate() {
        number("DRAM bank", i as u64);
        number("-> start", bank.start);
        number("-> size", bank.end - bank.start);
    }
}

fn number(name: &str, value: u64) {
    println!("{name:<12}= {value:#018x}");
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, RAM_BASE, output, run};
    use arch::mem::{Access, Reserved, owner};

    const BANK: &str = "DRAM bank   = 0x0000000000000000\n\
                        -> start    = 0x0000000040000000\n\
                        -> size     = 0x0000000004000000\n";

    #[test]
    fn the_memory_is_shown() {
        assert_eq!(output("bdinfo -m"), BANK);
        assert_eq!(output("bdinfo -a"), output("bdinfo"));
        let (status, text) = run("bdinfo -h");
        assert_eq!(status, 1);
        let start =
            "bdinfo: invalid option -- h\nbdinfo - print Board Info structure\n\nUsage:\nbdinfo ";
        assert!(text.starts_with(start), "{text}");
        assert!(output("bdinfo -e").starts_with("bdinfo - print"));
        assert!(output("bdinfo x").starts_with("bdinfo - print"));
    }

    #[test]
    fn all_is_shown_in_u_boots_order() {
        let console = testing::capture();
        let mut ctx = testing::context();
        for (offset, what) in [
            (0x1000, owner::TABLES),
            (0x2000, owner::STACK),
            (0x3000, owner::IMAGE),
        ] {
            ctx.ram.reserve(Reserved {
                range: RAM_BASE + offset..RAM_BASE + offset + 0x1000,
                what,
                access: Access::Private,
            });
        }
        ctx.run_script("setenv baudrate 9600; setenv fdtcontroladdr 48000000; bdinfo");
        let text = console.take();
        let mut rest = text.as_str();
        let parts = [
            "boot_params = 0x0000000000000000\n",
            BANK,
            "flashstart  = 0x0000000000000000\n",
            "flashsize   = 0x0000000000000000\n",
            "flashoffset = 0x0000000000000000\n",
            "baudrate    = 9600 bps\n",
            "relocaddr   = 0x0000000040003000\n",
            "reloc off   = 0x",
            "Build       = 64-bit\n",
            "fdt_blob    = 0x0000000048000000\n",
            "lmb_dump_all:\n memory.count = 0x1\n",
            " reserved[2]\t[0x40003000-0x40003fff], 0x1000 bytes, flags: no-overwrite (boot loader)\n",
            "devicetree  = prior stage\n",
            "arch_number = 0x0000000000000000\n",
            "TLB addr    = 0x0000000040001000\n",
            "irq_sp      = 0x0000000040003000\n",
            "sp start    = 0x0000000040003000\n",
        ];
        for part in parts {
            rest = rest
                .split_once(part)
                .unwrap_or_else(|| panic!("{part} in {text}"))
                .1;
        }
        assert_eq!(rest, "");
    }
}

command! {
    name: "bdinfo",
    max_args: 2,
    repeatable: true,
    usage: "print Board Info structure",
    help: "\nbdinfo -a\n  - print all that is known of the board\nbdinfo -m\n  - print the banks of memory",
    run: do_bdinfo,
}
