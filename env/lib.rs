// SPDX-License-Identifier: GPL-2.0-or-later
//! env
#![no_std]
