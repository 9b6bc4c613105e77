// SPDX-License-Identifier: GPL-2.0-or-later
//! The hypervisor, asked by hypercalls.
//!
//! Event channels are polled: all stay masked, so that no interrupt is ever
//! raised, and a wait blocks in Xen (SCHEDOP_poll) with a time limit.
#![allow(unsafe_code)] // Hypercalls, and the pages that Xen maps for us.

use crate::xen::hypervisor::Hypervisor;
use crate::xen::shared::Shared;
use alloc::vec::Vec;
use common::{Error, Result};
use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicI64, Ordering};
use include::xen::{
    DOMID_SELF, PAGE_SHIFT, PAGE_SIZE, event_channel, grant_table, hvm, hypercall, memory, sched,
    shared_info, vcpu, version,
};
use spin::Mutex;

/// Time until a calibrating sleep ends, in nanoseconds.
const CALIBRATE_NS: u64 = 200_000;

/// The hypervisor below us.
pub struct XenHypervisor {
    /// Outside of RAM, for the grant table from its start and shared_info at its end.
    region: Range<u64>,
    shared_info: Shared,
    /// Frames that must be unmapped at the end.
    mapped: Mutex<Vec<u64>>,
    grant_frames: u32,
    max_grant_frames: u32,
    /// Xen's system time minus ours in nanoseconds; 0 if it is not known.
    clock: AtomicI64,
}

impl XenHypervisor {
    /// Connects to Xen. `region` is the device tree's for the grant table.
    ///
    /// # Errors
    /// If the region is too small, or Xen refuses.
    pub fn new(region: Range<u64>) -> Result<XenHypervisor> {
        let info = region
            .end
            .checked_sub(PAGE_SIZE as u64)
            .filter(|&i| i > region.start)
            .ok_or(Error::OutOfRange)?;
        let frame = info >> PAGE_SHIFT;
        add_to_physmap(memory::SPACE_SHARED_INFO, 0, frame)?;
        XenHypervisor::with_shared_info(region, info).inspect_err(|_| {
            // An operating system maps it anew.
            _ = remove_from_physmap(frame);
        })
    }

    /// The rest, once Xen's page is at the address `info`.
    fn with_shared_info(region: Range<u64>, info: u64) -> Result<XenHypervisor> {
        let frame = info >> PAGE_SHIFT;
        let shared_info = map(frame)?;
        // Polled, so never an interrupt: everything stays masked.
        for word in 0..shared_info::WORDS {
            shared_info.store_u64(shared_info::EVTCHN_MASK + 8 * word, u64::MAX);
        }
        let mut size = grant_table::QuerySize {
            dom: DOMID_SELF,
            nr_frames: 0,
            max_nr_frames: 0,
            status: 0,
        };
        // SAFETY: the structure is that operation's.
        unsafe {
            call(
                hypercall::GRANT_TABLE_OP,
                grant_table::QUERY_SIZE,
                &mut size,
                1,
            )
        }?;
        let room = (info - region.start) >> PAGE_SHIFT;
        let hypervisor = XenHypervisor {
            grant_frames: size.nr_frames,
            max_grant_frames: size.max_nr_frames.min(room as u32),
            region,
            shared_info,
            mapped: Mutex::new(alloc::vec![frame]),
            clock: AtomicI64::new(0),
        };
        hypervisor.calibrate();
        Ok(hypervisor)
    }

    /// Finds Xen's system time, which a sleep's end is given in.
    ///
    /// A guest is not told it, but Xen notes in the vCPU's state area when it
    /// last began to run. So: sleep for an instant, and compare right after.
    fn calibrate(&self) {
        let mut state = vcpu::Runstate {
            state: 0,
            state_entry_time: 0,
            time: [0; 4],
        };
        let area = &raw mut state;
        if register_runstate(area as u64).is_err() {
            return;
        }
        // SAFETY: `state` is alive, and written by Xen only inside of hypercalls and while we do not run.
        let entry = || unsafe { (&raw const (*area).state_entry_time).read_volatile() };
        // It last began to run no longer ago than the loader's first instruction.
        let begun = entry();
        let running_ns = arch::arm::running_us().saturating_mul(1000);
        let latest = begun
            .saturating_add(running_ns)
            .saturating_add(CALIBRATE_NS);
        poll(&[], latest);
        if entry() != begun {
            self.clock
                .store(entry().wrapping_sub(now_ns()) as i64, Ordering::Relaxed);
        }
        _ = register_runstate(0);
    }
}

impl Hypervisor for XenHypervisor {
    fn version(&self) -> (u32, u32) {
        let version = version_number(version::VERSION);
        (version >> 16, version & 0xffff)
    }

    fn version_text(&self, query: u64) -> Result<Vec<u8>> {
        let mut text = [0u8; version::TEXT_MAX];
        // SAFETY: the largest of the texts fits.
        unsafe { call(hypercall::XEN_VERSION, query, &mut text, 0) }?;
        let len = text.iter().position(|&byte| byte == 0);
        Ok(text
            .get(..len.unwrap_or(text.len()))
            .unwrap_or(&[])
            .to_vec())
    }

    fn features(&self) -> Result<u32> {
        let mut info = version::FeatureInfo {
            submap_idx: 0,
            submap: 0,
        };
        // SAFETY: the structure is that operation's.
        unsafe { call(hypercall::XEN_VERSION, version::GET_FEATURES, &mut info, 0) }?;
        Ok(info.submap)
    }

    fn page_size(&self) -> u32 {
        version_number(version::PAGESIZE)
    }

    fn hvm_param(&self, index: u32) -> Result<u64> {
        let mut param = hvm::Param {
            domid: DOMID_SELF,
            pad: 0,
            index,
            value: 0,
        };
        // SAFETY: the structure is that operation's.
        unsafe { call(hypercall::HVM_OP, hvm::GET_PARAM, &mut param, 0) }?;
        Ok(param.value)
    }

    fn map_frame(&self, frame: u64) -> Result<Shared> {
        map(frame)
    }

    fn map_grant_frame(&self, index: u32) -> Result<Shared> {
        let frame = (self.region.start >> PAGE_SHIFT) + u64::from(index);
        add_to_physmap(memory::SPACE_GRANT_TABLE, index.into(), frame)?;
        self.mapped.lock().push(frame);
        map(frame)
    }

    fn grant_frames(&self) -> u32 {
        self.grant_frames
    }

    fn max_grant_frames(&self) -> u32 {
        self.max_grant_frames
    }

    fn alloc_unbound(&self, remote: u16) -> Result<u32> {
        let mut op = event_channel::AllocUnbound {
            dom: DOMID_SELF,
            remote_dom: remote,
            port: 0,
        };
        // SAFETY: the structure is that operation's.
        unsafe {
            call(
                hypercall::EVENT_CHANNEL_OP,
                event_channel::ALLOC_UNBOUND,
                &mut op,
                0,
            )
        }?;
        Ok(op.port)
    }

    fn close_port(&self, port: u32) {
        // SAFETY: the structure is that operation's.
        _ = unsafe {
            call(
                hypercall::EVENT_CHANNEL_OP,
                event_channel::CLOSE,
                &mut event_channel::Port { port },
                0,
            )
        };
        self.take_pending(port);
    }

    fn notify(&self, port: u32) {
        // SAFETY: the structure is that operation's.
        _ = unsafe {
            call(
                hypercall::EVENT_CHANNEL_OP,
                event_channel::SEND,
                &mut event_channel::Port { port },
                0,
            )
        };
    }

    fn take_pending(&self, port: u32) -> bool {
        if port >= shared_info::PORTS {
            return false;
        }
        let word = shared_info::EVTCHN_PENDING + 8 * (port / 64) as usize;
        let bit = 1 << (port % 64);
        self.shared_info.fetch_and_u64(word, !bit) & bit != 0
    }

    fn wait(&self, port: u32, timeout_us: u64) {
        match self.clock.load(Ordering::Relaxed) {
            0 => yield_now(),
            clock => {
                let now = now_ns().wrapping_add(clock as u64);
                poll(&[port], now.saturating_add(timeout_us.saturating_mul(1000)));
            }
        }
    }

    fn unmap_all(&self) -> Result<()> {
        let frames = core::mem::take(&mut *self.mapped.lock());
        let results = frames.into_iter().map(remove_from_physmap);
        results.fold(Ok(()), Result::and)
    }
}

/// What Xen says of itself in a number.
fn version_number(query: u64) -> u32 {
    // SAFETY: the operations that answer with a number take no structure.
    unsafe { arch::arm::hypercall(hypercall::XEN_VERSION, [query, 0, 0, 0, 0]) as u32 }
}

/// Makes a hypercall whose second argument is a structure, and whose third a number.
///
/// # Safety
/// `argument` must be the structure that the operation expects.
unsafe fn call<T>(op: u64, sub_op: u64, argument: &mut T, count: u64) -> Result<i64> {
    let address = core::ptr::from_mut(argument) as u64;
    // SAFETY: the caller's promise; the structure outlives the call.
    match unsafe { arch::arm::hypercall(op, [sub_op, address, count, 0, 0]) } {
        result @ 0.. => Ok(result),
        error => Err(self::error(error)),
    }
}

fn add_to_physmap(space: u32, idx: u64, gpfn: u64) -> Result<()> {
    let mut op = memory::AddToPhysmap {
        domid: DOMID_SELF,
        size: 0,
        space,
        idx,
        gpfn,
    };
    // SAFETY: the structure is that operation's, and the frame is outside of RAM.
    unsafe { call(hypercall::MEMORY_OP, memory::ADD_TO_PHYSMAP, &mut op, 0) }.map(drop)
}

fn remove_from_physmap(gpfn: u64) -> Result<()> {
    let mut op = memory::RemoveFromPhysmap {
        domid: DOMID_SELF,
        gpfn,
    };
    let (sub_op, arg) = (memory::REMOVE_FROM_PHYSMAP, &mut op);
    // SAFETY: the structure is that operation's; nobody uses the page any more.
    unsafe { call(hypercall::MEMORY_OP, sub_op, arg, 0) }.map(drop)
}

fn register_runstate(address: u64) -> Result<()> {
    let mut op = vcpu::RegisterRunstate { address };
    let arg = &raw mut op as u64;
    let args = [vcpu::REGISTER_RUNSTATE_MEMORY_AREA, 0, arg, 0, 0];
    // SAFETY: the structure is that operation's; the area stays until address 0 is registered.
    match unsafe { arch::arm::hypercall(hypercall::VCPU_OP, args) } {
        0 => Ok(()),
        error => Err(self::error(error)),
    }
}

/// Lets another vCPU run.
fn yield_now() {
    // SAFETY: this operation takes no structure.
    _ = unsafe { arch::arm::hypercall(hypercall::SCHED_OP, [sched::YIELD, 0, 0, 0, 0]) };
}

/// Sleeps until a port is notified or Xen's system time is `until`, in nanoseconds.
fn poll(ports: &[u32], until: u64) {
    let mut op = sched::Poll {
        ports: ports.as_ptr() as u64,
        nr_ports: ports.len() as u32,
        timeout: until,
    };
    // SAFETY: the structure is that operation's, and so is the array.
    _ = unsafe { call(hypercall::SCHED_OP, sched::POLL, &mut op, 0) };
}

/// Maps a page of Xen's, at its physical address.
fn map(frame: u64) -> Result<Shared> {
    let start = frame << PAGE_SHIFT;
    arch::arm::map_shared(start..start + PAGE_SIZE as u64).map_err(Error::Invalid)?;
    let base = NonNull::new(start as usize as *mut u8).ok_or(Error::OutOfRange)?;
    // SAFETY: mapped for good, and no reference is ever made to it.
    Ok(unsafe { Shared::new(base, PAGE_SIZE) })
}

fn now_ns() -> u64 {
    arch::time::us().saturating_mul(1000)
}

/// Xen's error numbers are those of POSIX.
fn error(code: i64) -> Error {
    use include::errno;
    match i32::try_from(-code).unwrap_or(0) {
        errno::EPERM => Error::Permission,
        errno::ENOENT => Error::NotFound,
        errno::ENOMEM | errno::ENOSPC => Error::NoMemory,
        errno::EBUSY => Error::Busy,
        errno::EEXIST => Error::Exists,
        errno::EINVAL => Error::Invalid("Xen refuses it"),
        _ => Error::Unsupported("a hypercall"),
    }
}
