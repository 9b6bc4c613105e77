// SPDX-License-Identifier: GPL-2.0-or-later
//! `saveenv`, `env save`: saves the environment.
#![cfg(CONFIG_CMD_SAVEENV)]

use crate::{CmdError, CmdResult, Context};

pub(crate) fn do_saveenv(ctx: &mut Context, _args: &[&str]) -> CmdResult {
    ctx.env.save(&ctx.dm).map_err(|_| CmdError::Failure)
}

#[cfg(test)]
mod tests {
    use crate::testing::run;

    #[test]
    #[cfg(CONFIG_ENV_IS_DEFAULT)]
    fn without_a_place_nothing_is_saved() {
        let text = "Saving Environment to nowhere... not possible\n";
        assert_eq!(run("saveenv"), (1, text.into()));
        assert_eq!(run("env save"), (1, text.into()));
    }
}

command! {
    name: "saveenv",
    usage: "save environment variables to persistent storage",
    run: do_saveenv,
}
