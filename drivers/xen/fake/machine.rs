// SPDX-License-Identifier: GPL-2.0-or-later
//! What Xen keeps for the guest: its grant table and its event ports.
//!
//! Another domain only gets at what a valid entry grants it; anything else
//! fails the test, since a front-end must never have asked for it.

use super::memory::{PageBytes, assert_no_secret, copy_of, write_changes};
use crate::xen::shared::{Pages, Shared};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use common::{Error, Result};
use include::xen::grant_table::{
    ENTRIES_PER_FRAME, ENTRY_FRAME, ENTRY_SIZE, PERMIT_ACCESS, READING, READONLY, RESERVED_ENTRIES,
    WRITING,
};

/// The guest's side of Xen.
pub struct Machine {
    /// The most frames of the grant table.
    pub max_frames: u32,
    /// The most ports.
    pub max_ports: usize,
    /// A grant that a domain guesses and maps as soon as the guest asks how large its table can be.
    pub guess: Option<(u16, u32)>,
    /// What was mapped by that.
    pub guessed: Option<Mapping>,
    table: Vec<Pages>,
    /// How often each reference is mapped: for reading, for writing.
    maps: BTreeMap<u32, (u32, u32)>,
    ports: BTreeMap<u32, Port>,
}

#[derive(Default)]
struct Port {
    remote: u16,
    /// Towards the guest.
    pending: bool,
    /// Towards the other end.
    notified: bool,
    /// Made by the toolstack: the guest must not close it.
    reserved: bool,
}

/// A granted page, mapped: a copy that goes back when it is unmapped.
pub struct Mapping {
    /// The grant.
    pub reference: u32,
    /// What this domain sees, and changes.
    pub bytes: PageBytes,
    /// As it was when it was copied.
    seen: PageBytes,
    frame: u32,
    write: bool,
}

impl Machine {
    /// An empty table, no ports.
    pub fn new() -> Machine {
        Machine {
            max_frames: 8,
            max_ports: 16,
            guess: None,
            guessed: None,
            table: Vec::new(),
            maps: BTreeMap::new(),
            ports: BTreeMap::new(),
        }
    }

    /// A frame of the table, made when it is first asked for.
    ///
    /// # Errors
    /// [`Error::NoMemory`] beyond the limit.
    pub fn grant_frame(&mut self, index: u32) -> Result<Shared> {
        if index >= self.max_frames {
            return Err(Error::NoMemory);
        }
        while self.table.len() <= index as usize {
            self.table.push(Pages::new(1)?);
        }
        Ok((*self.table[index as usize]).clone())
    }

    /// The frames of the table.
    pub fn grant_frames(&self) -> u32 {
        self.table.len() as u32
    }

    /// How many frames the table can have.
    pub fn max_grant_frames(&mut self) -> u32 {
        if let Some((domain, reference)) = self.guess.take() {
            self.guessed = Some(self.map(domain, reference, true));
        }
        self.max_frames
    }

    /// Maps a page that the guest granted to `domain`.
    pub fn map(&mut self, domain: u16, reference: u32, write: bool) -> Mapping {
        let (table, entry) = self.entry(reference);
        let flags = table.load_u16(entry);
        assert_ne!(
            flags & PERMIT_ACCESS,
            0,
            "reference {reference} grants nothing"
        );
        assert!(
            !write || flags & READONLY == 0,
            "{reference} is for reading"
        );
        assert_eq!(table.load_u16(entry + 2), domain, "{reference} is for it");
        let frame = table.load_u32(entry + ENTRY_FRAME);
        let bytes = copy_of(frame);
        assert_no_secret(&bytes[..]);
        let count = self.maps.entry(reference).or_default();
        count.0 += 1;
        count.1 += u32::from(write);
        self.note(reference);
        Mapping {
            reference,
            seen: bytes.clone(),
            bytes,
            frame,
            write,
        }
    }

    /// Gives a page back; what was written reaches the guest.
    pub fn unmap(&mut self, mut mapping: Mapping) {
        self.write_back(&mut mapping);
        let count = self.maps.get_mut(&mapping.reference).unwrap();
        count.0 -= 1;
        count.1 -= u32::from(mapping.write);
        if count.0 == 0 {
            self.maps.remove(&mapping.reference);
        }
        self.note(mapping.reference);
    }

    /// Looks again at a page that stays mapped.
    pub fn look(&self, mapping: &mut Mapping) {
        mapping.bytes = copy_of(mapping.frame);
        mapping.seen = mapping.bytes.clone();
    }

    /// Lets the guest see what was written to a page that stays mapped.
    pub fn write_back(&self, mapping: &mut Mapping) {
        if mapping.bytes != mapping.seen {
            assert!(mapping.write, "{} is for reading", mapping.reference);
            write_changes(mapping.frame, &mapping.seen, &mapping.bytes);
            mapping.seen = mapping.bytes.clone();
        }
    }

    /// A port that the toolstack made.
    pub fn reserved_port(&mut self) -> u32 {
        let port = self.alloc_port(0).unwrap();
        self.ports.get_mut(&port).unwrap().reserved = true;
        port
    }

    /// A new port of the guest's.
    ///
    /// # Errors
    /// [`Error::NoMemory`] beyond the limit.
    pub fn alloc_port(&mut self, remote: u16) -> Result<u32> {
        if self.ports.len() >= self.max_ports {
            return Err(Error::NoMemory);
        }
        let port = (1..).find(|port| !self.ports.contains_key(port)).unwrap();
        let new = Port {
            remote,
            ..Port::default()
        };
        self.ports.insert(port, new);
        Ok(port)
    }

    /// The guest closes a port.
    pub fn close_port(&mut self, port: u32) {
        let closed = self.ports.remove(&port).expect("the port is open");
        assert!(!closed.reserved, "port {port} is the toolstack's");
    }

    /// The guest notifies.
    pub fn guest_notified(&mut self, port: u32) {
        let port = self.ports.get_mut(&port).expect("the port is open");
        port.notified = true;
    }

    /// Whether the guest has notified; forgets it.
    pub fn take_notified(&mut self, port: u32) -> bool {
        let port = self.ports.get_mut(&port);
        port.is_some_and(|port| core::mem::take(&mut port.notified))
    }

    /// Notifies the guest, if the port is still open.
    pub fn notify_guest(&mut self, domain: u16, port: u32) {
        if let Some(port) = self.ports.get_mut(&port) {
            assert_eq!(port.remote, domain, "the port is for the back-end");
            port.pending = true;
        }
    }

    /// Whether the guest was notified.
    pub fn is_pending(&self, port: u32) -> bool {
        self.ports.get(&port).is_some_and(|port| port.pending)
    }

    /// Whether the guest was notified; forgets it.
    pub fn take_pending(&mut self, port: u32) -> bool {
        let port = self.ports.get_mut(&port);
        port.is_some_and(|port| core::mem::take(&mut port.pending))
    }

    /// Fails the test unless all is as before the guest's start, but for `kept` grants.
    pub fn assert_clean(&self, kept: u32) {
        let open = self.ports.values().filter(|port| !port.reserved).count();
        assert_eq!(open, 0, "ports left open");
        let all = RESERVED_ENTRIES..self.table.len() as u32 * ENTRIES_PER_FRAME;
        let in_force = |&reference: &u32| {
            let (table, entry) = self.entry(reference);
            table.load_u16(entry) != 0
        };
        let left: Vec<u32> = all.filter(in_force).collect();
        assert_eq!(left.len(), kept as usize, "grants left: {left:?}");
    }

    /// Fails the test if a page that is granted, mapped or not, holds what was in the heap.
    pub fn assert_no_secret(&self) {
        self.granted()
            .for_each(|(_, bytes)| assert_no_secret(&bytes[..]));
    }

    /// What is in all pages that are granted, mapped or not, with their references.
    pub fn granted(&self) -> impl Iterator<Item = (u32, PageBytes)> {
        let all = RESERVED_ENTRIES..self.table.len() as u32 * ENTRIES_PER_FRAME;
        all.filter_map(|reference| {
            let (table, entry) = self.entry(reference);
            let granted = table.load_u16(entry) & PERMIT_ACCESS != 0;
            granted.then(|| (reference, copy_of(table.load_u32(entry + ENTRY_FRAME))))
        })
    }

    /// Shows in the entry how it is mapped, as Xen does.
    fn note(&self, reference: u32) {
        let (table, entry) = self.entry(reference);
        let flags = table.load_u16(entry) & !(READING | WRITING);
        let (all, writers) = self.maps.get(&reference).copied().unwrap_or_default();
        let reading = if all > 0 { READING } else { 0 };
        let writing = if writers > 0 { WRITING } else { 0 };
        table.store_u16(entry, flags | reading | writing);
    }

    fn entry(&self, reference: u32) -> (&Pages, usize) {
        assert!(reference >= RESERVED_ENTRIES, "{reference} is reserved");
        let frame = self.table.get((reference / ENTRIES_PER_FRAME) as usize);
        let entry = (reference % ENTRIES_PER_FRAME) as usize * ENTRY_SIZE;
        (frame.expect("the reference is in the table"), entry)
    }
}
