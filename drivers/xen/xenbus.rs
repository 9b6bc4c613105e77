// SPDX-License-Identifier: GPL-2.0-or-later
//! A split device in XenStore: its keys, and the states of its two ends.
//!
//! Source: `xen/include/public/io/xenbus.h`.

use crate::xen::xenstore::{NO_TRANSACTION, Transaction, XenStore};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use arch::time::Deadline;
use common::{Error, Result};
use include::xen::io::xenbus::State;

/// The longest sleep between two looks at a state, in case an event is lost.
const LOOK_MS: u64 = 500;

/// Our end of a split device.
pub struct XenbusDevice {
    store: Arc<XenStore>,
    /// Our directory: `device/vbd/51712`.
    node: String,
    /// The other end's directory.
    backend: String,
    /// The domain of the other end.
    backend_id: u16,
}

impl XenbusDevice {
    /// The device whose keys are at `node`.
    ///
    /// # Errors
    /// If the toolstack's keys are missing or make no sense.
    pub fn open(store: &Arc<XenStore>, node: &str) -> Result<XenbusDevice> {
        let backend = store.read(&format!("{node}/backend"))?;
        let backend_id = number(&store.read(&format!("{node}/backend-id"))?)?;
        let backend_id =
            u16::try_from(backend_id).map_err(|_| Error::Protocol("backend-id is out of range"))?;
        Ok(XenbusDevice {
            store: store.clone(),
            node: node.to_string(),
            backend,
            backend_id,
        })
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

    /// Waits until the back-end is in one of these states; returns which.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Interrupted`], or [`Error::Protocol`].
    pub fn wait_backend(&self, wanted: &[State], deadline: Deadline) -> Result<State> {
        let path = format!("{}/state", self.backend);
        let token = format!("state {}", self.node);
        let state = self.backend_state()?;
        if wanted.contains(&state) {
            return Ok(state);
        }
        self.store.watch(&path, &token)?;
        let result = self.wait_watched(&token, wanted, deadline);
        self.store.unwatch(&path, &token)?;
        result
    }

    fn wait_watched(&self, token: &str, wanted: &[State], deadline: Deadline) -> Result<State> {
        loop {
            let state = self.backend_state()?;
            if wanted.contains(&state) {
                return Ok(state);
            }
            if deadline.expired() {
                return Err(Error::Timeout);
            }
            let look = Deadline::after_us(deadline.left_us().min(LOOK_MS * 1000));
            match self.store.wait_event(token, look) {
                Ok(_) | Err(Error::Timeout) => {}
                Err(error) => return Err(error),
            }
        }
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
