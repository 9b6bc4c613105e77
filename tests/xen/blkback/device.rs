// SPDX-License-Identifier: GPL-2.0-or-later
//! The disk in XenStore: the directories of both ends, and their states.

use std::fs::File;
use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::connection::{Connection, Kept, Served};
use crate::fault::Fault;
use crate::grants::Gntdev;
use crate::options::{Options, number};
use crate::protocol::SECTOR;
use crate::say;
use crate::store::Store;

/// States of an end.
const INITIALISING: u32 = 1;
const INIT_WAIT: u32 = 2;
const INITIALISED: u32 = 3;
const CONNECTED: u32 = 4;
const CLOSING: u32 = 5;
const CLOSED: u32 = 6;

/// How often a restless state changes, and pages that were kept are looked at.
const TICK: Duration = Duration::from_millis(100);

/// A disk.
pub struct Device {
    options: Options,
    store: Store,
    gntdev: Gntdev,
    image: File,
    front: String,
    back: String,
    state: u32,
    /// What stands as our state.
    shown: Option<String>,
    connection: Option<Connection>,
    /// What should be let go of.
    kept: Vec<Kept>,
    ticks: usize,
}

impl Device {
    /// Makes the directories, as the toolstack does, and waits for the front-end.
    ///
    /// # Errors
    /// If the image or one of the devices is not there.
    pub fn create(options: Options) -> io::Result<Device> {
        let (domain, number) = (options.domain, options.device);
        let front = format!("/local/domain/{domain}/device/vbd/{number}");
        // Outside of `backend`, where Linux's own drivers would find it.
        let back = format!("/local/domain/0/blkback/{domain}/{number}");
        let image = File::options()
            .read(true)
            .write(true)
            .open(&options.image)
            .map_err(|e| io::Error::other(format!("{}: {e}", options.image.display())))?;
        let mut device = Device {
            store: Store::open()?,
            gntdev: Gntdev::open()?,
            image,
            front,
            back,
            state: INIT_WAIT,
            shown: None,
            connection: None,
            kept: Vec::new(),
            ticks: 0,
            options,
        };
        device.make_directories()?;
        say(device.options.device, "ready");
        Ok(device)
    }

    fn make_directories(&mut self) -> io::Result<()> {
        let (domain, number) = (self.options.domain, self.options.device.to_string());
        let (front, back) = (self.front.clone(), self.back.clone());
        self.store.remove(&front)?;
        self.store.remove(&back)?;
        self.store.make(&back, 0, domain)?;
        self.write_back("frontend", &front)?;
        self.write_back("mode", "w")?;
        for (key, value) in self.options.early.clone() {
            self.write_back(&key, &value)?;
        }
        if self.options.early.iter().any(|(key, _)| key == "info") {
            let sectors = self.sectors()?;
            self.write_back("sectors", &sectors)?;
        }
        self.store.make(&front, domain, 0)?;
        for (key, value) in [
            ("backend", &back[..]),
            ("backend-id", "0"),
            ("virtual-device", &number),
            ("device-type", "disk"),
            ("state", "1"),
        ] {
            self.store.write(&format!("{front}/{key}"), value)?;
        }
        self.show_state(INITIALISING)?;
        self.store.watch(&format!("{front}/state"))
    }

    /// Serves until the guest or its directory is gone.
    ///
    /// # Errors
    /// What should not have happened.
    pub fn run(&mut self) -> io::Result<()> {
        loop {
            self.wait()?;
            if self.store.take_changed() || self.is_restless() {
                let Some(front) = self.front_state()? else {
                    return self.store.remove(&self.back);
                };
                self.follow(front)?;
                self.show_state(front)?;
            }
            self.kept.iter_mut().for_each(Kept::look);
            let Some(connection) = &mut self.connection else {
                continue;
            };
            match connection.serve(&self.image, &self.options)? {
                Served::All => {}
                Served::Gone => return Ok(()),
                Served::Vanished => return self.store.remove(&self.back),
            }
        }
    }

    /// Waits for an event, a change in the store, or the next tick.
    fn wait(&mut self) -> io::Result<()> {
        let connection = self.connection.as_ref();
        let is_behind = connection.is_some_and(Connection::is_behind);
        let timeout = match is_behind || self.is_restless() || !self.kept.is_empty() {
            _ if connection.is_some_and(Connection::is_storm) => Some(Duration::ZERO),
            true => Some(TICK),
            false => None,
        };
        let timeout = timeout.map(|time| Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(time.subsec_nanos()),
        });
        let mut fds = vec![PollFd::new(&self.store, PollFlags::IN)];
        if let Some(connection) = &self.connection {
            fds.push(PollFd::new(&connection.event, PollFlags::IN));
        }
        poll(&mut fds, timeout.as_ref())?;
        let ready: Vec<_> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        if ready[0] {
            self.store.receive()?;
        }
        if let (Some(true), Some(connection)) = (ready.get(1), &mut self.connection) {
            connection.event.take()?;
        }
        Ok(())
    }

    /// What a front-end's state asks for.
    fn follow(&mut self, front: u32) -> io::Result<()> {
        match (front, self.state) {
            (INITIALISED | CONNECTED, INIT_WAIT) if !self.refuses(front) => self.connect()?,
            (CLOSING, INIT_WAIT | CONNECTED) => self.state = CLOSING,
            (CLOSED, INIT_WAIT | CONNECTED | CLOSING) => {
                let ended = self.connection.take();
                self.kept.extend(ended.and_then(Connection::keep));
                self.state = CLOSED;
            }
            // The front-end may have been faster than the events of its states.
            (INITIALISING, CLOSING | CLOSED) => self.state = INIT_WAIT,
            _ => {}
        }
        Ok(())
    }

    /// Whether it shows another state than that of a connection.
    fn refuses(&self, front: u32) -> bool {
        self.options.states.contains_key(&front)
    }

    fn connect(&mut self) -> io::Result<()> {
        let order = self.front_number("ring-page-order")?.unwrap_or(0);
        let names = match self.front_number("ring-page-order")? {
            None => vec!["ring-ref".to_string()],
            Some(_) => (0..1 << order).map(|i| format!("ring-ref{i}")).collect(),
        };
        let mut references = Vec::new();
        for name in &names {
            references.extend(self.front_number(name)?);
        }
        let port = self.front_number("event-channel")?;
        let (Some(port), true) = (port, references.len() == names.len()) else {
            return Err(io::Error::other("the front-end has no ring or no port"));
        };
        let offered = ("feature-persistent".to_string(), "1".to_string());
        let persistent = self.options.keys.contains(&offered)
            && self.front_number("feature-persistent")? == Some(1);
        let pages = names.len();
        say(
            self.options.device,
            &format!("connected: pages {pages}, persistent {persistent}"),
        );
        // Once: Linux does not get over a back-end that keeps its pages.
        let keeps = self.options.fault == Some(Fault::Keep) && self.kept.is_empty();
        self.connection = Some(Connection::new(
            &self.gntdev,
            &self.options,
            &references,
            port,
            persistent,
            keeps,
        )?);
        let sectors = self.sectors()?;
        let usual = [
            ("sectors", &sectors[..]),
            ("sector-size", "512"),
            ("info", "0"),
        ];
        for (key, value) in usual {
            self.write_back(key, value)?;
        }
        for (key, value) in self.options.keys.clone() {
            self.write_back(&key, &value)?;
        }
        self.state = CONNECTED;
        Ok(())
    }

    /// Shows our state, or what the line says instead.
    fn show_state(&mut self, front: u32) -> io::Result<()> {
        let mut text = match self.options.states.get(&front) {
            Some(text) => text.clone(),
            None => self.state.to_string(),
        };
        if self.is_restless() && front != INITIALISING {
            self.ticks += 1;
            text = ["5", "7", "8", "3"][self.ticks % 4].to_string();
        }
        if self.shown.as_ref() != Some(&text) {
            match text.as_str() {
                "none" => self.store.remove(&format!("{}/state", self.back))?,
                _ => self.write_back("state", &text)?,
            }
            self.shown = Some(text);
        }
        Ok(())
    }

    fn is_restless(&self) -> bool {
        self.options.fault == Some(Fault::Restless)
    }

    fn sectors(&self) -> io::Result<String> {
        Ok((self.image.metadata()?.len() / SECTOR).to_string())
    }

    fn write_back(&mut self, key: &str, value: &str) -> io::Result<()> {
        if self.options.missing.iter().any(|name| name == key) {
            return Ok(());
        }
        self.store.write(&format!("{}/{key}", self.back), value)
    }

    /// The front-end's state; nothing if it is gone.
    fn front_state(&mut self) -> io::Result<Option<u32>> {
        self.front_number("state")
    }

    fn front_number(&mut self, key: &str) -> io::Result<Option<u32>> {
        let text = self.store.read(&format!("{}/{key}", self.front))?;
        text.map(|text| number(&text).map_err(io::Error::other))
            .transpose()
    }
}
