// SPDX-License-Identifier: GPL-2.0-or-later
//! Device drivers; each registers itself with `dm`.
#![cfg_attr(not(test), no_std)]
