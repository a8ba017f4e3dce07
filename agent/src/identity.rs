//! The names that records carry: which node, which connection.
//!
//! The node's id is kept beside the capture log, so that it stays the same over restarts. A connection's id is new
//! for each connection ever made: it holds the process's start time and a random part beside the counter. It has the
//! shape that other tools of the field write (60 characters, five hexadecimal groups), and both ids together stay
//! within the 100 bytes that those tools allow.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use switchover_capture::Timestamp;

const NODE_ID_FILE: &str = "node-id";
/// A UUID's length: what fits beside a connection id.
const NODE_ID_LENGTH: usize = 36;

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
    /// Reads or makes the node id in `directory`.
    ///
    /// # Errors
    /// When the id can't be read or written.
    pub fn load(directory: &Path) -> io::Result<Self> {
        let path = directory.join(NODE_ID_FILE);
        let node_id = match std::fs::read_to_string(&path) {
            Ok(text) if is_uuid(text.trim()) => text.trim().to_owned(),
            Ok(_) => {
                let reason =
                    format!("{} does not hold a node id; delete it to get a new one", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let id = random_uuid();
                std::fs::write(&path, format!("{id}\n"))?;
                id
            }
            Err(error) => return Err(error),
        };
        Ok(Self::named(&node_id))
    }

    /// For a process that captures nothing: a node id that is written nowhere.
    #[must_use]
    pub fn passing() -> Self {
        Self::named(&random_uuid())
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

fn is_uuid(text: &str) -> bool {
    text.len() == NODE_ID_LENGTH
        && text.char_indices().all(|(i, c)| match i {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

/// 64 random bits from the standard library's own source of hash keys.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn random_uuid() -> String {
    let (a, b) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
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

    #[test]
    fn a_file_that_is_no_id_is_an_error_that_names_it() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(NODE_ID_FILE), "junk").unwrap();
        let error = Identity::load(directory.path()).unwrap_err().to_string();
        assert!(error.contains(NODE_ID_FILE), "{error}");
    }
}
