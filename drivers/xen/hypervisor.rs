// SPDX-License-Identifier: GPL-2.0-or-later
//! What is asked of Xen. The real one makes hypercalls; tests have one that
//! plays Xen and the back-ends.

use crate::xen::shared::Shared;
use alloc::vec::Vec;
use common::Result;

/// The services of the hypervisor.
pub trait Hypervisor: Send + Sync {
    /// Xen's version: major, minor.
    fn version(&self) -> (u32, u32);

    /// A text of Xen's about itself, up to its end; see `include::xen::version`.
    ///
    /// # Errors
    /// If Xen refuses.
    fn version_text(&self, query: u64) -> Result<Vec<u8>>;

    /// The first 32 features; see `include::xen::version::FEATURES`.
    ///
    /// # Errors
    /// If Xen refuses.
    fn features(&self) -> Result<u32>;

    /// Bytes in a page of Xen's interface.
    fn page_size(&self) -> u32;

    /// A parameter of this domain; see `include::xen::hvm`.
    ///
    /// # Errors
    /// If Xen refuses.
    fn hvm_param(&self, index: u32) -> Result<u64>;

    /// Maps a page that Xen or the toolstack has set up for this domain.
    ///
    /// # Errors
    /// If it cannot be mapped.
    fn map_frame(&self, frame: u64) -> Result<Shared>;

    /// Maps a frame of the grant table, growing the table if it has fewer.
    ///
    /// # Errors
    /// If the table cannot grow so far.
    fn map_grant_frame(&self, index: u32) -> Result<Shared>;

    /// The frames that the grant table had at first.
    fn grant_frames(&self) -> u32;

    /// The most frames the grant table may have.
    fn max_grant_frames(&self) -> u32;

    /// Allocates an event port that domain `remote` may bind to.
    ///
    /// # Errors
    /// If there are no more.
    fn alloc_unbound(&self, remote: u16) -> Result<u32>;

    /// Closes an event port.
    fn close_port(&self, port: u32);

    /// Notifies the other end of a port.
    fn notify(&self, port: u32);

    /// Whether the other end has notified; forgets it.
    fn take_pending(&self, port: u32) -> bool;

    /// Gives the processor away until a port is notified or the time, in
    /// microseconds, is over. May return early.
    fn wait(&self, port: u32, timeout_us: u64);

    /// Gives back the pages of Xen's that were mapped, before an operating
    /// system starts, which can map them only once.
    fn unmap_all(&self) -> Result<()>;
}
