//! Memory of batches that were sent, for the next ones. A batch is some 10 MiB: to get so much from the system and give it
//! back for each one took a third of all processor time.

use std::sync::{Mutex, PoisonError};

use crate::batch::{Batch, Sealed};

/// Batches that are kept. As many are in use at once by workers, two each.
const MAX_SPARES: usize = 64;
/// The memory of a batch with a document longer than this is not kept.
const MAX_SPARE_BYTES: usize = 32 * 1024 * 1024;

/// Empty batches. Never more than were in use at once, for one is made only when there is none.
#[derive(Debug, Default)]
pub(super) struct Spares(Mutex<Vec<Batch>>);

impl Spares {
    pub(super) fn take(&self) -> Batch {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(super) fn give(&self, sent: Sealed) {
        let batch = sent.emptied();
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spares.len() < MAX_SPARES && batch.capacity() <= MAX_SPARE_BYTES {
            spares.push(batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Address, Operation};

    fn sealed(bytes: usize) -> Sealed {
        let mut batch = Batch::default();
        let operation = Operation::Index;
        let address = Address { index_json: "\"a\"", id: "1", routing: None, operation };
        batch.push(address, &vec![b' '; bytes]);
        batch.seal()
    }

    #[test]
    fn memory_of_a_batch_is_used_again_and_nothing_of_its_documents() {
        let spares = Spares::default();
        spares.give(sealed(1 << 20));
        let batch = spares.take();
        assert!(batch.capacity() >= 1 << 20);
        assert_eq!((batch.is_empty(), batch.bytes()), (true, 0));
        assert_eq!(spares.take().capacity(), 0, "it is given once");
        let again = batch.seal();
        assert_eq!((again.len(), again.body().len()), (0, 0));
    }

    #[test]
    fn a_body_that_is_still_used_elsewhere_keeps_its_bytes() {
        let spares = Spares::default();
        let sent = sealed(1 << 20);
        let body = sent.body().clone();
        let before = body.to_vec();
        spares.give(sent);
        let mut batch = spares.take();
        assert_eq!(batch.capacity(), 0);
        let operation = Operation::Create;
        batch.push(Address { index_json: "\"b\"", id: "2", routing: None, operation }, b"{}");
        assert_eq!(body, before);
    }

    #[test]
    fn what_is_kept_has_a_limit() {
        let spares = Spares::default();
        spares.give(sealed(MAX_SPARE_BYTES + 1));
        assert_eq!(spares.take().capacity(), 0);
        for _ in 0..2 * MAX_SPARES {
            spares.give(sealed(1));
        }
        assert_eq!(spares.0.lock().unwrap().len(), MAX_SPARES);
    }
}
