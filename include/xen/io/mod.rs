// SPDX-License-Identifier: GPL-2.0-or-later
//! Para-virtual devices; source: `io/`.

pub mod blkif;
pub mod console;
pub mod ring;
pub mod xenbus;
pub mod xs_wire;
