// SPDX-License-Identifier: GPL-2.0-or-later
//! What `bootm` does, in the stages in which it can be called: find the images,
//! load the kernel, move the initramfs, move the device tree, tell it what the
//! kernel wants to know, leave.
//!
//! Behaviour: U-Boot, `doc/usage/cmd/bootm.rst`. The lines on the console are
//! U-Boot's; but where it resets the machine because something would be
//! overwritten, the command fails before that.

use crate::bootargs;
use crate::bootm::{Failed, Handover, Images, Linux, failed};
use crate::find::{Os, Search, Select, Source};
use crate::image::Image;
use crate::image_load::{self, Busy, LoadError};
use crate::image_names as names;
use crate::place::{Free, len};
use alloc::string::String;
use alloc::vec::Vec;
use arch::mem::Ram;
use common::println;
use core::ops::Range;
use env::Env;
use include::config::CONFIG_SYS_BOOTM_LEN;
use include::uimage::*;

/// A compressed kernel without a load address may become this many times larger.
const NOLOAD_RATIO: u64 = 8;
const MIB: u64 = 1 << 20;

/// A stage; they are gone through in this order, but some may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Find and check the images.
    Start,
    /// Load the kernel.
    LoadOs,
    /// Move the initramfs.
    Ramdisk,
    /// Move the device tree.
    Fdt,
    /// Nothing on this machine.
    Cmdline,
    /// Nothing on this machine.
    Bdt,
    /// Complete the device tree.
    Prep,
    /// Everything but leaving.
    Fake,
    /// Leave.
    Go,
}

/// All stages, by their names as subcommands.
pub const STAGES: [(&str, Stage); 9] = [
    ("start", Stage::Start),
    ("loados", Stage::LoadOs),
    ("ramdisk", Stage::Ramdisk),
    ("fdt", Stage::Fdt),
    ("cmdline", Stage::Cmdline),
    ("bdt", Stage::Bdt),
    ("prep", Stage::Prep),
    ("fake", Stage::Fake),
    ("go", Stage::Go),
];

/// The stages of a call without a subcommand.
pub const ALL: &[Stage] = &[
    Stage::Start,
    Stage::LoadOs,
    Stage::Ramdisk,
    Stage::Prep,
    Stage::Go,
];

/// The images that are meant.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// The kernel.
    pub kernel: Select<'a>,
    /// The initramfs.
    pub ramdisk: Select<'a>,
    /// The device tree.
    pub fdt: Select<'a>,
    /// Where images without an address are.
    pub load_address: u64,
}

/// What is to be done after a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Stay,
    /// Start Linux.
    Linux(Handover),
    /// Call the program that is entered here.
    Program(u64),
}

/// How far `bootm` has come.
#[derive(Debug, Default)]
pub struct Bootm {
    done: Option<Stage>,
    os: Option<Os>,
    initrd: Option<Range<u64>>,
    fdt: Option<u64>,
    busy: Vec<Busy>,
    /// Where the kernel was loaded.
    loaded: Option<Range<u64>>,
    linux: Option<Linux>,
}

impl Bootm {
    /// Whether a stage may come now.
    pub fn may(&self, stage: Stage) -> bool {
        stage == Stage::Start || self.done.is_none_or(|done| done < stage)
    }

    /// Goes through a stage.
    ///
    /// # Errors
    /// If something is not as it should be; the console has been told.
    pub fn run(
        &mut self,
        stage: Stage,
        ram: &mut Ram,
        env: &mut Env,
        selection: Selection<'_>,
    ) -> Result<Next, Failed> {
        if stage == Stage::Start {
            *self = Bootm::default();
            self.start(ram, env, selection)?;
            self.done = Some(stage);
            return Ok(Next::Stay);
        }
        let Some(os) = self.os.clone() else {
            println!("ERROR: 'bootm start' has to find the images first");
            return Err(Failed);
        };
        self.done = Some(stage);
        match stage {
            Stage::Start => {}
            Stage::LoadOs => self.load_os(ram, env, &os).inspect_err(|_| {
                // Nothing can go on from here.
                self.os = None;
            })?,
            Stage::Ramdisk => self.with_linux(ram, env, &os, Linux::place_initrd)?,
            Stage::Fdt => self.with_linux(ram, env, &os, Linux::load_fdt)?,
            Stage::Cmdline | Stage::Bdt => {
                supported(&os)?;
                println!("subcommand failed (err=-1)");
                return Err(Failed);
            }
            Stage::Prep => self.prepare(ram, env, &os)?,
            Stage::Fake => {
                supported(&os)?;
                println!("\nStarting kernel ... (fake run for tracing)\n");
            }
            Stage::Go => return self.go(ram, env, &os),
        }
        Ok(Next::Stay)
    }

    fn start(
        &mut self,
        ram: &mut Ram,
        env: &mut Env,
        selection: Selection<'_>,
    ) -> Result<(), Failed> {
        let mut search = Search::new(ram, env, selection.load_address);
        let os = search.kernel(selection.kernel)?;
        let is_kernel = [TYPE_KERNEL, TYPE_KERNEL_NOLOAD, TYPE_MULTI].contains(&os.kind);
        if is_kernel && [OS_LINUX, OS_VXWORKS, OS_EFI, OS_TEE, OS_ELF].contains(&os.os) {
            search.keep("kernel image", Some(os.container.clone()));
            self.initrd = search.ramdisk(selection.ramdisk, Some(&os))?;
            self.fdt = search.fdt(selection.fdt, Some(&os))?;
            search.loadables(&os)?;
        }
        self.busy = search.into_busy();
        self.os = Some(os);
        Ok(())
    }

    /// Puts the kernel to its load address, and Linux from there to where it may be.
    fn load_os(&mut self, ram: &mut Ram, env: &mut Env, os: &Os) -> Result<(), Failed> {
        let stays = os.kind == TYPE_KERNEL_NOLOAD && os.compression != COMP_NONE;
        let (load, limit) = match stays {
            true => self.unpacking_place(ram, os)?,
            false => (os.load, CONFIG_SYS_BOOTM_LEN),
        };
        let what = names::kind(os.kind);
        let verb = match os.compression {
            COMP_NONE if load == os.place.start => "XIP",
            COMP_NONE => "Loading",
            _ => "Uncompressing",
        };
        println!("   {verb} {what} to {load:x}");
        let busy = self.in_the_way(os);
        let size = image_load::load(ram, os.compression, &os.place, load, limit, &busy);
        let size = size.map_err(|error| self::complain(os, load, limit, error))?;
        self.loaded = Some(load..load.saturating_add(size));
        if is_linux(os) {
            self.with_linux(ram, env, os, Linux::place_kernel)?;
        }
        Ok(())
    }

    /// What the kernel must not overwrite. A legacy image with nothing else in
    /// it may be overwritten by its own uncompressed data.
    fn in_the_way(&self, os: &Os) -> Vec<Busy> {
        let is_alone = matches!(os.source, Source::Legacy(_));
        let others = self.busy.iter();
        others
            .filter(|busy| !(is_alone && busy.range == os.container))
            .cloned()
            .collect()
    }

    /// A place for a compressed kernel that has none, and its size: the lowest
    /// one that is large enough for most, or else the largest.
    fn unpacking_place(&self, ram: &Ram, os: &Os) -> Result<(u64, u64), Failed> {
        let size = len(&os.place).saturating_mul(NOLOAD_RATIO);
        let size = size.checked_next_multiple_of(MIB).unwrap_or(u64::MAX);
        let size = size.min(CONFIG_SYS_BOOTM_LEN);
        let somewhere = Image {
            text_offset: 0,
            size,
            anywhere: true,
        };
        let busy = self.busy.iter().map(|busy| &busy.range);
        let free = Free::of(ram).without(busy).without([&os.container]);
        if let Some(place) = free.lowest(&somewhere) {
            return Ok((place, size));
        }
        let largest = free.largest().unwrap_or(0..0);
        let start = somewhere.place_from(largest.start).unwrap_or(u64::MAX);
        if start >= largest.end {
            println!("There is no room in RAM for the kernel");
            return Err(Failed);
        }
        Ok((start, len(&(start..largest.end)).min(size)))
    }

    fn prepare(&mut self, ram: &mut Ram, env: &mut Env, os: &Os) -> Result<(), Failed> {
        if cfg!(CONFIG_BOOTARGS_SUBST) && os.os == OS_LINUX {
            bootargs::substitute(env).map_err(|error| failed("Cmdline setup failed", error))?;
        }
        supported(os)?;
        if !is_linux(os) {
            return Ok(());
        }
        let configuration = os.configuration().map(String::from);
        self.with_linux(ram, env, os, |linux, ram, env| {
            linux.place_kernel(ram, env)?;
            linux.place_initrd(ram, env)?;
            linux.load_fdt(ram, env)?;
            linux.fix_fdt(ram, env, configuration.as_deref())
        })
    }

    fn go(&mut self, ram: &mut Ram, env: &mut Env, os: &Os) -> Result<Next, Failed> {
        if os.os == OS_U_BOOT {
            return self.program(env, os);
        }
        self.prepare(ram, env, os)?;
        let linux = self.linux.as_ref().ok_or(Failed)?;
        Ok(Next::Linux(linux.handover()))
    }

    /// A program is only called if the user wants that; else its size is told.
    fn program(&self, env: &mut Env, os: &Os) -> Result<Next, Failed> {
        if env.get_yesno("autostart") == Some(true) {
            return Ok(Next::Program(os.entry));
        }
        let size = self.loaded.as_ref().map_or(0, len);
        _ = env.set_hex("filesize", size);
        Ok(Next::Stay)
    }

    /// Does a step with a kernel that is Linux; before the first one all places are chosen.
    fn with_linux(
        &mut self,
        ram: &mut Ram,
        env: &mut Env,
        os: &Os,
        step: impl FnOnce(&mut Linux, &mut Ram, &mut Env) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        if !is_linux(os) {
            return Ok(());
        }
        if self.linux.is_none() {
            let linux = self.plan(ram, env, os)?;
            self.linux = Some(linux);
        }
        match &mut self.linux {
            Some(linux) => step(linux, ram, env),
            None => Ok(()),
        }
    }

    fn plan(&self, ram: &mut Ram, env: &Env, os: &Os) -> Result<Linux, Failed> {
        let kernel = self.loaded.clone();
        let images = Images {
            kernel: kernel.as_ref().map_or(os.load, |kernel| kernel.start),
            kernel_len: kernel.as_ref().map(len),
            initrd: self.initrd.clone(),
            fdt: self.fdt,
        };
        // The plan itself takes care of the initramfs and of the device tree; the
        // image that the kernel came in is no longer needed.
        let is_other = |busy: &&Busy| {
            self.initrd.as_ref() != Some(&busy.range)
                && self.fdt != Some(busy.range.start)
                && os.container != busy.range
        };
        let keep: Vec<_> = self
            .busy
            .iter()
            .filter(is_other)
            .map(|busy| busy.range.clone())
            .collect();
        Linux::find(ram, env, &images, &keep)
    }
}

/// Whether it is a kernel that can be started here.
fn is_linux(os: &Os) -> bool {
    os.os == OS_LINUX && os.arch == ARCH_ARM64
}

fn supported(os: &Os) -> Result<(), Failed> {
    if is_linux(os) || os.os == OS_U_BOOT {
        return Ok(());
    }
    println!(
        "ERROR: booting os '{}' ({}) for {} is not supported",
        names::os(os.os),
        os.os,
        names::arch(os.arch)
    );
    Err(Failed)
}

fn complain(os: &Os, load: u64, limit: u64, error: LoadError) -> Failed {
    match error {
        LoadError::Unimplemented(_) => println!("{error}"),
        LoadError::TooLarge if limit < CONFIG_SYS_BOOTM_LEN => {
            println!("Image too large for the per-image decompression buffer ({limit:#x} bytes)")
        }
        LoadError::TooLarge => println!("Image too large: increase CONFIG_SYS_BOOTM_LEN"),
        LoadError::Failed(error) => println!(
            "{}: uncompress error {}: {error}",
            names::compression(os.compression),
            error.errno()
        ),
        error => println!("ERROR: the kernel cannot be loaded to {load:#x}: {error}"),
    }
    Failed
}

#[cfg(test)]
mod tests;
