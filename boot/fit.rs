// SPDX-License-Identifier: GPL-2.0-or-later
//! FIT images: a device tree that holds images, and says which of them belong
//! together.
//!
//! Nothing in it is trusted: the tree is checked as a whole, and the data of an
//! image must be in the memory that is there. Neighbours: `fit_hash` compares
//! the hashes, `fit_print` shows the contents, `fit_load` puts an image where
//! it wants to be.
//!
//! Source: Flat Image Tree specification 1.0; U-Boot,
//! `doc/usage/fit/source_file_format.rst`.

use crate::fdt::{Fdt, FdtError, Node, TOTALSIZE, strings};
use crate::image_names::named;
use core::fmt;
use include::errno;
use include::uimage::{ARCH_NAMES, COMP_NAMES, COMP_NONE, OS_NAMES, TYPE_NAMES};

/// A FIT image whose structure is right.
#[derive(Clone, Copy)]
pub struct Fit<'a> {
    /// Where it is in memory.
    pub address: u64,
    tree: Fdt<'a>,
    /// Its bytes, and all that follow, for data outside of the tree.
    bytes: &'a [u8],
}

/// Why a device tree is no FIT image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFit {
    /// It is no device tree either.
    Tree(FdtError),
    /// It says nothing about itself.
    NoDescription,
    /// It has no images.
    NoImages,
}

impl BadFit {
    /// U-Boot's number for it, without its sign.
    pub fn errno(self) -> i32 {
        match self {
            BadFit::Tree(FdtError::BadMagic) => errno::ENOEXEC,
            BadFit::Tree(_) => errno::EINVAL,
            BadFit::NoDescription => errno::ENOMSG,
            BadFit::NoImages => errno::ENOENT,
        }
    }
}

impl fmt::Display for BadFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadFit::Tree(error) => error.fmt(f),
            BadFit::NoDescription => f.write_str("the root node has no description"),
            BadFit::NoImages => f.write_str("there is no node /images"),
        }
    }
}

/// Why there are no data of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadData {
    /// No property says where they are, or how many.
    Missing,
    /// They would be outside of the memory that is there.
    OutOfBounds {
        /// Where they begin, from the start of the FIT image.
        offset: u64,
        /// Their length.
        size: u64,
    },
}

impl fmt::Display for BadData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadData::Missing => f.write_str("no data, or no size of the data"),
            BadData::OutOfBounds { offset, size } => {
                write!(
                    f,
                    "FIT external data is out of bounds (offset={offset}, size={size})"
                )
            }
        }
    }
}

/// One of the images in a FIT image.
#[derive(Clone, Copy)]
pub struct SubImage<'a> {
    /// Its node.
    pub node: Node<'a>,
    fit: Fit<'a>,
}

impl<'a> Fit<'a> {
    /// The FIT image at the start of `bytes`, which are at `address` and go on behind it.
    ///
    /// # Errors
    /// If there is none.
    pub fn parse(bytes: &'a [u8], address: u64) -> Result<Fit<'a>, BadFit> {
        let tree = Fdt::new(bytes).map_err(BadFit::Tree)?;
        if tree.root().property("description").is_none() {
            return Err(BadFit::NoDescription);
        }
        let fit = Fit {
            address,
            tree,
            bytes,
        };
        fit.images_node().ok_or(BadFit::NoImages)?;
        Ok(fit)
    }

    /// Its root node.
    pub fn root(self) -> Node<'a> {
        self.tree.root()
    }

    /// Its images.
    pub fn images(self) -> impl Iterator<Item = SubImage<'a>> {
        let nodes = self.images_node().into_iter().flat_map(Node::children);
        nodes.map(move |node| SubImage { node, fit: self })
    }

    /// The image with a name.
    pub fn image(self, name: &str) -> Option<SubImage<'a>> {
        let node = self.images_node()?.child(name)?;
        Some(SubImage { node, fit: self })
    }

    /// The name of the image that is meant when nobody says which.
    pub fn default_image(self) -> Option<&'a str> {
        self.images_node()?.string("default")
    }

    /// The node with its configurations.
    pub fn configurations(self) -> Option<Node<'a>> {
        self.root().child("configurations")
    }

    /// A configuration, or the default one; a name ends at the first `#`.
    pub fn configuration(self, name: Option<&str>) -> Option<Node<'a>> {
        let all = self.configurations()?;
        let name = name.or_else(|| all.string("default"))?;
        all.child(name.split('#').next()?)
    }

    /// The first of the images that a configuration names for a purpose.
    pub fn image_of(self, configuration: Node<'a>, property: &str) -> Option<SubImage<'a>> {
        self.image(configuration.string(property)?)
    }

    /// The configuration for the machine that `compatible` describes, its most
    /// specific name first; of several the default one, or else the first.
    pub fn best_match(self, compatible: &[&str]) -> Option<Node<'a>> {
        let all = self.configurations()?;
        let default = self.configuration(None).map(Node::offset);
        let rank = |node: Node<'a>| {
            let place = self.match_place(node, compatible)?;
            Some((place, default != Some(node.offset())))
        };
        all.children()
            .take_while(|_| !common::console::ctrlc())
            .filter_map(|node| Some((rank(node)?, node)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, node)| node)
    }

    /// The first of the names that a configuration, or its device tree, has too.
    fn match_place(self, configuration: Node<'a>, compatible: &[&str]) -> Option<usize> {
        let own = configuration.property("compatible");
        let names = own.or_else(|| {
            let image = self.image_of(configuration, "fdt")?;
            let plain = image.node.string("compression") == Some("none");
            let tree = Fdt::new(image.data().ok().filter(|_| plain)?).ok()?;
            tree.root().property("compatible")
        })?;
        compatible
            .iter()
            .position(|wanted| strings(names).any(|name| name == *wanted))
    }

    /// Bytes up to the end of the tree and of all data outside of it.
    pub fn extent(self) -> u64 {
        let total = self.tree.field(TOTALSIZE) as u64;
        let ends = self.images().filter_map(|image| {
            let (offset, size) = image.external().ok()??;
            offset.checked_add(size)
        });
        ends.fold(total, u64::max)
    }

    fn images_node(self) -> Option<Node<'a>> {
        self.root().child("images")
    }

    /// The address of bytes of this image.
    fn address_of(self, data: &[u8]) -> u64 {
        let start = self.bytes.as_ptr().addr();
        let offset = data.as_ptr().addr().saturating_sub(start);
        self.address.saturating_add(offset as u64)
    }
}

impl<'a> SubImage<'a> {
    /// Its name.
    pub fn name(self) -> &'a str {
        self.node.name()
    }

    /// What it is; a number that has no name if it does not say so.
    pub fn kind(self) -> u8 {
        named(TYPE_NAMES, self.node, "type").unwrap_or(u8::MAX)
    }

    /// Its operating system; a number that has no name if it does not say so.
    pub fn os(self) -> u8 {
        named(OS_NAMES, self.node, "os").unwrap_or(u8::MAX)
    }

    /// Its processor; a number that has no name if it does not say so.
    pub fn arch(self) -> u8 {
        named(ARCH_NAMES, self.node, "arch").unwrap_or(u8::MAX)
    }

    /// How it is compressed, if it says so.
    pub fn stated_compression(self) -> Option<u8> {
        named(COMP_NAMES, self.node, "compression")
    }

    /// How it is compressed.
    pub fn compression(self) -> u8 {
        self.stated_compression().unwrap_or(COMP_NONE)
    }

    /// Where it wants to be loaded.
    pub fn load(self) -> Option<u64> {
        self.node.number("load")
    }

    /// Where it is entered.
    pub fn entry(self) -> Option<u64> {
        self.node.number("entry")
    }

    /// Its data.
    ///
    /// # Errors
    /// If there are none, or not all of them are in memory.
    pub fn data(self) -> Result<&'a [u8], BadData> {
        let Some((offset, size)) = self.external()? else {
            return self.node.property("data").ok_or(BadData::Missing);
        };
        let end = offset.saturating_add(size);
        let range = usize::try_from(offset).ok().zip(usize::try_from(end).ok());
        let data = range.and_then(|(start, end)| self.fit.bytes.get(start..end));
        data.ok_or(BadData::OutOfBounds { offset, size })
    }

    /// Where its data are in memory.
    ///
    /// # Errors
    /// As [`SubImage::data`].
    pub fn place(self) -> Result<core::ops::Range<u64>, BadData> {
        let data = self.data()?;
        let start = self.fit.address_of(data);
        Ok(start..start.saturating_add(data.len() as u64))
    }

    /// Offset and size of data outside of the tree, if they are there.
    fn external(self) -> Result<Option<(u64, u64)>, BadData> {
        let cell = |name| self.node.u32(name).map(u64::from);
        let tree = self.fit.tree.field(TOTALSIZE) as u64;
        let behind = tree.checked_next_multiple_of(4).ok_or(BadData::Missing)?;
        let offset = cell("data-position")
            .or_else(|| cell("data-offset").map(|offset| offset.saturating_add(behind)));
        match (offset, cell("data-size")) {
            (None, _) => Ok(None),
            (Some(_), None) => Err(BadData::Missing),
            (Some(offset), Some(size)) => Ok(Some((offset, size))),
        }
    }
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests;
