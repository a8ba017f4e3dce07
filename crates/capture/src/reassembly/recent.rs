//! Memory of connections that are over, so that a record delivered twice is not taken for a new connection.

use std::collections::{HashMap, VecDeque};

use super::Key;

/// How many are remembered; the oldest is forgotten first.
const MAX_REMEMBERED_CONNECTIONS: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct RecentlyClosed {
    last_numbers: HashMap<Key, u32>,
    order: VecDeque<Key>,
}

impl RecentlyClosed {
    pub(super) fn get(&self, key: &Key) -> Option<u32> {
        self.last_numbers.get(key).copied()
    }

    pub(super) fn insert(&mut self, key: Key, last_number: u32) {
        if self.last_numbers.insert(key.clone(), last_number).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > MAX_REMEMBERED_CONNECTIONS
            && let Some(oldest) = self.order.pop_front()
        {
            self.last_numbers.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> Key {
        Key { node_id: "n".into(), connection_id: n.to_string().into() }
    }

    #[test]
    fn forgets_the_oldest_beyond_the_limit() {
        let mut closed = RecentlyClosed::default();
        for n in 0..=MAX_REMEMBERED_CONNECTIONS {
            closed.insert(key(n), 7);
            closed.insert(key(n), 8);
        }
        assert_eq!(closed.get(&key(0)), None);
        assert_eq!(closed.get(&key(1)), Some(8));
        assert_eq!((closed.order.len(), closed.last_numbers.len()), (100_000, 100_000));
    }
}
