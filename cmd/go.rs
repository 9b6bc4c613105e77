// SPDX-License-Identifier: GPL-2.0-or-later
//! `go`: calls a program in RAM, which comes back.
//!
//! Behaviour: U-Boot, `cmd/boot.c`; an address that is not the user's RAM is refused.
#![cfg(CONFIG_CMD_GO)]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use boot::standalone;
use common::println;
use include::config::CONFIG_SYS_MAXARGS;

fn do_go(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let [_, program @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let entry = hex(program.first().ok_or(CmdError::Usage)?)?;
    println!("## Starting application at 0x{entry:08X} ...");
    let result = standalone::call(&mut ctx.ram, entry, program).map_err(|_| CmdError::Failure)?;
    let Some(result) = result else {
        return Ok(());
    };
    println!("## Application terminated, rc = 0x{result:X}");
    match result {
        0 => Ok(()),
        _ => Err(CmdError::Failure),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    fn the_sandbox_says_where_it_would_have_gone() {
        let text = "## Starting application at 0x4000ABC0 ...\n\
            ## Transferring control to application (at address 4000abc0)...\n\
            sandbox: continuing, as we cannot run an application\n";
        assert_eq!(run("go 4000abc0 some words"), (0, text.into()));
    }

    #[test]
    fn what_cannot_be_a_program_is_refused() {
        for (address, why) in [
            ("1000", "0x1000 (length 0x4) is not in RAM"),
            ("43fffffe", "0x43fffffe (length 0x4) is not in RAM"),
            ("40000002", "0x40000002 is not a multiple of 4"),
        ] {
            let (status, text) = run(&alloc::format!("go {address}"));
            assert_eq!(status, 1);
            assert!(
                text.ends_with(&alloc::format!("ERROR: there is no program: {why}\n")),
                "{text}"
            );
        }
        assert!(run("go").1.contains("Usage:\ngo "));
        assert_eq!(run("go x").0, 1);
    }
}

command! {
    name: "go",
    max_args: CONFIG_SYS_MAXARGS as usize,
    repeatable: true,
    usage: "start application at address 'addr'",
    help: "addr [arg ...]\n    - call the program at 'addr' as int f(int argc, char *argv[]);\n      argv[0] is the address, what the program returns is the status",
    run: do_go,
}
