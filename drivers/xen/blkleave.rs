// SPDX-License-Identifier: GPL-2.0-or-later
//! Giving a disk back: when an operating system starts, it must look as if
//! nobody had ever used it.

use crate::xen::blkqueue::Queue;
use crate::xen::xenbus::{Process, Wait, XenbusDevice, drive};
use crate::xen::xenstore::NO_TRANSACTION;
use alloc::format;
use alloc::string::{String, ToString};
use arch::time::Deadline;
use common::{Error, Result};
use include::xen::io::xenbus::State;

/// How long all takes together on the way to a connection, or back.
pub const STATE_MS: u64 = 8000;
/// How long it may take to let go, at least, when it has used up that time or is dead.
pub const GIVE_UP_MS: u64 = 1000;
/// How much longer XenStore may take for what is asked when the time is over.
const SPARE_MS: u64 = 250;
/// The size of a ring, as a power of two in pages, where the back-end takes it.
pub const RING_ORDER: u32 = 1;
/// Our keys in XenStore while connected, which another driver must not find,
/// besides those of the ring's pages.
const KEYS: [&str; 5] = [
    "ring-ref",
    "ring-page-order",
    "event-channel",
    "protocol",
    "feature-persistent",
];

/// Takes the device back to where the toolstack had put it.
///
/// # Errors
/// The first thing that went wrong; all that is possible is done.
pub fn leave(device: &XenbusDevice, queue: &mut Queue, deadline: Deadline) -> Result<()> {
    let leaving = Leaving::begin(device, queue, deadline);
    let mut alone = [Alone {
        device,
        queue,
        leaving,
    }];
    drive(device.store(), &mut alone, |_| false);
    let [alone] = alone;
    alone.leaving.result
}

/// How far a device is on its way back, and what went wrong.
pub struct Leaving {
    stage: Stage,
    result: Result<()>,
    deadline: Deadline,
}

/// Our end's state, for which the other end's is waited.
enum Stage {
    Closing,
    Closed,
    Initialising,
    Left,
}

impl Leaving {
    /// Begins; as long as nothing goes wrong, each stage waits for the other end until the deadline.
    pub fn begin(device: &XenbusDevice, queue: &mut Queue, deadline: Deadline) -> Leaving {
        device.begin_leaving(limit(deadline));
        let mut leaving = Leaving {
            stage: Stage::Closing,
            result: device.switch_now(State::CLOSING),
            deadline,
        };
        if leaving.result.is_err() {
            leaving.proceed(device, queue, Ok(()));
        }
        leaving
    }

    /// What it waits for; nothing once the device is left.
    pub fn wait<'a>(&self, device: &'a XenbusDevice) -> Option<Wait<'a>> {
        let states: &[State] = match self.stage {
            Stage::Closing => &[State::CLOSING, State::CLOSED, State::INIT_WAIT],
            Stage::Closed => &[State::CLOSED, State::INIT_WAIT],
            Stage::Initialising => &[State::INIT_WAIT],
            Stage::Left => return None,
        };
        Some(Wait {
            device,
            states,
            deadline: self.deadline,
        })
    }

    /// Goes on after a wait; without further ones if that, or anything before, has failed.
    /// Ctrl-C shortens none: it is at an end soon enough, and what follows needs it to be complete.
    pub fn proceed(&mut self, device: &XenbusDevice, queue: &mut Queue, outcome: Result<()>) {
        if outcome == Err(Error::Interrupted) {
            return;
        }
        self.result = self.result.and(outcome);
        loop {
            let (stage, done) = match self.stage {
                Stage::Closing => (Stage::Closed, device.switch_now(State::CLOSED)),
                Stage::Closed => clean(device, queue),
                Stage::Initialising | Stage::Left => (Stage::Left, device.unwatch()),
            };
            self.stage = stage;
            self.result = self.result.and(done);
            if self.result.is_ok() || matches!(self.stage, Stage::Left) {
                break;
            }
        }
    }
}

/// Takes back what the other end has let go of; the device waits for its next
/// driver, unless the toolstack takes it away.
fn clean(device: &XenbusDevice, queue: &mut Queue) -> (Stage, Result<()>) {
    let mut result = queue.close();
    let keys = KEYS.iter().map(ToString::to_string);
    for key in keys.chain((0..1 << RING_ORDER).map(ring_key)) {
        result = result.and(device.store().remove(NO_TRANSACTION, &device.key(&key)));
    }
    match is_leaving(device) {
        Ok(true) => (Stage::Left, result.and(device.unwatch())),
        // Also if nobody knows: a device that stays closed is of no use to the next driver.
        leaving => {
            let ready = device.switch_now(State::INITIALISING);
            let stage = Stage::Initialising;
            (stage, result.and(leaving.map(drop)).and(ready))
        }
    }
}

/// When requests to XenStore are given up, if the back-end is at `deadline`.
pub fn limit(deadline: Deadline) -> Deadline {
    Deadline::after_us(deadline.left_us() + SPARE_MS * 1000)
}

/// Whether the toolstack takes the device away; it waits until our end is closed.
///
/// # Errors
/// If the store does not answer.
pub fn is_leaving(device: &XenbusDevice) -> Result<bool> {
    Ok(device.text("online")?.as_deref() == Some("0"))
}

/// The key of one of several pages of a ring.
pub fn ring_key(index: usize) -> String {
    format!("ring-ref{index}")
}

/// A device that leaves by itself.
struct Alone<'a> {
    device: &'a XenbusDevice,
    queue: &'a mut Queue,
    leaving: Leaving,
}

impl Process for Alone<'_> {
    fn wait(&self) -> Option<Wait<'_>> {
        self.leaving.wait(self.device)
    }

    fn proceed(&mut self, outcome: Result<State>) {
        self.leaving
            .proceed(self.device, self.queue, outcome.map(drop));
    }
}
