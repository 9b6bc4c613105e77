// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the block cache.

use super::*;
use alloc::string::String;
use std::vec;

/// A disk of 512-byte blocks that counts its requests.
struct Ram {
    bytes: Mutex<Vec<u8>>,
    reads: Mutex<usize>,
    bad: Mutex<Option<u64>>,
    /// The next read ends with this.
    error: Mutex<Option<Error>>,
}

impl Ram {
    fn new(blocks: usize) -> Arc<Ram> {
        let bytes = (0..blocks * 512).map(|i| (i ^ (i >> 8)) as u8).collect();
        Arc::new(Ram {
            bytes: Mutex::new(bytes),
            reads: Mutex::new(0),
            bad: Mutex::new(None),
            error: Mutex::new(None),
        })
    }

    fn take_reads(&self) -> usize {
        core::mem::take(&mut *self.reads.lock())
    }

    fn place(&self, start: u64, len: usize) -> Result<core::ops::Range<usize>> {
        let count = <dyn BlockDevice>::check_range(&self.info(), start, len)?;
        match *self.bad.lock() {
            Some(bad) if (start..start + count).contains(&bad) => Err(Error::Io(bad)),
            _ => Ok(start as usize * 512..start as usize * 512 + len),
        }
    }
}

impl BlockDevice for Ram {
    fn info(&self) -> BlkInfo {
        BlkInfo {
            block_size: 512,
            blocks: self.bytes.lock().len() as u64 / 512,
            read_only: false,
            removable: false,
            vendor: String::new(),
            product: String::new(),
            revision: String::new(),
        }
    }

    fn read(&self, start: u64, buf: &mut [u8]) -> Result<()> {
        *self.reads.lock() += 1;
        self.error.lock().take().map_or(Ok(()), Err)?;
        let place = self.place(start, buf.len())?;
        buf.copy_from_slice(&self.bytes.lock()[place]);
        Ok(())
    }

    /// Blocks before a bad one are written.
    fn write(&self, start: u64, buf: &[u8]) -> Result<()> {
        for (block, bytes) in (start..).zip(buf.chunks(512)) {
            let place = self.place(block, bytes.len())?;
            self.bytes.lock()[place].copy_from_slice(bytes);
        }
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }

    /// Blocks before a bad one are erased.
    fn discard(&self, start: u64, count: u64) -> Result<()> {
        for block in start..start + count {
            let place = self.place(block, 512)?;
            self.bytes.lock()[place].fill(0);
        }
        Ok(())
    }
}

fn read(disk: &dyn BlockDevice, start: u64, blocks: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; blocks * 512];
    disk.read(start, &mut bytes).map(|()| bytes)
}

#[test]
fn small_reads_share_a_request_and_large_ones_bypass() {
    let (cache, ram) = (Cache::default(), Ram::new(2048));
    let disk = cache.attach(ram.clone());
    for start in 32..64usize {
        let expected = ram.bytes.lock()[start * 512..][..512].to_vec();
        assert_eq!(read(&*disk, start as u64, 1), Ok(expected));
    }
    assert_eq!(ram.take_reads(), 1);
    assert_eq!(read(&*disk, 60, 8).unwrap(), ram.bytes.lock()[30720..34816]);
    assert_eq!(ram.take_reads(), 1);
    read(&*disk, 32, 32).unwrap();
    assert_eq!(ram.take_reads(), 1);
    let stats = cache.take_stats();
    assert_eq!((stats.hits, stats.misses, stats.entries), (32, 3, 9));
    assert_eq!((stats.max_blocks, stats.max_entries), (32, 32));
    assert_eq!((cache.take_stats().hits, cache.take_stats().misses), (0, 0));
}

#[test]
fn a_sequence_is_read_ahead_and_other_places_are_not() {
    let (cache, ram) = (Cache::default(), Ram::new(4096));
    let disk = cache.attach(ram.clone());
    for start in 0..1024 {
        assert_eq!(
            read(&*disk, start, 1).unwrap(),
            ram.bytes.lock()[start as usize * 512..][..512]
        );
    }
    // One line of 16 KiB, then 128 KiB at a time.
    assert_eq!(ram.take_reads(), 1 + 4);
    for line in [100, 98, 96, 94] {
        read(&*disk, line * 32, 1).unwrap();
        read(&*disk, line * 32 + 31, 1).unwrap();
    }
    assert_eq!(ram.take_reads(), 4);
    // Up to the end of the disk, and not beyond.
    read(&*disk, 126 * 32, 64).unwrap();
    read(&*disk, 127 * 32 + 5, 1).unwrap();
    read(&*disk, 125 * 32, 1).unwrap();
    read(&*disk, 126 * 32, 1).unwrap();
    assert_eq!(
        read(&*disk, 4095, 1).unwrap(),
        ram.bytes.lock()[4095 * 512..]
    );
}

#[test]
fn many_pieces_go_to_the_device_and_one_to_the_cache() {
    let (cache, ram) = (Cache::default(), Ram::new(256));
    let disk = cache.attach(ram.clone());
    let (mut a, mut b) = ([0; 512], [0; 1024]);
    for _ in 0..2 {
        let mut one = [ReadPiece {
            start: 7,
            bytes: &mut a,
        }];
        disk.read_pieces(&mut one).unwrap();
    }
    assert_eq!(ram.take_reads(), 1);
    for _ in 0..2 {
        let mut two = [
            ReadPiece {
                start: 9,
                bytes: &mut b,
            },
            ReadPiece {
                start: 3,
                bytes: &mut a,
            },
        ];
        disk.read_pieces(&mut two).unwrap();
    }
    assert_eq!(ram.take_reads(), 4);
    assert_eq!(b, ram.bytes.lock()[9 * 512..11 * 512]);
    assert_eq!(a, ram.bytes.lock()[3 * 512..4 * 512]);
}

#[test]
fn the_cache_is_bounded_and_drops_what_was_not_used_for_longest() {
    let (cache, ram) = (Cache::default(), Ram::new(4096));
    let disk = cache.attach(ram.clone());
    // Every other line, as those that follow each other are read together.
    for line in 0..32 {
        read(&*disk, line * 64, 1).unwrap();
    }
    read(&*disk, 0, 1).unwrap();
    read(&*disk, 32 * 64, 1).unwrap();
    assert_eq!((ram.take_reads(), cache.take_stats().entries), (33, 32));
    read(&*disk, 0, 1).unwrap();
    assert_eq!(ram.take_reads(), 0);
    read(&*disk, 64, 1).unwrap();
    assert_eq!(ram.take_reads(), 1);

    cache.configure(u32::MAX, u32::MAX);
    for start in (0..4096).step_by(512) {
        read(&*disk, start, 1).unwrap();
    }
    assert!(cache.0.lock().bytes <= MAX_BYTES && cache.take_stats().entries == 2);
    for (blocks, entries) in [(0, 8), (8, 0), (0, 0)] {
        cache.configure(blocks, entries);
        ram.take_reads();
        read(&*disk, 5, 1).unwrap();
        read(&*disk, 5, 1).unwrap();
        assert_eq!((ram.take_reads(), cache.take_stats().entries), (2, 0));
    }
}

#[test]
fn writes_are_seen_by_all_and_a_failed_one_leaves_nothing_old() {
    let (cache, ram) = (Cache::default(), Ram::new(256));
    let disk = cache.attach(ram.clone());
    let same = |start: usize, blocks: usize| {
        let expected = ram.bytes.lock()[start * 512..][..blocks * 512].to_vec();
        assert_eq!(read(&*disk, start as u64, blocks), Ok(expected));
    };
    (0..256).step_by(8).for_each(|start| same(start, 8));
    ram.take_reads();
    for (start, blocks) in [(0, 1), (31, 2), (20, 100), (255, 1), (64, 32), (0, 256)] {
        disk.write(start as u64, &vec![start as u8 ^ 0x55; blocks * 512])
            .unwrap();
        (0..256).step_by(4).for_each(|start| same(start, 4));
    }
    assert_eq!(ram.take_reads(), 0, "the lines were kept");
    *ram.bad.lock() = Some(40);
    assert_eq!(disk.write(30, &vec![9; 20 * 512]), Err(Error::Io(40)));
    *ram.bad.lock() = None;
    (0..256).step_by(4).for_each(|start| same(start, 4));
    assert_eq!(disk.write(256, &[0; 512]), Err(Error::OutOfRange));
    assert_eq!(disk.write(1 << 60, &[0; 512]), Err(Error::OutOfRange));
    same(0, 8);
}

#[test]
fn a_bad_block_spoils_only_itself() {
    let ram = Ram::new(256);
    let disk = Cache::default().attach(ram.clone());
    *ram.bad.lock() = Some(40);
    assert_eq!(read(&*disk, 39, 1).unwrap(), ram.bytes.lock()[19968..20480]);
    assert_eq!(read(&*disk, 40, 1), Err(Error::Io(40)));
    assert_eq!(read(&*disk, 256, 1), Err(Error::OutOfRange));
    assert_eq!(read(&*disk, 255, 2), Err(Error::OutOfRange));
    assert_eq!(read(&*disk, u64::MAX, 1), Err(Error::OutOfRange));
    let odd = disk.read(0, &mut [0; 100]);
    assert!(matches!(odd, Err(Error::Invalid(_))));
}

#[test]
fn only_what_is_bad_is_tried_again() {
    let ram = Ram::new(256);
    let disk = Cache::default().attach(ram.clone());
    for error in [Error::Interrupted, Error::Timeout, Error::NoDevice] {
        *ram.error.lock() = Some(error);
        assert_eq!(read(&*disk, 39, 1), Err(error));
        assert_eq!(ram.take_reads(), 1);
    }
    *ram.error.lock() = Some(Error::Io(38));
    assert!(read(&*disk, 39, 1).is_ok());
    assert_eq!(ram.take_reads(), 2);
}

#[test]
fn a_device_takes_its_lines_with_it() {
    let (cache, ram) = (Cache::default(), Ram::new(64));
    let (one, two) = (cache.attach(ram.clone()), cache.attach(Ram::new(64)));
    read(&*one, 0, 1).unwrap();
    read(&*two, 0, 1).unwrap();
    drop(one);
    assert_eq!(cache.take_stats().entries, 1);
    ram.bytes.lock().fill(7);
    let again = cache.attach(ram);
    assert_eq!(read(&*again, 0, 1), Ok(vec![7; 512]));
}

#[test]
fn a_disk_that_grows_is_read_to_its_new_end() {
    let ram = Ram::new(40);
    let disk = Cache::default().attach(ram.clone());
    read(&*disk, 39, 1).unwrap();
    ram.bytes.lock().extend([3; 512]);
    assert_eq!(read(&*disk, 40, 1), Ok(vec![3; 512]));
}

#[test]
fn what_was_erased_is_read_anew() {
    let (cache, ram) = (Cache::default(), Ram::new(256));
    let disk = cache.attach(ram.clone());
    let cached = |start| read(&*disk, start, 1).unwrap();
    for start in [0, 40, 70, 200] {
        cached(start);
    }
    ram.take_reads();
    disk.discard(40, 40).unwrap();
    assert_eq!((cached(40), cached(79)), (vec![0; 512], vec![0; 512]));
    assert_ne!(cached(39), vec![0; 512]);
    assert!(ram.take_reads() > 0);
    // Lines without any of the blocks are still there.
    cached(1);
    cached(201);
    assert_eq!(ram.take_reads(), 0);

    // Also if it failed in the middle.
    *ram.bad.lock() = Some(210);
    assert_eq!(disk.discard(200, 20), Err(Error::Io(210)));
    *ram.bad.lock() = None;
    assert_eq!(cached(201), vec![0; 512]);
    assert_ne!(cached(215), vec![0; 512]);
    disk.discard(0, 0).unwrap();
    disk.discard(255, 1).unwrap();
    assert_eq!(cached(255), vec![0; 512]);
}
