// SPDX-License-Identifier: GPL-2.0-or-later
//! The boot sector: where the tables and the clusters are.

use common::{Error, Result};
use disk::{BlockRange, le};

/// Where everything is, in bytes from the start of the partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// Bits of an entry of the allocation table: 12, 16 or 32.
    pub bits: u8,
    /// The allocation table that is in use.
    pub table: u64,
    /// Bytes of each table.
    pub table_len: u64,
    /// How many tables that follow it are kept the same.
    pub mirrors: u8,
    /// What counts the free clusters of a FAT32.
    pub info: Option<u64>,
    /// Bytes in a cluster.
    pub cluster_size: u32,
    /// The first cluster, which has the number 2.
    pub data: u64,
    /// How many clusters there are.
    pub clusters: u32,
    /// The root directory.
    pub root: Root,
    /// The serial number of the volume.
    pub serial: u32,
    /// The label, in the characters of a short name.
    pub label: [u8; 11],
}

impl Boot {
    /// Whether there is a cluster with this number.
    pub fn has_cluster(&self, number: u32) -> bool {
        (2..self.clusters.saturating_add(2)).contains(&number)
    }

    /// Where a cluster is.
    pub fn offset(&self, cluster: u32) -> u64 {
        let index = u64::from(cluster.saturating_sub(2));
        self.data
            .saturating_add(index.saturating_mul(u64::from(self.cluster_size)))
    }
}

/// Where the root directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// In a place of its own, with its length.
    Fixed(u64, u64),
    /// In clusters as any other directory.
    Cluster(u32),
}

/// Reads the boot sector; `None` if it is not one of a FAT file system.
pub fn read(range: &BlockRange) -> Result<Option<Boot>> {
    let mut sector = [0; 512];
    match range.read_at(0, &mut sector) {
        Ok(()) => parse(&sector),
        Err(Error::OutOfRange) => Ok(None),
        Err(error) => Err(error),
    }
}

fn parse(sector: &[u8; 512]) -> Result<Option<Boot>> {
    let jumps = matches!(sector.first(), Some(0xeb | 0xe9));
    let sector_size = u64::from(le::u16(sector, 11)?);
    let per_cluster = u64::from(le::u8(sector, 13)?);
    let reserved = u64::from(le::u16(sector, 14)?);
    let tables = u64::from(le::u8(sector, 16)?);
    let root_entries = u64::from(le::u16(sector, 17)?);
    let plausible = jumps
        && le::u16(sector, 510)? == 0xaa55
        && sector_size.is_power_of_two()
        && (512..=4096).contains(&sector_size)
        && per_cluster.is_power_of_two()
        && reserved > 0
        && tables > 0
        && le::u8(sector, 21)? >= 0xf0;
    if !plausible {
        return Ok(None);
    }

    let total = either(le::u16(sector, 19)?, le::u32(sector, 32)?);
    let short_table = le::u16(sector, 22)?;
    // Only FAT32 has no 16-bit length of the table; what follows depends on it.
    let is_32 = short_table == 0;
    let table_sectors = either(short_table, if is_32 { le::u32(sector, 36)? } else { 0 });
    let extended: usize = if is_32 { 64 } else { 36 };

    let root_len = root_entries
        .saturating_mul(32)
        .next_multiple_of(sector_size);
    let root_sectors = root_len.checked_div(sector_size).unwrap_or(0);
    let root_start = reserved.saturating_add(tables.saturating_mul(table_sectors));
    let data_start = root_start.saturating_add(root_sectors);
    let clusters = total
        .saturating_sub(data_start)
        .checked_div(per_cluster)
        .unwrap_or(0);
    if clusters == 0 || table_sectors == 0 {
        return Ok(None);
    }
    let bits: u8 = match clusters {
        _ if is_32 => 32,
        0..4085 => 12,
        _ => 16,
    };
    // No more clusters than the table can describe, and the format has.
    let entries = table_sectors
        .saturating_mul(sector_size)
        .saturating_mul(8)
        .checked_div(u64::from(bits))
        .unwrap_or(0);
    let clusters = clusters.min(entries.saturating_sub(2)).min(0x0fff_fff5) as u32;
    let active = active_table(sector, is_32)?;
    if active.is_some_and(|active| active >= tables) {
        return Err(Error::Corrupt("FAT: the table that counts is not there"));
    }
    let root = le::u32(sector, 44)? & 0x0fff_ffff;
    if is_32 && !(2..clusters.saturating_add(2)).contains(&root) {
        return Err(Error::Corrupt("FAT: the root directory has no cluster"));
    }
    let info = if is_32 { le::u16(sector, 48)? } else { 0 };
    Ok(Some(Boot {
        bits,
        table: reserved
            .saturating_add(active.unwrap_or(0).saturating_mul(table_sectors))
            .saturating_mul(sector_size),
        table_len: table_sectors.saturating_mul(sector_size),
        mirrors: match active {
            Some(_) => 0,
            None => tables.saturating_sub(1) as u8,
        },
        info: (1..reserved)
            .contains(&u64::from(info))
            .then_some(u64::from(info).saturating_mul(sector_size)),
        cluster_size: per_cluster.saturating_mul(sector_size) as u32,
        data: data_start.saturating_mul(sector_size),
        clusters,
        root: match is_32 {
            true => Root::Cluster(root),
            false => Root::Fixed(
                root_start.saturating_mul(sector_size),
                root_entries.saturating_mul(32),
            ),
        },
        serial: le::u32(sector, extended.saturating_add(3))?,
        label: le::array(sector, extended.saturating_add(7))?,
    }))
}

/// The one table that counts, if a FAT32 says that they differ; otherwise all are the same.
fn active_table(sector: &[u8], is_32: bool) -> Result<Option<u64>> {
    let flags = if is_32 { le::u16(sector, 40)? } else { 0 };
    Ok((flags & 0x80 != 0).then_some(u64::from(flags & 0xf)))
}

/// The 16-bit form of a number, or the 32-bit one if that is zero.
fn either(short: u16, long: u32) -> u64 {
    if short != 0 {
        u64::from(short)
    } else {
        u64::from(long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sector() -> [u8; 512] {
        let mut sector = [0; 512];
        sector[0] = 0xeb;
        sector[11..13].copy_from_slice(&512u16.to_le_bytes());
        sector[13] = 4;
        sector[14] = 1;
        sector[16] = 2;
        sector[17..19].copy_from_slice(&512u16.to_le_bytes());
        sector[19..21].copy_from_slice(&40_000u16.to_le_bytes());
        sector[21] = 0xf8;
        sector[22] = 40;
        sector[39..43].copy_from_slice(&0x1234_abcdu32.to_le_bytes());
        sector[43..54].copy_from_slice(b"DISK       ");
        sector[510..].copy_from_slice(&[0x55, 0xaa]);
        sector
    }

    #[test]
    fn a_fat16_volume() {
        let boot = parse(&sector()).unwrap().unwrap();
        assert_eq!((boot.bits, boot.table, boot.cluster_size), (16, 512, 2048));
        assert_eq!((boot.table_len, boot.mirrors, boot.info), (20_480, 1, None));
        assert!(boot.has_cluster(2) && !boot.has_cluster(1));
        assert_eq!(boot.offset(3), (81 + 32 + 4) * 512);
        assert_eq!(boot.root, Root::Fixed(81 * 512, 16384));
        assert_eq!(boot.data, (81 + 32) * 512);
        assert_eq!(boot.clusters, (40_000 - 113) / 4);
        assert_eq!((boot.serial, &boot.label), (0x1234_abcd, b"DISK       "));
    }

    #[test]
    fn what_is_not_fat_is_left_alone() {
        for (offset, byte) in [
            (0, 0),
            (11, 1),
            (13, 3),
            (14, 0),
            (16, 0),
            (21, 0),
            (510, 0),
            (20, 0),
            (12, 0x40),
        ] {
            let mut sector = sector();
            sector[offset] = byte;
            assert_eq!(parse(&sector).unwrap(), None, "{offset}");
        }
    }

    #[test]
    fn the_table_limits_the_clusters() {
        let mut sector = sector();
        sector[22] = 1;
        assert_eq!(parse(&sector).unwrap().unwrap().clusters, 254);
    }
}
