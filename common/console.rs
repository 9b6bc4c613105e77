// SPDX-License-Identifier: GPL-2.0-or-later
//! The console: where everything is printed and where keys come from.
//!
//! Before a serial device is probed, output is kept in a fixed buffer and
//! comes out, banner first, as soon as [`set_device`] is called. Input that
//! nobody has asked for yet stays in a bounded queue, so that looking for
//! Ctrl-C in the middle of a long command loses no other key.
//!
//! Devices that are [`register`]ed can be chosen by name with [`assign`]; input
//! and output can be different ones.

use crate::{Error, Result};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::fmt;
use heapless::{Deque, Vec};
use spin::Mutex;

/// A device that shows text and reads keys; the serial uclass implements it.
pub trait Terminal: Send + Sync {
    /// Writes all the bytes, waiting for room where that is needed.
    fn write(&self, bytes: &[u8]);
    /// The next byte of input, if there is one; never waits.
    fn read(&self) -> Option<u8>;
    /// Waits until there is input or the time in microseconds is over. May return early.
    fn wait(&self, timeout_us: u64);
    /// Waits until what was written has left the machine, but not for long.
    fn drain(&self) {}
    /// Whether no input will ever come any more, because all of it was read.
    fn ended(&self) -> bool {
        false
    }
}

/// Bytes of output kept until there is a device.
const EARLY_OUTPUT: usize = 8192;
/// Bytes of input kept until somebody asks; what does not fit stays in the device.
const TYPE_AHEAD: usize = 4096;
/// Bytes of a transcript; it keeps what came last.
const TRANSCRIPT: usize = 1024;
/// Bytes that are gathered for one write to the device.
const GATHERED: usize = 256;
/// Ctrl-C.
const ETX: u8 = 3;

/// What a console is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// Input.
    Stdin,
    /// Output.
    Stdout,
    /// Error messages; the loader prints them where all else goes.
    Stderr,
}

impl File {
    /// All of them.
    pub const ALL: [File; 3] = [File::Stdin, File::Stdout, File::Stderr];

    /// Its name, which is also that of the variable.
    pub fn name(self) -> &'static str {
        match self {
            File::Stdin => "stdin",
            File::Stdout => "stdout",
            File::Stderr => "stderr",
        }
    }
}

/// A device with its name; the name is empty if it was never registered.
#[derive(Clone)]
struct Named {
    name: String,
    device: Arc<dyn Terminal>,
}

struct Console {
    /// In the order of [`File::ALL`].
    files: [Option<Named>; 3],
    /// What can be chosen.
    devices: alloc::vec::Vec<Named>,
    early: Vec<u8, EARLY_OUTPUT>,
    input: Deque<u8, TYPE_AHEAD>,
    /// What was printed last, while somebody wants it.
    transcript: Option<alloc::vec::Vec<u8>>,
}

static CONSOLE: Mutex<Console> = Mutex::new(Console {
    files: [const { None }; 3],
    devices: alloc::vec::Vec::new(),
    early: Vec::new(),
    input: Deque::new(),
    transcript: None,
});

/// Makes `device` the console and prints what was printed so far.
pub fn set_device(device: Arc<dyn Terminal>) {
    let mut console = CONSOLE.lock();
    let mut known = console.devices.iter();
    let named = known.find(|known| Arc::ptr_eq(&known.device, &device));
    let named = named.cloned().unwrap_or(Named {
        name: String::new(),
        device,
    });
    for file in File::ALL {
        console.choose(file, named.clone());
    }
}

/// Takes the console away; output is buffered again until the next [`set_device`].
pub fn clear_device() {
    drain();
    CONSOLE.lock().files = [const { None }; 3];
}

/// Makes a device known by a name, which can then be chosen.
pub fn register(name: &str, device: Arc<dyn Terminal>) {
    let mut console = CONSOLE.lock();
    console.devices.retain(|known| known.name != name);
    console.devices.push(Named {
        name: name.to_string(),
        device,
    });
}

/// Forgets a device that goes. If it was the console, output is buffered again.
pub fn unregister(device: &Arc<dyn Terminal>) {
    device.drain();
    let mut console = CONSOLE.lock();
    let is_other = |known: &Named| !Arc::ptr_eq(&known.device, device);
    console.devices.retain(is_other);
    for file in &mut console.files {
        _ = file.take_if(|current| !is_other(current));
    }
}

/// The names of the devices that can be chosen, in the order in which they came.
pub fn devices() -> alloc::vec::Vec<String> {
    let console = CONSOLE.lock();
    console.devices.iter().map(|d| d.name.clone()).collect()
}

/// The name of the device that is used for this, if it has one.
pub fn chosen(file: File) -> Option<String> {
    let console = CONSOLE.lock();
    let current = console.files[file as usize].as_ref()?;
    (!current.name.is_empty()).then(|| current.name.clone())
}

/// Uses the device of this name.
///
/// # Errors
/// [`Error::NoDevice`] if there is none; nothing has changed then.
pub fn assign(file: File, name: &str) -> Result<()> {
    let mut console = CONSOLE.lock();
    let mut known = console.devices.iter();
    let named = known.find(|known| known.name == name).cloned();
    console.choose(file, named.ok_or(Error::NoDevice)?);
    Ok(())
}

/// Whether output is shown, not just kept until there is a device.
pub fn is_shown() -> bool {
    CONSOLE.lock().files[File::Stdout as usize].is_some()
}

/// Waits until all output has left the machine, as it must before a reset; never for long.
pub fn drain() {
    let device = CONSOLE.lock().device(File::Stdout);
    if let Some(device) = device {
        device.drain();
    }
}

/// Prints text; `\n` becomes `\r\n` as a terminal needs it.
pub fn puts(text: &str) {
    write_bytes(text.as_bytes());
}

/// Prints bytes, whatever their encoding; `\n` becomes `\r\n`.
pub fn write_bytes(bytes: &[u8]) {
    CONSOLE.lock().write(bytes);
}

/// Notes from now on what is printed, anew if it was noted before.
pub fn begin_transcript() {
    CONSOLE.lock().transcript = Some(alloc::vec::Vec::new());
}

/// The end of what was printed since [`begin_transcript`].
pub fn end_transcript() -> String {
    let bytes = CONSOLE.lock().transcript.take().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The next key, if one was pressed; never waits.
pub fn getc() -> Option<u8> {
    let mut console = CONSOLE.lock();
    console.poll();
    console.input.pop_front()
}

/// Waits for the next key, at most `timeout_us` microseconds.
pub fn getc_timeout(timeout_us: u64) -> Option<u8> {
    let deadline = arch::time::Deadline::after_us(timeout_us);
    loop {
        if let Some(key) = getc() {
            return Some(key);
        }
        let left = deadline.left_us();
        if left == 0 {
            return None;
        }
        let device = CONSOLE.lock().device(File::Stdin);
        match device {
            Some(device) => device.wait(left),
            None => return None,
        }
    }
}

/// Whether a key is waiting to be read.
pub fn tstc() -> bool {
    let mut console = CONSOLE.lock();
    console.poll();
    !console.input.is_empty()
}

/// Whether all input was read and no more will ever come.
pub fn ended() -> bool {
    let console = CONSOLE.lock();
    let device = console.device(File::Stdin);
    console.input.is_empty() && device.is_some_and(|device| device.ended())
}

/// Whether Ctrl-C was pressed. It and what was typed before it are dropped; keys typed after it stay.
pub fn ctrlc() -> bool {
    let mut console = CONSOLE.lock();
    console.poll();
    if !console.input.iter().any(|&key| key == ETX) {
        return false;
    }
    while console.input.pop_front().is_some_and(|key| key != ETX) {}
    true
}

/// For the panic and exception paths: makes the console usable even if the code that failed held it.
///
/// Only for a path that never returns to the interrupted code.
#[allow(unsafe_code)]
pub fn break_lock() {
    // SAFETY: there is one processor and the holder of the lock never runs again.
    unsafe { CONSOLE.force_unlock() }
}

impl Console {
    fn choose(&mut self, file: File, named: Named) {
        if file == File::Stdout {
            named.device.write(&self.early);
            self.early.clear();
        }
        self.files[file as usize] = Some(named);
    }

    fn device(&self, file: File) -> Option<Arc<dyn Terminal>> {
        let current = self.files[file as usize].as_ref();
        current.map(|named| named.device.clone())
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(transcript) = &mut self.transcript {
            let old = transcript.len().saturating_add(bytes.len());
            transcript.drain(..old.saturating_sub(TRANSCRIPT).min(transcript.len()));
            transcript.extend_from_slice(&bytes[bytes.len().saturating_sub(TRANSCRIPT)..]);
        }
        // Each byte may become two.
        for part in bytes.chunks(GATHERED) {
            let mut text: Vec<u8, { 2 * GATHERED }> = Vec::new();
            for &byte in part {
                if byte == b'\n' {
                    _ = text.push(b'\r');
                }
                _ = text.push(byte);
            }
            self.emit(&text);
        }
    }

    fn emit(&mut self, bytes: &[u8]) {
        match &self.files[File::Stdout as usize] {
            Some(named) => named.device.write(bytes),
            // The oldest text says most about a start that fails: what no longer fits is dropped.
            None => bytes.iter().for_each(|&byte| _ = self.early.push(byte)),
        }
    }

    fn poll(&mut self) {
        let Some(device) = self.device(File::Stdin) else {
            return;
        };
        while !self.input.is_full() {
            match device.read() {
                Some(key) => _ = self.input.push_back(key),
                None => break,
            }
        }
    }
}

/// Prints formatted text; what [`print!`](crate::print) and [`println!`](crate::println) call.
///
/// Its pieces are gathered, since each write may cost a device a call of the hypervisor.
pub fn print(text: fmt::Arguments) {
    let mut pieces = Pieces(Vec::new());
    // Only a value's own formatting could fail.
    _ = fmt::Write::write_fmt(&mut pieces, text);
    write_bytes(&pieces.0);
}

struct Pieces(Vec<u8, GATHERED>);

impl fmt::Write for Pieces {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.as_bytes().chunks(GATHERED) {
            if self.0.extend_from_slice(part).is_err() {
                write_bytes(&self.0);
                self.0.clear();
                _ = self.0.extend_from_slice(part);
            }
        }
        Ok(())
    }
}

/// Prints formatted text on the console.
#[macro_export]
macro_rules! print {
    ($($arg:tt)*) => { $crate::console::print(format_args!($($arg)*)) };
}

/// Prints formatted text and a newline on the console.
#[macro_export]
macro_rules! println {
    () => { $crate::console::puts("\n") };
    ($($arg:tt)*) => { $crate::console::print(format_args!("{}\n", format_args!($($arg)*))) };
}

#[cfg(test)]
mod tests;
