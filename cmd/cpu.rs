// SPDX-License-Identifier: GPL-2.0-or-later
//! `cpu`: the processors.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/cpu.rst`, without `release`, for which
//! neither a guest's nor a host process's processors have a way.
#![cfg(CONFIG_CMD_CPU)]

use crate::{CmdError, CmdResult, Context};
use alloc::format;
use alloc::string::String;
use common::println;
use dm::cpu::CpuInfo;
use dm::{Ops, UclassId};

fn do_cpu(ctx: &mut Context, args: &[&str]) -> CmdResult {
    match args {
        [_, "list"] => list(ctx, false),
        [_, "detail"] => list(ctx, true),
        _ => Err(CmdError::Usage),
    }
}

fn list(ctx: &Context, detail: bool) -> CmdResult {
    for device in ctx.dm.uclass_devices(UclassId::Cpu) {
        ctx.dm.probe(&device)?;
        let Ops::Cpu(cpu) = device.ops() else {
            continue;
        };
        let (seq, name) = (device.seq(), device.name());
        println!("{seq:3}: {name:<10} {}", cpu.description());
        if detail {
            let CpuInfo {
                id,
                frequency,
                features,
            } = cpu.info();
            let mark = if features.is_empty() { "" } else { ": " };
            let features = features.join(", ");
            println!(
                "\tID = {id}, freq = {}{mark}{features}",
                in_hertz(frequency)
            );
        }
    }
    Ok(())
}

/// A frequency in the largest unit that fits, with up to two decimals.
fn in_hertz(frequency: u64) -> String {
    let units = [(1_000_000_000, "GHz"), (1_000_000, "MHz"), (1000, "kHz")];
    let unit = units.iter().find(|(size, _)| frequency >= *size);
    let Some(&(size, name)) = unit else {
        return format!("{frequency} Hz");
    };
    let hundredths = (u128::from(frequency) * 100 + u128::from(size) / 2) / u128::from(size);
    let number = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let number = number.trim_end_matches('0').trim_end_matches('.');
    format!("{number} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use alloc::string::ToString;
    use alloc::sync::Arc;
    use dm::cpu::Cpu;
    use dm::{Device, Driver, Model, UCLASSES};

    struct Fake(u64);

    impl Cpu for Fake {
        fn description(&self) -> String {
            "fast".into()
        }
        fn info(&self) -> CpuInfo {
            CpuInfo {
                id: 0x100,
                frequency: self.0,
                features: if self.0 == 0 {
                    &[]
                } else {
                    &["L1 cache", "MMU"]
                },
            }
        }
    }

    fn probe(_: &Model, device: &Arc<Device>) -> common::Result<Ops> {
        Ok(Ops::Cpu(Arc::new(Fake(
            device.seq() as u64 * 1_200_000_000,
        ))))
    }

    static DRIVERS: [Driver; 1] = [Driver {
        name: "cpu",
        id: UclassId::Cpu,
        probe: Some(probe),
        ..Driver::new()
    }];

    #[test]
    fn processors_are_listed() {
        let console = testing::capture();
        let model = Model::new(&DRIVERS, &UCLASSES, None);
        for name in ["cpu@0", "cpu@1"] {
            model
                .bind_driver(model.root(), "cpu", name.to_string(), None)
                .unwrap();
        }
        let Context { ram, env, .. } = testing::context();
        let mut ctx = Context::new(ram, Arc::new(model), env);
        ctx.run_script("cpu list");
        assert_eq!(
            console.take(),
            "  0: cpu@0      fast\n  1: cpu@1      fast\n"
        );
        ctx.run_script("cpu detail");
        assert_eq!(
            console.take(),
            "  0: cpu@0      fast\n\tID = 256, freq = 0 Hz\n\
             \x20 1: cpu@1      fast\n\tID = 256, freq = 1.2 GHz: L1 cache, MMU\n"
        );
        assert_eq!(ctx.run_script("cpu"), 1);
        assert_eq!(ctx.run_script("cpu release 1 0"), 1);
    }

    #[test]
    fn frequencies_have_units() {
        assert_eq!(in_hertz(999), "999 Hz");
        assert_eq!(in_hertz(62_500_000), "62.5 MHz");
        assert_eq!(in_hertz(1_050_000_000), "1.05 GHz");
        assert_eq!(in_hertz(1000), "1 kHz");
        assert_eq!(in_hertz(u64::MAX), "18446744073.71 GHz");
    }
}

command! {
    name: "cpu",
    max_args: 4,
    repeatable: true,
    usage: "display information about CPUs",
    help: "list\t- list the processors\ncpu detail\t- also show what is known of each",
    subcommands: &["detail", "list"],
    run: do_cpu,
}
