// SPDX-License-Identifier: GPL-2.0-or-later
//! XenStore: the client, with transactions and watches.
//!
//! One request is under way at a time. What goes over the ring is
//! [`xenstream`](crate::xen::xenstream)'s business.
//!
//! Source: `docs/misc/xenstore.txt`.

use crate::xen::events::{CtrlC, EventChannel};
use crate::xen::shared::Shared;
use crate::xen::xenstream::{Message, Stream};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::{Error, Result};
use include::xen::io::xs_wire::op;
use spin::Mutex;

pub use crate::xen::xenstream::WatchEvent;

/// How long the daemon may take for an answer.
const TIMEOUT_MS: u64 = 5000;
/// How long all requests of an operation may take together.
const TOGETHER_MS: u64 = 8000;
/// How often a transaction is tried again.
const RETRIES: usize = 16;
/// The largest listing that is put together from parts.
const LISTING_MAX: usize = 64 << 10;

/// A transaction's number; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction(u32);

/// No transaction.
pub const NO_TRANSACTION: Transaction = Transaction(0);

/// The store.
pub struct XenStore {
    channel: Arc<Channel>,
    /// When requests by this handle are given up, whatever each of them may take.
    limit: Mutex<Option<Deadline>>,
    /// What Ctrl-C does to them.
    ctrl_c: Mutex<CtrlC>,
}

/// What all handles share.
struct Channel {
    event: EventChannel,
    stream: Mutex<Stream>,
}

impl XenStore {
    /// The store behind a ring page and an event port.
    pub fn new(ring: Shared, event: EventChannel) -> XenStore {
        let stream = Mutex::new(Stream::new(ring));
        XenStore {
            channel: Arc::new(Channel { event, stream }),
            limit: Mutex::new(None),
            ctrl_c: Mutex::default(),
        }
    }

    /// The same store for a piece of work that ends at `limit`, however many
    /// requests it makes. Those made later are sent, but not waited for.
    pub fn until(&self, limit: Deadline) -> XenStore {
        XenStore {
            channel: self.channel.clone(),
            limit: Mutex::new(Some(limit)),
            ctrl_c: Mutex::default(),
        }
    }

    /// Begins the last piece of work with this handle, which Ctrl-C does not end.
    pub fn finish_until(&self, limit: Deadline) {
        *self.limit.lock() = Some(limit);
        *self.ctrl_c.lock() = CtrlC::Waits;
    }

    /// Lets a piece of work go on until then, if its limit was earlier.
    pub fn extend_limit(&self, least: Deadline) {
        let mut limit = self.limit.lock();
        *limit = limit.map(|limit| limit.max(least));
    }

    /// Waits until the ring is as an operating system wants to find it: all requests are
    /// sent and answered. A daemon that does not answer in time is the next one's to wait
    /// for, too; of a request that does not fit into the ring it must have taken the rest.
    ///
    /// # Errors
    /// [`Error::Busy`] if it has not.
    pub fn settle(&self) -> Result<()> {
        let deadline = Deadline::after_ms(TIMEOUT_MS);
        let idle = |stream: &mut Stream| {
            self.send(stream)?;
            self.answer(stream, None, deadline)?;
            Ok(stream.is_idle().then_some(()))
        };
        // Whatever goes wrong: what counts is what the ring holds.
        _ = self.channel.event.wait_until(deadline, CtrlC::Waits, || {
            idle(&mut self.channel.stream.lock())
        });
        match self.channel.stream.lock().is_cut() {
            true => Err(Error::Busy),
            false => Ok(()),
        }
    }

    /// The same store for the requests of one operation of a user's.
    pub fn together(&self) -> XenStore {
        self.until(self.deadline(TOGETHER_MS))
    }

    fn deadline(&self, ms: u64) -> Deadline {
        let deadline = Deadline::after_ms(ms);
        self.limit
            .lock()
            .map_or(deadline, |limit| limit.min(deadline))
    }

    /// The value of a node.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Permission`], [`Error::Timeout`], ...
    pub fn read(&self, path: &str) -> Result<String> {
        text(self.read_bytes(path)?)
    }

    /// The value of a node, whatever its bytes.
    ///
    /// # Errors
    /// As [`XenStore::read`].
    pub fn read_bytes(&self, path: &str) -> Result<Vec<u8>> {
        self.request(op::READ, NO_TRANSACTION, &[path.as_bytes(), b"\0"])
    }

    /// Sets the value of a node, making it if there is none.
    ///
    /// # Errors
    /// As [`XenStore::read`].
    pub fn write(&self, transaction: Transaction, path: &str, value: &str) -> Result<()> {
        self.write_bytes(transaction, path, value.as_bytes())
    }

    /// Sets the value of a node to any bytes, making it if there is none.
    ///
    /// # Errors
    /// As [`XenStore::read`].
    pub fn write_bytes(&self, transaction: Transaction, path: &str, value: &[u8]) -> Result<()> {
        self.request(op::WRITE, transaction, &[path.as_bytes(), b"\0", value])
            .map(drop)
    }

    /// Removes a node and all below it. It is no error if there is none.
    ///
    /// # Errors
    /// As [`XenStore::read`].
    pub fn remove(&self, transaction: Transaction, path: &str) -> Result<()> {
        match self.request(op::RM, transaction, &[path.as_bytes(), b"\0"]) {
            Err(Error::NotFound) => Ok(()),
            result => result.map(drop),
        }
    }

    /// The names of a node's children.
    ///
    /// # Errors
    /// As [`XenStore::read`].
    pub fn directory(&self, path: &str) -> Result<Vec<String>> {
        self.directory_bytes(path)?.into_iter().map(text).collect()
    }

    /// The names of a node's children, whatever their bytes.
    ///
    /// # Errors
    /// As [`XenStore::read`].
    pub fn directory_bytes(&self, path: &str) -> Result<Vec<Vec<u8>>> {
        let all = self.together();
        let listing = match all.request(op::DIRECTORY, NO_TRANSACTION, &[path.as_bytes(), b"\0"]) {
            // More than a message holds.
            Err(Error::NoSpace) => all.directory_in_parts(path)?,
            result => result?,
        };
        let names = listing.split(|&b| b == 0).filter(|name| !name.is_empty());
        Ok(names.map(<[u8]>::to_vec).collect())
    }

    /// Runs `body` in a transaction, again if another client got in between.
    ///
    /// # Errors
    /// What `body` says (nothing is then changed), or [`Error::Busy`] after many tries.
    pub fn transaction(&self, mut body: impl FnMut(Transaction) -> Result<()>) -> Result<()> {
        for _ in 0..RETRIES {
            let number = text(self.request(op::TRANSACTION_START, NO_TRANSACTION, &[b"\0"])?)?;
            let transaction = Transaction(
                number
                    .parse()
                    .map_err(|_| Error::Protocol("a transaction without number"))?,
            );
            let result = body(transaction);
            let end: &[u8] = if result.is_ok() { b"T\0" } else { b"F\0" };
            match self.request(op::TRANSACTION_END, transaction, &[end]) {
                Err(Error::Busy) if result.is_ok() => continue,
                ended => return result.and(ended.map(drop)),
            }
        }
        Err(Error::Busy)
    }

    /// Reports changes below a path, with a token of the caller's.
    ///
    /// # Errors
    /// As [`XenStore::read`].
    pub fn watch(&self, path: &str, token: &str) -> Result<()> {
        self.request(
            op::WATCH,
            NO_TRANSACTION,
            &[path.as_bytes(), b"\0", token.as_bytes(), b"\0"],
        )
        .map(drop)
    }

    /// Ends a watch; its events that nobody took are dropped.
    ///
    /// # Errors
    /// As [`XenStore::read`].
    pub fn unwatch(&self, path: &str, token: &str) -> Result<()> {
        let result = self.request(
            op::UNWATCH,
            NO_TRANSACTION,
            &[path.as_bytes(), b"\0", token.as_bytes(), b"\0"],
        );
        self.channel.stream.lock().drop_events(token);
        result.map(drop)
    }

    /// Waits for an event of a watch whose token is a wanted one.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Interrupted`], or [`Error::Protocol`].
    pub fn wait_event(
        &self,
        wanted: impl Fn(&str) -> bool,
        deadline: Deadline,
    ) -> Result<WatchEvent> {
        self.wait(deadline, |stream| {
            self.answer(stream, None, deadline)?;
            Ok(stream.take_event(&wanted))
        })
    }

    /// A listing too long for one message; source: XS_DIRECTORY_PART.
    fn directory_in_parts(&self, path: &str) -> Result<Vec<u8>> {
        for _ in 0..RETRIES {
            let mut listing = Vec::new();
            let mut generation = None;
            loop {
                let offset = alloc::format!("{}", listing.len());
                let parts = [path.as_bytes(), b"\0", offset.as_bytes(), b"\0"];
                let reply = self.request(op::DIRECTORY_PART, NO_TRANSACTION, &parts)?;
                let mut fields = reply.splitn(2, |&b| b == 0);
                let now = fields.next().unwrap_or_default().to_vec();
                let names = fields.next().unwrap_or_default();
                if *generation.get_or_insert_with(|| now.clone()) != now {
                    break; // It changed meanwhile: from the beginning.
                }
                // The last part ends in an empty name.
                let last = names.is_empty() || names.ends_with(b"\0\0") || names == b"\0";
                listing
                    .extend_from_slice(names.strip_suffix(b"\0").filter(|_| last).unwrap_or(names));
                if last {
                    return Ok(listing);
                }
                if listing.len() > LISTING_MAX {
                    return Err(Error::Protocol("a listing without end"));
                }
            }
        }
        Err(Error::Busy)
    }

    fn request(&self, op: u32, transaction: Transaction, parts: &[&[u8]]) -> Result<Vec<u8>> {
        let deadline = self.deadline(TIMEOUT_MS);
        let id = self.wait(deadline, |stream| {
            // What requests that were given up have left goes first.
            self.send(stream)?;
            match stream.begin(op, transaction.0, parts)? {
                // The daemon may read only after its answers are taken.
                None => self.answer(stream, None, deadline).map(|_| None),
                id => Ok(id),
            }
        })?;
        self.wait(deadline, |stream| {
            self.send(stream)?;
            self.answer(stream, Some((op, id)), deadline)?.transpose()
        })
    }

    /// Waits until `ready` says so, which looks at the stream after each event.
    fn wait<T>(
        &self,
        deadline: Deadline,
        mut ready: impl FnMut(&mut Stream) -> Result<Option<T>>,
    ) -> Result<T> {
        let ctrl_c = *self.ctrl_c.lock();
        let ready = || ready(&mut self.channel.stream.lock());
        self.channel.event.wait_until(deadline, ctrl_c, ready)
    }

    /// Sorts the messages that are there, up to the reply to `request`; however
    /// many the daemon sends, not longer than until the deadline.
    fn answer(
        &self,
        stream: &mut Stream,
        request: Option<(u32, u32)>,
        deadline: Deadline,
    ) -> Result<Option<Result<Vec<u8>>>> {
        while let Some(message) = self.receive(stream)? {
            let reply = stream.accept(message, request)?;
            if reply.is_some() {
                return Ok(reply);
            }
            if deadline.expired() {
                break;
            }
        }
        Ok(None)
    }

    /// Sends as much as there is room for.
    fn send(&self, stream: &mut Stream) -> Result<()> {
        if stream.fill_ring()? {
            self.channel.event.notify();
        }
        Ok(())
    }

    /// Takes the next whole message, if it is there.
    fn receive(&self, stream: &mut Stream) -> Result<Option<Message>> {
        loop {
            if stream.drain_ring()? {
                self.channel.event.notify();
            }
            if let Some(message) = stream.take_message()? {
                return Ok(Some(message));
            }
            if !stream.readable()? {
                return Ok(None);
            }
        }
    }
}

fn text(bytes: Vec<u8>) -> Result<String> {
    let mut text =
        String::from_utf8(bytes).map_err(|_| Error::Protocol("a XenStore value is not text"))?;
    // Some writers end values with a zero byte.
    while text.ends_with('\0') {
        text.pop();
    }
    Ok(text)
}
