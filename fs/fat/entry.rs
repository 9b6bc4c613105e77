// SPDX-License-Identifier: GPL-2.0-or-later
//! An entry of a directory: 32 bytes.

use super::boot::Boot;

/// Bytes of an entry.
pub const ENTRY: usize = 32;

const READ_ONLY_HIDDEN_SYSTEM_VOLUME: u8 = 0x0f;
const VOLUME: u8 = 0x08;
const DIRECTORY: u8 = 0x10;
const ARCHIVE: u8 = 0x20;

const DELETED: u8 = 0xe5;
/// The first of January 2000: there is no clock, and U-Boot says so, too.
const DATE: u16 = 0x2821;

/// The bytes of an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry([u8; ENTRY]);

impl Entry {
    /// The entry of a new file or directory, without a name.
    pub fn new(boot: &Boot, is_directory: bool, cluster: u32, size: u32) -> Entry {
        let mut entry = Entry::default();
        let attributes = match is_directory {
            true => DIRECTORY | ARCHIVE,
            false => ARCHIVE,
        };
        entry.put(11, [attributes]);
        entry.put(16, DATE.to_le_bytes());
        entry.point(boot, cluster, size);
        entry
    }

    /// An entry with these bytes.
    pub fn with(bytes: [u8; ENTRY]) -> Entry {
        Entry(bytes)
    }

    pub fn bytes(&self) -> &[u8; ENTRY] {
        &self.0
    }

    pub fn bytes_mut(&mut self) -> &mut [u8; ENTRY] {
        &mut self.0
    }

    /// The name as it is stored.
    pub fn name(&self) -> [u8; 11] {
        self.get(0)
    }

    /// This entry under another name.
    pub fn named(mut self, name: [u8; 11]) -> Entry {
        self.put(0, name);
        // The bits about upper and lower case belong to the old name.
        self.put(12, [0]);
        self
    }

    /// This entry under the name of another one.
    pub fn named_as(mut self, other: &Entry) -> Entry {
        self.put(0, other.name());
        self.put(12, [other.case()]);
        self
    }

    /// Marks it deleted; what else it says stays, for those who undelete.
    pub fn delete(&mut self) {
        self.put(0, [DELETED]);
    }

    /// Gives it other contents, which changes its date.
    pub fn point(&mut self, boot: &Boot, cluster: u32, size: u32) {
        self.put(22, [0, 0]);
        self.put(24, DATE.to_le_bytes());
        self.put(28, size.to_le_bytes());
        self.set_cluster(boot, cluster);
    }

    /// Sets the first cluster.
    pub fn set_cluster(&mut self, boot: &Boot, cluster: u32) {
        let [a, b, c, d] = cluster.to_le_bytes();
        if boot.bits == 32 {
            self.put(20, [c, d]);
        }
        self.put(26, [a, b]);
    }

    /// The first cluster.
    pub fn cluster(&self, boot: &Boot) -> u32 {
        let high = match boot.bits {
            32 => u16::from_le_bytes(self.get(20)),
            _ => 0,
        };
        (u32::from(high) << 16) | u32::from(u16::from_le_bytes(self.get(26)))
    }

    pub fn size(&self) -> u32 {
        u32::from_le_bytes(self.get(28))
    }

    /// Which parts of the name are in lower case.
    pub fn case(&self) -> u8 {
        self.0[12]
    }

    /// Whether neither this entry nor one that follows is in use.
    pub fn is_end(&self) -> bool {
        self.0[0] == 0
    }

    pub fn is_deleted(&self) -> bool {
        self.0[0] == DELETED
    }

    pub fn is_directory(&self) -> bool {
        self.attributes() & DIRECTORY != 0
    }

    /// Whether it is the directory itself or its parent.
    pub fn is_dots(&self) -> bool {
        matches!(&self.name(), b".          " | b"..         ")
    }

    /// Whether it is the label of the volume.
    pub fn is_label(&self) -> bool {
        self.attributes() & (VOLUME | DIRECTORY) == VOLUME
            && !self.is_long_name()
            && !self.is_deleted()
    }

    /// Whether it names a file or a directory.
    pub fn is_file(&self) -> bool {
        self.attributes() & VOLUME == 0 && !self.is_deleted()
    }

    /// Whether it is a part of a long name.
    pub fn is_long_name(&self) -> bool {
        self.attributes() & 0x3f == READ_ONLY_HIDDEN_SYSTEM_VOLUME
    }

    fn attributes(&self) -> u8 {
        self.0[11]
    }

    /// The bytes from an offset on, all of which are inside.
    fn get<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut bytes = [0; N];
        bytes
            .iter_mut()
            .zip(self.0.iter().skip(offset))
            .for_each(|(to, from)| *to = *from);
        bytes
    }

    fn put<const N: usize>(&mut self, offset: usize, bytes: [u8; N]) {
        self.0
            .iter_mut()
            .skip(offset)
            .zip(bytes)
            .for_each(|(to, from)| *to = from);
    }
}
