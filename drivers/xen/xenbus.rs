// SPDX-License-Identifier: GPL-2.0-or-later
//! A split device in XenStore: its keys, the states of its two ends, and waits
//! for many of them at a time.
//!
//! Source: `xen/include/public/io/xenbus.h`.

use crate::xen::xenstore::{NO_TRANSACTION, Transaction, WatchEvent, XenStore};
use alloc::format;
use alloc::string::{String, ToString};
use arch::time::Deadline;
use common::{Error, Result};
use core::sync::atomic::{AtomicBool, Ordering};
use include::xen::io::xenbus::State;

/// The longest sleep between two looks at a state, in case an event is lost.
const LOOK_MS: u64 = 500;
/// What a look at a state, and the step that may follow, may take at least.
const STEP_MS: u64 = 1000;
/// How the tokens of watches of states begin.
const TOKEN: &str = "state ";

/// Our end of a split device.
pub struct XenbusDevice {
    /// The store, with the time limit of what is done with the device.
    store: XenStore,
    /// Our directory: `device/vbd/51712`.
    node: String,
    /// The other end's directory.
    backend: String,
    /// The domain of the other end.
    backend_id: u16,
    /// That of its watch.
    token: String,
    /// Whether the store tells of each change of the other end's state.
    watched: AtomicBool,
}

impl XenbusDevice {
    /// The device whose keys are at `node`.
    ///
    /// # Errors
    /// If the toolstack's keys are missing or make no sense.
    pub fn open(store: XenStore, node: &str) -> Result<XenbusDevice> {
        let backend = store.read(&format!("{node}/backend"))?;
        let backend_id = number(&store.read(&format!("{node}/backend-id"))?)?;
        let backend_id =
            u16::try_from(backend_id).map_err(|_| Error::Protocol("backend-id is out of range"))?;
        Ok(XenbusDevice {
            store,
            node: node.to_string(),
            backend,
            backend_id,
            token: format!("{TOKEN}{node}"),
            watched: AtomicBool::new(false),
        })
    }

    /// Begins to give it back, which ends at `limit`: no request to the store takes
    /// longer, and Ctrl-C ends none.
    pub fn begin_leaving(&self, limit: Deadline) {
        self.store.finish_until(limit);
    }

    /// The domain of the back-end.
    pub fn backend_id(&self) -> u16 {
        self.backend_id
    }

    /// The store.
    pub fn store(&self) -> &XenStore {
        &self.store
    }

    /// One of our own keys' path.
    pub fn key(&self, key: &str) -> String {
        format!("{}/{key}", self.node)
    }

    /// One of our own keys as text, if it exists.
    ///
    /// # Errors
    /// If the store does not answer.
    pub fn own(&self, key: &str) -> Result<Option<String>> {
        optional(self.store.read(&self.key(key)))
    }

    /// A key of the back-end as text, if it exists.
    ///
    /// # Errors
    /// If the store does not answer.
    pub fn text(&self, key: &str) -> Result<Option<String>> {
        optional(self.store.read(&format!("{}/{key}", self.backend)))
    }

    /// A key of the back-end as a number, if it exists.
    ///
    /// # Errors
    /// [`Error::Protocol`] if it is not a number.
    pub fn number(&self, key: &str) -> Result<Option<u64>> {
        self.text(key)?.map(|text| number(&text)).transpose()
    }

    /// Whether the back-end offers a feature: its key is there and not 0.
    ///
    /// # Errors
    /// As [`XenbusDevice::number`].
    pub fn feature(&self, key: &str) -> Result<bool> {
        Ok(self.number(key)?.is_some_and(|value| value != 0))
    }

    /// The back-end's state.
    ///
    /// # Errors
    /// [`Error::Protocol`] if it is none.
    pub fn backend_state(&self) -> Result<State> {
        match self.number("state")? {
            None => Ok(State::UNKNOWN),
            Some(value) if value <= u64::from(State::RECONFIGURED.0) => Ok(State(value as u32)),
            Some(_) => Err(Error::Protocol("the back-end's state is out of range")),
        }
    }

    /// Sets our state.
    ///
    /// # Errors
    /// If the store does not answer.
    pub fn switch(&self, transaction: Transaction, state: State) -> Result<()> {
        self.store
            .write(transaction, &self.key("state"), &format!("{}", state.0))
    }

    /// Sets our state, by itself.
    ///
    /// # Errors
    /// If the store does not answer.
    pub fn switch_now(&self, state: State) -> Result<()> {
        self.switch(NO_TRANSACTION, state)
    }

    /// Has the store tell of each change of the back-end's state from now on, and
    /// once right away. If it cannot, there is a look at the state now and then.
    fn watch(&self) {
        if !self.watched.load(Ordering::Relaxed) {
            let result = self.store.watch(&self.state_path(), &self.token);
            self.watched.store(result.is_ok(), Ordering::Relaxed);
        }
    }

    /// Ends that.
    ///
    /// # Errors
    /// If the store does not answer.
    pub fn unwatch(&self) -> Result<()> {
        match self.watched.swap(false, Ordering::Relaxed) {
            true => self.store.unwatch(&self.state_path(), &self.token),
            false => Ok(()),
        }
    }

    fn state_path(&self) -> String {
        format!("{}/state", self.backend)
    }
}

/// What goes on in steps, between which it waits for the other end of a device.
pub trait Process {
    /// Does what comes before the first wait, if that is not done yet.
    fn start(&mut self) {}

    /// What it waits for; nothing if it has come to its end.
    fn wait(&self) -> Option<Wait<'_>>;

    /// Takes its next step: the other end is in one of the wanted states, or why it is not.
    fn proceed(&mut self, outcome: Result<State>);
}

/// A wait for the other end of a device.
pub struct Wait<'a> {
    /// The device.
    pub device: &'a XenbusDevice,
    /// The states that end it.
    pub states: &'static [State],
    /// When it fails.
    pub deadline: Deadline,
}

/// Lets processes go on side by side until `is_done`, at the latest until all
/// have come to their ends. Ctrl-C is an outcome of every wait.
pub fn drive<P: Process>(
    store: &XenStore,
    processes: &mut [P],
    mut is_done: impl FnMut(&[P]) -> bool,
) {
    let together = processes.len() > 1;
    let look = |process: &mut P| look(process, together);
    for process in &mut *processes {
        process.start();
        look(process);
    }
    loop {
        if is_done(processes) || processes.iter().all(|process| process.wait().is_none()) {
            return;
        }
        let waits = processes.iter().filter_map(Process::wait);
        let left = waits.map(|wait| wait.deadline.left_us()).min().unwrap_or(0);
        let until = Deadline::after_us(left.min(LOOK_MS * 1000));
        match store.wait_event(|token| token.starts_with(TOKEN), until) {
            Ok(event) => processes
                .iter_mut()
                .filter(|process| concerns(*process, &event))
                .for_each(look),
            Err(Error::Timeout) => processes.iter_mut().for_each(look),
            Err(error) => processes.iter_mut().for_each(|process| {
                if process.wait().is_some() {
                    process.proceed(Err(error));
                    look(process);
                }
            }),
        }
    }
}

/// Whether a process has to look because of an event, or because its time is over.
fn concerns<P: Process>(process: &P, event: &WatchEvent) -> bool {
    let is_due = |wait: Wait| wait.device.token == event.token || wait.deadline.expired();
    process.wait().is_some_and(is_due)
}

/// Takes the steps of a process for which it need not wait, or not any longer.
fn look<P: Process>(process: &mut P, together: bool) {
    while let Some(wait) = process.wait() {
        if together {
            // What the store was asked for others meanwhile is not held against it.
            wait.device.store.extend_limit(Deadline::after_ms(STEP_MS));
        }
        let outcome = match wait.device.backend_state() {
            Ok(state) if wait.states.contains(&state) => Ok(state),
            Ok(_) if wait.deadline.expired() => Err(Error::Timeout),
            Ok(_) => return wait.device.watch(),
            Err(error) => Err(error),
        };
        process.proceed(outcome);
    }
}

/// A number as the interface writes it: decimal digits, nothing else.
///
/// # Errors
/// [`Error::Protocol`].
pub fn number(text: &str) -> Result<u64> {
    // `parse` would also take a leading plus sign.
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .ok_or(Error::Protocol("a key is not a number"))
}

fn optional(value: Result<String>) -> Result<Option<String>> {
    match value {
        Ok(text) => Ok(Some(text)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_numbers_are_numbers() {
        assert_eq!(number("512"), Ok(512));
        assert_eq!(number("18446744073709551615"), Ok(u64::MAX));
        for text in [
            "",
            "-1",
            "+1",
            " 1",
            "1 ",
            "0x10",
            "18446744073709551616",
            "one",
        ] {
            assert!(matches!(number(text), Err(Error::Protocol(_))), "{text}");
        }
    }
}
