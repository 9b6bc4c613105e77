// SPDX-License-Identifier: GPL-2.0-or-later
//! Block devices that are no hardware.

include!(concat!(env!("OUT_DIR"), "/modules-block.rs"));
