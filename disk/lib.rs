// SPDX-License-Identifier: GPL-2.0-or-later
//! disk
#![no_std]
