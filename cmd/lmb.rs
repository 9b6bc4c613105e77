// SPDX-License-Identifier: GPL-2.0-or-later
//! `lmb`: the memory that loads may use, and what is reserved in it.
#![cfg(CONFIG_CMD_LMB)]

use crate::{CmdResult, Context, regions};

fn do_lmb(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    regions::dump(&ctx.ram);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, RAM_BASE};
    use arch::mem::{Access, Reserved};

    #[test]
    fn reservations_are_shown_by_address() {
        let console = testing::capture();
        let mut ctx = testing::context();
        for (offset, what, access) in [
            (0x3000, "loader", Access::Private),
            (0x1000, "initrd", Access::NoLoad),
        ] {
            let start = RAM_BASE + offset;
            ctx.ram.reserve(Reserved {
                range: start..start + 0x1000,
                what,
                access,
            });
        }
        ctx.run_script("lmb");
        assert_eq!(
            console.take(),
            "lmb_dump_all:\n memory.count = 0x1\n\
             \x20memory[0]\t[0x40000000-0x43ffffff], 0x4000000 bytes, flags: none\n\
             \x20reserved.count = 0x2\n\
             \x20reserved[0]\t[0x40001000-0x40001fff], 0x1000 bytes, flags: no-load (initrd)\n\
             \x20reserved[1]\t[0x40003000-0x40003fff], 0x1000 bytes, flags: no-overwrite (loader)\n"
        );
        assert_eq!(ctx.run_script("lmb x"), 1);
    }
}

command! {
    name: "lmb",
    repeatable: true,
    usage: "show the memory and what is reserved in it",
    run: do_lmb,
}
