// SPDX-License-Identifier: GPL-2.0-or-later
//! States of a split driver's end; source: `io/xenbus.h`.

/// A state, as XenStore holds it: any number may come from the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State(pub u32);

#[allow(missing_docs)]
impl State {
    pub const UNKNOWN: State = State(0);
    pub const INITIALISING: State = State(1);
    pub const INIT_WAIT: State = State(2);
    pub const INITIALISED: State = State(3);
    pub const CONNECTED: State = State(4);
    pub const CLOSING: State = State(5);
    pub const CLOSED: State = State(6);
    pub const RECONFIGURING: State = State(7);
    pub const RECONFIGURED: State = State(8);
}
