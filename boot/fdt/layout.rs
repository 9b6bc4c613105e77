// SPDX-License-Identifier: GPL-2.0-or-later
//! The order of a tree's blocks, and its size.

use super::*;
use alloc::vec::Vec;

impl Fdt<'_> {
    /// A copy on the heap, with the room that the tree has.
    ///
    /// # Errors
    /// [`FdtError::NoSpace`] if the heap is too small.
    pub fn to_vec(self) -> Result<Vec<u8>, FdtError> {
        let mut copy = zeroed(self.bytes().len())?;
        copy.copy_from_slice(self.bytes());
        Ok(copy)
    }

    /// A copy on the heap without room: `totalsize` may be anything.
    ///
    /// # Errors
    /// As [`Fdt::to_vec`].
    pub fn packed(self) -> Result<Vec<u8>, FdtError> {
        let blocks = add(self.field(SIZE_STRUCT), self.field(SIZE_STRINGS))?;
        let before = add(HEADER_LEN, reservations_len(self)?)?;
        let mut copy = zeroed(add(before, blocks)?)?;
        open_into(self, &mut copy)?;
        Ok(copy)
    }
}

/// Bytes on the heap for a tree that becomes so large.
///
/// # Errors
/// [`FdtError::NoSpace`] if the heap is too small.
pub fn zeroed(len: usize) -> Result<Vec<u8>, FdtError> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(len)
        .map_err(|_| FdtError::NoSpace)?;
    bytes.resize(len, 0);
    Ok(bytes)
}

/// Copies a tree into `target`, all of which becomes its `totalsize`, with the
/// blocks in the order in which they can grow.
///
/// # Errors
/// [`FdtError::NoSpace`] if the target is too small.
pub fn open_into(source: Fdt<'_>, target: &mut [u8]) -> Result<(), FdtError> {
    let block = |offset, len| {
        let start = source.field(offset);
        source
            .bytes()
            .get(start..start.saturating_add(len))
            .ok_or(FdtError::BadStructure)
    };
    let reservations = block(OFF_RESERVATIONS, reservations_len(source)?)?;
    let structure = block(OFF_STRUCT, source.field(SIZE_STRUCT))?;
    let strings = block(OFF_STRINGS, source.field(SIZE_STRINGS))?;
    let off_struct = add(HEADER_LEN, reservations.len())?;
    let off_strings = add(off_struct, structure.len())?;
    let used = add(off_strings, strings.len())?;
    let (total, rest) = (
        target.len(),
        target.get_mut(..used).ok_or(FdtError::NoSpace)?,
    );
    let header = [
        MAGIC,
        to_u32(total)?,
        to_u32(off_struct)?,
        to_u32(off_strings)?,
        HEADER_LEN as u32,
        SUPPORTED_VERSION,
        to_u32(source.field(LAST_COMPATIBLE))?,
        to_u32(source.field(BOOT_CPU))?,
        to_u32(strings.len())?,
        to_u32(structure.len())?,
    ];
    let header = header.map(u32::to_be_bytes);
    let mut rest = rest;
    for block in [header.as_flattened(), reservations, structure, strings] {
        let (place, next) = rest
            .split_at_mut_checked(block.len())
            .ok_or(FdtError::NoSpace)?;
        place.copy_from_slice(block);
        rest = next;
    }
    if let Some(spare) = target.get_mut(used..) {
        spare.fill(0);
    }
    Ok(())
}

/// Changes `totalsize` in a header; the bytes must be there.
pub fn set_totalsize(header: &mut [u8], size: u32) {
    if let Some(place) = header.get_mut(4..8) {
        place.copy_from_slice(&size.to_be_bytes());
    }
}

/// Bytes of the reservation block, its end included.
pub(super) fn reservations_len(fdt: Fdt<'_>) -> Result<usize, FdtError> {
    add(fdt.reservations().count(), 1)?
        .checked_mul(RESERVATION)
        .ok_or(FdtError::BadStructure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fdt::testing::xen_guest;

    #[test]
    fn room_is_not_copied_where_it_is_of_no_use() {
        let small = xen_guest();
        let mut large = zeroed(1 << 20).unwrap();
        open_into(Fdt::new(&small).unwrap(), &mut large).unwrap();
        let large = Fdt::new(&large).unwrap();
        let packed = large.packed().unwrap();
        assert!(packed.len() <= small.len());
        assert_eq!(large.to_vec().unwrap().len(), 1 << 20);
        let names = |fdt: Fdt| -> Vec<_> { fdt.nodes().map(|(_, node)| node.offset()).collect() };
        assert_eq!(names(Fdt::new(&packed).unwrap()), names(large));
    }

    #[test]
    fn what_the_heap_does_not_hold_is_an_error() {
        assert_eq!(zeroed(usize::MAX), Err(FdtError::NoSpace));
    }
}
