// SPDX-License-Identifier: GPL-2.0-or-later
//! The store's daemon: its side of the ring, and what a bad one might do there.
//!
//! Source: `xen/include/public/io/xs_wire.h`.

use super::machine::Machine;
use super::tree::{Reply, Tree};
use crate::xen::shared::Pages;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use include::xen::io::xs_wire::{
    HEADER, PAYLOAD_MAX, REQ, REQ_CONS, REQ_PROD, RING_SIZE, RSP, RSP_CONS, RSP_PROD, op,
};
use std::collections::VecDeque;

/// A message, in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its type.
    pub op: u32,
    /// The request it belongs to.
    pub id: u32,
    /// The transaction, or 0.
    pub transaction: u32,
    /// The rest.
    pub payload: Vec<u8>,
}

/// Changes what is answered: gets a request and its reply, returns what is sent.
pub type Hook = Box<dyn FnMut(&Message, Message) -> Vec<Message> + Send>;

/// The daemon, with one client.
pub struct Xenstored {
    /// The rings.
    pub page: Pages,
    /// The guest's port.
    pub port: u32,
    /// What it keeps.
    pub tree: Tree,
    /// The most bytes it moves at a time, each way.
    pub chunk: usize,
    /// It neither reads nor answers.
    pub frozen: bool,
    /// How long it takes for an answer, in microseconds.
    pub pause_us: u64,
    /// When its last answer may be sent.
    ready_us: u64,
    /// What it does instead of answering properly.
    pub hook: Option<Hook>,
    /// It sends this event whenever there is room.
    pub flood: Option<Message>,
    reading: bool,
    incoming: Vec<u8>,
    /// Bytes still to be sent.
    pub outgoing: VecDeque<u8>,
}

impl Message {
    /// An event of a watch.
    pub fn event(path: &str, token: &str) -> Message {
        Message {
            op: op::WATCH_EVENT,
            id: 0,
            transaction: 0,
            payload: format!("{path}\0{token}\0").into_bytes(),
        }
    }

    /// As the ring holds it.
    pub fn encode(&self) -> Vec<u8> {
        let len = self.payload.len() as u32;
        let mut bytes = Vec::new();
        for word in [self.op, self.id, self.transaction, len] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// The first whole message of `bytes`, taken out.
    fn take(bytes: &mut Vec<u8>) -> Option<Message> {
        let field = |at: usize| {
            let word = bytes.get(at..at + 4)?;
            Some(u32::from_le_bytes(word.try_into().unwrap()))
        };
        let (op, id, transaction, len) = (field(0)?, field(4)?, field(8)?, field(12)? as usize);
        assert!(len <= PAYLOAD_MAX, "a request is too long");
        if bytes.len() < HEADER + len {
            return None;
        }
        let payload = bytes.drain(..HEADER + len).skip(HEADER).collect();
        Some(Message {
            op,
            id,
            transaction,
            payload,
        })
    }
}

impl Xenstored {
    /// A daemon that works, with an empty store.
    pub fn new(port: u32) -> Xenstored {
        Xenstored {
            page: Pages::new(1).unwrap(),
            port,
            tree: Tree::default(),
            chunk: usize::MAX,
            frozen: false,
            pause_us: 0,
            ready_us: 0,
            hook: None,
            flood: None,
            reading: false,
            incoming: Vec::new(),
            outgoing: VecDeque::new(),
        }
    }

    /// Starts both rings' indices anywhere, as after long use.
    pub fn start_at(&mut self, index: u32) {
        for offset in [REQ_CONS, REQ_PROD, RSP_CONS, RSP_PROD] {
            self.page.store_u32(offset, index);
        }
    }

    /// Sends a message that nobody asked for.
    pub fn send(&mut self, message: &Message) {
        self.outgoing.extend(message.encode());
    }

    /// Takes requests and answers them.
    pub fn run(&mut self, xen: &mut Machine) {
        // Once notified, it reads until there is nothing left; without that it never looks.
        if self.frozen || !(xen.take_notified(self.port) || self.reading) {
            return;
        }
        self.reading = self.take_bytes();
        if self.reading {
            xen.notify_guest(0, self.port);
        }
        while let Some(request) = Message::take(&mut self.incoming) {
            self.ready_us = arch::time::us() + self.pause_us;
            let reply = self.answer(&request);
            // What happened before the answer is told before it.
            self.queue_events();
            let replies = match &mut self.hook {
                Some(hook) => hook(&request, reply),
                None => alloc::vec![reply],
            };
            replies.iter().for_each(|reply| self.send(reply));
        }
    }

    /// Sends what there is room for.
    pub fn deliver(&mut self, xen: &mut Machine) {
        if self.frozen || arch::time::us() < self.ready_us {
            return;
        }
        self.queue_events();
        if let Some(event) = &self.flood {
            while self.outgoing.len() < RING_SIZE as usize {
                self.outgoing.extend(event.encode());
            }
        }
        if self.give_bytes() {
            xen.notify_guest(0, self.port);
        }
    }

    fn queue_events(&mut self) {
        for (path, token) in core::mem::take(&mut self.tree.events) {
            self.send(&Message::event(&path, &token));
        }
    }

    fn answer(&mut self, request: &Message) -> Message {
        let (op, payload) = match self.serve(request) {
            Ok(payload) => (request.op, payload),
            Err(name) => (op::ERROR, format!("{name}\0").into_bytes()),
        };
        Message {
            op,
            payload,
            ..*request
        }
    }

    fn serve(&mut self, request: &Message) -> Reply<Vec<u8>> {
        let fields = request.payload.split(|&byte| byte == 0);
        let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
        let fields: Vec<_> = fields.map(text).collect();
        let field = |index: usize| fields.get(index).map(|f| &f[..]).ok_or("EINVAL");
        let done = |()| b"OK\0".to_vec();
        let transaction = request.transaction;
        match request.op {
            op::READ => self.tree.read(transaction, field(0)?),
            op::WRITE => {
                let value = &request.payload[field(0)?.len() + 1..];
                self.tree.write(transaction, field(0)?, value).map(done)
            }
            op::RM => self.tree.remove(transaction, field(0)?).map(done),
            op::DIRECTORY => {
                let (listing, _) = self.tree.children(transaction, field(0)?)?;
                (listing.len() <= PAYLOAD_MAX)
                    .then_some(listing)
                    .ok_or("E2BIG")
            }
            op::DIRECTORY_PART => {
                let offset = field(1)?.parse().map_err(|_| "EINVAL")?;
                self.part(transaction, field(0)?, offset)
            }
            op::WATCH => self.tree.watch(field(0)?, field(1)?).map(done),
            op::UNWATCH => self.tree.unwatch(field(0)?, field(1)?).map(done),
            op::TRANSACTION_START => Ok(format!("{}\0", self.tree.begin()).into_bytes()),
            op::TRANSACTION_END => self.tree.end(transaction, field(0)? == "T").map(done),
            _ => Err("ENOSYS"),
        }
    }

    /// A part of a listing: the generation, whole names, and an empty name at the end.
    fn part(&self, transaction: u32, path: &str, offset: usize) -> Reply<Vec<u8>> {
        let (listing, generation) = self.tree.children(transaction, path)?;
        let mut part = format!("{generation}\0").into_bytes();
        let room = PAYLOAD_MAX - part.len() - 1;
        let rest = listing.get(offset..).unwrap_or_default();
        let whole_names = |names: &[u8]| names.iter().rposition(|&b| b == 0).map_or(0, |i| i + 1);
        let len = whole_names(&rest[..rest.len().min(room)]);
        part.extend_from_slice(&rest[..len]);
        if len == rest.len() {
            part.push(0);
        }
        Ok(part)
    }

    fn take_bytes(&mut self) -> bool {
        let mut consumer = self.page.load_u32(REQ_CONS);
        let available = self.page.load_u32(REQ_PROD).wrapping_sub(consumer);
        assert!(available <= RING_SIZE, "the guest overran the ring");
        let count = self.chunk.min(available as usize);
        for part in parts(consumer, count) {
            let old = self.incoming.len();
            self.incoming.resize(old + part.len(), 0);
            self.page.read(REQ + part.start, &mut self.incoming[old..]);
        }
        consumer = consumer.wrapping_add(count as u32);
        self.page.store_u32(REQ_CONS, consumer);
        count > 0
    }

    fn give_bytes(&mut self) -> bool {
        let mut producer = self.page.load_u32(RSP_PROD);
        let used = producer.wrapping_sub(self.page.load_u32(RSP_CONS));
        let room = RING_SIZE.saturating_sub(used) as usize;
        let count = self.outgoing.len().min(self.chunk).min(room);
        let bytes: Vec<u8> = self.outgoing.drain(..count).collect();
        let mut left = &bytes[..];
        for part in parts(producer, count) {
            let (now, later) = left.split_at(part.len());
            self.page.write(RSP + part.start, now);
            left = later;
        }
        producer = producer.wrapping_add(count as u32);
        if count > 0 {
            self.page.store_u32(RSP_PROD, producer);
        }
        count > 0
    }
}

/// The places in a ring of `count` bytes from an index on.
fn parts(index: u32, count: usize) -> [Range<usize>; 2] {
    let start = (index % RING_SIZE) as usize;
    let end = (start + count).min(RING_SIZE as usize);
    [start..end, 0..count - (end - start)]
}
