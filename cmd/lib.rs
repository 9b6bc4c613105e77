// SPDX-License-Identifier: GPL-2.0-or-later
//! cmd
#![no_std]
