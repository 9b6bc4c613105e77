// SPDX-License-Identifier: GPL-2.0-or-later
//! Nodes and properties of a tree that was checked.

use super::Fdt;
use super::read::Token;

/// A node of a tree.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub(super) fdt: Fdt<'a>,
    /// Where it begins in the structure block.
    pub(super) offset: usize,
}

/// A property of a node.
#[derive(Clone, Copy)]
pub struct Property<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its bytes.
    pub value: &'a [u8],
    /// Where it begins in the structure block.
    pub(super) offset: usize,
}

/// One step through a tree, for printing it.
#[derive(Clone, Copy)]
pub enum Entry<'a> {
    /// A node begins.
    Begin(Node<'a>),
    /// A property of the innermost node.
    Property(Property<'a>),
    /// A hole that somebody left.
    Nop,
    /// The innermost node ends.
    End,
}

impl<'a> Node<'a> {
    /// The node that begins at an offset; for [`FdtMut`](super::FdtMut), which knows that one does.
    pub(super) fn at(fdt: Fdt<'a>, offset: usize) -> Node<'a> {
        Node { fdt, offset }
    }

    /// Its place, for [`FdtMut`](super::FdtMut); good until something before it changes.
    pub fn offset(self) -> usize {
        self.offset
    }

    /// Its name with the unit address; empty for the root.
    pub fn name(self) -> &'a str {
        match self.fdt.token(self.offset) {
            Ok((Token::Begin(name), _)) => name,
            _ => "",
        }
    }

    /// Its properties, in order.
    pub fn properties(self) -> impl Iterator<Item = Property<'a>> {
        self.entries()
            .skip(1)
            .take_while(|e| matches!(e, Entry::Property(_) | Entry::Nop))
            .filter_map(|e| match e {
                Entry::Property(property) => Some(property),
                _ => None,
            })
    }

    /// The bytes of a property.
    pub fn property(self, name: &str) -> Option<&'a [u8]> {
        self.properties().find(|p| p.name == name).map(|p| p.value)
    }

    /// A property that is one cell.
    pub fn u32(self, name: &str) -> Option<u32> {
        Some(u32::from_be_bytes(self.property(name)?.try_into().ok()?))
    }

    /// A property that is a string, or the first one of a list.
    pub fn string(self, name: &str) -> Option<&'a str> {
        strings(self.property(name)?).next()
    }

    /// A property of one or two cells.
    pub fn number(self, name: &str) -> Option<u64> {
        match self.property(name)? {
            value @ &[_, _, _, _] => Some(u32::from_be_bytes(value.try_into().ok()?).into()),
            value => Some(u64::from_be_bytes(value.try_into().ok()?)),
        }
    }

    /// Its phandle, under the name in use or the old one.
    pub fn phandle(self) -> Option<u32> {
        self.u32("phandle").or_else(|| self.u32("linux,phandle"))
    }

    /// Its children, in order.
    pub fn children(self) -> impl Iterator<Item = Node<'a>> {
        let mut depth = 0usize;
        self.entries().filter_map(move |entry| match entry {
            Entry::Begin(node) => {
                depth = depth.saturating_add(1);
                (depth == 2).then_some(node)
            }
            Entry::End => {
                depth = depth.saturating_sub(1);
                None
            }
            Entry::Property(_) | Entry::Nop => None,
        })
    }

    /// The child with a name; without a unit address the first one that fits.
    pub fn child(self, name: &str) -> Option<Node<'a>> {
        self.children().find(|child| {
            let full = child.name();
            full == name || (!name.contains('@') && full.split('@').next() == Some(name))
        })
    }

    /// Everything in it, from its beginning to its end.
    pub fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        let (mut offset, mut depth) = (Some(self.offset), 0usize);
        core::iter::from_fn(move || {
            let at = offset?;
            let (token, next) = self.fdt.token(at).ok()?;
            offset = Some(next);
            match token {
                Token::Begin(_) => {
                    depth = depth.saturating_add(1);
                    Some(Entry::Begin(Node {
                        fdt: self.fdt,
                        offset: at,
                    }))
                }
                Token::EndNode => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        offset = None;
                    }
                    Some(Entry::End)
                }
                Token::Property(property) => Some(Entry::Property(property)),
                Token::Nop => Some(Entry::Nop),
                Token::End => None,
            }
        })
    }
}

/// The strings of a value, without empty ones.
pub fn strings(value: &[u8]) -> impl Iterator<Item = &str> {
    value
        .split(|&byte| byte == 0)
        .filter(|s| !s.is_empty())
        .filter_map(|s| core::str::from_utf8(s).ok())
}
