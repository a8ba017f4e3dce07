//! Any bytes as the body of a metadata file: no panic, and never more than was allowed.

const MAX_BYTES: usize = 1 << 16;

pub(crate) fn run(input: &[u8]) {
    if let Ok(json) = switchover_snapshot::blob_format::body_to_json(input, MAX_BYTES) {
        assert!(json.len() <= 2 * MAX_BYTES);
    }
}
