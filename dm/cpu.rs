// SPDX-License-Identifier: GPL-2.0-or-later
//! UCLASS_CPU: processors, which are the children of the tree's `/cpus` node.

use crate::{Device, Model, UclassId};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use common::{Error, Result};

/// What is known of a processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuInfo {
    /// Its number as the machine counts, from its node.
    pub id: u32,
    /// In Hz; 0 if it is not known.
    pub frequency: u64,
    /// What it has, in words.
    pub features: &'static [&'static str],
}

/// A processor.
pub trait Cpu: Send + Sync {
    /// What it is.
    fn description(&self) -> String;
    /// What is known of it.
    fn info(&self) -> CpuInfo;
}

/// The driver of the `/cpus` node, which has no `compatible`.
const BUS: &str = "cpu_bus";

/// Binds the processors of the device tree, if it has any.
///
/// # Errors
/// The first error of a driver's `bind`.
pub fn bind(model: &Model) -> Result<()> {
    let Some(node) = model.node("/cpus") else {
        return Ok(());
    };
    let driver = model.driver(BUS).ok_or(Error::NotFound)?;
    model.bind_node(model.root(), driver, node.name().to_string(), node)?;
    Ok(())
}

fn bind_processors(model: &Model, bus: &Arc<Device>) -> Result<()> {
    model.bind_children(bus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_tree::Tree;
    use crate::{Compatible, DRIVERS, Driver, UCLASSES};
    use alloc::vec::Vec;

    static PROCESSORS: [Driver; 2] = [
        Driver {
            name: BUS,
            id: UclassId::SimpleBus,
            bind: Some(bind_processors),
            ..Driver::new()
        },
        Driver {
            name: "core",
            id: UclassId::Cpu,
            of_match: &[Compatible {
                compatible: "arm,armv8",
                data: 0,
            }],
            ..Driver::new()
        },
    ];

    #[test]
    fn the_processors_of_the_tree_are_bound() {
        let tree = Tree::new()
            .begin("cpus")
            .begin("cpu@0")
            .text("compatible", "arm,armv8")
            .end()
            .begin("cpu@1")
            .text("compatible", "arm,armv8")
            .end()
            .begin("cpu-map")
            .end()
            .end()
            .build();
        let model = Model::new(&PROCESSORS, &UCLASSES, Some(tree));
        bind(&model).unwrap();
        let processors = model.uclass_devices(UclassId::Cpu);
        let names: Vec<_> = processors.iter().map(|cpu| cpu.name()).collect();
        assert_eq!(names, ["cpu@0", "cpu@1"]);
        assert_eq!(processors[1].seq(), 1);
    }

    #[test]
    fn a_tree_may_name_none() {
        let model = Model::new(&DRIVERS, &UCLASSES, Some(Tree::new().build()));
        bind(&model).unwrap();
        assert!(model.uclass_devices(UclassId::Cpu).is_empty());
        assert!(model.driver(BUS).is_some());
    }
}

crate::uclass!(UclassId::Cpu, "cpu", seq_alias: true);

crate::driver! {
    name: BUS,
    id: UclassId::SimpleBus,
    bind: Some(bind_processors),
}
