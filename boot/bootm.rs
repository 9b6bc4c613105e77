// SPDX-License-Identifier: GPL-2.0-or-later
//! From images in RAM to a running kernel.
//!
//! [`prepare`] finds the images, puts them where they may be and makes the
//! kernel's device tree; nothing of it keeps a command from being run next.
//! [`start`] gives the devices back and leaves. [`Linux`] does the same step by
//! step, for `bootm`. The lines on the console are U-Boot's.
//!
//! Source: Linux, `Documentation/arch/arm64/booting.rst`.

mod exposed;
mod tree;

pub use tree::{announce_fdt, set_working_fdt, use_fdt};

use crate::fdt;
use crate::fdt_support::{self as support, tree_at, tree_at_mut};
use crate::kernel;
use crate::limits::Limits;
use crate::place::{self, NoRoom, Plan, Request, overlap};
use alloc::string::ToString;
use alloc::vec::Vec;
use arch::mem::Ram;
use common::{print, println};
use core::fmt::Display;
use core::ops::Range;
use dm::Model;
use env::Env;
pub(crate) use tree::fdt_address;
use tree::find_fdt;

/// What a device tree may grow by, besides its command line.
const FDT_PAD: u64 = 0x3000;
/// Linux maps no more than this of a device tree.
const FDT_MAX: u64 = 2 << 20;
/// A device tree must be at a multiple of this.
const FDT_ALIGN: u64 = 8;

/// What is to be booted, as addresses in RAM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// The kernel, raw or compressed.
    pub kernel: u64,
    /// How long its file is, if that is known.
    pub kernel_len: Option<u64>,
    /// The initramfs.
    pub initrd: Option<Range<u64>>,
    /// The device tree; without it the one that the loader itself was given.
    pub fdt: Option<u64>,
}

/// All is in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The kernel, which is entered at its start, its BSS included.
    pub kernel: Range<u64>,
    /// Where its device tree is.
    pub fdt: u64,
}

/// It did not work; the console has been told why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// Puts everything in place; sets `fdtaddr`, `initrd_start` and `initrd_end`.
///
/// # Errors
/// If an image is not what it should be, or there is no room.
pub fn prepare(ram: &mut Ram, env: &mut Env, images: &Images) -> Result<Handover, Failed> {
    let (kernel, image) = kernel::find(ram, env, images, &[])?;
    check_initrd(ram, images, &kernel)?;
    announce_fdt(ram, env, images)?;
    Linux::plan(ram, env, images, (kernel, image), &[])?.place(ram, env)
}

/// Where the kernel is, as far as that can be told before it is unpacked.
///
/// # Errors
/// If there is none; the console has been told.
pub fn kernel_place(ram: &Ram, env: &Env, images: &Images) -> Result<Range<u64>, Failed> {
    kernel::locate(ram, env, images)
}

/// Gives all devices back and starts the kernel; returns only if that cannot be
/// done safely, or from a machine that cannot run one, such as the sandbox.
///
/// A device that could not be stopped may still write to memory that the kernel
/// takes for its own, so then nothing is started. Memory of which that is known,
/// such as pages that a back-end keeps mapped, is taken away from the kernel. The
/// devices are probed again at their next use.
///
/// # Errors
/// If a device could not be stopped, or the kernel cannot be told of such memory.
pub fn start(ram: &mut Ram, model: &Model, handover: Handover) -> Result<(), Failed> {
    println!("\nStarting kernel ...\n");
    common::console::drain();
    let stopped = model
        .remove_all()
        .map_err(|error| ("a device could not be stopped", error.to_string()));
    let ready = stopped.and_then(|()| {
        exposed::withhold(ram, &handover, &model.exposed())
            .map_err(|error| ("memory that is still mapped cannot be kept from it", error))
    });
    if ready.is_ok() {
        arch::start_kernel(ram, handover.kernel.clone(), handover.fdt);
    }
    // The console was stopped too; without one there is nobody to tell.
    _ = dm::serial::start_console(model);
    ready.map_err(|(what, why)| {
        failed(
            &alloc::format!("ERROR: {what}, the kernel is not started"),
            why,
        )
    })?;
    let entry = handover.kernel.start;
    println!("## Transferring control to Linux (at address {entry:08x})...");
    println!("sandbox: continuing, as we cannot run Linux");
    Ok(())
}

pub(crate) fn failed(what: &str, why: impl Display) -> Failed {
    println!("{what}: {why}");
    Failed
}

/// A Linux kernel on its way to its start.
#[derive(Debug)]
pub struct Linux {
    request: Request,
    plan: Plan,
    /// Whether the device tree is made from the loader's own.
    own_tree: bool,
    /// Where the initramfs is, once it is in its place.
    initrd: Option<Range<u64>>,
    kernel_is_placed: bool,
    fdt_is_loaded: bool,
}

impl Linux {
    /// Finds the kernel and a place for everything; nothing is moved yet, but a
    /// compressed kernel is unpacked. `keep` must stay untouched.
    ///
    /// # Errors
    /// If an image is not what it should be, or there is no room.
    pub fn find(
        ram: &mut Ram,
        env: &Env,
        images: &Images,
        keep: &[Range<u64>],
    ) -> Result<Linux, Failed> {
        let kernel = kernel::find(ram, env, images, keep)?;
        check_initrd(ram, images, &kernel.0)?;
        Linux::plan(ram, env, images, kernel, keep)
    }

    fn plan(
        ram: &Ram,
        env: &Env,
        images: &Images,
        (kernel, image): (Range<u64>, crate::image::Image),
        keep: &[Range<u64>],
    ) -> Result<Linux, Failed> {
        let mut tree = find_fdt(ram, env, images, &kernel)?;
        tree.keep.extend_from_slice(keep);
        let bootargs = env
            .get("bootargs")
            .map(|args| args.len() as u64)
            .unwrap_or(0);
        let fdt_len = place::len(&tree.range)
            .saturating_add(FDT_PAD)
            .saturating_add(bootargs);
        if fdt_len > FDT_MAX {
            println!(
                "ERROR: the device tree needs {fdt_len:#x} bytes, Linux takes at most {FDT_MAX:#x}"
            );
            return Err(Failed);
        }
        let request = Request {
            image,
            kernel,
            initrd: images.initrd.clone(),
            fdt: tree.range,
            fdt_len,
            keep: tree.keep,
            limits: Limits::of(ram, env),
        };
        let plan =
            place::plan(ram, &request).map_err(|error: NoRoom| failed("Cannot boot", error))?;
        Ok(Linux {
            request,
            plan,
            own_tree: tree.own,
            initrd: None,
            kernel_is_placed: false,
            fdt_is_loaded: false,
        })
    }

    /// Puts everything in its place, and completes the device tree.
    ///
    /// # Errors
    /// As each step.
    pub fn place(mut self, ram: &mut Ram, env: &mut Env) -> Result<Handover, Failed> {
        self.place_initrd(ram, env)?;
        self.place_kernel(ram, env)?;
        self.load_fdt(ram, env)?;
        self.fix_fdt(ram, env, None)?;
        Ok(self.handover())
    }

    /// Moves the kernel to where it may be, and before it the initramfs if that is in its way.
    ///
    /// # Errors
    /// None of a plan that was made for this RAM.
    pub fn place_kernel(&mut self, ram: &mut Ram, env: &mut Env) -> Result<(), Failed> {
        let (from, to) = (self.request.kernel.start, self.plan.kernel);
        if self.kernel_is_placed || from == to {
            return Ok(());
        }
        let target = self.kernel_range();
        let initrd = self.request.initrd.iter();
        if initrd.into_iter().any(|initrd| overlap(initrd, &target)) {
            self.place_initrd(ram, env)?;
        }
        println!(
            "Moving Image from {from:#x} to {to:#x}, end={:#x}",
            target.end
        );
        let len = place::len(&self.request.kernel) as usize;
        ram.copy(from, to, len)
            .map_err(|error| failed("Cannot move the kernel", error))?;
        self.kernel_is_placed = true;
        Ok(())
    }

    /// Moves the initramfs, and sets `initrd_start` and `initrd_end`.
    ///
    /// # Errors
    /// As [`Linux::place_kernel`].
    pub fn place_initrd(&mut self, ram: &mut Ram, env: &mut Env) -> Result<(), Failed> {
        let (Some(old), Some(new), None) = (&self.request.initrd, self.plan.initrd, &self.initrd)
        else {
            return Ok(());
        };
        let range = new..new.saturating_add(place::len(old));
        if new != old.start {
            print!(
                "   Loading Ramdisk to {:08x}, end {:08x} ... ",
                range.start, range.end
            );
            ram.copy(old.start, new, place::len(old) as usize)
                .map_err(|error| failed("failed", error))?;
            println!("OK");
        }
        _ = env.set_hex("initrd_start", range.start);
        _ = env.set_hex("initrd_end", range.end);
        self.initrd = Some(range);
        Ok(())
    }

    /// Puts the device tree to its place, with room to grow.
    ///
    /// # Errors
    /// As [`Linux::place_kernel`], or if the tree was damaged meanwhile.
    pub fn load_fdt(&mut self, ram: &mut Ram, env: &mut Env) -> Result<(), Failed> {
        if self.fdt_is_loaded {
            return Ok(());
        }
        // It may go to where the initramfs is now.
        self.place_initrd(ram, env)?;
        let (start, len) = (self.plan.fdt, self.plan.fdt_len);
        let end = start.saturating_add(len).saturating_sub(1);
        let in_place = self.plan.keeps_fdt(&self.request);
        if in_place {
            println!("WARNING: fdt_high is ~0, so the device tree is not moved");
            print!("   Using Device Tree in place at {start:016x}, end {end:016x} ... ");
        } else {
            print!("   Loading Device Tree to {start:016x}, end {end:016x} ... ");
        }
        let bad = |error: &dyn Display| failed("failed, ERROR", error);
        if start.checked_rem(FDT_ALIGN) != Some(0) {
            return Err(bad(&"it is not at a multiple of 8"));
        }
        let source = tree_at(ram, self.request.fdt.start).map_err(|error| bad(&error))?;
        let source = source.packed().map_err(|error| bad(&error))?;
        let target = match in_place {
            true => ram.slice_mut(start, len as usize),
            false => ram.load_region(start, len as usize),
        };
        let target = target.map_err(|error| bad(&error))?;
        fdt::Fdt::new(&source)
            .and_then(|source| fdt::open_into(source, target))
            .map_err(|error| bad(&error))?;
        println!("OK");
        self.fdt_is_loaded = true;
        set_working_fdt(env, start);
        Ok(())
    }

    /// Tells the device tree what the kernel has to find in it, also the name
    /// of the configuration that all this is from.
    ///
    /// # Errors
    /// If there is no room.
    pub fn fix_fdt(
        &mut self,
        ram: &mut Ram,
        env: &Env,
        configuration: Option<&str>,
    ) -> Result<(), Failed> {
        let banks: Vec<_> = ram.banks().collect();
        #[cfg(CONFIG_SHA256)]
        let seed = tree_at(ram, env.get_hex("fdtcontroladdr", 0)).ok();
        #[cfg(CONFIG_SHA256)]
        let seed = seed.and_then(crate::seed::of);
        let fdt = tree_at_mut(ram, self.plan.fdt);
        let mut tree = fdt.map_err(|error| failed("ERROR: the device tree", error))?;
        let old = self.request.fdt.start;
        let mut fix = || {
            support::drop_reservation(&mut tree, old)?;
            support::chosen(&mut tree, env.get("bootargs"))?;
            #[cfg(CONFIG_SHA256)]
            if let Some(seed) = &seed {
                crate::seed::chosen(&mut tree, seed)?;
            }
            if let Some(configuration) = configuration {
                support::configuration(&mut tree, configuration)?;
            }
            if let Some(initrd) = &self.initrd {
                support::initrd(&mut tree, initrd)?;
            }
            match self.own_tree {
                true => Ok(()),
                false => support::memory(&mut tree, &banks),
            }
        };
        fix().map_err(|error: fdt::FdtError| failed("ERROR: the device tree", error))
    }

    /// What is to be started, once all is in place.
    pub fn handover(&self) -> Handover {
        Handover {
            kernel: self.kernel_range(),
            fdt: self.plan.fdt,
        }
    }

    fn kernel_range(&self) -> Range<u64> {
        let start = self.plan.kernel;
        start..start.saturating_add(self.request.image.size)
    }
}

fn check_initrd(ram: &Ram, images: &Images, kernel: &Range<u64>) -> Result<(), Failed> {
    let Some(initrd) = &images.initrd else {
        return Ok(());
    };
    if let Err(error) = ram.slice(initrd.start, place::len(initrd) as usize) {
        println!("The initramfs at {:#x}: {error}", initrd.start);
        println!("Ramdisk image is corrupt or invalid");
        return Err(Failed);
    }
    refuse_overlap("RD", initrd, kernel)
}

fn refuse_overlap(name: &str, range: &Range<u64>, kernel: &Range<u64>) -> Result<(), Failed> {
    if !overlap(range, kernel) {
        return Ok(());
    }
    println!(
        "ERROR: {name} image overlaps OS image (OS={:x}..{:x})",
        kernel.start, kernel.end
    );
    Err(Failed)
}

#[cfg(test)]
mod tests;
