// SPDX-License-Identifier: GPL-2.0-or-later
//! Xen: the hypervisor's services, and front-ends of para-virtual devices.
//!
//! From the bottom up, each file with one job:
//! - [`shared`]: memory that another domain can change at any time
//! - [`hypervisor`]: what is asked of Xen, as a trait; `hypercall` asks it
//! - [`events`], [`gnttab`]: event channels and grants, as owned values
//! - [`ring`]: the front-end's side of a request ring
//! - [`xenstream`], [`xenstore`], [`xenbus`]: the store's ring, the store, and the
//!   states of a device in it
//! - [`guest`]: what a user asks Xen and the store
//! - `blkconnect`, `blkleave`: the way to a disk's connection, of many at a time, and back
//! - `blkfront`, `blkqueue`, `blktransfer`, `blkreq`, `blkpool`, `blkdiscard`: a connected disk, its
//!   queue, what of a transfer is left, a request, its pages, what it can erase
//! - `patience`: how long a disk is waited for
//! - drivers: `bus` (the device tree's hypervisor node), `pvblock`
//!
//! Nothing here trusts what another domain wrote: see `doc/xen.md`.

pub mod blkconnect;
pub mod blkdiscard;
pub mod blkfront;
pub mod blkleave;
pub mod blkpool;
pub mod blkqueue;
pub mod blkreq;
pub mod blktransfer;
pub mod events;
pub mod gnttab;
pub mod guest;
#[cfg(target_os = "none")]
pub mod hypercall;
pub mod hypervisor;
pub mod patience;
pub mod ring;
pub mod services;
pub mod shared;
pub mod xenbus;
pub mod xenstore;
pub mod xenstream;

#[cfg(any(test, feature = "fake"))]
pub mod fake;
#[cfg(test)]
mod tests;

include!(concat!(env!("OUT_DIR"), "/modules-xen.rs"));
