// SPDX-License-Identifier: GPL-2.0-or-later
//! Event channels: owned ports, waited for with a time limit.

use crate::xen::hypervisor::Hypervisor;
use alloc::sync::Arc;
use arch::time::Deadline;
use common::{Error, Result};

/// How long a wait goes on before Ctrl-C is looked for, in microseconds.
const SLICE_US: u64 = 100_000;

/// What Ctrl-C does to a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CtrlC {
    /// It ends it.
    #[default]
    Ends,
    /// Nothing: what is given back is given back in order.
    Waits,
}

/// An event port.
pub struct EventChannel {
    hv: Arc<dyn Hypervisor>,
    port: u32,
    owned: bool,
}

impl EventChannel {
    /// A new port for domain `remote`; closed when dropped.
    ///
    /// # Errors
    /// If there are no more.
    pub fn alloc(hv: &Arc<dyn Hypervisor>, remote: u16) -> Result<EventChannel> {
        Ok(EventChannel {
            hv: hv.clone(),
            port: hv.alloc_unbound(remote)?,
            owned: true,
        })
    }

    /// A port that the toolstack made and the operating system will use again: never closed.
    pub fn existing(hv: &Arc<dyn Hypervisor>, port: u32) -> EventChannel {
        EventChannel {
            hv: hv.clone(),
            port,
            owned: false,
        }
    }

    /// Its number.
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Tells the other end to look.
    pub fn notify(&self) {
        self.hv.notify(self.port);
    }

    /// Closes it, unless the toolstack made it.
    pub fn close(&mut self) {
        if core::mem::take(&mut self.owned) {
            self.hv.close_port(self.port);
        }
    }

    /// Waits until `ready` says so, looking again at each event. Unless Ctrl-C
    /// ends it, that is left for whoever looks for it next.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Interrupted`] by Ctrl-C, or what `ready` says.
    pub fn wait_until<T>(
        &self,
        deadline: Deadline,
        ctrl_c: CtrlC,
        mut ready: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        loop {
            // Forget old events first, so that one that comes after the look ends the wait.
            self.hv.take_pending(self.port);
            if let Some(value) = ready()? {
                return Ok(value);
            }
            let left = deadline.left_us();
            if left == 0 {
                return Err(Error::Timeout);
            }
            self.hv.wait(self.port, left.min(SLICE_US));
            if ctrl_c == CtrlC::Ends && common::console::ctrlc() {
                return Err(Error::Interrupted);
            }
        }
    }

    /// Waits once, for an event or the time in microseconds, without looking for Ctrl-C.
    pub fn wait(&self, timeout_us: u64) {
        if !self.hv.take_pending(self.port) {
            self.hv.wait(self.port, timeout_us);
        }
    }
}

impl Drop for EventChannel {
    fn drop(&mut self) {
        self.close();
    }
}
