//! Reading from begin to end without waiting for each answer: while one chunk is worked on, the next ones are under
//! way. From a bucket a range costs tens of milliseconds however short it is, so chunks are long.

use std::future::Future;
use std::ops::Range;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

/// Bytes of one reading. Longer ones are not faster from S3, and cost memory for each reader.
pub const READ_AHEAD_CHUNK_BYTES: u64 = 4 * 1024 * 1024;
/// Readings under way or waiting at a time.
pub const READ_AHEAD_CHUNKS: usize = 3;

/// What `read` gives for `range`, in order, in chunks of at most [`READ_AHEAD_CHUNK_BYTES`]; at most
/// [`READ_AHEAD_CHUNKS`] of them are held. It ends after the first error.
pub(crate) fn read_ahead<F, E>(
    range: Range<u64>,
    read: impl Fn(Range<u64>) -> F + Send,
) -> impl Stream<Item = Result<Bytes, E>> + Send
where
    F: Future<Output = Result<Bytes, E>> + Send,
    E: Send,
{
    let chunks = stream::unfold(range, |rest| async move {
        let end = rest.end.min(rest.start.saturating_add(READ_AHEAD_CHUNK_BYTES));
        (rest.start < rest.end).then_some((rest.start..end, end..rest.end))
    });
    chunks.map(read).buffered(READ_AHEAD_CHUNKS).scan(false, |failed, chunk| {
        let ended = *failed;
        *failed = chunk.is_err();
        std::future::ready((!ended).then_some(chunk))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const CHUNK: u64 = READ_AHEAD_CHUNK_BYTES;

    #[tokio::test]
    async fn all_in_order_however_long_each_takes() {
        let under_way = AtomicUsize::new(0);
        let read = |range: Range<u64>| {
            let under_way = &under_way;
            async move {
                assert!(under_way.fetch_add(1, Ordering::SeqCst) < READ_AHEAD_CHUNKS);
                for _ in 0..10 - range.start / CHUNK {
                    tokio::task::yield_now().await;
                }
                under_way.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, ()>(Bytes::from(format!("{}-{} ", range.start, range.end)))
            }
        };
        let chunks: Vec<_> = read_ahead(3..5 * CHUNK, read).map(Result::unwrap).collect().await;
        let expected = format!(
            "3-{} {}-{} {}-{} {}-{} {}-{} ",
            CHUNK + 3,
            CHUNK + 3,
            2 * CHUNK + 3,
            2 * CHUNK + 3,
            3 * CHUNK + 3,
            3 * CHUNK + 3,
            4 * CHUNK + 3,
            4 * CHUNK + 3,
            5 * CHUNK
        );
        assert_eq!(chunks.concat(), expected.as_bytes());
        assert_eq!(read_ahead(7..7, read).count().await, 0);
    }

    #[tokio::test]
    async fn nothing_comes_after_an_error() {
        let read =
            |range: Range<u64>| async move { if range.start == CHUNK { Err(()) } else { Ok(Bytes::new()) } };
        let chunks: Vec<_> = read_ahead(0..9 * CHUNK, read).collect().await;
        assert_eq!(chunks, [Ok(Bytes::new()), Err(())]);
    }
}
