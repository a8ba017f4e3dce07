//! The names that records carry: which node, which connection.
//!
//! The node's id is kept beside the capture log, so that it stays the same over restarts. A connection's id is new
//! for each connection ever made: it holds the process's start time and a random part beside the counter. It has the
//! shape that other tools of the field write (60 characters, five hexadecimal groups), and both ids together stay
//! within the 100 bytes that those tools allow.

mod node_id;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use switchover_capture::Timestamp;

/// Names connections of this process.
#[derive(Debug, Clone)]
pub struct Identity {
    node_id: Arc<str>,
    machine: u64,
    process: u32,
    started_ms: u64,
    random: u32,
    next: Arc<AtomicU32>,
}

impl Identity {
    /// Reads or makes the node id in `directory`, that of the capture log.
    ///
    /// # Errors
    /// When the id can't be read or written.
    pub fn load(directory: &Path) -> io::Result<Self> {
        Ok(Self::named(&node_id::load(directory)?))
    }

    /// For a process that captures nothing: a node id that is written nowhere.
    #[must_use]
    pub fn passing() -> Self {
        Self::named(&node_id::random())
    }

    fn named(node_id: &str) -> Self {
        let digits: String = node_id.chars().filter(|c| *c != '-').take(16).collect();
        Self {
            node_id: node_id.into(),
            machine: u64::from_str_radix(&digits, 16).unwrap_or_default(),
            process: std::process::id(),
            started_ms: (Timestamp::now().unix_nanos() / 1_000_000) as u64,
            random: random() as u32,
            next: Arc::new(AtomicU32::new(0)),
        }
    }

    /// This node's id.
    #[must_use]
    pub fn node_id(&self) -> &str {
        &self.node_id
    }

    /// An id that no other connection has.
    #[must_use]
    pub fn next_connection_id(&self) -> String {
        let Self { machine, process, started_ms, random, .. } = self;
        let sequence = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{machine:016x}-{process:08x}-{sequence:08x}-{started_ms:016x}-{random:08x}")
    }
}

/// 64 random bits from the standard library's own source of hash keys.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_keeps_its_id_and_connections_never_share_one() {
        let directory = tempfile::tempdir().unwrap();
        let first = Identity::load(directory.path()).unwrap();
        let second = Identity::load(directory.path()).unwrap();
        assert_eq!(first.node_id(), second.node_id());
        let ids: std::collections::HashSet<_> =
            (0..100).flat_map(|_| [first.next_connection_id(), second.next_connection_id()]).collect();
        assert_eq!(ids.len(), 200);
        assert!(ids.iter().all(|id| id.len() == 60));
    }
}
