// SPDX-License-Identifier: GPL-2.0-or-later
//! `xen`: the hypervisor below us. The lines are those of `xl info` where it has them.
#![cfg(CONFIG_CMD_XEN)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

use crate::xenstore::escaped;
use crate::{CmdError, CmdResult, Context};
use alloc::string::{String, ToString};
use common::println;
use dm::xen::XenInfo;
use include::xen::version::FEATURES;

fn do_xen(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args {
        [_, "info"] => {
            show(&dm::xen::get(&ctx.dm)?.info()?);
            Ok(())
        }
        _ => Err(CmdError::Usage),
    }
}

fn show(info: &XenInfo) {
    let XenInfo { major, minor, .. } = info;
    let extra = escaped(&info.extra);
    line("xen_major", &major.to_string());
    line("xen_minor", &minor.to_string());
    line("xen_extra", &extra);
    line("xen_version", &alloc::format!("{major}.{minor}{extra}"));
    line("xen_caps", &escaped(&info.capabilities));
    line("xen_pagesize", &info.page_size.to_string());
    line("xen_changeset", &escaped(&info.changeset));
    line("features", &features(info.features));
    let domain = info.domain.map(|domain| domain.to_string());
    line("domid", domain.as_deref().unwrap_or("not known"));
}

fn line(name: &str, value: &str) {
    println!("{name:<23}: {value}");
}

/// The names of the features whose bits are set; the number of one that has no name here.
fn features(bits: u32) -> String {
    let set = (0..u32::BITS).filter(|bit| bits >> bit & 1 == 1);
    let names = set.map(|bit| match FEATURES.get(bit as usize) {
        Some(name) => name.to_string(),
        None => bit.to_string(),
    });
    names.collect::<alloc::vec::Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::testing;
    use crate::testing::xen as fake;

    #[test]
    fn what_xen_says_is_shown() {
        let console = testing::capture();
        let mut ctx = fake::context(fake::Store::default());
        assert_eq!(ctx.run_script("xen info"), 0);
        let text = console.take();
        let lines: std::vec::Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "xen_major              : 4",
                "xen_minor              : 17",
                "xen_extra              : .5-\\x1b[2J",
                "xen_version            : 4.17.5-\\x1b[2J",
                "xen_caps               : xen-3.0-aarch64",
                "xen_pagesize           : 4096",
                "xen_changeset          : <denied>",
                "features               : auto_translated_physmap ARM_SMCCC_supported 31",
                "domid                  : 1",
            ]
        );
        assert_eq!(ctx.run_script("xen"), 1);
        assert_eq!(ctx.run_script("xen info x"), 1);
    }

    #[test]
    fn a_machine_without_xen_says_so() {
        let (status, text) = testing::run("xen info");
        assert_eq!(status, 1);
        assert!(text.contains("no such device"), "{text}");
    }
}

command! {
    name: "xen",
    max_args: 3,
    repeatable: true,
    usage: "the hypervisor below this machine",
    help: "info - show its version and features, and the number of this domain",
    subcommands: &["info"],
    run: do_xen,
}
