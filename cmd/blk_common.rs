// SPDX-License-Identifier: GPL-2.0-or-later
//! What commands for disks share: facts about a disk, and transfers between
//! its blocks and memory.
//!
//! Behaviour: U-Boot, `disk/part.c` and `cmd/blk_common.c`.
#![cfg(any(
    CONFIG_CMD_BLKMAP,
    CONFIG_CMD_PVBLOCK,
    CONFIG_CMD_FAT,
    CONFIG_CMD_READ,
    CONFIG_CMD_WRITE
))]

use crate::{CmdError, Context};
use common::progress::in_steps;
use common::{Error, println};
use core::ops::Range;
use dm::blk::{BlkInfo, Disk};

/// Which way a transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the disk to memory.
    Read,
    /// From memory to the disk; what was written is durable.
    Write,
}

/// A transfer that was checked: all of it is memory that may be used.
pub struct Transfer<'a> {
    disk: &'a Disk,
    block: u64,
    memory: Memory<'a>,
    silent: bool,
}

enum Memory<'a> {
    To(&'a mut [u8]),
    From(&'a [u8]),
}

impl<'a> Transfer<'a> {
    /// Checks the memory of a transfer, before the first byte of it.
    ///
    /// # Errors
    /// If it is not RAM, or must stay as it is.
    pub fn new(
        ctx: &'a mut Context,
        disk: &'a Disk,
        direction: Direction,
        address: u64,
        block: u64,
        count: u64,
    ) -> Result<Transfer<'a>, CmdError> {
        let len = count.checked_mul(u64::from(disk.ops.info().block_size));
        let len = len
            .and_then(|len| usize::try_from(len).ok())
            .ok_or(Error::OutOfRange)?;
        let silent = ctx.is_silent();
        let memory = match direction {
            Direction::Read => Memory::To(ctx.ram.load_region(address, len)?),
            Direction::Write => Memory::From(ctx.ram.slice(address, len)?),
        };
        Ok(Transfer {
            disk,
            block,
            memory,
            silent,
        })
    }

    /// Does it, with progress; what is written is durable even if it ends early.
    ///
    /// # Errors
    /// What the device says, or [`Error::Interrupted`] at Ctrl-C.
    pub fn run(self) -> common::Result<()> {
        let ops = &self.disk.ops;
        let block_size = u64::from(ops.info().block_size);
        let place = |step: &Range<u64>| self.block + step.start / block_size;
        let bytes = |step: &Range<u64>| step.start as usize..step.end as usize;
        let done = |step: Range<u64>| step.end - step.start;
        match self.memory {
            Memory::To(memory) => in_steps(memory.len() as u64, self.silent, |step| {
                ops.read(place(&step), &mut memory[bytes(&step)])?;
                Ok(done(step))
            })
            .map(|_| ()),
            Memory::From(memory) => in_steps(memory.len() as u64, self.silent, |step| {
                ops.write(place(&step), &memory[bytes(&step)])?;
                Ok(done(step))
            })
            .and(ops.flush()),
        }
    }
}

/// Shows a disk's facts, as U-Boot's `dev_print`.
pub fn print_info(info: &BlkInfo) {
    println!(
        "Vendor: {} Rev: {} Prod: {}",
        info.vendor, info.revision, info.product
    );
    let kind = if info.removable {
        "Removable CD ROM"
    } else {
        "Hard Disk"
    };
    println!("            Type: {kind}");
    if info.blocks == 0 {
        println!("            Capacity: not available");
        return;
    }
    // In tenths, as U-Boot rounds them: down.
    let sectors = u128::from(info.blocks) * u128::from(info.block_size / 512);
    let mb = sectors * 10 / 2048;
    let gb = mb / 1024;
    println!(
        "            Capacity: {}.{} MB = {}.{} GB ({} x {})",
        mb / 10,
        mb % 10,
        gb / 10,
        gb % 10,
        info.blocks,
        info.block_size
    );
}
