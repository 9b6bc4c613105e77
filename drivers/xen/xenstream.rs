// SPDX-License-Identifier: GPL-2.0-or-later
//! XenStore's ring: requests go out, replies and events come in, in pieces.
//!
//! A request that was given up (a time limit, Ctrl-C) leaves the stream in step:
//! what is left of it is sent first, and its late reply is dropped by its number.
//! One that fits into the ring is put there as a whole, or not at all: an operating
//! system that goes on with the ring never finds a part of one. What an earlier user
//! of the ring did not wait for may still be answered before our first request is.
//!
//! Source: `xen/include/public/io/xs_wire.h`.

use crate::xen::shared::Shared;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use common::{Error, Result};
use core::ops::Range;
use include::xen::io::xs_wire::{
    HEADER, PAYLOAD_MAX, REQ, REQ_CONS, REQ_PROD, RING_SIZE, RSP, RSP_CONS, RSP_PROD, op,
};

/// Watch events kept until somebody asks; more are dropped, the oldest first.
const EVENTS_MAX: usize = 64;

/// Something below a watched path changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchEvent {
    /// What changed.
    pub path: String,
    /// The token that the watch was set with.
    pub token: String,
}

/// Both directions, and what has come and nobody has taken yet.
pub struct Stream {
    ring: Shared,
    /// The requests that are not in the ring yet, the first one perhaps in part.
    sending: VecDeque<Sending>,
    /// What has come of the message under way.
    receiving: Vec<u8>,
    /// The number before our first one.
    before: u32,
    last_id: u32,
    /// The request whose reply came last.
    answered: u32,
    events: VecDeque<WatchEvent>,
    /// Why the stream can no longer be used.
    broken: Option<Error>,
}

/// A request on its way into the ring.
struct Sending {
    bytes: Vec<u8>,
    sent: usize,
}

/// What the daemon sent.
pub struct Message {
    op: u32,
    id: u32,
    payload: Vec<u8>,
}

impl Stream {
    /// The stream over a ring page.
    pub fn new(ring: Shared) -> Stream {
        // Not the numbers of an earlier user, who began at another time.
        let before = arch::time::us() as u32;
        Stream {
            ring,
            sending: VecDeque::new(),
            receiving: Vec::new(),
            before,
            last_id: before,
            answered: before,
            events: VecDeque::new(),
            broken: None,
        }
    }

    /// Queues a request; returns its number, or nothing while too many others wait to be sent.
    ///
    /// # Errors
    /// If it is too long for a message.
    pub fn begin(&mut self, op: u32, transaction: u32, parts: &[&[u8]]) -> Result<Option<u32>> {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        if len > PAYLOAD_MAX {
            return Err(Error::Invalid("too long for XenStore"));
        }
        let waiting: usize = self.sending.iter().map(|request| request.bytes.len()).sum();
        if waiting > HEADER + PAYLOAD_MAX {
            return Ok(None);
        }
        self.last_id = self.last_id.wrapping_add(1);
        let header = [op, self.last_id, transaction, len as u32].map(u32::to_le_bytes);
        let bytes = [header.as_flattened(), &parts.concat()].concat();
        self.sending.push_back(Sending { bytes, sent: 0 });
        Ok(Some(self.last_id))
    }

    /// Writes to the ring what there is room for; returns whether the daemon must look.
    ///
    /// # Errors
    /// [`Error::Protocol`] if the daemon breaks the rules, now or ever before.
    pub fn fill_ring(&mut self) -> Result<bool> {
        self.check_usable()?;
        let producer = self.ring.load_u32(REQ_PROD);
        let used = producer.wrapping_sub(self.ring.load_u32(REQ_CONS));
        if used > RING_SIZE {
            return self.violation("XenStore consumed more than was sent");
        }
        let room = (RING_SIZE - used) as usize;
        let mut count = 0;
        while let Some(request) = self.sending.front_mut() {
            let left = request.bytes.get(request.sent..).unwrap_or_default();
            let waits = left.len() > room - count && request.bytes.len() <= RING_SIZE as usize;
            let part = left.len().min(room - count);
            if waits || part == 0 && !left.is_empty() {
                break;
            }
            let (now, _) = left.split_at(part);
            let (first, second) = places(producer.wrapping_add(count as u32), part);
            let (now, later) = now.split_at(first.len());
            self.ring.write(REQ + first.start, now);
            self.ring.write(REQ + second.start, later);
            (request.sent, count) = (request.sent + part, count + part);
            if request.sent == request.bytes.len() {
                self.sending.pop_front();
            }
        }
        self.ring
            .store_u32(REQ_PROD, producer.wrapping_add(count as u32));
        Ok(count > 0)
    }

    /// Whether everything was sent and answered, and nothing has come in part.
    pub fn is_idle(&self) -> bool {
        self.sending.is_empty() && self.receiving.is_empty() && self.answered == self.last_id
    }

    /// Whether the ring holds a part of a request, whose rest would have to follow.
    pub fn is_cut(&self) -> bool {
        self.sending.front().is_some_and(|request| request.sent > 0)
    }

    /// Whether the ring holds unread bytes.
    ///
    /// # Errors
    /// [`Error::Protocol`] if the daemon breaks the rules, now or ever before.
    pub fn readable(&mut self) -> Result<bool> {
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
    ///
    /// # Errors
    /// [`Error::Protocol`] if the daemon breaks the rules, now or ever before.
    pub fn drain_ring(&mut self) -> Result<bool> {
        self.check_usable()?;
        let consumer = self.ring.load_u32(RSP_CONS);
        let available = self.ring.load_u32(RSP_PROD).wrapping_sub(consumer);
        if available > RING_SIZE {
            return self.violation("XenStore sent more than its ring holds");
        }
        let wanted = self.wanted()?.saturating_sub(self.receiving.len());
        let count = wanted.min(available as usize);
        let mut bytes = alloc::vec![0; count];
        let (first, second) = places(consumer, count);
        let (now, later) = bytes.split_at_mut(first.len());
        self.ring.read(RSP + first.start, now);
        self.ring.read(RSP + second.start, later);
        self.receiving.extend(bytes);
        self.ring
            .store_u32(RSP_CONS, consumer.wrapping_add(count as u32));
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

    /// The message under way, if it is complete.
    ///
    /// # Errors
    /// As [`Stream::drain_ring`].
    pub fn take_message(&mut self) -> Result<Option<Message>> {
        let len = self.receiving.len();
        if len < HEADER || len != self.wanted()? {
            return Ok(None);
        }
        let mut bytes = core::mem::take(&mut self.receiving);
        let field = |at: usize| bytes.get(at..at + 4).map_or(0, word);
        let (op, id) = (field(0), field(4));
        bytes.drain(..HEADER);
        let payload = bytes;
        Ok(Some(Message { op, id, payload }))
    }

    /// Sorts a message: the reply to `request`, an event, or the late reply to one that was given up.
    ///
    /// # Errors
    /// [`Error::Protocol`] if the daemon breaks the rules, now or ever before.
    pub fn accept(
        &mut self,
        message: Message,
        request: Option<(u32, u32)>,
    ) -> Result<Option<Result<Vec<u8>>>> {
        if message.op == op::WATCH_EVENT {
            self.queue_event(&message.payload);
            return Ok(None);
        }
        let [asked, id] = [self.last_id, message.id].map(|id| id.wrapping_sub(self.before));
        if id == 0 || id > asked {
            return match self.answered == self.before {
                true => Ok(None),
                false => self.violation("a XenStore reply to no request"),
            };
        }
        self.answered = message.id;
        match request {
            Some((op, id)) if message.id == id => match message.op {
                op::ERROR => Ok(Some(Err(error(&message.payload)))),
                reply if reply == op => Ok(Some(Ok(message.payload))),
                _ => self.violation("a XenStore reply of another type"),
            },
            _ => Ok(None),
        }
    }

    /// The next event of a watch whose token is a wanted one.
    pub fn take_event(&mut self, wanted: impl Fn(&str) -> bool) -> Option<WatchEvent> {
        let index = self.events.iter().position(|event| wanted(&event.token))?;
        self.events.remove(index)
    }

    /// Drops the events of a watch that has ended.
    pub fn drop_events(&mut self, token: &str) {
        self.events.retain(|event| event.token != token);
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

/// The places in a ring of `count` bytes, at most all, from an index on: up to its end, and from its start.
fn places(index: u32, count: usize) -> (Range<usize>, Range<usize>) {
    let start = (index % RING_SIZE) as usize;
    let end = (start + count).min(RING_SIZE as usize);
    (start..end, 0..count - (end - start))
}

fn word(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u32::from(byte))
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
