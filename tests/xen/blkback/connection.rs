// SPDX-License-Identifier: GPL-2.0-or-later
//! A connected disk: its ring, its requests, and the pages they name.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, fallocate};

use crate::events::EventChannel;
use crate::fault::Fault;
use crate::grants::{Gntdev, Mapping};
use crate::options::Options;
use crate::protocol::{
    BARRIER, DISCARD, ERROR, FLUSH, INDIRECT, OKAY, PAGE, READ, Request, Response, SECTOR, SEGMENT,
    SLOT, Segment, UNSUPPORTED, WRITE,
};
use crate::ring::BackRing;
use crate::say;

/// How long a page is written to after its request was answered.
const CHANGING: Duration = Duration::from_millis(300);
/// How long events are sent: as long as anybody may wait.
const STORM: Duration = Duration::from_secs(10);
/// How often a response changes.
const FLICKERS: usize = 200_000;
/// Events beside each answer.
const NOISE: usize = 100;
/// Bytes that no test puts anywhere else.
const GARBAGE: u8 = 0xdb;

/// The ring and what belongs to it.
pub struct Connection {
    /// The event port.
    pub event: EventChannel,
    gntdev: Gntdev,
    domain: u16,
    device: u64,
    ring: BackRing,
    /// Pages that stay mapped as agreed, by their references.
    persistent: Option<BTreeMap<u32, Rc<Mapping>>>,
    /// Pages that stay mapped against the rules.
    kept: Vec<Rc<Mapping>>,
    keeps: bool,
    /// When it began.
    storm: Option<Instant>,
    /// When the next answer may be given.
    due: Option<Instant>,
    requests: u64,
}

/// The ring and the pages of a connection that has ended, still mapped.
pub struct Kept {
    device: u64,
    ring: BackRing,
    /// And what was in them.
    pages: Vec<(Rc<Mapping>, Vec<u8>)>,
}

/// What became of the requests that were there.
pub enum Served {
    /// All that shall be answered was.
    All,
    /// The back-end shall end.
    Gone,
    /// So shall its directory.
    Vanished,
}

impl Connection {
    /// Maps the ring and binds the port. With `keeps`, no page is let go of.
    ///
    /// # Errors
    /// If the front-end has not granted it.
    pub fn new(
        gntdev: &Gntdev,
        options: &Options,
        references: &[u32],
        port: u32,
        persistent: bool,
        keeps: bool,
    ) -> io::Result<Connection> {
        let ring = BackRing::new(gntdev.map(options.domain, references, true)?);
        if !ring.is_fresh() {
            say(options.device, "VIOLATION: the ring is not fresh");
        }
        Ok(Connection {
            event: EventChannel::bind(options.domain, port)?,
            gntdev: gntdev.clone(),
            domain: options.domain,
            device: options.device,
            ring,
            persistent: persistent.then(BTreeMap::new),
            kept: Vec::new(),
            keeps,
            storm: None,
            due: None,
            requests: 0,
        })
    }

    /// Whether events are to be sent all the time.
    pub fn is_storm(&self) -> bool {
        self.storm.is_some_and(|start| start.elapsed() < STORM)
    }

    /// Whether requests wait that will be answered later.
    pub fn is_behind(&self) -> bool {
        self.due.is_some() && !self.ring.is_idle()
    }

    /// Ends it, but lets go of nothing, if that was said.
    pub fn keep(self) -> Option<Kept> {
        if !self.keeps {
            return None;
        }
        let with_content = |page: Rc<Mapping>| {
            let content = page.bytes(0..PAGE);
            (page, content)
        };
        Some(Kept {
            device: self.device,
            ring: self.ring,
            pages: self.kept.into_iter().map(with_content).collect(),
        })
    }

    /// Serves the requests that are there.
    ///
    /// # Errors
    /// If the front-end breaks the rules.
    pub fn serve(&mut self, image: &File, options: &Options) -> io::Result<Served> {
        if self.is_storm() {
            self.event.notify();
        }
        loop {
            if self.due.is_some_and(|due| Instant::now() < due) {
                return Ok(Served::All);
            }
            while let Some(slot) = self.ring.take()? {
                let fault = options.fault.filter(|_| self.requests >= options.after);
                self.requests += 1;
                match fault {
                    Some(Fault::Die) => return Ok(Served::Gone),
                    Some(Fault::Vanish) => return Ok(Served::Vanished),
                    Some(Fault::Silent) => {}
                    Some(Fault::Trickle(seconds)) => {
                        self.answer(&slot, image, options, fault)?;
                        self.due = Some(Instant::now() + Duration::from_secs(seconds));
                        return Ok(Served::All);
                    }
                    Some(Fault::Storm) => _ = self.storm.get_or_insert_with(Instant::now),
                    _ => self.answer(&slot, image, options, fault)?,
                }
            }
            if !self.ring.arm() {
                break;
            }
        }
        Ok(Served::All)
    }

    fn answer(
        &mut self,
        slot: &[u8; SLOT],
        image: &File,
        options: &Options,
        fault: Option<Fault>,
    ) -> io::Result<()> {
        let request = Request::decode(slot);
        if fault == Some(Fault::Scribble) {
            self.ring.scribble();
        }
        let mut operation = request.operation;
        let (status, mut pages) = match fault {
            // It never looks into one, and so cannot name what it holds.
            Some(Fault::Unsupported(INDIRECT)) if request.is_indirect => {
                operation = INDIRECT;
                (UNSUPPORTED, Vec::new())
            }
            Some(Fault::Unsupported(op)) if op == request.operation => (UNSUPPORTED, Vec::new()),
            _ => self
                .execute(&request, image, options, fault)
                .unwrap_or_else(|error| {
                    say(self.device, &format!("ERROR: {error}"));
                    (ERROR, Vec::new())
                }),
        };
        if self.keeps {
            self.kept.extend(pages.iter().cloned());
        }
        if fault != Some(Fault::Changing) {
            pages.clear();
        }
        let right = Response {
            id: request.id,
            operation,
            status,
        };
        let responses = match fault {
            Some(fault) => fault.responses(right, self.ring.slots()),
            None => vec![right],
        };
        responses
            .iter()
            .for_each(|&response| self.ring.respond(response));
        let lie = match fault {
            Some(Fault::Index(lie)) => lie,
            _ => 0,
        };
        if self.ring.show(lie) {
            self.event.notify();
        }
        match fault {
            Some(Fault::Noisy) => (0..NOISE).for_each(|_| self.event.notify()),
            Some(Fault::Flicker) => self.flicker(right),
            Some(Fault::Changing) => change(&pages),
            _ => {}
        }
        Ok(())
    }

    fn flicker(&self, right: Response) {
        let wrong = [
            Response {
                id: u64::MAX,
                ..right
            },
            Response { status: 7, ..right },
            Response {
                operation: 0xff,
                ..right
            },
        ];
        for i in 0..FLICKERS {
            self.ring.change(wrong[i % 3]);
            self.ring.change(right);
        }
    }

    /// Does what a request asks for; returns its status, and its pages.
    fn execute(
        &mut self,
        request: &Request,
        image: &File,
        options: &Options,
        fault: Option<Fault>,
    ) -> io::Result<(i16, Vec<Rc<Mapping>>)> {
        match request.operation {
            FLUSH | BARRIER => {
                image.sync_data()?;
                return Ok((OKAY, Vec::new()));
            }
            DISCARD => {
                let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
                let (start, len) = (request.sector * SECTOR, request.sectors * SECTOR);
                let done = fallocate(image, hole, start, len);
                return Ok((if done.is_ok() { OKAY } else { ERROR }, Vec::new()));
            }
            READ | WRITE => {}
            _ => return Ok((UNSUPPORTED, Vec::new())),
        }
        let (mut sector, mut status, mut pages) = (request.sector, OKAY, Vec::new());
        for segment in self.segments(request)? {
            if segment.first > segment.last || segment.last > 7 {
                return Err(io::Error::other("a segment makes no sense"));
            }
            let count = u64::from(segment.last - segment.first + 1);
            let offset = usize::from(segment.first) * SECTOR as usize;
            let len = count as usize * SECTOR as usize;
            let is_read = request.operation == READ;
            let page = self.page(segment.reference, is_read)?;
            let is_bad = sector < options.bad.end && options.bad.start < sector + count;
            let done = match is_read {
                _ if is_bad => Err(io::ErrorKind::InvalidData.into()),
                true => {
                    let mut bytes = vec![0; len];
                    let read = image.read_exact_at(&mut bytes, sector * SECTOR);
                    page.write(offset, &bytes);
                    read
                }
                false => image.write_all_at(&page.bytes(offset..offset + len), sector * SECTOR),
            };
            if fault == Some(Fault::Steal) && !is_read {
                self.steal(segment.reference);
            }
            if done.is_err() {
                status = ERROR;
            }
            sector += count;
            pages.push(page);
        }
        Ok((status, pages))
    }

    fn segments(&mut self, request: &Request) -> io::Result<Vec<Segment>> {
        let mut segments = request.segments.clone();
        for &reference in &request.indirect {
            let left = request.count - segments.len();
            let page = self.page(reference, false)?;
            let bytes = page.bytes(0..left.min(PAGE / SEGMENT) * SEGMENT);
            segments.extend(bytes.chunks_exact(SEGMENT).map(Segment::decode));
        }
        if segments.len() != request.count {
            return Err(io::Error::other("too many segments"));
        }
        Ok(segments)
    }

    fn page(&mut self, reference: u32, write: bool) -> io::Result<Rc<Mapping>> {
        if let Some(page) = self.persistent.as_ref().and_then(|all| all.get(&reference)) {
            return Ok(page.clone());
        }
        // What stays mapped can be used both ways.
        let write = write || self.persistent.is_some();
        let page = Rc::new(self.gntdev.map(self.domain, &[reference], write)?);
        if let Some(all) = &mut self.persistent {
            all.insert(reference, page.clone());
        }
        Ok(page)
    }

    fn steal(&self, reference: u32) {
        let page = self.gntdev.map(self.domain, &[reference], true);
        if let Ok(page) = page {
            page.write(0, &[GARBAGE; PAGE]);
        }
    }
}

impl Kept {
    /// Says if somebody uses what is kept for something else.
    /// Writes to the pages, for the next look.
    pub fn look(&mut self) {
        let same = |(page, before): &(Rc<Mapping>, Vec<u8>)| page.bytes(0..PAGE) == *before;
        if !self.ring.is_idle() || !self.pages.iter().all(same) {
            say(self.device, "VIOLATION: what is kept is used again");
        }
        for (page, content) in &mut self.pages {
            content.iter_mut().for_each(|byte| *byte = !*byte);
            page.write(0, content);
        }
    }
}

/// Writes to pages that were said to be done with.
fn change(pages: &[Rc<Mapping>]) {
    for page in pages {
        page.write(0, &[GARBAGE; PAGE]);
    }
    sleep(CHANGING);
    for page in pages {
        page.write(0, &[GARBAGE; PAGE]);
    }
}
