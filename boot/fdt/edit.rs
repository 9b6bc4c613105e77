// SPDX-License-Identifier: GPL-2.0-or-later
//! Editing a device tree where it is.
//!
//! Each change moves what follows it inside the tree's `totalsize` and keeps
//! the tree well-formed; one that does not fit changes nothing. An offset of a
//! node is good until something before that node changes, as in libfdt.

use super::layout::reservations_len;
use super::read::Token;
use super::*;
use alloc::vec::Vec;

/// A device tree that can be changed.
pub struct FdtMut<'a> {
    /// Exactly `totalsize` bytes.
    blob: &'a mut [u8],
}

impl<'a> FdtMut<'a> {
    /// The tree at the start of `bytes`.
    ///
    /// # Errors
    /// As [`Fdt::new`]; [`FdtError::BadLayout`] if the blocks are not in the
    /// order in which they can grow: [`open_into`] puts them so.
    pub fn new(bytes: &'a mut [u8]) -> Result<FdtMut<'a>, FdtError> {
        let fdt = Fdt::new(bytes)?;
        let total = fdt.bytes().len();
        let reservations = add(fdt.field(OFF_RESERVATIONS), reservations_len(fdt)?)?;
        let structure = add(fdt.field(OFF_STRUCT), fdt.field(SIZE_STRUCT))?;
        if fdt.field(OFF_STRUCT) < reservations || fdt.field(OFF_STRINGS) < structure {
            return Err(FdtError::BadLayout);
        }
        Ok(FdtMut {
            blob: bytes.get_mut(..total).ok_or(FdtError::Truncated)?,
        })
    }

    /// The tree, to be read.
    pub fn fdt(&self) -> Fdt<'_> {
        Fdt { blob: self.blob }
    }

    /// The offset of the node at a path; see [`Fdt::find`].
    ///
    /// # Errors
    /// As [`Fdt::find`].
    pub fn find(&self, path: &str) -> Result<usize, FdtError> {
        Ok(self.fdt().find(path)?.offset())
    }

    /// Sets a property of a node; a new one becomes its first.
    ///
    /// # Errors
    /// [`FdtError::NoSpace`]; [`FdtError::BadValue`] if the name cannot be one.
    pub fn set_property(&mut self, node: usize, name: &str, value: &[u8]) -> Result<(), FdtError> {
        let len = to_u32(value.len())?;
        let room = align(value.len())?;
        let at = match self.property_place(node, name) {
            Some((at, old)) => {
                self.splice(add(at, PROP_HEADER)?, align(old)?, room)?;
                at
            }
            None => self.insert_property(node, name, room)?,
        };
        self.put(add(at, 4)?, &len.to_be_bytes());
        let start = add(at, PROP_HEADER)?;
        self.put(start, value);
        let padding = room.saturating_sub(value.len());
        self.put(
            add(start, value.len())?,
            [0; TOKEN].get(..padding).unwrap_or(&[]),
        );
        Ok(())
    }

    /// The bytes of a property, to be changed in place.
    pub fn value_mut(&mut self, node: usize, name: &str) -> Option<&mut [u8]> {
        let (at, len) = self.property_place(node, name)?;
        let start = self
            .fdt()
            .field(OFF_STRUCT)
            .checked_add(at)?
            .checked_add(PROP_HEADER)?;
        self.blob.get_mut(start..start.checked_add(len)?)
    }

    /// Deletes a property of a node.
    ///
    /// # Errors
    /// [`FdtError::NotFound`] if it has none of that name.
    pub fn delete_property(&mut self, node: usize, name: &str) -> Result<(), FdtError> {
        let (at, len) = self.property_place(node, name).ok_or(FdtError::NotFound)?;
        self.splice(at, add(PROP_HEADER, align(len)?)?, 0)
    }

    /// Adds a child to a node, before its other children, and gives its offset.
    ///
    /// # Errors
    /// [`FdtError::Exists`]; [`FdtError::NoSpace`]; [`FdtError::BadValue`] if
    /// the name cannot be one.
    pub fn add_node(&mut self, parent: usize, name: &str) -> Result<usize, FdtError> {
        if name.is_empty() || name.contains(['/', '\0']) {
            return Err(FdtError::BadValue);
        }
        let fdt = self.fdt();
        if Node::at(fdt, parent)
            .children()
            .any(|child| child.name() == name)
        {
            return Err(FdtError::Exists);
        }
        if fdt
            .nodes()
            .any(|(depth, node)| node.offset() == parent && depth.saturating_add(1) >= MAX_DEPTH)
        {
            return Err(FdtError::NoSpace);
        }
        let (_, mut at) = fdt.token(parent)?;
        while let (Token::Property(_) | Token::Nop, next) = fdt.token(at)? {
            at = next;
        }
        let text = align(add(name.len(), 1)?)?;
        let size = add(text, TOKEN.saturating_mul(2))?;
        self.splice(at, 0, size)?;
        let mut node = Vec::with_capacity(size);
        node.extend(BEGIN_NODE.to_be_bytes());
        node.extend(name.as_bytes());
        node.resize(add(text, TOKEN)?, 0);
        node.extend(END_NODE.to_be_bytes());
        self.put(at, &node);
        Ok(at)
    }

    /// The child of a node with exactly this name, which is added if there is none.
    ///
    /// # Errors
    /// As [`FdtMut::add_node`].
    pub fn find_or_add_node(&mut self, parent: usize, name: &str) -> Result<usize, FdtError> {
        let found = Node::at(self.fdt(), parent)
            .children()
            .find(|child| child.name() == name);
        match found.map(Node::offset) {
            Some(offset) => Ok(offset),
            None => self.add_node(parent, name),
        }
    }

    /// Deletes a node with all that is in it.
    ///
    /// # Errors
    /// [`FdtError::BadValue`] for the root.
    pub fn delete_node(&mut self, node: usize) -> Result<(), FdtError> {
        let fdt = self.fdt();
        if node == fdt.root().offset() {
            return Err(FdtError::BadValue);
        }
        let (mut offset, mut depth) = (node, 0usize);
        loop {
            let (token, next) = fdt.token(offset)?;
            offset = next;
            match token {
                Token::Begin(_) => depth = add(depth, 1)?,
                Token::EndNode => depth = depth.checked_sub(1).ok_or(FdtError::BadStructure)?,
                Token::Property(_) | Token::Nop => {}
                Token::End => return Err(FdtError::BadStructure),
            }
            if depth == 0 {
                break;
            }
        }
        self.splice(node, offset.saturating_sub(node), 0)
    }

    /// Adds a memory reservation at the end of the list.
    ///
    /// # Errors
    /// [`FdtError::NoSpace`]; [`FdtError::BadValue`] for an entry that would end the list.
    pub fn add_reservation(&mut self, entry: Reservation) -> Result<(), FdtError> {
        if entry == (Reservation { start: 0, size: 0 }) {
            return Err(FdtError::BadValue);
        }
        let fdt = self.fdt();
        let len = reservations_len(fdt)?.saturating_sub(RESERVATION);
        let at = add(fdt.field(OFF_RESERVATIONS), len)?;
        self.splice_blob(at, 0, RESERVATION)?;
        self.grow_field(OFF_STRUCT, 0, RESERVATION)?;
        self.grow_field(OFF_STRINGS, 0, RESERVATION)?;
        self.put_blob(at, &entry.start.to_be_bytes());
        self.put_blob(add(at, 8)?, &entry.size.to_be_bytes());
        Ok(())
    }

    /// Deletes the memory reservation at an index.
    ///
    /// # Errors
    /// [`FdtError::NotFound`] if there are not so many.
    pub fn delete_reservation(&mut self, index: usize) -> Result<(), FdtError> {
        let fdt = self.fdt();
        if index >= fdt.reservations().count() {
            return Err(FdtError::NotFound);
        }
        let at = add(
            fdt.field(OFF_RESERVATIONS),
            index.saturating_mul(RESERVATION),
        )?;
        self.splice_blob(at, RESERVATION, 0)?;
        self.grow_field(OFF_STRUCT, RESERVATION, 0)?;
        self.grow_field(OFF_STRINGS, RESERVATION, 0)
    }

    /// Sets the number of the boot processor.
    pub fn set_boot_cpu(&mut self, cpu: u32) {
        self.set_field(BOOT_CPU, cpu);
    }

    /// Takes over another state of this tree, of the same `totalsize`.
    pub(super) fn replace(&mut self, blob: &[u8]) {
        self.put_blob(0, blob);
    }

    /// Where a property begins in the structure block, and the length of its value.
    fn property_place(&self, node: usize, name: &str) -> Option<(usize, usize)> {
        let property = Node::at(self.fdt(), node)
            .properties()
            .find(|p| p.name == name)?;
        Some((property.offset, property.value.len()))
    }

    /// Makes room for a new first property, and writes its header but for the length.
    fn insert_property(&mut self, node: usize, name: &str, room: usize) -> Result<usize, FdtError> {
        if name.is_empty() || name.len() > NAME_MAX || name.contains('\0') {
            return Err(FdtError::BadValue);
        }
        let (_, at) = self.fdt().token(node)?;
        let size = add(PROP_HEADER, room)?;
        let known = find_string(self.fdt().strings(), name);
        let text = if known.is_some() {
            0
        } else {
            add(name.len(), 1)?
        };
        // Both changes fit, or none is made.
        if add(self.fdt().used(), add(size, text)?)? > self.blob.len() {
            return Err(FdtError::NoSpace);
        }
        let string = match known {
            Some(offset) => offset,
            None => self.append_string(name)?,
        };
        self.splice(at, 0, size)?;
        self.put(at, &PROP.to_be_bytes());
        self.put(add(at, 8)?, &to_u32(string)?.to_be_bytes());
        Ok(at)
    }

    fn append_string(&mut self, name: &str) -> Result<usize, FdtError> {
        let (end, offset) = (self.fdt().used(), self.fdt().field(SIZE_STRINGS));
        self.put_blob(end, name.as_bytes());
        self.put_blob(add(end, name.len())?, &[0]);
        self.grow_field(SIZE_STRINGS, 0, add(name.len(), 1)?)?;
        Ok(offset)
    }

    /// Replaces `old` bytes of the structure block by `new` ones, whose content is left to the caller.
    fn splice(&mut self, offset: usize, old: usize, new: usize) -> Result<(), FdtError> {
        self.splice_blob(add(self.fdt().field(OFF_STRUCT), offset)?, old, new)?;
        self.grow_field(SIZE_STRUCT, old, new)?;
        self.grow_field(OFF_STRINGS, old, new)
    }

    /// Moves everything behind `at + old` to `at + new`.
    fn splice_blob(&mut self, at: usize, old: usize, new: usize) -> Result<(), FdtError> {
        let (used, from, to) = (self.fdt().used(), add(at, old)?, add(at, new)?);
        let tail = used.checked_sub(from).ok_or(FdtError::BadStructure)?;
        if add(to, tail)? > self.blob.len() {
            return Err(FdtError::NoSpace);
        }
        self.blob.copy_within(from..used, to);
        Ok(())
    }

    fn put(&mut self, offset: usize, bytes: &[u8]) {
        self.put_blob(self.fdt().field(OFF_STRUCT).saturating_add(offset), bytes);
    }

    /// Writes to a place for which there is room.
    fn put_blob(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.blob.get_mut(at..at.saturating_add(bytes.len())) {
            place.copy_from_slice(bytes);
        }
    }

    fn grow_field(&mut self, index: usize, old: usize, new: usize) -> Result<(), FdtError> {
        let value = add(self.fdt().field(index), new)?
            .checked_sub(old)
            .ok_or(FdtError::BadStructure)?;
        self.set_field(index, to_u32(value)?);
        Ok(())
    }

    fn set_field(&mut self, index: usize, value: u32) {
        self.put_blob(index.saturating_mul(4), &value.to_be_bytes());
    }
}

/// Where a string, or a longer one that ends in it, is in a strings block.
fn find_string(strings: &[u8], name: &str) -> Option<usize> {
    let name = name.as_bytes();
    strings
        .windows(name.len().checked_add(1)?)
        .position(|window| {
            window
                .split_last()
                .is_some_and(|(last, text)| *last == 0 && text == name)
        })
}

#[cfg(test)]
mod tests;
