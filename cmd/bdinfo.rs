// SPDX-License-Identifier: GPL-2.0-or-later
//! `bdinfo`: the memory, and where the loader lives in it.
#![cfg(CONFIG_CMD_BDI)]

use crate::{CmdError, CmdResult, Context};
use arch::mem::{Access, Ram, Reserved};
use common::println;

fn do_bdinfo(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args {
        [_] | [_, "-a"] => all(ctx),
        [_, "-m"] => banks(&ctx.ram),
        _ => return Err(CmdError::Usage),
    }
    Ok(())
}

fn all(ctx: &Context) {
    number("boot_params", 0);
    banks(&ctx.ram);
    let private = |r: &&Reserved| r.access == Access::Private;
    if let Some(loader) = ctx.ram.reserved().iter().find(private) {
        number("relocaddr", loader.range.start);
    }
    println!("{:<12}= {}-bit", "Build", usize::BITS);
    number("fdt_blob", ctx.env.get_hex("fdtcontroladdr", 0));
    regions(&ctx.ram);
    println!("{:<12}= {}", "devicetree", "prior stage");
}

fn banks(ram: &Ram) {
    for (i, bank) in ram.banks().enumerate() {
        number("DRAM bank", i as u64);
        number("-> start", bank.start);
        number("-> size", bank.end - bank.start);
    }
}

/// What can be used and what is reserved.
fn regions(ram: &Ram) {
    println!("lmb_dump_all:");
    println!(" memory.count = {:#x}", ram.banks().count());
    for (i, bank) in ram.banks().enumerate() {
        region("memory", i, bank.start, bank.end, "none");
    }
    println!(" reserved.count = {:#x}", ram.reserved().len());
    for (i, reserved) in ram.reserved().iter().enumerate() {
        let flags = match reserved.access {
            Access::Private => "no-overwrite",
            Access::NoLoad => "no-load",
        };
        let range = &reserved.range;
        let flags = alloc::format!("{flags} ({})", reserved.what);
        region("reserved", i, range.start, range.end, &flags);
    }
}

fn region(name: &str, i: usize, start: u64, end: u64, flags: &str) {
    let (last, size) = (end - 1, end - start);
    println!(" {name}[{i}]\t[{start:#x}-{last:#x}], {size:#x} bytes, flags: {flags}");
}

fn number(name: &str, value: u64) {
    println!("{name:<12}= {value:#018x}");
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, RAM_BASE, output};
    use arch::mem::{Access, Reserved};

    const BANK: &str = "DRAM bank   = 0x0000000000000000\n\
                        -> start    = 0x0000000040000000\n\
                        -> size     = 0x0000000004000000\n";

    #[test]
    fn the_memory_is_shown() {
        assert_eq!(output("bdinfo -m"), BANK);
        assert!(output("bdinfo -x").contains("Usage:\nbdinfo "));
    }

    #[test]
    fn all_is_shown() {
        let console = testing::capture();
        let mut ctx = testing::context();
        ctx.ram.reserve(Reserved {
            range: RAM_BASE + 0x1000..RAM_BASE + 0x3000,
            what: "loader",
            access: Access::Private,
        });
        ctx.run_script("setenv fdtcontroladdr 48000000; bdinfo");
        let text = console.take();
        for part in [
            BANK,
            "relocaddr   = 0x0000000040001000\n",
            "fdt_blob    = 0x0000000048000000\n",
            " memory[0]\t[0x40000000-0x43ffffff], 0x4000000 bytes, flags: none\n",
            " reserved[0]\t[0x40001000-0x40002fff], 0x2000 bytes, flags: no-overwrite (loader)\n",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
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
