//! Compressed bodies. Each kind begins with a mark of its own, which neither JSON nor SMILE can begin with.

use std::io::Read;

use super::{BlobFormatError, lzf};

/// Elasticsearch since 2.0 and OpenSearch.
const DEFLATE_MARK: &[u8] = b"DFL\0";
/// OpenSearch, with `compression_type: zstd`.
const ZSTD_MARK: &[u8] = b"ZSTD\0";

/// What is in a compressed body, or none when it is not compressed.
pub(super) fn decompress(body: &[u8], max_bytes: usize) -> Result<Option<Vec<u8>>, BlobFormatError> {
    if let Some(compressed) = body.strip_prefix(DEFLATE_MARK) {
        return read(flate2::read::DeflateDecoder::new(compressed), "DEFLATE", max_bytes).map(Some);
    }
    if let Some(compressed) = body.strip_prefix(ZSTD_MARK) {
        let decoder =
            zstd::stream::read::Decoder::new(compressed).map_err(|_| BlobFormatError::Compression("zstd"))?;
        return read(decoder, "zstd", max_bytes).map(Some);
    }
    if lzf::is_compressed(body) {
        return lzf::decompress(body, max_bytes).map(Some);
    }
    Ok(None)
}

fn read(decoder: impl Read, kind: &'static str, max_bytes: usize) -> Result<Vec<u8>, BlobFormatError> {
    let mut body = Vec::new();
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(limit).read_to_end(&mut body).map_err(|_| BlobFormatError::Compression(kind))?;
    if body.len() > max_bytes {
        return Err(BlobFormatError::TooLarge(max_bytes));
    }
    Ok(body)
}
