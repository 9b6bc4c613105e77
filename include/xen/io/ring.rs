// SPDX-License-Identifier: GPL-2.0-or-later
//! Request rings, as byte offsets in their first page; source: `io/ring.h`.

/// `req_prod`
pub const REQ_PROD: usize = 0;
/// `req_event`
pub const REQ_EVENT: usize = 4;
/// `rsp_prod`
pub const RSP_PROD: usize = 8;
/// `rsp_event`
pub const RSP_EVENT: usize = 12;
/// The slots.
pub const SLOTS: usize = 64;
