// SPDX-License-Identifier: GPL-2.0-or-later
//! The back-end's side of a disk's ring, and what a bad one might do there.
//!
//! Source: `xen/include/public/io/ring.h`, `blkif.h`.

use super::blkback::{Contents, DOMAIN};
use super::machine::{Machine, Mapping};
use super::random::Random;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use include::xen::PAGE_SIZE;
use include::xen::io::blkif::{
    INDIRECT_SEGMENTS_PER_PAGE, MAX_SEGMENTS, OP_DISCARD, OP_FLUSH_DISKCACHE, OP_INDIRECT, OP_READ,
    OP_WRITE, OP_WRITE_BARRIER, RSP_EOPNOTSUPP, RSP_ERROR, RSP_OKAY, SECTOR, SLOT_SIZE, discard,
    indirect, request, response, ring_slots,
};
use include::xen::io::ring::{REQ_EVENT, REQ_PROD, RSP_EVENT, RSP_PROD, SLOTS};

/// Bytes of a sector.
const SECTOR_LEN: usize = SECTOR as usize;

/// The order in which requests are answered.
pub enum Order {
    /// As they came.
    Same,
    /// The last one first.
    Reverse,
    /// Any.
    Shuffled(Random),
}

/// What is about to be shown to the guest; gets the ring's pages.
pub type Tamper = Box<dyn FnMut(&mut [u8]) + Send>;

/// How a back-end answers.
pub struct Behaviour {
    /// In which order.
    pub order: Order,
    /// The most answers at a time.
    pub batch: usize,
    /// How long it does nothing before it answers, in microseconds.
    pub pause_us: u64,
    /// Sectors that cannot be read or written.
    pub bad: Vec<u64>,
    /// Operations that it does not know. With [`OP_INDIRECT`] among them, its
    /// responses to such requests name that; otherwise what the request holds.
    pub unknown: Vec<u8>,
    /// Spoils the ring at each look.
    pub tamper: Option<Tamper>,
    /// It notifies without a reason.
    pub storm: bool,
    /// The most requests it has had at a time.
    pub seen: usize,
    /// Answers given so far.
    pub answered: usize,
    /// Segments in them.
    pub segments: usize,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            order: Order::Same,
            batch: usize::MAX,
            pause_us: 0,
            bad: Vec::new(),
            unknown: Vec::new(),
            tamper: None,
            storm: false,
            seen: 0,
            answered: 0,
            segments: 0,
        }
    }
}

/// A ring that is mapped.
pub struct BackRing {
    pages: Vec<Mapping>,
    /// What they hold together.
    bytes: Vec<u8>,
    port: u32,
    slots: u32,
    /// The most segments of an indirect request.
    max_indirect: usize,
    consumed: u32,
    produced: u32,
    jobs: Vec<Job>,
    /// When it may answer again, in microseconds.
    ready_us: u64,
    /// Pages that stay mapped after their request, by reference; `None` if none does.
    persistent: Option<BTreeMap<u32, Mapping>>,
    /// The guest may have been told of responses that never were.
    lied: bool,
}

/// What front-end and back-end agreed on.
pub struct Terms {
    /// The most segments of an indirect request; 0 if there are none.
    pub max_indirect: usize,
    /// Whether pages stay mapped.
    pub persistent: bool,
}

struct Job {
    op: u8,
    is_indirect: bool,
    id: u64,
    sector: u64,
    /// Sectors of a discard.
    discarded: u64,
    segments: Vec<Segment>,
    /// Pages of an indirect request's segments.
    lists: Vec<Mapping>,
}

struct Segment {
    page: Mapping,
    first: usize,
    last: usize,
}

impl BackRing {
    /// Maps a new ring.
    pub fn map(xen: &mut Machine, references: &[u32], port: u32, terms: &Terms) -> BackRing {
        let pages = references.iter().map(|r| xen.map(DOMAIN, *r, true));
        let mut ring = BackRing {
            pages: pages.collect(),
            bytes: Vec::new(),
            port,
            slots: ring_slots(references.len()),
            max_indirect: terms.max_indirect,
            consumed: 0,
            produced: 0,
            jobs: Vec::new(),
            ready_us: 0,
            persistent: terms.persistent.then(BTreeMap::new),
            lied: false,
        };
        ring.look(xen);
        let zeros = ring.bytes[SLOTS..].iter().all(|&byte| byte == 0);
        assert!(zeros, "a ring of zeros");
        assert_eq!((ring.word(REQ_EVENT), ring.word(RSP_EVENT)), (1, 1));
        ring
    }

    /// Gives back all that is mapped.
    pub fn unmap(self, xen: &mut Machine) {
        for job in self.jobs {
            job.lists.into_iter().for_each(|page| xen.unmap(page));
            let segments = job.segments.into_iter();
            segments.for_each(|segment| xen.unmap(segment.page));
        }
        let persistent = self.persistent.unwrap_or_default().into_values();
        persistent
            .chain(self.pages)
            .for_each(|page| xen.unmap(page));
    }

    /// Takes requests if notified; else, since the disk needs its time, answers some.
    pub fn run(
        &mut self,
        xen: &mut Machine,
        disk: &mut Contents,
        how: &mut Behaviour,
        sectors: u64,
    ) {
        self.look(xen);
        let old = self.produced;
        let now = arch::time::us();
        if self.jobs.is_empty() {
            self.ready_us = now + how.pause_us;
        }
        let answers = if xen.take_notified(self.port) {
            self.take_requests(xen, sectors);
            how.seen = how.seen.max(self.jobs.len());
            0
        } else if now < self.ready_us {
            0
        } else {
            self.ready_us = now + how.pause_us;
            self.jobs.len().min(how.batch)
        };
        for _ in 0..answers {
            let index = match &mut how.order {
                Order::Same => 0,
                Order::Reverse => self.jobs.len() - 1,
                Order::Shuffled(random) => random.below(self.jobs.len()),
            };
            let job = self.jobs.remove(index);
            self.finish(job, xen, disk, how);
        }
        self.put(RSP_PROD, self.produced);
        if let Some(tamper) = &mut how.tamper {
            tamper(&mut self.bytes);
            self.lied = true;
        }
        let event = self.word(RSP_EVENT);
        for (page, bytes) in self.pages.iter_mut().zip(self.bytes.chunks(PAGE_SIZE)) {
            page.bytes.copy_from_slice(bytes);
            xen.write_back(page);
        }
        let wanted = self.produced.wrapping_sub(event) < self.produced.wrapping_sub(old);
        if wanted || how.storm || how.tamper.is_some() {
            xen.notify_guest(DOMAIN, self.port);
        }
    }

    /// Looks again at what the guest has in the ring.
    fn look(&mut self, xen: &Machine) {
        self.bytes.clear();
        for page in &mut self.pages {
            xen.look(page);
            self.bytes.extend_from_slice(&page.bytes[..]);
        }
    }

    fn take_requests(&mut self, xen: &mut Machine, sectors: u64) {
        let producer = self.word(REQ_PROD);
        let outstanding = producer.wrapping_sub(self.produced);
        if outstanding > self.slots {
            assert!(self.lied, "the ring is overrun");
            return;
        }
        while self.consumed != producer {
            let slot = SLOTS + (self.consumed % self.slots) as usize * SLOT_SIZE;
            let bytes = self.bytes[slot..slot + SLOT_SIZE].to_vec();
            let job = self.decode(&bytes, xen, sectors);
            self.jobs.push(job);
            self.consumed = self.consumed.wrapping_add(1);
        }
        self.put(REQ_EVENT, self.consumed.wrapping_add(1));
    }

    /// Reads a request as strictly as it can be, and maps its pages.
    fn decode(&mut self, bytes: &[u8], xen: &mut Machine, sectors: u64) -> Job {
        let is_indirect = bytes[request::OPERATION] == OP_INDIRECT;
        let (op, count, most) = if is_indirect {
            let count = u16::from_le_bytes([
                bytes[indirect::NR_SEGMENTS],
                bytes[indirect::NR_SEGMENTS + 1],
            ]);
            (
                bytes[indirect::OPERATION],
                usize::from(count),
                self.max_indirect,
            )
        } else {
            let count = bytes[request::NR_SEGMENTS].into();
            (bytes[request::OPERATION], count, MAX_SEGMENTS)
        };
        let data = matches!(op, OP_READ | OP_WRITE);
        let bare = [OP_FLUSH_DISKCACHE, OP_WRITE_BARRIER, OP_DISCARD];
        assert!(data || count == 0 && bare.contains(&op));
        assert!(!data || (1..=most).contains(&count), "{count} segments");
        let discarded = match op {
            OP_DISCARD => u64_at(bytes, discard::NR_SECTORS),
            _ => 0,
        };
        assert!(op != OP_DISCARD || bytes[discard::FLAG] == 0 && discarded > 0);
        let mut job = Job {
            op,
            is_indirect,
            id: u64_at(bytes, request::ID),
            sector: u64_at(bytes, request::SECTOR_NUMBER),
            discarded,
            segments: Vec::new(),
            lists: Vec::new(),
        };
        if is_indirect {
            for i in 0..count.div_ceil(INDIRECT_SEGMENTS_PER_PAGE) {
                let reference = u32_at(bytes, indirect::REFERENCES + 4 * i);
                let page = self.map_page(xen, reference, false);
                job.lists.push(page);
            }
        }
        let mut end = job.sector + discarded;
        for i in 0..count {
            let (list, index) = match job.lists.get(i / INDIRECT_SEGMENTS_PER_PAGE) {
                Some(page) => (&page.bytes[..], i % INDIRECT_SEGMENTS_PER_PAGE),
                None => (&bytes[request::SEGMENTS..], i),
            };
            let segment = &list[index * request::SEGMENT_SIZE..][..request::SEGMENT_SIZE];
            let (first, last) = (segment[4].into(), segment[5].into());
            assert!(first <= last && last < 8, "sectors of a page");
            end += (last - first + 1) as u64;
            let page = self.map_page(xen, u32_at(segment, 0), op == OP_READ);
            job.segments.push(Segment { page, first, last });
        }
        assert!(end <= sectors, "beyond the end of the disk");
        job
    }

    fn map_page(&mut self, xen: &mut Machine, reference: u32, write: bool) -> Mapping {
        let Some(persistent) = &mut self.persistent else {
            return xen.map(DOMAIN, reference, write);
        };
        // What stays mapped is mapped for both directions.
        match persistent.remove(&reference) {
            Some(mut page) => {
                xen.look(&mut page);
                page
            }
            None => xen.map(DOMAIN, reference, true),
        }
    }

    fn unmap_page(&mut self, xen: &mut Machine, mut page: Mapping) {
        match &mut self.persistent {
            Some(persistent) => {
                xen.write_back(&mut page);
                // After a lie, a page may be in two requests, and then it is mapped twice.
                if let Some(other) = persistent.insert(page.reference, page) {
                    xen.unmap(other);
                }
            }
            None => xen.unmap(page),
        }
    }

    fn finish(&mut self, job: Job, xen: &mut Machine, disk: &mut Contents, how: &mut Behaviour) {
        let mut sector = job.sector;
        let mut status = RSP_OKAY;
        let refuses_indirect = job.is_indirect && how.unknown.contains(&OP_INDIRECT);
        let is_unknown = refuses_indirect || how.unknown.contains(&job.op);
        let sectors = sector..sector + job.discarded;
        match job.op {
            _ if is_unknown => status = RSP_EOPNOTSUPP,
            OP_FLUSH_DISKCACHE => disk.flushes += 1,
            OP_WRITE_BARRIER => disk.barriers += 1,
            OP_DISCARD if how.bad.iter().any(|bad| sectors.contains(bad)) => status = RSP_ERROR,
            OP_DISCARD => disk.discard(sectors),
            _ => {}
        }
        for mut segment in job.segments {
            for place in segment.first..=segment.last {
                let bytes = &mut segment.page.bytes[place * SECTOR_LEN..][..SECTOR_LEN];
                match job.op {
                    _ if is_unknown => {}
                    _ if how.bad.contains(&sector) => status = RSP_ERROR,
                    OP_READ => bytes.copy_from_slice(&disk.sector(sector)),
                    _ => disk.write(sector, bytes),
                }
                sector += 1;
            }
            how.segments += 1;
            self.unmap_page(xen, segment.page);
        }
        for page in job.lists {
            self.unmap_page(xen, page);
        }
        let op = match refuses_indirect {
            true => OP_INDIRECT,
            false => job.op,
        };
        self.respond(job.id, op, status);
        how.answered += 1;
    }

    fn respond(&mut self, id: u64, op: u8, status: i16) {
        let slot = SLOTS + (self.produced % self.slots) as usize * SLOT_SIZE;
        let bytes = &mut self.bytes[slot..slot + response::SIZE];
        bytes[response::ID..][..8].copy_from_slice(&id.to_le_bytes());
        bytes[response::OPERATION] = op;
        bytes[response::STATUS..][..2].copy_from_slice(&status.to_le_bytes());
        self.produced = self.produced.wrapping_add(1);
    }

    fn word(&self, offset: usize) -> u32 {
        u32_at(&self.bytes, offset)
    }

    fn put(&mut self, offset: usize, value: u32) {
        self.bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
    }
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(bytes[offset..offset + 8].try_into().unwrap())
}
