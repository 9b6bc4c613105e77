// SPDX-License-Identifier: GPL-2.0-or-later
//! Processors.

include!(concat!(env!("OUT_DIR"), "/modules-cpu.rs"));
