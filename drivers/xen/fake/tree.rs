// SPDX-License-Identifier: GPL-2.0-or-later
//! The store itself: nodes, watches and transactions.
//!
//! Source: `docs/misc/xenstore.txt`.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Where the guest's own paths begin.
const HOME: &str = "/local/domain/1";

/// An error's name, as the daemon sends it.
pub type Reply<T> = Result<T, &'static str>;

type Nodes = BTreeMap<String, Vec<u8>>;

/// The store.
#[derive(Default)]
pub struct Tree {
    nodes: Nodes,
    /// Counts changes.
    generation: u64,
    /// Path as the guest gave it, token.
    watches: Vec<(String, String)>,
    /// Events for the guest: path, token.
    pub events: Vec<(String, String)>,
    transactions: BTreeMap<u32, Transaction>,
    last_transaction: u32,
    /// So many transactions will find that somebody else was faster.
    pub conflicts: usize,
    /// Paths that contain this are not the guest's to read or write.
    pub forbidden: Option<&'static str>,
    /// The most watches that the guest may have, if not any number.
    pub max_watches: Option<usize>,
}

struct Transaction {
    nodes: Nodes,
    begun: u64,
    changed: Vec<String>,
}

impl Tree {
    /// A value, for Domain-0.
    pub fn get(&self, path: &str) -> Option<&str> {
        core::str::from_utf8(self.nodes.get(&absolute(path))?).ok()
    }

    /// Sets a value, for Domain-0.
    pub fn set(&mut self, path: &str, value: impl AsRef<[u8]>) {
        self.write(0, path, value.as_ref()).unwrap();
    }

    /// Removes a node, for Domain-0.
    pub fn delete(&mut self, path: &str) {
        self.remove(0, path).unwrap();
    }

    /// All nodes and values, to compare.
    pub fn dump(&self) -> Vec<(String, Vec<u8>)> {
        self.nodes.clone().into_iter().collect()
    }

    /// Watches and transactions that the guest has not ended.
    pub fn open(&self) -> usize {
        self.watches.len() + self.transactions.len()
    }

    /// The value of a node.
    pub fn read(&self, transaction: u32, path: &str) -> Reply<Vec<u8>> {
        let nodes = self.nodes(transaction)?;
        nodes.get(&self.allowed(path)?).cloned().ok_or("ENOENT")
    }

    /// Sets a value; parents come into being.
    pub fn write(&mut self, transaction: u32, path: &str, value: &[u8]) -> Reply<()> {
        let path = self.allowed(path)?;
        let nodes = self.nodes_mut(transaction, &path)?;
        for (end, _) in path.match_indices('/').skip(1) {
            nodes.entry(path[..end].to_string()).or_default();
        }
        nodes.insert(path.clone(), value.to_vec());
        self.changed(transaction, &path);
        Ok(())
    }

    /// Removes a node and all below it.
    pub fn remove(&mut self, transaction: u32, path: &str) -> Reply<()> {
        let path = self.allowed(path)?;
        let below = format!("{path}/");
        let nodes = self.nodes_mut(transaction, &path)?;
        nodes.remove(&path).ok_or("ENOENT")?;
        nodes.retain(|name, _| !name.starts_with(&below));
        self.changed(transaction, &path);
        Ok(())
    }

    /// The names of a node's children, each with a zero byte; and the generation.
    pub fn children(&self, transaction: u32, path: &str) -> Reply<(Vec<u8>, u64)> {
        let path = self.allowed(path)?;
        let nodes = self.nodes(transaction)?;
        nodes.get(&path).ok_or("ENOENT")?;
        let below = format!("{path}/");
        let mut listing = Vec::new();
        for name in nodes.keys().filter_map(|name| name.strip_prefix(&below)) {
            if !name.contains('/') {
                listing.extend_from_slice(name.as_bytes());
                listing.push(0);
            }
        }
        Ok((listing, self.generation))
    }

    /// Sets a watch, which fires at once.
    pub fn watch(&mut self, path: &str, token: &str) -> Reply<()> {
        let watch = (path.to_string(), token.to_string());
        if self.watches.contains(&watch) {
            return Err("EEXIST");
        }
        if self
            .max_watches
            .is_some_and(|most| self.watches.len() >= most)
        {
            return Err("E2BIG");
        }
        self.events.push(watch.clone());
        self.watches.push(watch);
        Ok(())
    }

    /// Ends a watch.
    pub fn unwatch(&mut self, path: &str, token: &str) -> Reply<()> {
        let mine = |(p, t): &(String, String)| p == path && t == token;
        let index = self.watches.iter().position(mine).ok_or("ENOENT")?;
        self.watches.remove(index);
        Ok(())
    }

    /// Begins a transaction; returns its number.
    pub fn begin(&mut self) -> u32 {
        self.last_transaction += 1;
        let new = Transaction {
            nodes: self.nodes.clone(),
            begun: self.generation,
            changed: Vec::new(),
        };
        self.transactions.insert(self.last_transaction, new);
        self.last_transaction
    }

    /// Ends a transaction.
    pub fn end(&mut self, transaction: u32, commit: bool) -> Reply<()> {
        let ended = self.transactions.remove(&transaction).ok_or("ENOENT")?;
        if !commit {
            return Ok(());
        }
        if self.conflicts > 0 || ended.begun != self.generation {
            self.conflicts = self.conflicts.saturating_sub(1);
            return Err("EAGAIN");
        }
        self.nodes = ended.nodes;
        for path in ended.changed {
            self.changed(0, &path);
        }
        Ok(())
    }

    fn allowed(&self, path: &str) -> Reply<String> {
        match self.forbidden {
            Some(part) if path.contains(part) => Err("EACCES"),
            _ if path.is_empty() || path.ends_with('/') => Err("EINVAL"),
            _ => Ok(absolute(path)),
        }
    }

    fn nodes(&self, transaction: u32) -> Reply<&Nodes> {
        match transaction {
            0 => Ok(&self.nodes),
            number => {
                let transaction = self.transactions.get(&number).ok_or("ENOENT")?;
                Ok(&transaction.nodes)
            }
        }
    }

    fn nodes_mut(&mut self, transaction: u32, path: &str) -> Reply<&mut Nodes> {
        match transaction {
            0 => Ok(&mut self.nodes),
            number => {
                let transaction = self.transactions.get_mut(&number).ok_or("ENOENT")?;
                transaction.changed.push(path.to_string());
                Ok(&mut transaction.nodes)
            }
        }
    }

    /// Fires the watches at a path and above it.
    fn changed(&mut self, transaction: u32, path: &str) {
        if transaction != 0 {
            return;
        }
        self.generation += 1;
        for (watched, token) in &self.watches {
            let root = absolute(watched);
            let below = path.strip_prefix(&root);
            if let Some(below) = below.filter(|b| b.is_empty() || b.starts_with('/')) {
                self.events
                    .push((format!("{watched}{below}"), token.clone()));
            }
        }
    }
}

fn absolute(path: &str) -> String {
    match path.starts_with('/') {
        true => path.to_string(),
        false => format!("{HOME}/{path}"),
    }
}
