//! Reading a blob from begin to end without waiting for each answer: while one chunk is worked on, the next ones are
//! under way. From a bucket a range costs tens of milliseconds however short it is, so chunks are long.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

use super::{BlobStore, StoreError};

/// Bytes of one range. Longer ones are not faster from S3, and cost memory for each reader.
pub const READ_AHEAD_CHUNK_BYTES: u64 = 4 * 1024 * 1024;
/// Ranges under way or waiting at a time, for each reader.
pub const READ_AHEAD_CHUNKS: usize = 3;

/// The bytes of `range`, in order, in chunks of at most [`READ_AHEAD_CHUNK_BYTES`]; at most [`READ_AHEAD_CHUNKS`] of
/// them are held. It ends after the first error.
pub fn read_ahead(
    store: Arc<dyn BlobStore>,
    key: String,
    range: Range<u64>,
) -> impl Stream<Item = Result<Bytes, StoreError>> + Send {
    let chunks = stream::unfold(range, |rest| async move {
        let end = rest.end.min(rest.start.saturating_add(READ_AHEAD_CHUNK_BYTES));
        (rest.start < rest.end).then_some((rest.start..end, end..rest.end))
    });
    let key: Arc<str> = key.into();
    chunks
        .map(move |chunk| {
            let (store, key) = (Arc::clone(&store), Arc::clone(&key));
            async move { store.read_range(&key, chunk).await }
        })
        .buffered(READ_AHEAD_CHUNKS)
        .scan(false, |failed, chunk| {
            let ended = *failed;
            *failed = chunk.is_err();
            std::future::ready((!ended).then_some(chunk))
        })
}
