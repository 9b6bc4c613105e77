// SPDX-License-Identifier: GPL-2.0-or-later
//! Disks on their way to a connection, side by side.
//!
//! An attempt to connect is begun, then finished; whoever waits for one lets all
//! that were begun go on. So the time that a back-end takes, or that a silent
//! one costs, is spent once and not for each disk.
//!
//! Source: `xen/include/public/io/blkif.h`.

use crate::xen::blkfront::{BlkFront, Features};
use crate::xen::blkleave::{
    GIVE_UP_MS, Leaving, RING_ORDER, STATE_MS, is_leaving, limit, ring_key,
};
use crate::xen::blkqueue::Queue;
use crate::xen::services::Services;
use crate::xen::xenbus::{Process, Wait, XenbusDevice, drive};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::{Error, Result};
use dm::blk::BlkInfo;
use include::xen::io::blkif::{SECTOR, VDISK_CDROM, VDISK_READONLY, VDISK_REMOVABLE};
use include::xen::io::xenbus::State;
use spin::Mutex;

/// The largest block size that is believed.
const BLOCK_SIZE_MAX: u64 = 64 << 10;

/// The attempts that were begun and are not finished.
#[derive(Default)]
pub struct Attempts(Mutex<Vec<Attempt>>);

impl Attempts {
    /// Begins to connect to the disk at `node` of XenStore; `handle` is its virtual device number.
    pub fn begin(&self, services: &Arc<Services>, node: &str, name: &str, handle: u64) {
        let mut all = self.0.lock();
        if !all.iter().any(|attempt| attempt.handle == handle) {
            all.push(Attempt::begin(services, node, name, handle));
        }
    }

    /// The connected disk, as soon as it is; the attempt is begun if it is not yet.
    ///
    /// # Errors
    /// Why it did not connect; the device is then as it was before.
    pub fn finish(
        &self,
        services: &Arc<Services>,
        node: &str,
        name: &str,
        handle: u64,
    ) -> Result<BlkFront> {
        let store = services.store()?;
        self.begin(services, node, name, handle);
        let mut all = self.0.lock();
        let is_it = |attempt: &Attempt| attempt.handle == handle;
        drive(&store, &mut all, |all| {
            let attempt = all.iter().find(|attempt| is_it(attempt));
            attempt.is_none_or(|attempt| attempt.wait().is_none())
        });
        let index = all.iter().position(is_it).ok_or(Error::NoDevice)?;
        match all.swap_remove(index).step {
            Step::Done(result) => result,
            _ => Err(Error::Busy),
        }
    }

    /// Gives back the disks that were begun and not finished.
    pub fn give_up(&self) {
        let mut all = self.0.lock();
        let Some(Ok(store)) = all.first().map(|attempt| attempt.services.store()) else {
            return all.clear();
        };
        all.iter_mut().for_each(Attempt::give_up);
        drive(&store, &mut all, |_| false);
        all.clear();
    }
}

/// An attempt to connect to a disk.
struct Attempt {
    services: Arc<Services>,
    name: String,
    handle: u64,
    deadline: Deadline,
    step: Step,
}

enum Step {
    /// Nothing was done with the disk at this node.
    Begun(String),
    /// Until the back-end is ready for a ring.
    Ready(XenbusDevice),
    /// Until it has taken the ring that it was offered.
    Offered(XenbusDevice, Queue),
    /// It failed: until the back-end has let go.
    Leaving(XenbusDevice, Queue, Leaving, Error),
    Done(Result<BlkFront>),
}

impl Attempt {
    fn begin(services: &Arc<Services>, node: &str, name: &str, handle: u64) -> Attempt {
        Attempt {
            services: services.clone(),
            name: name.to_string(),
            handle,
            deadline: Deadline::after_ms(STATE_MS),
            step: Step::Begun(node.to_string()),
        }
    }

    fn open(&self, node: &str) -> Result<XenbusDevice> {
        let store = self.services.store()?.until(limit(self.deadline));
        let device = XenbusDevice::open(store, node)?;
        match is_leaving(&device)? {
            true => Err(Error::NoDevice),
            false => Ok(device),
        }
    }

    /// Nobody wants the disk any more.
    fn give_up(&mut self) {
        self.change(|attempt, step| match step {
            Step::Begun(_) => Step::Done(Err(Error::Interrupted)),
            Step::Ready(device) => refused(device, Error::Interrupted),
            Step::Offered(device, queue) => attempt.leave(device, queue, Error::Interrupted),
            Step::Done(Ok(front)) => {
                attempt.deadline = Deadline::after_ms(STATE_MS);
                let (device, queue) = front.into_parts();
                attempt.leave(device, queue, Error::Interrupted)
            }
            step => step,
        });
    }

    /// A ring of the size that the back-end takes.
    fn queue(&self, device: &XenbusDevice) -> Result<Queue> {
        let pages = 1 << ring_order(device)?;
        let domain = device.backend_id();
        Queue::new(&self.services, domain, self.handle as u16, pages)
    }

    /// Begins to give the device back.
    fn leave(&self, device: XenbusDevice, mut queue: Queue, error: Error) -> Step {
        let deadline = Deadline::after_us(self.deadline.left_us() + GIVE_UP_MS * 1000);
        let leaving = Leaving::begin(&device, &mut queue, deadline);
        left(device, queue, leaving, error)
    }

    fn change(&mut self, next: impl FnOnce(&mut Attempt, Step) -> Step) {
        let step = core::mem::replace(&mut self.step, Step::Done(Err(Error::Busy)));
        self.step = next(self, step);
    }
}

impl Process for Attempt {
    /// The time limit begins here, whatever others before it have cost.
    fn start(&mut self) {
        self.change(|attempt, step| match step {
            Step::Begun(node) => {
                attempt.deadline = Deadline::after_ms(STATE_MS);
                let device = attempt.open(&node);
                device.map_or_else(|error| Step::Done(Err(error)), Step::Ready)
            }
            step => step,
        });
    }

    fn wait(&self) -> Option<Wait<'_>> {
        let (device, states): (_, &[State]) = match &self.step {
            Step::Ready(device) => (device, &[State::INIT_WAIT]),
            Step::Offered(device, _) => {
                let states = &[State::CONNECTED, State::CLOSING, State::CLOSED];
                (device, states)
            }
            Step::Leaving(device, _, leaving, _) => return leaving.wait(device),
            Step::Begun(_) | Step::Done(_) => return None,
        };
        Some(Wait {
            device,
            states,
            deadline: self.deadline,
        })
    }

    fn proceed(&mut self, outcome: Result<State>) {
        self.change(|attempt, step| match step {
            Step::Ready(device) => match outcome.and_then(|_| attempt.queue(&device)) {
                Err(error) => refused(device, error),
                Ok(queue) => match offer(&device, &queue) {
                    Ok(()) => Step::Offered(device, queue),
                    Err(error) => attempt.leave(device, queue, error),
                },
            },
            Step::Offered(device, mut queue) => {
                match outcome.and_then(|state| accept(&device, &mut queue, state)) {
                    Err(error) => attempt.leave(device, queue, error),
                    Ok(disk) => {
                        let name = attempt.name.clone();
                        Step::Done(Ok(BlkFront::new(name, device, queue, disk)))
                    }
                }
            }
            Step::Leaving(device, mut queue, mut leaving, error) => {
                leaving.proceed(&device, &mut queue, outcome.map(drop));
                left(device, queue, leaving, error)
            }
            done => done,
        });
    }
}

/// The end of an attempt that has changed nothing.
fn refused(device: XenbusDevice, error: Error) -> Step {
    Step::Done(Err(device.unwatch().map_or_else(|other| other, |()| error)))
}

/// The end of an attempt, if the device is left.
fn left(device: XenbusDevice, queue: Queue, leaving: Leaving, error: Error) -> Step {
    match leaving.wait(&device).is_none() {
        true => Step::Done(Err(error)),
        false => Step::Leaving(device, queue, leaving, error),
    }
}

/// Offers the ring.
fn offer(device: &XenbusDevice, queue: &Queue) -> Result<()> {
    device.store().transaction(|transaction| {
        let write =
            |key: &str, value: &str| device.store().write(transaction, &device.key(key), value);
        let references: Vec<u32> = queue.ring_references().collect();
        match references.as_slice() {
            [reference] => write("ring-ref", &format!("{reference}"))?,
            references => {
                write("ring-page-order", &format!("{}", references.len().ilog2()))?;
                for (i, reference) in references.iter().enumerate() {
                    write(&ring_key(i), &format!("{reference}"))?;
                }
            }
        }
        write("feature-persistent", "1")?;
        write("event-channel", &format!("{}", queue.port()))?;
        write("protocol", "arm-abi")?;
        device.switch(transaction, State::INITIALISED)
    })
}

/// Takes part in a connection, once the back-end does, and reads what the disk is.
fn accept(device: &XenbusDevice, queue: &mut Queue, state: State) -> Result<(BlkInfo, Features)> {
    if state != State::CONNECTED {
        return Err(Error::Protocol("the back-end refuses the connection"));
    }
    device.unwatch()?;
    let info = disk_info(device)?;
    let segments = device.number("feature-max-indirect-segments")?;
    queue.allow_indirect(segments.unwrap_or(0));
    let features = Features::offered(device, info.block_size)?;
    device.switch_now(State::CONNECTED)?;
    Ok((info, features))
}

/// The order of the ring's size: what we want, or what the back-end takes.
fn ring_order(device: &XenbusDevice) -> Result<u32> {
    let most = device.number("max-ring-page-order")?.unwrap_or(0);
    Ok(u32::try_from(most).unwrap_or(u32::MAX).min(RING_ORDER))
}

fn disk_info(device: &XenbusDevice) -> Result<BlkInfo> {
    let flags = device.number("info")?.unwrap_or(0);
    let cdrom = device.own("device-type")?.as_deref() == Some("cdrom") || flags & VDISK_CDROM != 0;
    let read_only = flags & VDISK_READONLY != 0
        || device
            .text("mode")?
            .is_some_and(|mode| mode.starts_with('r'));
    let sectors = device
        .number("sectors")?
        .ok_or(Error::Protocol("the disk has no size"))?;
    let block_size = device.number("sector-size")?.unwrap_or(SECTOR);
    if !block_size.is_power_of_two() || !(SECTOR..=BLOCK_SIZE_MAX).contains(&block_size) {
        return Err(Error::Protocol("the sector size makes no sense"));
    }
    if block_size > include::xen::PAGE_SIZE as u64 {
        return Err(Error::Unsupported("sectors larger than a page"));
    }
    sectors
        .checked_mul(SECTOR)
        .ok_or(Error::Protocol("the disk's size makes no sense"))?;
    Ok(BlkInfo {
        block_size: block_size as u32,
        blocks: sectors / (block_size / SECTOR),
        read_only,
        removable: cdrom || flags & VDISK_REMOVABLE != 0,
        vendor: "Xen".to_string(),
        product: "Virtual disk".to_string(),
        revision: "1".to_string(),
    })
}
