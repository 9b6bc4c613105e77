// SPDX-License-Identifier: GPL-2.0-or-later
//! XenStore: the client, with transactions and watches.
//!
//! One request is under way at a time. A request that was given up (a time
//! limit, Ctrl-C) leaves the stream in step: what is left of it is sent first,
//! and its late reply is dropped by its number.
//!
//! Source: `docs/misc/xenstore.txt`, `xen/include/public/io/xs_wire.h`.

use crate::xen::events::EventChannel;
use crate::xen::shared::Shared;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use arch::time::Deadline;
use common::{Error, Result};
use include::xen::io::xs_wire::{
    HEADER, PAYLOAD_MAX, REQ, REQ_CONS, REQ_PROD, RING_SIZE, RSP, RSP_CONS, RSP_PROD, op,
};
use spin::Mutex;

/// How long the daemon may take for an answer.
const TIMEOUT_MS: u64 = 5000;
/// Watch events kept until somebody asks; more are dropped, the oldest first.
const EVENTS_MAX: usize = 64;
/// How often a transaction is tried again.
const RETRIES: usize = 16;
/// The largest listing that is put together from parts.
const LISTING_MAX: usize = 1 << 20;

/// A transaction's number; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction(u32);

/// No transaction.
pub const NO_TRANSACTION: Transaction = Transaction(0);

/// The store.
pub struct XenStore {
    event: EventChannel,
    stream: Mutex<Stream>,
}

/// Something below a watched path changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchEvent {
    /// What changed.
    pub path: String,
    /// The token that the watch was set with.
    pub token: String,
}

struct Stream {
    ring: Shared,
    /// What is still to be sent of the request under way.
    sending: VecDeque<u8>,
    /// What has come of the message under way.
    receiving: Vec<u8>,
    last_id: u32,
    events: VecDeque<WatchEvent>,
    /// Why the stream can no longer be used.
    broken: Option<Error>,
}

struct Message {
    op: u32,
    id: u32,
    payload: Vec<u8>,
}

impl XenStore {
    /// The store behind a ring page and an event port.
    pub fn new(ring: Shared, event: EventChannel) -> XenStore {
        let stream = Stream {
            ring,
            sending: VecDeque::new(),
            receiving: Vec::new(),
            last_id: 0,
            events: VecDeque::new(),
            broken: None,
        };
        XenStore {
            event,
            stream: Mutex::new(stream),
        }
    }

    /// The value of a node.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Permission`], [`Error::Timeout`], ...
    pub fn read(&self, path: &str) -> Result<String> {
        text(self.request(op::READ, NO_TRANSACTION, &[path.as_bytes(), b"\0"])?)
    }

    /// Sets the value of a node, making it if there is none.
    ///
    /// # Errors
    /// As [`XenStore::read`].
    pub fn write(&self, transaction: Transaction, path: &str, value: &str) -> Result<()> {
        self.request(
            op::WRITE,
            transaction,
            &[path.as_bytes(), b"\0", value.as_bytes()],
        )
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
        let listing = match self.request(op::DIRECTORY, NO_TRANSACTION, &[path.as_bytes(), b"\0"]) {
            // More than a message holds.
            Err(Error::NoSpace) => self.directory_in_parts(path)?,
            result => result?,
        };
        let names = listing.split(|&b| b == 0).filter(|name| !name.is_empty());
        names.map(|name| text(name.to_vec())).collect()
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
        self.stream
            .lock()
            .events
            .retain(|event| event.token != token);
        result.map(drop)
    }

    /// Waits for an event of the watch with this token.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Interrupted`], or [`Error::Protocol`].
    pub fn wait_event(&self, token: &str, deadline: Deadline) -> Result<WatchEvent> {
        self.event.wait_until(deadline, || {
            let mut stream = self.stream.lock();
            self.answer(&mut stream, None, deadline)?;
            let found = stream.events.iter().position(|event| event.token == token);
            Ok(found.and_then(|index| stream.events.remove(index)))
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
        let deadline = Deadline::after_ms(TIMEOUT_MS);
        let id = self.event.wait_until(deadline, || {
            let mut stream = self.stream.lock();
            // What requests that were given up have left goes first.
            self.send(&mut stream)?;
            match stream.begin(op, transaction, parts)? {
                // The daemon may read only after its answers are taken.
                None => self.answer(&mut stream, None, deadline).map(|_| None),
                id => Ok(id),
            }
        })?;
        self.event.wait_until(deadline, || {
            let mut stream = self.stream.lock();
            self.send(&mut stream)?;
            self.answer(&mut stream, Some((op, id)), deadline)?
                .transpose()
        })
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
            self.event.notify();
        }
        Ok(())
    }

    /// Takes the next whole message, if it is there.
    fn receive(&self, stream: &mut Stream) -> Result<Option<Message>> {
        loop {
            if stream.drain_ring()? {
                self.event.notify();
            }
            let wanted = stream.wanted()?;
            if stream.receiving.len() >= HEADER && stream.receiving.len() == wanted {
                return stream.message().map(Some);
            }
            if !stream.readable()? {
                return Ok(None);
            }
        }
    }
}

impl Stream {
    /// Queues a request; returns its number, or nothing while too many others wait to be sent.
    fn begin(&mut self, op: u32, transaction: Transaction, parts: &[&[u8]]) -> Result<Option<u32>> {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        if len > PAYLOAD_MAX {
            return Err(Error::Invalid("too long for XenStore"));
        }
        if self.sending.len() > HEADER + PAYLOAD_MAX {
            return Ok(None);
        }
        self.last_id = self.last_id.wrapping_add(1);
        for word in [op, self.last_id, transaction.0, len as u32] {
            self.sending.extend(word.to_le_bytes());
        }
        parts
            .iter()
            .for_each(|part| self.sending.extend(part.iter()));
        Ok(Some(self.last_id))
    }

    /// Writes to the ring what there is room for; returns whether the daemon must look.
    fn fill_ring(&mut self) -> Result<bool> {
        self.check_usable()?;
        let mut producer = self.ring.load_u32(REQ_PROD);
        let used = producer.wrapping_sub(self.ring.load_u32(REQ_CONS));
        if used > RING_SIZE {
            return self.violation("XenStore consumed more than was sent");
        }
        let count = self.sending.len().min((RING_SIZE - used) as usize);
        for byte in self.sending.drain(..count) {
            self.ring
                .write(REQ + (producer % RING_SIZE) as usize, &[byte]);
            producer = producer.wrapping_add(1);
        }
        self.ring.store_u32(REQ_PROD, producer);
        Ok(count > 0)
    }

    /// Whether the ring holds unread bytes.
    fn readable(&mut self) -> Result<bool> {
        let available = self
            .ring
            .load_u32(RSP_PROD)
            .wrapping_sub(self.ring.load_u32(RSP_CONS));
        if available > RING_SIZE {
            return self.violation("XenStore sent more than its ring holds");
        }
        Ok(available > 0)
    }

    /// Reads from the ring what belongs to the message under way; returns whether there was anything.
    fn drain_ring(&mut self) -> Result<bool> {
        self.check_usable()?;
        let mut consumer = self.ring.load_u32(RSP_CONS);
        let available = self.ring.load_u32(RSP_PROD).wrapping_sub(consumer);
        if available > RING_SIZE {
            return self.violation("XenStore sent more than its ring holds");
        }
        let wanted = self.wanted()?.saturating_sub(self.receiving.len());
        let count = wanted.min(available as usize);
        for _ in 0..count {
            let mut byte = [0];
            self.ring
                .read(RSP + (consumer % RING_SIZE) as usize, &mut byte);
            self.receiving.extend(byte);
            consumer = consumer.wrapping_add(1);
        }
        self.ring.store_u32(RSP_CONS, consumer);
        Ok(count > 0)
    }

    /// The length of the message under way, as far as it is known: its header, then all of it.
    fn wanted(&mut self) -> Result<usize> {
        match self.receiving.get(12..HEADER).map(word) {
            None => Ok(HEADER),
            Some(len) if len as usize > PAYLOAD_MAX => {
                self.violation("a XenStore message is too long")
            }
            Some(len) => Ok(HEADER + len as usize),
        }
    }

    /// The message that is complete.
    fn message(&mut self) -> Result<Message> {
        let bytes = core::mem::take(&mut self.receiving);
        let field = |at: usize| bytes.get(at..at + 4).map_or(0, word);
        let (op, id) = (field(0), field(4));
        Ok(Message {
            op,
            id,
            payload: bytes.get(HEADER..).unwrap_or_default().to_vec(),
        })
    }

    /// Sorts a message: the reply to `request`, an event, or the late reply to one that was given up.
    fn accept(
        &mut self,
        message: Message,
        request: Option<(u32, u32)>,
    ) -> Result<Option<Result<Vec<u8>>>> {
        if message.op == op::WATCH_EVENT {
            self.queue_event(&message.payload);
            return Ok(None);
        }
        // Numbers grow; one that is ahead of the last request was never asked.
        if self.last_id.wrapping_sub(message.id) > u32::MAX / 2 {
            return self.violation("a XenStore reply to no request");
        }
        match request {
            Some((op, id)) if message.id == id => match message.op {
                op::ERROR => Ok(Some(Err(error(&message.payload)))),
                reply if reply == op => Ok(Some(Ok(message.payload))),
                _ => self.violation("a XenStore reply of another type"),
            },
            _ => Ok(None),
        }
    }

    fn queue_event(&mut self, payload: &[u8]) {
        let mut fields = payload
            .split(|&b| b == 0)
            .map(|f| String::from_utf8_lossy(f).into_owned());
        if let (Some(path), Some(token)) = (fields.next(), fields.next()) {
            let event = WatchEvent { path, token };
            if self.events.contains(&event) {
                return; // Nobody has looked since: one is enough.
            }
            if self.events.len() == EVENTS_MAX {
                self.events.pop_front();
            }
            self.events.push_back(event);
        }
    }

    fn check_usable(&self) -> Result<()> {
        self.broken.map_or(Ok(()), Err)
    }

    /// Ends the stream's use for good.
    fn violation<T>(&mut self, what: &'static str) -> Result<T> {
        common::println!("xenstore: {what}; it is no longer used");
        self.broken = Some(Error::Protocol(what));
        Err(Error::Protocol(what))
    }
}

fn word(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u32::from(byte))
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

/// The daemon's error names; source: `xs_wire.h`, `xsd_errors`.
fn error(payload: &[u8]) -> Error {
    match payload.split(|&b| b == 0).next().unwrap_or_default() {
        b"ENOENT" => Error::NotFound,
        b"EACCES" | b"EPERM" | b"EROFS" => Error::Permission,
        b"EEXIST" => Error::Exists,
        b"EAGAIN" | b"EBUSY" => Error::Busy,
        b"ENOMEM" | b"ENOSPC" => Error::NoMemory,
        b"E2BIG" => Error::NoSpace,
        b"EINVAL" => Error::Invalid("XenStore refuses it"),
        _ => Error::Protocol("XenStore reports an error"),
    }
}
