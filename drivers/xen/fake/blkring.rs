// SPDX-License-Identifier: GPL-2.0-or-later
//! The back-end's side of a disk's ring, and what a bad one might do there.
//!
//! Source: `xen/include/public/io/ring.h`, `blkif.h`.

use super::blkback::{Contents, DOMAIN};
use super::machine::{Machine, Mapping};
use super::random::Random;
use alloc::boxed::Box;
use alloc::vec::Vec;
use include::xen::io::blkif::{
    MAX_SEGMENTS, OP_FLUSH_DISKCACHE, OP_READ, OP_WRITE, OP_WRITE_BARRIER, RING_SLOTS,
    RSP_EOPNOTSUPP, RSP_ERROR, RSP_OKAY, SECTOR, SLOT_SIZE, request, response,
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

/// What is about to be shown to the guest; gets the ring's page.
pub type Tamper = Box<dyn FnMut(&mut [u8]) + Send>;

/// How a back-end answers.
pub struct Behaviour {
    /// In which order.
    pub order: Order,
    /// The most answers at a time.
    pub batch: usize,
    /// Sectors that cannot be read or written.
    pub bad: Vec<u64>,
    /// Operations that it does not know.
    pub unknown: Vec<u8>,
    /// It leaves the data's pages mapped.
    pub keep_pages: bool,
    /// Spoils the page at each look.
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
            bad: Vec::new(),
            unknown: Vec::new(),
            keep_pages: false,
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
    page: Mapping,
    port: u32,
    consumed: u32,
    produced: u32,
    jobs: Vec<Job>,
    /// Of jobs that are done.
    kept: Vec<Mapping>,
}

struct Job {
    op: u8,
    id: u64,
    sector: u64,
    segments: Vec<Segment>,
}

struct Segment {
    page: Mapping,
    first: usize,
    last: usize,
}

impl BackRing {
    /// Maps a new ring.
    pub fn map(xen: &mut Machine, reference: u32, port: u32) -> BackRing {
        let page = xen.map(DOMAIN, reference, true);
        let ring = BackRing {
            page,
            port,
            consumed: 0,
            produced: 0,
            jobs: Vec::new(),
            kept: Vec::new(),
        };
        let slots = &ring.page.bytes[SLOTS..];
        assert!(slots.iter().all(|&byte| byte == 0), "a ring of zeros");
        assert_eq!((ring.word(REQ_EVENT), ring.word(RSP_EVENT)), (1, 1));
        ring
    }

    /// Gives back all that is mapped.
    pub fn unmap(self, xen: &mut Machine) {
        let segments = self.jobs.into_iter().flat_map(|job| job.segments);
        let pages = segments.map(|segment| segment.page).chain(self.kept);
        pages.chain([self.page]).for_each(|page| xen.unmap(page));
    }

    /// Takes requests if notified; else, since the disk needs its time, answers some.
    pub fn run(
        &mut self,
        xen: &mut Machine,
        disk: &mut Contents,
        how: &mut Behaviour,
        sectors: u64,
    ) {
        xen.look(&mut self.page);
        let old = self.produced;
        let answers = if xen.take_notified(self.port) {
            self.take_requests(xen, sectors);
            how.seen = how.seen.max(self.jobs.len());
            0
        } else {
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
            tamper(&mut self.page.bytes[..]);
        }
        let event = self.word(RSP_EVENT);
        xen.write_back(&mut self.page);
        let wanted = self.produced.wrapping_sub(event) < self.produced.wrapping_sub(old);
        if wanted || how.storm || how.tamper.is_some() {
            xen.notify_guest(DOMAIN, self.port);
        }
    }

    fn take_requests(&mut self, xen: &mut Machine, sectors: u64) {
        let producer = self.word(REQ_PROD);
        let outstanding = producer.wrapping_sub(self.produced);
        assert!(outstanding <= RING_SLOTS, "the ring is overrun");
        while self.consumed != producer {
            let slot = SLOTS + (self.consumed % RING_SLOTS) as usize * SLOT_SIZE;
            let bytes = self.page.bytes[slot..slot + SLOT_SIZE].to_vec();
            self.jobs.push(Job::decode(&bytes, xen, sectors));
            self.consumed = self.consumed.wrapping_add(1);
        }
        self.put(REQ_EVENT, self.consumed.wrapping_add(1));
    }

    fn finish(&mut self, job: Job, xen: &mut Machine, disk: &mut Contents, how: &mut Behaviour) {
        let mut sector = job.sector;
        let mut status = RSP_OKAY;
        if how.unknown.contains(&job.op) {
            status = RSP_EOPNOTSUPP;
        } else if matches!(job.op, OP_FLUSH_DISKCACHE | OP_WRITE_BARRIER) {
            disk.flushes += 1;
        }
        for mut segment in job.segments {
            for place in segment.first..=segment.last {
                let bytes = &mut segment.page.bytes[place * SECTOR_LEN..][..SECTOR_LEN];
                match job.op {
                    _ if how.bad.contains(&sector) => status = RSP_ERROR,
                    OP_READ => bytes.copy_from_slice(&disk.sector(sector)),
                    _ => disk.write(sector, bytes),
                }
                sector += 1;
            }
            how.segments += 1;
            match how.keep_pages {
                true => self.kept.push(segment.page),
                false => xen.unmap(segment.page),
            }
        }
        self.respond(job.id, job.op, status);
        how.answered += 1;
    }

    fn respond(&mut self, id: u64, op: u8, status: i16) {
        let slot = SLOTS + (self.produced % RING_SLOTS) as usize * SLOT_SIZE;
        let bytes = &mut self.page.bytes[slot..slot + response::SIZE];
        bytes[response::ID..][..8].copy_from_slice(&id.to_le_bytes());
        bytes[response::OPERATION] = op;
        bytes[response::STATUS..][..2].copy_from_slice(&status.to_le_bytes());
        self.produced = self.produced.wrapping_add(1);
    }

    fn word(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.page.bytes[offset..offset + 4].try_into().unwrap())
    }

    fn put(&mut self, offset: usize, value: u32) {
        self.page.bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
    }
}

impl Job {
    /// Reads a request as strictly as it can be, and maps its pages.
    fn decode(bytes: &[u8], xen: &mut Machine, sectors: u64) -> Job {
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let (op, count) = (bytes[request::OPERATION], bytes[request::NR_SEGMENTS]);
        let sector = number(request::SECTOR_NUMBER);
        let data = matches!(op, OP_READ | OP_WRITE);
        assert!(data || count == 0 && matches!(op, OP_FLUSH_DISKCACHE | OP_WRITE_BARRIER));
        assert!(!data || (1..=MAX_SEGMENTS).contains(&count.into()));
        let mut end = sector;
        let mut segments = Vec::new();
        for i in 0..count.into() {
            let at = request::SEGMENTS + i * request::SEGMENT_SIZE;
            let reference = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            let (first, last) = (bytes[at + 4].into(), bytes[at + 5].into());
            assert!(first <= last && last < 8, "sectors of a page");
            end += (last - first + 1) as u64;
            let page = xen.map(DOMAIN, reference, op == OP_READ);
            segments.push(Segment { page, first, last });
        }
        assert!(end <= sectors, "beyond the end of the disk");
        Job {
            op,
            id: number(request::ID),
            sector,
            segments,
        }
    }
}
