// SPDX-License-Identifier: GPL-2.0-or-later
//! `gzwrite`: unpacks a gzip file in memory to a disk.
//!
//! Behaviour: U-Boot, `cmd/unzip.c` and `lib/gunzip.c`. All that can be known
//! is checked before the first write; no byte is written that the trailer does
//! not announce.
#![cfg(all(CONFIG_CMD_UNZIP, CONFIG_BLK))]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

use crate::number::hex;
use crate::{CmdError, CmdResult, Context};
use alloc::vec::Vec;
use boot::decompress::gzip;
use boot::hash::CRC32;
use common::{Error, Result, print, println};
use dm::blk::Disk;

/// Bytes that are written at a time, if the user does not say.
const BUFFER: u64 = 1 << 20;
/// The most that are; more would take memory and save no time.
const BUFFER_MAX: u64 = 8 << 20;
/// Buffers between two looks of the progress.
const PROGRESS: u32 = 4;

fn do_gzwrite(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[_, interface, spec, address, len, ref options @ ..] = args else {
        return Err(CmdError::Usage);
    };
    let disk = disk::device(&ctx.dm, interface, spec).map_err(|error| fail(&error))?;
    let (address, len) = (hex(address)?, hex(len)?);
    let option = |i: usize, default| options.get(i).map_or(Ok(default), |arg| hex(arg));
    let (buffer, offset, size) = (option(0, BUFFER)?, option(1, 0)?, option(2, 0)?);
    let len = usize::try_from(len).map_err(|_| Error::OutOfRange)?;
    let file = ctx.ram.slice(address, len)?;
    let plan = Plan::new(&disk, file, buffer, offset, size)?;
    plan.run(&disk, file)
}

/// What is to be written, and where to.
struct Plan {
    buffer: usize,
    block_size: u64,
    first_block: u64,
    size: u64,
    /// The checksum that the file says.
    sum: u32,
}

impl Plan {
    /// Checks all that can be known before.
    fn new(
        disk: &Disk,
        file: &[u8],
        buffer: u64,
        offset: u64,
        expected: u64,
    ) -> core::result::Result<Plan, CmdError> {
        let info = disk.ops.info();
        let block_size = u64::from(info.block_size);
        for (what, number) in [("size", buffer), ("start offset", offset)] {
            if !number.is_multiple_of(block_size) || what == "size" && number == 0 {
                println!("gzwrite: {what} {number} not a multiple of {block_size}");
                return Err(CmdError::Failure);
            }
        }
        gzip::header_len(file)?;
        let trailer = file.last_chunk::<{ gzip::TRAILER }>();
        let trailer = trailer.ok_or(Error::Corrupt("truncated gzip file"))?;
        let trailer = u64::from_le_bytes(*trailer);
        let (sum, low_size) = (trailer as u32, trailer >> 32);
        if expected != 0 && expected & u64::from(u32::MAX) != low_size {
            println!("size of {expected:x} doesn't match trailer low bits {low_size:x}");
            return Err(CmdError::Failure);
        }
        let size = if expected == 0 { low_size } else { expected };
        let first_block = offset.checked_div(block_size).unwrap_or(0);
        let end = first_block.checked_add(size.div_ceil(block_size));
        if end.is_none_or(|end| end > info.blocks) {
            println!("gzwrite: uncompressed size {size} exceeds device size");
            return Err(CmdError::Failure);
        }
        if info.read_only {
            return Err(Error::ReadOnly.into());
        }
        Ok(Plan {
            buffer: buffer.min(BUFFER_MAX) as usize,
            block_size,
            first_block,
            size,
            sum,
        })
    }

    fn run(&self, disk: &Disk, file: &[u8]) -> CmdResult {
        let mut writer = Writer {
            plan: self,
            disk,
            buffer: Vec::new(),
            block: self.first_block,
            taken: 0,
            buffers: 0,
        };
        writer
            .buffer
            .try_reserve_exact(self.buffer)
            .map_err(|_| Error::NoMemory)?;
        println!();
        let mut digest = CRC32.digest();
        let result = gzip::stream(file, &mut |bytes| {
            digest.update(bytes);
            writer.take(bytes)
        });
        let result = result.and_then(|_| writer.finish());
        let sum = digest.finalize();
        let (taken, size) = (writer.taken, self.size);
        let result = match result {
            Ok(()) if taken != size || sum != self.sum => Err(Error::Corrupt("end of the file")),
            result => result,
        };
        match result {
            Ok(()) => println!("\n\t{size} bytes, crc 0x{sum:08x}"),
            Err(_) => println!(
                "\n\tuncompressed {taken} of {size}\n\tcrcs == 0x{:08x}/0x{sum:08x}",
                self.sum
            ),
        }
        Ok(result?)
    }
}

/// Collects what is unpacked, and writes it.
struct Writer<'a> {
    plan: &'a Plan,
    disk: &'a Disk,
    buffer: Vec<u8>,
    block: u64,
    taken: u64,
    buffers: u32,
}

impl Writer<'_> {
    fn take(&mut self, mut bytes: &[u8]) -> Result<()> {
        let taken = self.taken.saturating_add(bytes.len() as u64);
        if taken > self.plan.size {
            return Err(Error::Corrupt("more data than the gzip file says"));
        }
        self.taken = taken;
        while !bytes.is_empty() {
            let room = self.plan.buffer.saturating_sub(self.buffer.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == self.plan.buffer {
                self.write()?;
            }
        }
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        self.disk.ops.write(self.block, &self.buffer)?;
        let blocks = (self.buffer.len() as u64).checked_div(self.plan.block_size);
        self.block = self.block.saturating_add(blocks.unwrap_or(0));
        self.buffer.clear();
        if self.buffers.is_multiple_of(PROGRESS) {
            print!("{}/{}\r", self.taken, self.plan.size);
        }
        self.buffers = self.buffers.wrapping_add(1);
        Ok(())
    }

    /// Writes the rest, filled up with zeros to a whole block, and makes all durable.
    fn finish(&mut self) -> Result<()> {
        let block = self.plan.block_size as usize;
        let len = self.buffer.len().next_multiple_of(block);
        self.buffer.resize(len, 0);
        if !self.buffer.is_empty() {
            self.write()?;
        }
        self.disk.ops.flush()
    }
}

fn fail(error: &dyn core::fmt::Display) -> CmdError {
    println!("{error}");
    CmdError::Failure
}

command! {
    name: "gzwrite",
    max_args: 8,
    usage: "unpack a gzip file in memory to a disk",
    help: "<interface> <dev> <addr> length [wbuf=1M [offs=0 [outsize=0]]]\n    \
        - write what is packed in 'length' bytes at 'addr', 'wbuf' bytes at a\n      \
        time, from byte 'offs' of the disk on. 'outsize' is its size; it has to\n      \
        be given if that is 4 GiB or more. All numbers are hexadecimal.",
    run: do_gzwrite,
}
