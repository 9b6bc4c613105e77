// SPDX-License-Identifier: GPL-2.0-or-later
//! Disks whose back-ends or whose store do anything, and a use of them that
//! never ends early for that.

use super::ring::{Rate, spoiler};
use super::store::liar;
use crate::xen::blkconnect::Attempts;
use crate::xen::blkfront::BlkFront;
use crate::xen::fake::blkback::{Config, Script};
use crate::xen::fake::blkring::{Behaviour, Order};
use crate::xen::fake::memory::UserBuffer;
use crate::xen::fake::random::Random;
use crate::xen::fake::terminal::{self, press_ctrl_c, take_output};
use crate::xen::fake::xenstored::Message;
use crate::xen::fake::{Fixture, World};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use dm::blk::BlockDevice;
use include::xen::io::blkif::{
    OP_DISCARD, OP_FLUSH_DISKCACHE, OP_INDIRECT, OP_READ, OP_WRITE, OP_WRITE_BARRIER,
};

/// How soon the prompt must answer again, in milliseconds, also if XenStore's daemon does not.
const LIMIT_MS: u64 = 10_000;
/// The largest transfer.
const LEN: usize = if cfg!(miri) { 16 << 10 } else { 96 << 10 };
/// What is done with the disks of a guest at most.
const OPERATIONS: usize = if cfg!(miri) { 4 } else { 24 };
/// Sectors of a disk that are used.
const SECTORS: u64 = 1 << 10;

/// Features that a back-end may offer, and keys that say what the disk is.
const KEYS: [&str; 12] = [
    "feature-flush-cache",
    "feature-barrier",
    "feature-persistent",
    "feature-max-indirect-segments",
    "max-ring-page-order",
    "feature-discard",
    "discard-granularity",
    "discard-alignment",
    "sectors",
    "sector-size",
    "info",
    "mode",
];

/// Keys that there always are otherwise.
const REQUIRED: [&str; 3] = ["sectors", "sector-size", "info"];

/// What is tried on one guest.
struct Session {
    fixture: Fixture,
    random: Random,
    fronts: Vec<BlkFront>,
    buffer: UserBuffer,
    /// How often the ring of each disk is spoilt, if ever.
    rates: Vec<Option<Rate>>,
}

/// A guest with disks whose back-ends break rules; returns how many grants they kept.
pub fn guest_with_bad_disks(random: Random) -> u32 {
    let mut session = Session::new(random);
    for number in 0..1 + session.random.below(2) as u64 {
        let config = config(&mut session.random, 51712 + 16 * number);
        session.fixture.attach(config);
        let rate = (!session.random.one_in(4)).then(Rate::default);
        session.rates.push(rate);
    }
    session.misbehave();
    session.play()
}

/// A guest with a disk, in whose store other values stand than were written.
pub fn guest_with_a_bad_store(random: Random) -> u32 {
    let mut session = Session::new(random);
    session.fixture.attach(Config::default());
    session.rates.push(None);
    let (first, rate) = (session.random.below(40), 1 + session.random.below(16));
    let hook = liar(session.random.clone(), first, rate);
    let flood = session.random.one_in(64);
    session.fixture.world(|world| {
        world.store.hook = Some(hook);
        world.store.flood = flood.then(|| Message::event("device", "another"));
    });
    session.play()
}

impl Session {
    fn new(mut random: Random) -> Session {
        let fixture = Fixture::new();
        let offset = match random.below(4) {
            0 => 0,
            1 => 512 * random.below(8),
            _ => random.below(4096),
        };
        Session {
            buffer: fixture.buffer(LEN, offset),
            fixture,
            random,
            fronts: Vec::new(),
            rates: Vec::new(),
        }
    }

    /// Connects, uses the disks, and gives everything back.
    fn play(mut self) -> u32 {
        let numbers = self
            .fixture
            .world(|world| Vec::from_iter(world.disks.iter().map(|disk| disk.config.number)));
        let (attempts, services) = (Attempts::default(), self.fixture.services.clone());
        let node = |number| format!("device/vbd/{number}");
        // Side by side, or one after the other, or not at all in the end.
        if self.random.one_in(2) {
            for &number in &numbers {
                self.timed(|_| attempts.begin(&services, &node(number), "xvda", number));
            }
        }
        for number in numbers {
            if !self.random.one_in(16) {
                let path = node(number);
                let front = self.timed(|_| attempts.finish(&services, &path, "xvda", number));
                self.fronts.extend(front);
            }
        }
        self.timed(|_| attempts.give_up());
        self.check();
        for _ in 0..self.random.below(OPERATIONS) {
            if self.random.one_in(6) {
                self.misbehave();
            }
            self.operate();
            self.check();
        }
        for front in core::mem::take(&mut self.fronts) {
            _ = self.timed(|_| front.close());
            self.check();
        }
        self.finish()
    }

    fn operate(&mut self) {
        let Session { random, .. } = self;
        if random.one_in(16) {
            press_ctrl_c();
        }
        let count = self.fronts.len();
        if count == 0 {
            return;
        }
        let index = random.below(count);
        let operation = random.below(5);
        let start = random.below(100) as u64;
        let len = match random.below(3) {
            0 => random.below(17) * 512,
            1 => random.below(1 + LEN / 4096) * 4096,
            _ => random.below(1 + LEN / 512) * 512,
        };
        let fill = 1 + random.below(100) as u8;
        let from = random.below(1 + (LEN - len) / 512) * 512;
        self.timed(|session| {
            let disk = &session.fronts[index];
            let bytes = &mut session.buffer[from..from + len];
            match operation {
                0 => {
                    bytes.fill(fill);
                    _ = disk.write(start, bytes);
                }
                1 => _ = disk.flush(),
                2 => _ = disk.discard(start & !7, (len / 4096 * 8) as u64),
                _ => _ = disk.read(start, bytes),
            }
        });
    }

    /// Does something that must end in time.
    fn timed<T>(&mut self, work: impl FnOnce(&mut Session) -> T) -> T {
        let before = arch::time::ms();
        let result = work(self);
        let took = arch::time::ms() - before;
        assert!(took < LIMIT_MS, "{took} ms");
        result
    }

    /// Nothing is shown to anybody that was not lent to them.
    fn check(&mut self) {
        assert!(self.buffer.is_intact(), "written beside the buffer");
        // An interpreter of the code takes long for so much memory.
        if !cfg!(miri) || self.random.one_in(8) {
            self.fixture.world(|world| world.xen.assert_no_secret());
        }
        let messages = take_output();
        assert!(messages.lines().count() <= 4, "{messages}");
    }

    /// Chooses anew what the back-ends do.
    fn misbehave(&mut self) {
        let random = &mut self.random;
        self.fixture.world(|world| {
            for (disk, rate) in world.disks.iter_mut().zip(&self.rates) {
                if let Some(rate) = rate {
                    let rates = [0, 1, 4, 16, 64];
                    rate.store(rates[random.below(rates.len())], Ordering::Relaxed);
                }
                let tamper = disk.behaviour.tamper.take();
                disk.behaviour = Behaviour {
                    tamper: tamper.or_else(|| Some(spoiler(random.clone(), rate.clone()?))),
                    ..behaviour(random)
                };
                disk.keep_ring = random.one_in(8);
                disk.script = random.one_in(6).then(|| script(random.clone()));
            }
            if random.one_in(24) {
                lose_disks(world);
            }
        });
    }

    /// The back-ends' domain dies; then all is there again, but for the pages that were kept.
    fn finish(self) -> u32 {
        let grants = &self.fixture.services.grants;
        let lost = grants.leaked();
        self.fixture.world(lose_disks);
        grants.end_leaked();
        terminal::install();
        self.fixture.finish(0);
        lost
    }
}

/// The domain of the back-ends dies.
fn lose_disks(world: &mut World) {
    for mut disk in world.disks.drain(..) {
        disk.keep_ring = false;
        disk.vanish(&mut world.xen, &mut world.store.tree);
    }
}

fn config(random: &mut Random, number: u64) -> Config {
    let mut config = Config {
        number,
        sectors: SECTORS,
        ..Config::default()
    };
    for key in KEYS {
        match random.below(40) {
            0..10 => config = config.and(key, sane(key, random)),
            10 => config = config.and(key, random.nasty()),
            11 => config = config.and(key, text(random)),
            12 if REQUIRED.contains(&key) => config = config.without(key),
            _ => {}
        }
    }
    config
}

/// A value that a good back-end might write.
fn sane(key: &str, random: &mut Random) -> String {
    let value = match key {
        "sectors" => SECTORS,
        "sector-size" => 512 << random.below(4),
        "feature-max-indirect-segments" => 1 << random.below(13),
        "max-ring-page-order" => random.below(5) as u64,
        "discard-granularity" => 4096,
        "info" => random.below(8) as u64,
        "mode" => return ["w", "r"][random.below(2)].to_string(),
        _ => random.below(2) as u64,
    };
    value.to_string()
}

/// What is no number.
fn text(random: &mut Random) -> String {
    let texts = ["", "-1", "0x10", "x", " 1", "1\0", "18446744073709551616"];
    texts[random.below(texts.len())].to_string()
}

fn behaviour(random: &mut Random) -> Behaviour {
    let bad = match random.one_in(4) {
        true => Vec::from_iter((0..4).map(|_| random.below(300) as u64)),
        false => Vec::new(),
    };
    let operations = [
        OP_READ,
        OP_WRITE,
        OP_FLUSH_DISKCACHE,
        OP_WRITE_BARRIER,
        OP_DISCARD,
        OP_INDIRECT,
    ];
    let unknown = match random.one_in(4) {
        true => [operations[random.below(operations.len())]].into(),
        false => Vec::new(),
    };
    Behaviour {
        order: match random.below(3) {
            0 => Order::Same,
            1 => Order::Reverse,
            _ => Order::Shuffled(random.clone()),
        },
        batch: match random.below(8) {
            0 => 0,
            1 => usize::MAX,
            _ => 1 + random.below(8),
        },
        bad,
        unknown,
        storm: random.one_in(8),
        ..Behaviour::default()
    }
}

/// States that follow no order, though not faster than a guest can hear of them.
fn script(mut random: Random) -> Script {
    let mut shown: Option<String> = None;
    let truthful = random.below(4);
    Box::new(move |_, own| {
        if random.one_in(24) || shown.is_none() {
            shown = Some(match random.below(8) {
                0 => text(&mut random),
                1 => random.nasty().to_string(),
                kind if kind <= 3 + truthful => own.to_string(),
                _ => random.below(9).to_string(),
            });
        }
        shown.clone().unwrap_or_default()
    })
}
