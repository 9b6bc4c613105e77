// SPDX-License-Identifier: GPL-2.0-or-later
//! The ends of the process, which a test can catch to go on behind them.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How the machine was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By a restart.
    Reset,
    /// By turning it off.
    Poweroff,
    /// By an exception that was asked for.
    Fault,
}

std::thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Runs something; comes back, with the reason, also where it would have left the machine.
///
/// What was at work then is as after a panic. For tests: needs a program that unwinds.
///
/// # Errors
/// How the machine was left.
pub fn catch<T>(run: impl FnOnce() -> T) -> Result<T, Exit> {
    let outer = CAUGHT.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(run));
    CAUGHT.set(outer);
    outcome.map_err(|payload| match payload.downcast::<Exit>() {
        Ok(exit) => *exit,
        Err(panic) => resume_unwind(panic),
    })
}

/// Goes back to the [`catch`] that is at work on this thread, if one is.
pub(super) fn leave(exit: Exit) {
    if CAUGHT.get() {
        // No panic: nothing is reported.
        resume_unwind(Box::new(exit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    #[test]
    fn each_way_out_comes_back() {
        assert_eq!(catch(|| 5), Ok(5));
        assert_eq!(catch(|| crate::reset()), Err::<(), _>(Exit::Reset));
        assert_eq!(catch(|| crate::poweroff()), Err::<(), _>(Exit::Poweroff));
        let fault = catch(|| crate::raise(Fault::Undefined));
        assert_eq!(fault, Err::<(), _>(Exit::Fault));
        let outer: Result<(), Exit> = catch(|| {
            assert_eq!(catch(|| crate::reset()), Err::<(), _>(Exit::Reset));
            crate::poweroff()
        });
        assert_eq!(outer, Err(Exit::Poweroff));
    }

    #[test]
    fn a_panic_stays_one() {
        let outcome = catch_unwind(|| catch(|| resume_unwind(Box::new("a panic"))));
        let payload: Result<(), _> = outcome.map(|_: Result<(), _>| ());
        assert!(payload.unwrap_err().is::<&str>());
    }
}
