// SPDX-License-Identifier: GPL-2.0-or-later
//! Writing: files, new directories, removing, renaming.
//!
//! Behaviour: U-Boot, `fs/fat/fat_write.c`, whose `fatwrite` gives a file the
//! length that the written part ends at. A file that is written from its start
//! gets new clusters as long as there are enough, so that a loss of power
//! leaves either the old or the new one.

use super::Fat;
use super::boot::Root;
use super::chain::{Chain, Run};
use super::change::{Change, Slot};
use super::dir::{Dir, Node};
use super::entry::Entry;
use super::newname::{self, NewName};
use super::room::Room;
use crate::FileType;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use common::{Error, Result};

/// A path's last name, and where it is or will be.
struct Target {
    /// The directory and those it is in.
    trail: Vec<Node>,
    dir: Dir,
    name: String,
    found: Option<Node>,
}

impl Target {
    /// What a path leads to, or would.
    fn of(fat: &Fat, path: &str) -> Result<Target> {
        let path = path.trim_end_matches(['/', '\\']);
        let (parent, name) = path.rsplit_once(['/', '\\']).unwrap_or(("", path));
        let trail = fat.walk(parent)?;
        let dir = trail.last().ok_or(Error::NotFound)?.dir()?;
        Ok(Target {
            trail,
            dir,
            name: name.to_string(),
            found: match dir.lookup(fat, name) {
                Err(Error::NotFound) => None,
                found => Some(found?),
            },
        })
    }

    /// As [`Target::of`], for a name that can be given to a file.
    fn new(fat: &Fat, path: &str) -> Result<Target> {
        let mut target = Target::of(fat, path)?;
        let name = newname::check(&target.name)?.to_string();
        if name != target.name {
            target.found = match target.dir.lookup(fat, &name) {
                Err(Error::NotFound) => None,
                found => Some(found?),
            };
            target.name = name;
        }
        Ok(target)
    }

    /// What is there already, and is not one of a directory's own names.
    fn existing(&self) -> Result<&Node> {
        match &self.found {
            _ if self.name.is_empty() => Err(Error::Invalid("cannot remove root")),
            Some(node) if node.entry.is_dots() => {
                Err(Error::Invalid("the names . and .. stay where they are"))
            }
            Some(node) => Ok(node),
            None => Err(Error::NotFound),
        }
    }
}

/// A new name with the room for it.
struct Addition {
    name: NewName,
    room: Room,
}

impl Addition {
    /// Looks for room; short names of `gone`, which will not be there any more, are free.
    fn plan(fat: &Fat, target: &Target, gone: &[u64]) -> Result<Addition> {
        let mut taken = BTreeSet::new();
        target.dir.files(fat, &mut |found| {
            if found.slots != gone {
                taken.insert(found.entry.name());
            }
            Ok(true)
        })?;
        let name = NewName::new(&target.name, &taken)?;
        Ok(Addition {
            room: Room::find(fat, target.dir, name.entries())?,
            name,
        })
    }

    /// Makes the room, and returns the entries that go there.
    fn slots(&self, change: &mut Change<'_>, clusters: &[Run], entry: Entry) -> Result<Vec<Slot>> {
        let slots = change.grow(&self.room, clusters)?;
        let mut slots: Vec<Slot> = slots.into_iter().zip(self.name.apply(entry)).collect();
        slots.extend(self.room.end.map(|end| (end, Entry::default())));
        Ok(slots)
    }
}

/// Writes to a file from `offset` on; it ends with the data.
pub fn write(fat: &Fat, path: &str, offset: u64, data: &[u8]) -> Result<()> {
    let mut change = Change::new(fat)?;
    let target = Target::new(fat, path)?;
    let old = match &target.found {
        Some(node) if node.kind() == FileType::Directory => return Err(Error::IsADirectory),
        Some(node) => (node.cluster, u64::from(node.size)),
        None => (0, 0),
    };
    let end = offset.checked_add(data.len() as u64);
    let size = end.and_then(|end| u32::try_from(end).ok());
    let size = size.ok_or(Error::Invalid("a file of 4 GiB or more"))?;
    if offset > old.1 {
        return Err(Error::Invalid("an offset beyond the end of the file"));
    }
    let have = length(fat, old.0)?;
    let need = size.div_ceil(fat.boot.cluster_size);
    if offset.div_ceil(u64::from(fat.boot.cluster_size)) > u64::from(have) {
        return Err(Error::Corrupt(
            "FAT: a file has fewer clusters than its size",
        ));
    }
    let addition = match &target.found {
        Some(_) => None,
        None => Some(Addition::plan(fat, &target, &[])?),
    };
    let grow = addition
        .as_ref()
        .map_or(0, |addition| addition.room.clusters);
    let (keep, mut clusters) = plan(&mut change, offset, have, need, grow)?;
    let for_dir = take(&mut clusters, grow);

    let kept = u64::from(keep).saturating_mul(u64::from(fat.boot.cluster_size));
    let kept = kept.saturating_sub(offset).min(data.len() as u64) as usize;
    let (data, rest) = data.split_at_checked(kept).unwrap_or((data, &[]));
    change.fill(&clusters, rest)?;
    let last = change.overwrite(old.0, keep, offset, data)?;
    fat.flush()?;
    change.link(last, &clusters)?;
    let first = match keep {
        0 => clusters.first().map_or(0, |run| run.first),
        _ => old.0,
    };
    match (addition, target.found) {
        (Some(addition), _) => {
            let entry = Entry::new(&fat.boot, false, first, size);
            let new = addition.slots(&mut change, &for_dir, entry)?;
            change.write_entries(&new, &[])?;
        }
        (None, Some(node)) => {
            let mut entry = node.entry;
            entry.point(&fat.boot, first, size);
            change.write_entries(&[], &own_slot(&node, entry))?;
        }
        (None, None) => {}
    }
    let unused = match keep {
        0 => old.0,
        _ if keep < have => change.cut(last)?,
        _ => 0,
    };
    change.free(unused)?;
    change.finish()
}

/// How many clusters of a file stay in use, and the free ones it gets, after `grow` for its directory.
fn plan(
    change: &mut Change<'_>,
    offset: u64,
    have: u32,
    need: u32,
    grow: u32,
) -> Result<(u32, Vec<Run>)> {
    if offset == 0 {
        match change.find_free(need.saturating_add(grow)) {
            Err(Error::NoSpace) => {}
            clusters => return Ok((0, clusters?)),
        }
    }
    let keep = have.min(need);
    let clusters = change.find_free(need.saturating_sub(keep).saturating_add(grow))?;
    Ok((keep, clusters))
}

/// Makes a directory.
pub fn mkdir(fat: &Fat, path: &str) -> Result<()> {
    let mut change = Change::new(fat)?;
    let target = Target::new(fat, path)?;
    if target.found.is_some() {
        return Err(Error::Exists);
    }
    let addition = Addition::plan(fat, &target, &[])?;
    let grow = addition.room.clusters;
    let mut clusters = change.find_free(grow.saturating_add(1))?;
    let for_dir = take(&mut clusters, grow);
    let cluster = clusters.first().map_or(0, |run| run.first);
    let entry = |cluster| Entry::new(&fat.boot, true, cluster, 0);

    let mut contents = vec![0; fat.boot.cluster_size as usize];
    let own = entry(cluster).named(*b".          ");
    let parent = entry(number(fat, target.dir)).named(*b"..         ");
    let entries = own.bytes().iter().chain(parent.bytes());
    contents
        .iter_mut()
        .zip(entries)
        .for_each(|(to, from)| *to = *from);
    change.fill(&clusters, &contents)?;
    fat.flush()?;
    change.link(0, &clusters)?;
    let new = addition.slots(&mut change, &for_dir, entry(cluster))?;
    change.write_entries(&new, &[])?;
    change.finish()
}

/// Removes a file or an empty directory.
pub fn remove(fat: &Fat, path: &str) -> Result<()> {
    let mut change = Change::new(fat)?;
    let target = Target::of(fat, path)?;
    if let Some(Ok(dir)) = target.found.as_ref().map(Node::dir)
        && !dir.is_empty(fat)?
    {
        return Err(Error::NotEmpty);
    }
    let node = target.existing()?;
    length(fat, node.cluster)?;
    change.write_entries(&[], &removal(fat, node)?)?;
    change.free(node.cluster)?;
    change.finish()
}

/// Gives a file or directory another path.
pub fn rename(fat: &Fat, from: &str, to: &str) -> Result<()> {
    let mut change = Change::new(fat)?;
    let source = Target::of(fat, from)?;
    let target = Target::new(fat, to)?;
    let node = source.existing()?;
    let is_dir = node.kind() == FileType::Directory;
    let inside = |parent: &Node| parent.kind() == node.kind() && parent.slots == node.slots;
    if is_dir && target.trail.iter().any(inside) {
        return Err(Error::Invalid("a directory cannot move into itself"));
    }
    let replaced = match &target.found {
        Some(other) if other.slots == node.slots => {
            if is_called(fat, target.dir, node, &target.name)? {
                return Ok(());
            }
            None
        }
        other => other.as_ref(),
    };
    // The entry of the parent, if that is another one.
    let parent = match is_dir && source.dir != target.dir {
        true => Some(parent_entry(fat, node.dir()?, target.dir)?),
        false => None,
    };
    let gone = removal(fat, node)?;
    let unused = match replaced {
        Some(other) => {
            check_replaceable(fat, other, is_dir)?;
            let entry = node.entry.named_as(&other.entry);
            let slot = own_slot(other, entry);
            change.write_entries(&slot, &gone)?;
            other.cluster
        }
        None => {
            let addition = Addition::plan(fat, &target, &node.slots)?;
            let clusters = change.find_free(addition.room.clusters)?;
            let new = addition.slots(&mut change, &clusters, node.entry)?;
            change.write_entries(&new, &gone)?;
            0
        }
    };
    change.write_entries(&[], parent.as_slice())?;
    change.free(unused)?;
    change.finish()
}

/// Whether a file or directory has exactly this name.
fn is_called(fat: &Fat, dir: Dir, node: &Node, name: &str) -> Result<bool> {
    let mut is_called = false;
    dir.files(fat, &mut |found| {
        if found.slots == node.slots {
            is_called = found.name()? == name;
        }
        Ok(!is_called)
    })?;
    Ok(is_called)
}

/// Whether a file or directory may give way to another one.
fn check_replaceable(fat: &Fat, other: &Node, by_directory: bool) -> Result<()> {
    length(fat, other.cluster)?;
    match (other.dir(), by_directory) {
        (Ok(_), false) => Err(Error::IsADirectory),
        (Err(_), true) => Err(Error::NotADirectory),
        (Ok(dir), true) if !dir.is_empty(fat)? => Err(Error::NotEmpty),
        _ => Ok(()),
    }
}

/// The entry `..` of a directory that gets another parent.
fn parent_entry(fat: &Fat, dir: Dir, parent: Dir) -> Result<Slot> {
    let mut slot = None;
    dir.files(fat, &mut |found| {
        if found.entry.name() == *b"..         " {
            slot = found.slots.last().map(|&offset| (offset, *found.entry));
        }
        Ok(slot.is_none())
    })?;
    let (offset, mut entry) = slot.ok_or(Error::Corrupt("FAT: a directory without .."))?;
    entry.set_cluster(&fat.boot, number(fat, parent));
    Ok((offset, entry))
}

/// The entries of a file or directory, as they are when it is gone; its own first.
fn removal(fat: &Fat, node: &Node) -> Result<Vec<Slot>> {
    let mut slots = Vec::new();
    for &offset in node.slots.iter().rev() {
        let mut entry = Entry::default();
        fat.read_at(offset, entry.bytes_mut())?;
        entry.delete();
        slots.push((offset, entry));
    }
    Ok(slots)
}

/// Another entry in the place of a file's own one.
fn own_slot(node: &Node, entry: Entry) -> Vec<Slot> {
    node.slots
        .last()
        .map(|&offset| (offset, entry))
        .into_iter()
        .collect()
}

/// The cluster by which a directory is its subdirectories' parent.
fn number(fat: &Fat, dir: Dir) -> u32 {
    match dir.place() {
        Root::Cluster(first) if dir != Dir::root(&fat.boot) => first,
        _ => 0,
    }
}

/// How many clusters a chain has; it is sound from start to end.
fn length(fat: &Fat, first: u32) -> Result<u32> {
    let mut chain = Chain::new(fat, first);
    let mut count = 0u32;
    while let Some(run) = chain.next_run(u64::MAX)? {
        count = count.saturating_add(run.count);
    }
    Ok(count)
}

/// Takes the first `count` clusters away.
fn take(runs: &mut Vec<Run>, count: u32) -> Vec<Run> {
    let mut taken = Vec::new();
    let mut left = count;
    while left > 0 {
        let Some(run) = runs.first_mut() else {
            break;
        };
        let part = Run {
            first: run.first,
            count: run.count.min(left),
        };
        run.first = run.first.saturating_add(part.count);
        run.count = run.count.saturating_sub(part.count);
        if run.count == 0 {
            runs.remove(0);
        }
        left = left.saturating_sub(part.count);
        taken.push(part);
    }
    taken
}
