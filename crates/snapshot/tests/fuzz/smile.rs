//! Any bytes as SMILE: no panic, and what is taken is JSON no longer than was allowed.

const MAX_BYTES: usize = 1 << 16;
/// The value that goes over the limit is written before that is seen.
const MAX_OVER_BYTES: usize = 1 << 16;

pub(crate) fn run(input: &[u8]) {
    if let Ok(json) = switchover_snapshot::smile::to_json(input, MAX_BYTES) {
        assert!(json.len() <= MAX_BYTES + MAX_OVER_BYTES);
        assert!(serde_json::from_slice::<&serde_json::value::RawValue>(&json).is_ok());
    }
}
