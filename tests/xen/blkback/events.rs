// SPDX-License-Identifier: GPL-2.0-or-later
//! `/dev/xen/evtchn`: event ports.
//!
//! Source: Linux, `include/uapi/xen/evtchn.h`.
#![allow(unsafe_code)] // Operations whose structures the compiler does not know.

use std::ffi::c_void;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl};

/// `IOCTL_EVTCHN_BIND_INTERDOMAIN` and `IOCTL_EVTCHN_NOTIFY`.
const BIND_INTERDOMAIN: Opcode = 8 << 16 | (b'E' as Opcode) << 8 | 1;
const NOTIFY: Opcode = 4 << 16 | (b'E' as Opcode) << 8 | 4;

/// A port that is bound to one of the guest's.
pub struct EventChannel {
    file: File,
    port: u32,
}

/// An operation on two words at most.
struct Operation {
    opcode: Opcode,
    words: [u32; 2],
}

// SAFETY: the words hold the structure that the operation reads.
unsafe impl Ioctl for Operation {
    type Output = u32;
    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        self.opcode
    }

    fn as_ptr(&mut self) -> *mut c_void {
        self.words.as_mut_ptr().cast()
    }

    unsafe fn output_from_ptr(out: IoctlOutput, _: *mut c_void) -> rustix::io::Result<u32> {
        Ok(out as u32)
    }
}

impl EventChannel {
    /// Binds to a port that `domain` has made for us.
    ///
    /// # Errors
    /// If there is no such port.
    pub fn bind(domain: u16, port: u32) -> io::Result<EventChannel> {
        let file = File::options()
            .read(true)
            .write(true)
            .open("/dev/xen/evtchn")?;
        let port = ask(&file, BIND_INTERDOMAIN, [domain.into(), port])?;
        Ok(EventChannel { file, port })
    }

    /// Sends an event.
    pub fn notify(&self) {
        _ = ask(&self.file, NOTIFY, [self.port, 0]);
    }

    /// Takes the event that there is, so that the next one comes.
    ///
    /// # Errors
    /// If that fails.
    pub fn take(&mut self) -> io::Result<()> {
        let mut port = [0; 4];
        self.file.read_exact(&mut port)?;
        self.file.write_all(&port)
    }
}

impl AsFd for EventChannel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn ask(file: &File, opcode: Opcode, words: [u32; 2]) -> io::Result<u32> {
    // SAFETY: the words are that operation's structure.
    Ok(unsafe { ioctl(file, Operation { opcode, words }) }?)
}
