// SPDX-License-Identifier: GPL-2.0-or-later
//! The console page, as byte offsets; source: `io/console.h`.

/// Input, from the back-end.
pub const IN: usize = 0;
/// Its size.
pub const IN_SIZE: u32 = 1024;
/// Output, to the back-end.
pub const OUT: usize = 1024;
/// Its size.
pub const OUT_SIZE: u32 = 2048;
/// Consumer index of the input, ours.
pub const IN_CONS: usize = 3072;
/// Producer index of the input, the back-end's.
pub const IN_PROD: usize = 3076;
/// Consumer index of the output, the back-end's.
pub const OUT_CONS: usize = 3080;
/// Producer index of the output, ours.
pub const OUT_PROD: usize = 3084;
