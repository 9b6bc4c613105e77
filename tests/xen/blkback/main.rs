// SPDX-License-Identifier: GPL-2.0-or-later
//! A back-end of Xen's disks for tests, which runs in Domain-0 and serves an
//! image to a guest over the plain device files of Linux.
//!
//! `blkback FILE` serves a disk for each line of a file. It makes the XenStore
//! directories of both ends itself, so that neither the toolstack nor Linux's
//! own back-end knows of the disk, and then either keeps to the rules or breaks
//! one on purpose:
//!
//! - [`options`]: a line, and what each of its words means
//! - [`device`]: the directories and the states
//! - [`connection`]: the ring, once connected, and its requests
//! - [`fault`]: what is done to responses and pages instead of what the rules ask for
//! - [`protocol`]: the wire format, read from Xen's headers by itself, so that an
//!   error in the loader's definitions does not cancel out here
//! - [`page`]: `blkback page` instead spoils the page of the guest's console or of its XenStore
//! - [`store`], [`grants`], [`events`]: `/dev/xen/xenbus`, `gntdev`, `evtchn`
//!
//! Implements `xen/include/public/io/blkif.h`.
#![deny(unsafe_code)]

mod connection;
mod device;
mod events;
mod fault;
mod grants;
mod options;
mod page;
mod protocol;
mod ring;
mod store;

use std::process::ExitCode;
use std::thread;

use crate::device::Device;
use crate::options::Options;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.split_first() {
        Some((word, rest)) if word == "page" => page::run(rest),
        Some((path, [])) => read_lines(path).and_then(serve),
        _ => Err("FILE, or page DOMAIN REFERENCE [OFFSET BYTES]...".to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("blkback: {message}");
            ExitCode::FAILURE
        }
    }
}

fn read_lines(path: &str) -> Result<Vec<Options>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    text.lines().map(Options::parse).collect()
}

/// Serves all disks, each by a thread, until all guests are gone.
fn serve(disks: Vec<Options>) -> Result<(), String> {
    let start = |options: Options| thread::spawn(move || report(options));
    let threads: Vec<_> = disks.into_iter().map(start).collect();
    for thread in threads {
        thread.join().map_err(|_| "a disk's thread has panicked")?;
    }
    Ok(())
}

fn report(options: Options) {
    let number = options.device;
    match Device::create(options).and_then(|mut device| device.run()) {
        Ok(()) => say(number, "ended"),
        Err(error) => say(number, &format!("ERROR: {error}")),
    }
}

/// Tells the test something about a disk.
fn say(device: u64, text: &str) {
    println!("{device}: {text}");
}
