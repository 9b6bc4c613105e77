// SPDX-License-Identifier: GPL-2.0-or-later
//! Each command with arguments of all kinds: none panics, hangs, or takes memory without a limit.
//!
//! The same lines in each run; `tests/fuzz/arguments.rs` tries others.

extern crate drivers as _;

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::arguments::{Outcome, commands, run};
use tests::random::Random;

/// How many machines run lines of each command.
const ROUNDS: u64 = 8;

/// The most memory that a line may take on top of the machine's own, in bytes.
const MEMORY: usize = 64 << 20;

/// Commands that never succeed on this machine: `false` by its nature, no file
/// system of its disks has links or a kernel, and its environment is stored nowhere.
const NEVER_DONE: [&str; 5] = ["eraseenv", "false", "ln", "saveenv", "sysboot"];

/// What became of the lines of a command.
#[derive(Debug, Default)]
struct Seen {
    lines: usize,
    /// Those that were not refused with the usage.
    taken: usize,
    /// Those that succeeded, or left the machine, or were ended by Ctrl-C.
    done: usize,
}

#[test]
fn no_argument_does_harm() {
    // The images are made at the first use.
    run(&[], &[], |_| ());
    let mut all: BTreeMap<&str, Seen> = BTreeMap::new();
    for command in commands() {
        for round in 0..ROUNDS {
            let bytes = Random::new(round).bytes(1000);
            let before = start();
            run(&bytes, &[command], |outcome| {
                let taken = PEAK.load(Ordering::Relaxed).saturating_sub(before);
                assert!(taken < MEMORY, "{taken} bytes: {}", outcome.line);
                all.entry(outcome.command.name).or_default().count(&outcome);
            });
        }
    }
    assert_eq!(all.contains_key("host"), cfg!(CONFIG_CMD_HOST));
    assert_eq!(all.contains_key("xen"), cfg!(CONFIG_CMD_XEN));
    for command in commands() {
        let name = command.name;
        let seen = all.remove(name).unwrap_or_default();
        assert!(seen.taken > 0, "{name}: {seen:?}");
        let is_done = seen.done > 0;
        assert_ne!(is_done, NEVER_DONE.contains(&name), "{name}: {seen:?}");
    }
}

impl Seen {
    fn count(&mut self, outcome: &Outcome) {
        let usage = format!("Usage:\r\n{}", outcome.command.name);
        let is_ended = outcome.output.ends_with("<INTERRUPT>\r\n");
        let is_done = outcome.end.map_or(true, |status| status == 0);
        self.lines += 1;
        self.taken += usize::from(!outcome.output.contains(&usage));
        self.done += usize::from(is_done || is_ended);
    }
}

/// The host's memory, counted.
struct Counted;

#[global_allocator]
static MEMORY_COUNT: Counted = Counted;

/// Bytes in use.
static USED: AtomicUsize = AtomicUsize::new(0);
/// The most that were in use since [`start`].
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// Begins to look for the peak; the bytes in use now.
fn start() -> usize {
    let used = USED.load(Ordering::Relaxed);
    PEAK.store(used, Ordering::Relaxed);
    used
}

fn add(size: usize) {
    let used = USED.fetch_add(size, Ordering::Relaxed) + size;
    PEAK.fetch_max(used, Ordering::Relaxed);
}

// SAFETY: all is done by the system's allocator.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's duty.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's duty.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size);
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's duty.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's duty.
        unsafe { System.dealloc(memory, layout) }
    }
}
