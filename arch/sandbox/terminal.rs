// SPDX-License-Identifier: GPL-2.0-or-later
//! The terminal: raw while the loader runs, as it was at every end.
//!
//! An end is `exit`, a signal or an abort; a process that is stopped by Ctrl-Z
//! also leaves the terminal as it was. Handlers only call what a handler may.

use libc::c_int;
use rustix::termios::{
    ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, Termios, tcgetattr,
    tcsetattr,
};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is done with the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Each key comes as it is pressed, but Ctrl-C ends the process.
    #[default]
    RawWithSignals,
    /// Each key comes as it is pressed.
    Raw,
    /// It stays as it is.
    Cooked,
}

impl Mode {
    /// The mode of a name.
    pub(crate) fn parse(name: &str) -> Result<Mode, &'static str> {
        match name {
            "raw-with-sigs" => Ok(Mode::RawWithSignals),
            "raw" => Ok(Mode::Raw),
            "cooked" => Ok(Mode::Cooked),
            _ => Err("the terminal modes are raw-with-sigs, raw and cooked"),
        }
    }
}

/// The terminal's settings at the start, and ours.
static SETTINGS: OnceLock<(Termios, Termios)> = OnceLock::new();
static IS_RAW: AtomicBool = AtomicBool::new(false);

/// The signals that end a process, unless it says otherwise.
const FATAL: [c_int; 11] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGSEGV,
    libc::SIGPIPE,
    libc::SIGTERM,
];

/// Those that are exceptions of the processor.
const EXCEPTIONS: [(c_int, &str); 5] = [
    (libc::SIGILL, "Illegal instruction"),
    (libc::SIGTRAP, "Breakpoint"),
    (libc::SIGBUS, "Bus error"),
    (libc::SIGFPE, "Arithmetic exception"),
    (libc::SIGSEGV, "Segmentation violation"),
];

/// Takes the terminal, if the standard input is one, and all signals.
///
/// With `report`, exceptions end in a message and an orderly end.
pub fn setup(mode: Mode, report: bool) {
    for signal in FATAL {
        let is_exception = EXCEPTIONS.iter().any(|(number, _)| *number == signal);
        handle(
            signal,
            if report && is_exception {
                on_exception
            } else {
                on_fatal
            },
        );
    }
    if mode == Mode::Cooked {
        return;
    }
    let Ok(before) = tcgetattr(rustix::stdio::stdin()) else {
        return;
    };
    let mut raw = before.clone();
    raw.input_modes = InputModes::IGNBRK | InputModes::IGNPAR;
    raw.output_modes = OutputModes::OPOST | OutputModes::ONLCR;
    raw.control_modes |= ControlModes::CS8 | ControlModes::CREAD | ControlModes::CLOCAL;
    raw.local_modes = match mode {
        Mode::RawWithSignals => LocalModes::ISIG,
        _ => LocalModes::empty(),
    };
    if SETTINGS.set((before, raw)).is_ok() {
        // SAFETY: the function may be called at any exit.
        unsafe { libc::atexit(restore) };
        handle(libc::SIGTSTP, on_stop);
        make_raw();
    }
}

/// Makes the terminal what it was at the start; no harm if it is so already.
pub extern "C" fn restore() {
    if IS_RAW.swap(false, Ordering::SeqCst)
        && let Some((before, _)) = SETTINGS.get()
    {
        // A terminal that is gone needs nothing.
        _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, before);
    }
}

fn make_raw() {
    if let Some((_, raw)) = SETTINGS.get() {
        let set = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, raw);
        IS_RAW.store(set.is_ok(), Ordering::SeqCst);
    }
}

/// Installs a handler, unless whoever started the process has the signal ignored.
fn handle(signal: c_int, handler: extern "C" fn(c_int)) {
    // SAFETY: the structures are all zeros or filled in; the handlers call only
    // functions that a handler may, and use the alternate stack that the
    // runtime made, because the usual one may be what failed.
    unsafe {
        let mut old: libc::sigaction = core::mem::zeroed();
        libc::sigaction(signal, core::ptr::null(), &mut old);
        // The runtime itself ignores SIGPIPE.
        if old.sa_sigaction == libc::SIG_IGN && signal != libc::SIGPIPE {
            return;
        }
        let mut new: libc::sigaction = core::mem::zeroed();
        new.sa_sigaction = handler as usize;
        new.sa_flags = libc::SA_ONSTACK | libc::SA_RESTART;
        libc::sigaction(signal, &new, core::ptr::null_mut());
    }
}

extern "C" fn on_fatal(signal: c_int) {
    restore();
    // SAFETY: a handler may call both; the signal comes again when this one returns.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

extern "C" fn on_stop(_signal: c_int) {
    let was_raw = IS_RAW.load(Ordering::SeqCst);
    restore();
    // SAFETY: a handler may call it. It returns when the process goes on.
    unsafe { libc::raise(libc::SIGSTOP) };
    if was_raw {
        make_raw();
    }
}

/// Says what it was, then ends or starts again as U-Boot's sandbox does.
extern "C" fn on_exception(signal: c_int) {
    let name = EXCEPTIONS.iter().find(|(number, _)| *number == signal);
    let write = |text: &str| _ = rustix::io::write(rustix::stdio::stdout(), text.as_bytes());
    write("\n");
    write(name.map_or("Exception", |(_, name)| name));
    write("\n\n");
    restore();
    if cfg!(CONFIG_SANDBOX_CRASH_RESET) {
        write("resetting ...\n\n");
        // SAFETY: all zeros is a set of signals; the next program must not find this one blocked.
        unsafe {
            let mut all: libc::sigset_t = core::mem::zeroed();
            libc::sigfillset(&mut all);
            libc::sigprocmask(libc::SIG_UNBLOCK, &all, core::ptr::null_mut());
        }
        super::reset();
    }
    // SAFETY: ends the process at once.
    unsafe { libc::_exit(0) }
}
