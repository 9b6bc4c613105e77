// SPDX-License-Identifier: GPL-2.0-or-later
//! Drivers of consoles and serial ports.

include!(concat!(env!("OUT_DIR"), "/modules-serial.rs"));
