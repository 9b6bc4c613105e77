// SPDX-License-Identifier: GPL-2.0-or-later
//! What the loader has to say when it ends before there is a console.
//!
//! Xen's console is written without a driver, and perhaps with the MMU off: no
//! atomic exclusive access, which needs cached memory, and no heap. Xen and
//! Domain-0 have their caches on then, so each cache line of what they share is
//! written back and dropped before it is read, by them or by us.
//!
//! Source: `xen/include/public/io/console.h`, `hvm/params.h`.

use crate::arm::{cache, hypercall, map_shared, timer_us};
use aarch64_cpu::registers::{Readable, SCTLR_EL1};
use core::fmt::{Arguments, Write};
use core::ops::Range;
use include::xen::hypercall::{EVENT_CHANNEL_OP, HVM_OP};
use include::xen::io::console::{OUT, OUT_CONS, OUT_PROD, OUT_SIZE};
use include::xen::{DOMID_SELF, PAGE_SHIFT, PAGE_SIZE, event_channel, hvm};

/// Bytes of a text; more is lost.
const TEXT: usize = 512;
/// How long the console's daemon may take to fetch it.
const FETCH_US: u64 = 1_000_000;

/// Whether the MMU and the caches are off, and with them all that needs a lock.
pub fn is_early() -> bool {
    !SCTLR_EL1.is_set(SCTLR_EL1::M)
}

/// Prints on Xen's console, if the guest has one, and waits until that was fetched.
pub fn last_words(text: Arguments) {
    let mut line = Line(heapless::Vec::new());
    // What does not fit is lost.
    _ = line.write_fmt(text);
    if let (Some(frame), Some(port)) = (param(hvm::CONSOLE_PFN), param(hvm::CONSOLE_EVTCHN)) {
        let page = frame << PAGE_SHIFT..(frame << PAGE_SHIFT) + PAGE_SIZE as u64;
        if is_early() || map_shared(page.clone()).is_ok() {
            send(&page, port as u32, &line.0);
        }
    }
}

struct Line(heapless::Vec<u8, TEXT>);

impl Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for &byte in text.as_bytes() {
            if byte == b'\n' {
                self.0.push(b'\r').map_err(|_| core::fmt::Error)?;
            }
            self.0.push(byte).map_err(|_| core::fmt::Error)?;
        }
        Ok(())
    }
}

/// A parameter of the domain's; 0 is none.
fn param(index: u32) -> Option<u64> {
    let mut param = hvm::Param {
        domid: DOMID_SELF,
        pad: 0,
        index,
        value: 0,
    };
    // SAFETY: the structure is that operation's.
    let done = unsafe { call(HVM_OP, hvm::GET_PARAM, &mut param) };
    (done == 0 && param.value != 0).then_some(param.value)
}

/// Puts bytes into the ring, as many as there is room for.
fn send(page: &Range<u64>, port: u32, bytes: &[u8]) {
    cache::clean_to_coherency(page.clone());
    let (mut producer, consumer) = (load(page, OUT_PROD), load(page, OUT_CONS));
    let used = producer.wrapping_sub(consumer);
    for &byte in bytes.iter().take(OUT_SIZE.saturating_sub(used) as usize) {
        let place = page.start + OUT as u64 + u64::from(producer % OUT_SIZE);
        // SAFETY: a byte of the ring that is ours until the index says otherwise.
        unsafe { (place as usize as *mut u8).write_volatile(byte) };
        producer = producer.wrapping_add(1);
    }
    aarch64_cpu::asm::barrier::dmb(aarch64_cpu::asm::barrier::SY);
    // SAFETY: the index is aligned, and only we write it.
    unsafe { ((page.start as usize + OUT_PROD) as *mut u32).write_volatile(producer) };
    cache::clean_to_coherency(page.clone());
    // SAFETY: the structure is that operation's.
    _ = unsafe {
        call(
            EVENT_CHANNEL_OP,
            event_channel::SEND,
            &mut event_channel::Port { port },
        )
    };
    let begin = timer_us();
    while load(page, OUT_CONS) != producer && timer_us() - begin < FETCH_US {
        cache::clean_to_coherency(page.clone());
    }
}

fn load(page: &Range<u64>, offset: usize) -> u32 {
    // SAFETY: an index of the page, which is aligned.
    unsafe { ((page.start as usize + offset) as *const u32).read_volatile() }
}

/// Makes a hypercall whose second argument is a structure.
///
/// # Safety
/// It must be the structure that the operation expects.
unsafe fn call<T>(op: u64, sub_op: u64, argument: &mut T) -> i64 {
    let address = core::ptr::from_mut(argument) as u64;
    let place = address..address + size_of::<T>() as u64;
    cache::clean_to_coherency(place.clone());
    // SAFETY: the caller's promise; the structure outlives the call.
    let result = unsafe { hypercall(op, [sub_op, address, 0, 0, 0]) };
    cache::clean_to_coherency(place);
    result
}
