// SPDX-License-Identifier: GPL-2.0-or-later
//! Helpers of the host integration tests.

pub mod arguments;
pub mod fsimage;
pub mod image;
pub mod machine;
pub mod random;
pub mod tool;
