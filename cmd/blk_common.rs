// SPDX-License-Identifier: GPL-2.0-or-later
//! What commands for disks share: facts about a disk, and transfers between
//! its blocks and memory.
//!
//! Behaviour: U-Boot, `disk/part.c` and `cmd/blk_common.c`.
#![cfg(any(CONFIG_CMD_PVBLOCK, CONFIG_CMD_FAT, CONFIG_CMD_READ, CONFIG_CMD_WRITE))]

use crate::{CmdError, Context};
use common::{Error, println};
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
        let memory = match direction {
            Direction::Read => Memory::To(ctx.ram.load_region(address, len)?),
            Direction::Write => Memory::From(ctx.ram.slice(address, len)?),
        };
        Ok(Transfer {
            disk,
            block,
            memory,
        })
    }

    /// Does it.
    ///
    /// # Errors
    /// What the device says.
    pub fn run(self) -> common::Result<()> {
        let ops = &self.disk.ops;
        match self.memory {
            Memory::To(memory) => ops.read(self.block, memory),
            Memory::From(memory) => ops.write(self.block, memory).and_then(|()| ops.flush()),
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
