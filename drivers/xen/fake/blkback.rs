// SPDX-License-Identifier: GPL-2.0-or-later
//! A disk's back-end: its keys in the store and its states, as Linux's driver has them.
//!
//! Source: `xen/include/public/io/blkif.h`, `xenbus.h`.

use super::GUEST;
use super::blkring::{BackRing, Behaviour, Terms};
use super::machine::Machine;
use super::tree::Tree;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;
use include::xen::io::xenbus::State;

/// Domain of the back-end.
pub const DOMAIN: u16 = 3;

/// What a disk is.
#[derive(Clone)]
pub struct Config {
    /// Its virtual device number.
    pub number: u64,
    /// Its size in units of 512 bytes.
    pub sectors: u64,
    /// Keys of the back-end while connected (and the ring's size before that), besides `sectors`: `sector-size`, `info`, features.
    pub keys: Vec<(&'static str, String)>,
    /// Keys of the back-end that are missing.
    pub missing: Vec<&'static str>,
}

/// Decides what stands as the back-end's state; gets the front-end's and its own.
pub type Script = Box<dyn FnMut(u32, u32) -> String + Send>;

/// The back-end of a disk.
pub struct Blkback {
    /// What the disk is.
    pub config: Config,
    /// What is on it, in units of 512 bytes; what was never written holds its own number.
    pub disk: Contents,
    /// How it answers requests.
    pub behaviour: Behaviour,
    /// States that break the rules.
    pub script: Option<Script>,
    /// Keep the ring mapped at the end.
    pub keep_ring: bool,
    front: String,
    back: String,
    state: State,
    ring: Option<BackRing>,
}

/// The sectors of a disk that were written.
#[derive(Default)]
pub struct Contents {
    written: BTreeMap<u64, [u8; 512]>,
    /// What was discarded, in the order of the requests: the first sector, and the one behind the last.
    pub discarded: Vec<(u64, u64)>,
    /// Flushes that were asked for.
    pub flushes: u32,
    /// Barriers that were asked for.
    pub barriers: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            number: 51712,
            sectors: 1 << 20,
            keys: Vec::new(),
            missing: Vec::new(),
        }
    }
}

impl Config {
    /// A disk with one more key.
    pub fn with(key: &'static str, value: impl ToString) -> Config {
        Config::default().and(key, value)
    }

    /// A disk as Linux's back-end offers it: large rings, large requests, pages that stay mapped.
    pub fn like_linux() -> Config {
        Config::with("max-ring-page-order", 4)
            .and("feature-max-indirect-segments", 256)
            .and("feature-persistent", 1)
            .and("feature-flush-cache", 1)
    }

    /// The same with one more key.
    pub fn and(mut self, key: &'static str, value: impl ToString) -> Config {
        self.keys.push((key, value.to_string()));
        self
    }

    /// The same without a key.
    pub fn without(mut self, key: &'static str) -> Config {
        self.missing.push(key);
        self
    }
}

impl Contents {
    /// A sector.
    pub fn sector(&self, number: u64) -> [u8; 512] {
        self.written.get(&number).copied().unwrap_or_else(|| {
            let mut sector = [0; 512];
            let is_gone = |&(start, end): &(u64, u64)| (start..end).contains(&number);
            if self.discarded.iter().any(is_gone) {
                return sector;
            }
            for (i, word) in sector.chunks_exact_mut(8).enumerate() {
                word.copy_from_slice(&(number << 8 | i as u64).to_le_bytes());
            }
            sector
        })
    }

    /// Many sectors.
    pub fn bytes(&self, first: u64, len: usize) -> Vec<u8> {
        let sectors = first..first + len as u64 / 512;
        sectors.flat_map(|number| self.sector(number)).collect()
    }

    /// Forgets sectors, which then hold zeros.
    pub fn discard(&mut self, sectors: Range<u64>) {
        self.written.retain(|number, _| !sectors.contains(number));
        self.discarded.push((sectors.start, sectors.end));
    }

    /// Writes a sector.
    pub fn write(&mut self, number: u64, bytes: &[u8]) {
        self.written.insert(number, bytes.try_into().unwrap());
    }
}

impl Blkback {
    /// The toolstack makes the keys of both ends; the back-end waits.
    pub fn attach(config: Config, tree: &mut Tree) -> Blkback {
        let number = config.number;
        let front = format!("/local/domain/{GUEST}/device/vbd/{number}");
        let back = format!("/local/domain/{DOMAIN}/backend/vbd/{GUEST}/{number}");
        tree.set(&format!("{front}/backend"), &back);
        tree.set(&format!("{front}/backend-id"), format!("{DOMAIN}"));
        tree.set(&format!("{front}/state"), "1");
        tree.set(&format!("{front}/virtual-device"), format!("{number}"));
        tree.set(&format!("{front}/device-type"), "disk");
        tree.set(&format!("{back}/frontend"), &front);
        tree.set(&format!("{back}/mode"), "w");
        let mut disk = Blkback {
            config,
            disk: Contents::default(),
            behaviour: Behaviour::default(),
            script: None,
            keep_ring: false,
            front,
            back,
            state: State::UNKNOWN,
            ring: None,
        };
        // The only key that a front-end needs before it connects.
        const ORDER: &str = "max-ring-page-order";
        if let Some((_, value)) = disk.config.keys.iter().find(|(key, _)| *key == ORDER) {
            tree.set(&disk.key(ORDER), value);
        }
        disk.switch(tree, State::INIT_WAIT);
        disk
    }

    /// The path of a key of the back-end.
    pub fn key(&self, key: &str) -> String {
        format!("{}/{key}", self.back)
    }

    /// The path of a key of the front-end.
    pub fn front_key(&self, key: &str) -> String {
        format!("{}/{key}", self.front)
    }

    /// Follows the front-end's state, and serves its requests.
    pub fn run(&mut self, xen: &mut Machine, tree: &mut Tree) {
        let front = number(tree, &self.front_key("state")).unwrap_or(0);
        if let Some(script) = &mut self.script {
            let text = script(front, self.state.0);
            let path = self.key("state");
            if tree.get(&path) != Some(&text) {
                tree.set(&path, &text);
            }
        }
        match (State(front), self.state) {
            (State::INITIALISED | State::CONNECTED, State::INIT_WAIT) => self.connect(xen, tree),
            (State::CLOSING, State::INIT_WAIT | State::CONNECTED) => {
                self.switch(tree, State::CLOSING);
            }
            (State::CLOSED, State::INIT_WAIT | State::CONNECTED | State::CLOSING) => {
                self.disconnect(xen);
                self.switch(tree, State::CLOSED);
            }
            (State::INITIALISING, State::CLOSED) => self.switch(tree, State::INIT_WAIT),
            _ => {}
        }
        if let Some(ring) = &mut self.ring {
            let limit = self.config.sectors;
            ring.run(xen, &mut self.disk, &mut self.behaviour, limit);
        }
    }

    /// The back-end's domain dies: its keys go, and Xen unmaps what it had mapped.
    pub fn vanish(&mut self, xen: &mut Machine, tree: &mut Tree) {
        self.disconnect(xen);
        tree.delete(&self.back);
    }

    fn connect(&mut self, xen: &mut Machine, tree: &mut Tree) {
        let references = self.ring_references(tree);
        let port = number(tree, &self.front_key("event-channel")).expect("a port");
        let protocol = tree.get(&self.front_key("protocol"));
        assert_eq!(protocol, Some("arm-abi"));
        let front_persistent = number(tree, &self.front_key("feature-persistent"));
        let terms = Terms {
            max_indirect: self.offer("feature-max-indirect-segments") as usize,
            persistent: self.offer("feature-persistent") == 1 && front_persistent == Some(1),
        };
        self.ring = Some(BackRing::map(xen, &references, port, &terms));
        let sectors = ("sectors", self.config.sectors.to_string());
        let block = ("sector-size", "512".to_string());
        let info = ("info", "0".to_string());
        for (key, value) in [sectors, block, info].iter().chain(&self.config.keys) {
            tree.set(&self.key(key), value);
        }
        for key in &self.config.missing {
            tree.delete(&self.key(key));
        }
        self.switch(tree, State::CONNECTED);
    }

    /// The references of the ring's pages, as the front-end gives them.
    fn ring_references(&self, tree: &Tree) -> Vec<u32> {
        let key = |key: &str| number(tree, &self.front_key(key));
        let Some(order) = key("ring-page-order") else {
            return [key("ring-ref").expect("a ring")].into();
        };
        assert!(order <= self.offer("max-ring-page-order"), "a smaller ring");
        let reference = |i| key(&format!("ring-ref{i}")).expect("a page of the ring");
        (0..1 << order).map(reference).collect()
    }

    /// What a key of the back-end says as a number, if not more; 0 if it does not.
    fn offer(&self, key: &str) -> u32 {
        let mut found = self.config.keys.iter().filter(|(name, _)| *name == key);
        found
            .next()
            .and_then(|(_, value)| value.trim_end_matches('\0').parse::<u64>().ok())
            .map_or(0, |value| value.min(u32::MAX.into()) as u32)
    }

    fn disconnect(&mut self, xen: &mut Machine) {
        if let Some(ring) = self.ring.take_if(|_| !self.keep_ring) {
            ring.unmap(xen);
        }
    }

    fn switch(&mut self, tree: &mut Tree, state: State) {
        self.state = state;
        if self.script.is_none() {
            tree.set(&self.key("state"), state.0.to_string());
        }
    }
}

fn number(tree: &Tree, path: &str) -> Option<u32> {
    tree.get(path)?.parse().ok()
}
