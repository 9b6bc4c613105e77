// SPDX-License-Identifier: GPL-2.0-or-later
//! Reading a device tree.
//!
//! [`Fdt::new`] walks the whole tree once; whatever it lets pass can be read
//! without any further error. Nothing here recurses.

use super::*;
use alloc::string::String;
use alloc::vec::Vec;

/// A device tree that was checked.
#[derive(Clone, Copy)]
pub struct Fdt<'a> {
    /// Exactly `totalsize` bytes.
    pub(super) blob: &'a [u8],
}

/// An entry of the memory reservation block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Physical address.
    pub start: u64,
    /// Bytes.
    pub size: u64,
}

pub(super) enum Token<'a> {
    Begin(&'a str),
    EndNode,
    Property(Property<'a>),
    Nop,
    End,
}

impl<'a> Fdt<'a> {
    /// The tree at the start of `bytes`, which may be longer than it.
    ///
    /// # Errors
    /// If it is not a well-formed tree of version 17.
    pub fn new(bytes: &'a [u8]) -> Result<Fdt<'a>, FdtError> {
        let total = check_header(bytes)?;
        let fdt = Fdt {
            blob: bytes.get(..total).ok_or(FdtError::Truncated)?,
        };
        fdt.check_reservations()?;
        fdt.check_structure()?;
        Ok(fdt)
    }

    /// The bytes that it says it needs, from the first [`HEADER_LEN`] ones alone.
    ///
    /// # Errors
    /// If they are no header of a version 17 tree.
    pub fn size_from_header(header: &[u8]) -> Result<usize, FdtError> {
        check_header(header)
    }

    /// Its bytes, room for growth included.
    pub fn bytes(self) -> &'a [u8] {
        self.blob
    }

    /// Where in it a value is that was read from it.
    pub fn offset_of(self, value: &[u8]) -> Option<usize> {
        let offset = value
            .as_ptr()
            .addr()
            .checked_sub(self.blob.as_ptr().addr())?;
        (offset <= self.blob.len()).then_some(offset)
    }

    /// The bytes up to the end of its strings.
    pub fn used(self) -> usize {
        self.field(OFF_STRINGS)
            .saturating_add(self.field(SIZE_STRINGS))
    }

    /// A field of the header, by its position.
    pub fn field(self, index: usize) -> usize {
        header_field(self.blob, index).unwrap_or(0) as usize
    }

    /// The root node.
    pub fn root(self) -> Node<'a> {
        let mut offset = 0;
        while let Ok((Token::Nop, next)) = self.token(offset) {
            offset = next;
        }
        Node { fdt: self, offset }
    }

    /// The node at a path; one without a leading slash begins with an alias.
    /// Names may omit the unit address, then the first node that fits is taken.
    ///
    /// # Errors
    /// [`FdtError::BadPath`] if there is no such alias, [`FdtError::NotFound`].
    pub fn find(self, path: &str) -> Result<Node<'a>, FdtError> {
        let (mut node, rest) = match path.strip_prefix('/') {
            Some(rest) => (self.root(), rest),
            None => {
                let (alias, rest) = path.split_once('/').unwrap_or((path, ""));
                (self.alias(alias)?, rest)
            }
        };
        for name in rest.split('/').filter(|name| !name.is_empty()) {
            node = node.child(name).ok_or(FdtError::NotFound)?;
        }
        Ok(node)
    }

    fn alias(self, name: &str) -> Result<Node<'a>, FdtError> {
        let aliases = self.root().child("aliases");
        let target = aliases.and_then(|aliases| aliases.string(name));
        // An alias of an alias would be a way to go round in circles.
        let target = target.filter(|target| target.starts_with('/'));
        self.find(target.ok_or(FdtError::BadPath)?)
    }

    /// All nodes, parents first, with their depth (the root's is 0).
    pub fn nodes(self) -> impl Iterator<Item = (usize, Node<'a>)> {
        let mut depth = 0usize;
        self.root().entries().filter_map(move |entry| match entry {
            Entry::Begin(node) => {
                depth = depth.saturating_add(1);
                Some((depth.saturating_sub(1), node))
            }
            Entry::End => {
                depth = depth.saturating_sub(1);
                None
            }
            Entry::Property(_) | Entry::Nop => None,
        })
    }

    /// The node with a phandle.
    pub fn by_phandle(self, phandle: u32) -> Option<Node<'a>> {
        self.nodes()
            .map(|(_, node)| node)
            .find(|node| node.phandle() == Some(phandle))
    }

    /// The path of the node at an offset of this tree.
    pub fn path(self, offset: usize) -> Option<String> {
        let mut names: Vec<&str> = Vec::new();
        for (depth, node) in self.nodes() {
            names.truncate(depth);
            names.push(node.name());
            if node.offset == offset {
                let names = names.get(1..)?;
                return Some(if names.is_empty() {
                    "/".into()
                } else {
                    names.iter().flat_map(|n| ["/", n]).collect()
                });
            }
        }
        None
    }

    /// The memory reservations.
    pub fn reservations(self) -> impl Iterator<Item = Reservation> + 'a {
        self.blob
            .get(self.field(OFF_RESERVATIONS)..)
            .unwrap_or(&[])
            .chunks_exact(RESERVATION)
            .map_while(|entry| {
                let (start, size) = entry.split_at_checked(8)?;
                let reservation = Reservation {
                    start: u64::from_be_bytes(start.try_into().ok()?),
                    size: u64::from_be_bytes(size.try_into().ok()?),
                };
                (reservation != Reservation { start: 0, size: 0 }).then_some(reservation)
            })
    }

    /// The structure block.
    fn structure(self) -> &'a [u8] {
        let start = self.field(OFF_STRUCT);
        self.blob
            .get(start..start.saturating_add(self.field(SIZE_STRUCT)))
            .unwrap_or(&[])
    }

    /// The strings block.
    pub(super) fn strings(self) -> &'a [u8] {
        let start = self.field(OFF_STRINGS);
        self.blob
            .get(start..start.saturating_add(self.field(SIZE_STRINGS)))
            .unwrap_or(&[])
    }

    /// The token at an offset of the structure block, and where the next one is.
    pub(super) fn token(self, offset: usize) -> Result<(Token<'a>, usize), FdtError> {
        let block = self.structure();
        let data = add(offset, TOKEN)?;
        match word(block, offset).ok_or(FdtError::Truncated)? {
            BEGIN_NODE => {
                let name = c_string(block, data, block.len()).ok_or(FdtError::BadStructure)?;
                let end = align(add(data, add(name.len(), 1)?)?)?;
                Ok((Token::Begin(name), end))
            }
            END_NODE => Ok((Token::EndNode, data)),
            PROP => {
                let len = word(block, data).ok_or(FdtError::Truncated)? as usize;
                let name = word(block, add(offset, 8)?).ok_or(FdtError::Truncated)? as usize;
                let start = add(offset, PROP_HEADER)?;
                let end = add(start, len)?;
                let value = block.get(start..end).ok_or(FdtError::BadStructure)?;
                let name =
                    c_string(self.strings(), name, NAME_MAX).ok_or(FdtError::BadStructure)?;
                Ok((
                    Token::Property(Property {
                        name,
                        value,
                        offset,
                    }),
                    align(end)?,
                ))
            }
            NOP => Ok((Token::Nop, data)),
            END => Ok((Token::End, data)),
            _ => Err(FdtError::BadStructure),
        }
    }

    fn check_reservations(self) -> Result<(), FdtError> {
        let block = self.blob.get(self.field(OFF_RESERVATIONS)..).unwrap_or(&[]);
        let ends = block
            .chunks_exact(RESERVATION)
            .any(|entry| entry.iter().all(|&b| b == 0));
        if ends {
            Ok(())
        } else {
            Err(FdtError::Truncated)
        }
    }

    /// One root without a name, in it properties before nodes, all closed, then the end.
    fn check_structure(self) -> Result<(), FdtError> {
        let (mut offset, mut depth, mut seen_root) = (0, 0usize, false);
        // Whether a property may come: not after the end of a child.
        let mut properties = false;
        loop {
            let (token, next) = self.token(offset)?;
            match token {
                Token::Begin(name) => {
                    if (depth == 0) != name.is_empty()
                        || (depth == 0 && seen_root)
                        || name.contains('/')
                    {
                        return Err(FdtError::BadStructure);
                    }
                    (seen_root, properties) = (true, true);
                    depth = add(depth, 1)?;
                    if depth > MAX_DEPTH {
                        return Err(FdtError::BadStructure);
                    }
                }
                Token::EndNode => {
                    depth = depth.checked_sub(1).ok_or(FdtError::BadStructure)?;
                    properties = false;
                }
                Token::Property(_) if depth == 0 || !properties => {
                    return Err(FdtError::BadStructure);
                }
                Token::Property(_) | Token::Nop => {}
                Token::End if depth == 0 && seen_root => return Ok(()),
                Token::End => return Err(FdtError::BadStructure),
            }
            offset = next;
        }
    }
}

/// A field of a header, by its position.
pub fn header_field(header: &[u8], index: usize) -> Option<u32> {
    word(header, index.checked_mul(4)?)
}

/// Checks what a header alone can tell, and gives `totalsize`.
fn check_header(header: &[u8]) -> Result<usize, FdtError> {
    let field = |index| {
        header_field(header, index)
            .map(|f| f as usize)
            .ok_or(FdtError::Truncated)
    };
    if header_field(header, 0) != Some(MAGIC) {
        return Err(FdtError::BadMagic);
    }
    let (version, compatible) = (field(VERSION)?, field(LAST_COMPATIBLE)?);
    let supported = SUPPORTED_VERSION as usize;
    if version < supported || compatible > supported || compatible > version {
        return Err(FdtError::BadVersion);
    }
    let total = field(TOTALSIZE)?;
    let inside = |start: usize, len: usize| {
        start >= HEADER_LEN && start.checked_add(len).is_some_and(|end| end <= total)
    };
    let blocks = inside(field(OFF_STRUCT)?, field(SIZE_STRUCT)?)
        && inside(field(OFF_STRINGS)?, field(SIZE_STRINGS)?)
        && inside(field(OFF_RESERVATIONS)?, RESERVATION);
    match blocks {
        false => Err(FdtError::Truncated),
        true if field(OFF_STRUCT)? % 4 != 0 || field(OFF_RESERVATIONS)? % 8 != 0 => {
            Err(FdtError::BadStructure)
        }
        true => Ok(total),
    }
}

fn word(bytes: &[u8], offset: usize) -> Option<u32> {
    let bytes = bytes.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// The text at an offset, at most `max` bytes, which a zero byte ends.
fn c_string(bytes: &[u8], offset: usize, max: usize) -> Option<&str> {
    let bytes = bytes.get(offset..)?;
    let len = bytes
        .iter()
        .take(max.saturating_add(1))
        .position(|&byte| byte == 0)?;
    core::str::from_utf8(bytes.get(..len)?).ok()
}

#[cfg(test)]
mod tests;
