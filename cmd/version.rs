// SPDX-License-Identifier: GPL-2.0-or-later
//! `version`, and the text that names this build.

use crate::{CmdResult, Context};
use common::println;
use include::PLAIN_VERSION;
use include::config::{CONFIG_IDENT_STRING, CONFIG_LOCALVERSION};

/// Prints the version as it is shown at the start.
pub fn banner() {
    println!("\n\n{}\n", version());
}

/// The version, when it was built if the build says so, and the configured text.
pub fn version() -> impl core::fmt::Display {
    core::fmt::from_fn(|f| {
        // Tools recognise the loader by `U-Boot` and the release.
        write!(f, "U-Boot {PLAIN_VERSION}{CONFIG_LOCALVERSION}")?;
        if let Some(date) = option_env!("BUILD_DATE") {
            write!(f, " ({date})")?;
        }
        f.write_str(CONFIG_IDENT_STRING)
    })
}

fn do_version(_ctx: &mut Context, _args: &[&str]) -> CmdResult {
    println!("{}\n\n{}", version(), env!("COMPILER"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn tools_recognise_the_version() {
        let text = testing::output("version");
        let release = text.strip_prefix("U-Boot 20").unwrap();
        assert!(release.as_bytes()[..2].iter().all(u8::is_ascii_digit));
        let lines: std::vec::Vec<_> = text.lines().collect();
        assert!(lines[0].ends_with(super::CONFIG_IDENT_STRING));
        assert_eq!((lines.len(), lines[1]), (3, ""));
        assert!(lines[2].starts_with("rustc "), "{text}");
    }

    #[test]
    fn the_banner_stands_apart() {
        let console = testing::capture();
        super::banner();
        let text = console.take();
        assert!(text.starts_with("\n\nU-Boot 20") && text.ends_with("\n\n"));
    }
}

command! {
    name: "version",
    repeatable: true,
    usage: "print monitor, compiler and linker version",
    run: do_version,
}
