//! Memory for what is read of large files, used again for the next reading: to get four megabytes from the system and
//! give them back for each reading takes longer than the reading itself.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Shorter ones are left to the heap.
const MIN_BYTES: usize = 1024 * 1024;
/// Longer ones are seldom, and not kept.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Buffers that are kept. Four readers have as many in use, with what they read ahead.
const MAX_SPARES: usize = 16;

static SPARES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Bytes that go back to the spares when nobody needs them any more.
pub(super) struct Buffer {
    memory: Vec<u8>,
    length: usize,
}

impl Buffer {
    /// Of this length, with bytes that are anything: they are to be overwritten.
    pub(super) fn new(length: usize) -> Self {
        let spare = if length >= MIN_BYTES { spares(Vec::pop) } else { None };
        let mut memory = spare.unwrap_or_default();
        if memory.len() < length {
            memory = vec![0; length];
        }
        Self { memory, length }
    }

    pub(super) fn bytes(&mut self) -> &mut [u8] {
        self.memory.get_mut(..self.length).unwrap_or_default()
    }

    pub(super) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.memory.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        if (MIN_BYTES..=MAX_BYTES).contains(&memory.len()) {
            spares(|spares| {
                if spares.len() < MAX_SPARES {
                    spares.push(memory);
                }
            });
        }
    }
}

fn spares<T>(work: impl FnOnce(&mut Vec<Vec<u8>>) -> T) -> T {
    work(&mut SPARES.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stay_what_they_are_while_somebody_has_them() {
        let filled = |byte: u8, length: usize| {
            let mut buffer = Buffer::new(length);
            buffer.bytes().fill(byte);
            buffer.freeze()
        };
        for length in [0, 10, MIN_BYTES, MIN_BYTES + 1, MAX_BYTES + 1] {
            let first = filled(1, length);
            let part = first.slice(length / 2..);
            drop(first);
            let second = filled(2, length);
            assert_eq!((part.len(), second.len()), (length - length / 2, length));
            assert!(part.iter().all(|byte| *byte == 1));
            drop(part);
            // What was read before is not seen in a shorter one.
            let third = filled(3, length / 2);
            assert!(second.iter().all(|byte| *byte == 2) && third.iter().all(|byte| *byte == 3));
            assert_eq!(third.len(), length / 2);
        }
    }

    #[test]
    fn what_is_kept_has_a_limit() {
        let many: Vec<_> = (0..4 * MAX_SPARES).map(|_| Buffer::new(MIN_BYTES)).collect();
        drop(many);
        drop(Buffer::new(MAX_BYTES + 1));
        spares(|spares| {
            assert!(spares.len() <= MAX_SPARES);
            assert!(spares.iter().all(|memory| memory.len() <= MAX_BYTES));
        });
    }
}
