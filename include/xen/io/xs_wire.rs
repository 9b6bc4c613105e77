// SPDX-License-Identifier: GPL-2.0-or-later
//! XenStore's messages and ring; source: `io/xs_wire.h`.

/// Message types.
#[allow(missing_docs)]
pub mod op {
    pub const DIRECTORY: u32 = 1;
    pub const READ: u32 = 2;
    pub const WATCH: u32 = 4;
    pub const UNWATCH: u32 = 5;
    pub const TRANSACTION_START: u32 = 6;
    pub const TRANSACTION_END: u32 = 7;
    pub const WRITE: u32 = 11;
    pub const MKDIR: u32 = 12;
    pub const RM: u32 = 13;
    pub const WATCH_EVENT: u32 = 15;
    pub const ERROR: u32 = 16;
    pub const DIRECTORY_PART: u32 = 20;
}

/// Bytes of a header: type, request id, transaction id, payload length, 32 bits each.
pub const HEADER: usize = 16;
/// The most bytes of a payload.
pub const PAYLOAD_MAX: usize = 4096;

/// Bytes in each direction's ring.
pub const RING_SIZE: u32 = 1024;
/// Offset of the requests.
pub const REQ: usize = 0;
/// Offset of the responses.
pub const RSP: usize = 1024;
/// `req_cons`
pub const REQ_CONS: usize = 2048;
/// `req_prod`
pub const REQ_PROD: usize = 2052;
/// `rsp_cons`
pub const RSP_CONS: usize = 2056;
/// `rsp_prod`
pub const RSP_PROD: usize = 2060;
