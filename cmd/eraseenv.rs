// SPDX-License-Identifier: GPL-2.0-or-later
//! `eraseenv`, `env erase`: erases the saved environment; the variables stay.
#![cfg(CONFIG_CMD_ERASEENV)]

use crate::{CmdError, CmdResult, Context};

pub(crate) fn do_eraseenv(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    ctx.env.erase(&ctx.dm).map_err(|_| CmdError::Failure)
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    #[cfg(CONFIG_ENV_IS_DEFAULT)]
    fn without_a_place_nothing_is_erased() {
        assert_eq!(run("eraseenv"), (1, "not possible\n".into()));
    }
}

command! {
    name: "eraseenv",
    usage: "erase environment variables from persistent storage",
    run: do_eraseenv,
}
