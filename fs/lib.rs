// SPDX-License-Identifier: GPL-2.0-or-later
//! fs
#![no_std]
