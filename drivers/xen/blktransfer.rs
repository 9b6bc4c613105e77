// SPDX-License-Identifier: GPL-2.0-or-later
//! What of a transfer the next request of a disk asks for.

use crate::xen::blkreq::{Piece, Request};
use alloc::vec::Vec;
use arch::time::Deadline;
use common::Error;
use include::xen::io::blkif::{OP_READ, SECTOR};

/// Bytes of a sector, as a length in memory.
const SECTOR_LEN: usize = SECTOR as usize;
/// Sectors that are read although nobody wants them, if that saves a request.
const GAP_SECTORS: u64 = 16;

/// A transfer, and how far it is.
pub struct Transfer<'a, 'b> {
    /// What is done with the pieces: `OP_READ` or `OP_WRITE`, say.
    pub op: u8,
    /// What is transferred, in the order of the disk.
    pub pieces: &'a [Piece<'b>],
    /// The piece that is asked for next, and from which byte on.
    next: (usize, usize),
    /// What was asked for in a way that the back-end turned out not to know.
    again: Vec<Span>,
    /// Why no more is asked for.
    pub error: Option<Error>,
    /// When the back-end is given up, unless it answers.
    pub deadline: Deadline,
    /// After Ctrl-C: when it is given up in any case.
    pub end: Option<Deadline>,
}

/// What a request asks for.
#[derive(Clone, Copy)]
pub struct Span {
    /// The first sector.
    pub sector: u64,
    /// Bytes.
    pub len: usize,
    /// The first piece of the transfer that it belongs to.
    pub first_piece: usize,
}

impl<'a, 'b> Transfer<'a, 'b> {
    /// A transfer of which nothing was asked for yet.
    pub fn new(op: u8, pieces: &'a [Piece<'b>], deadline: Deadline) -> Transfer<'a, 'b> {
        Transfer {
            op,
            pieces,
            next: (0, 0),
            again: Vec::new(),
            error: None,
            deadline,
            end: None,
        }
    }

    /// What the next request asks for, of at most `most` bytes.
    ///
    /// Pieces that follow each other on the disk share a request; a read also
    /// takes a few sectors between them that nobody wants.
    pub fn span(&self, most: usize) -> Option<Span> {
        if let Some(span) = self.again.last() {
            let len = span.len.min(most);
            return Some(Span { len, ..*span });
        }
        let (index, offset) = self.next;
        let mut rest = self.pieces.get(index..)?.iter();
        let first = rest.next()?;
        let sector = first.sector + (offset / SECTOR_LEN) as u64;
        let gap = if self.op == OP_READ { GAP_SECTORS } else { 0 };
        let mut len = first.buffer.len() - offset;
        for piece in rest {
            let end = sector + (len / SECTOR_LEN) as u64;
            let unwanted = piece.sector.checked_sub(end).filter(|&n| n <= gap);
            let Some(unwanted) = unwanted.filter(|_| len < most) else {
                break;
            };
            len += unwanted as usize * SECTOR_LEN + piece.buffer.len();
        }
        Some(Span {
            sector,
            len: len.min(most),
            first_piece: index,
        })
    }

    /// Notes that the next `len` bytes of the disk, as of [`Transfer::span`], are asked for.
    pub fn advance(&mut self, len: usize) {
        if let Some(span) = self.again.last_mut() {
            span.sector += (len / SECTOR_LEN) as u64;
            span.len -= len;
            self.again.pop_if(|span| span.len == 0);
            return;
        }
        let (mut index, mut offset) = self.next;
        let mut left = len;
        while let Some(piece) = self.pieces.get(index).filter(|_| left > 0) {
            let count = left.min(piece.buffer.len() - offset);
            (offset, left) = (offset + count, left - count);
            if offset < piece.buffer.len() {
                break;
            }
            let end = piece.sector + (offset / SECTOR_LEN) as u64;
            (index, offset) = (index + 1, 0);
            let next = self.pieces.get(index).map_or(end, |piece| piece.sector);
            left = left.saturating_sub(next.saturating_sub(end) as usize * SECTOR_LEN);
        }
        self.next = (index, offset);
    }

    /// Notes that a request has to be made in another way.
    pub fn ask_again(&mut self, request: &Request) {
        if self.again.try_reserve(1).is_err() {
            return self.fail(Error::NoMemory);
        }
        self.again.push(Span {
            sector: request.sector,
            len: request.len,
            first_piece: request.first_piece,
        });
    }

    /// Keeps the error of the lowest sector.
    pub fn fail(&mut self, error: Error) {
        self.error = match (self.error, error) {
            (Some(Error::Io(old)), Error::Io(new)) => Some(Error::Io(old.min(new))),
            (Some(old), _) => Some(old),
            (None, new) => Some(new),
        };
    }
}
