//! Content codings of bodies: what a body says once it is decompressed.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

/// A body that decodes to more than this is not decoded.
pub const MAX_DECODED_BYTES: u64 = 512 * 1024 * 1024;

/// Why a body could not be decoded.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// A coding other than gzip and deflate.
    #[error("content coding '{0}' is not supported")]
    UnknownCoding(String),
    /// Not what its header says.
    #[error("the compressed body is damaged: {0}")]
    Damaged(#[from] std::io::Error),
    /// More than is allowed.
    #[error("the body decodes to more than {0} bytes")]
    TooLarge(u64),
}

/// Decodes a body by its `Content-Encoding`, to at most [`MAX_DECODED_BYTES`].
///
/// # Errors
/// See [`ContentError`].
pub fn decode<'a>(coding: Option<&[u8]>, body: Cow<'a, [u8]>) -> Result<Cow<'a, [u8]>, ContentError> {
    decode_within(coding, body, MAX_DECODED_BYTES)
}

/// Decodes a body by its `Content-Encoding`, to at most `max_bytes`.
///
/// # Errors
/// See [`ContentError`].
pub fn decode_within<'a>(
    coding: Option<&[u8]>,
    body: Cow<'a, [u8]>,
    max_bytes: u64,
) -> Result<Cow<'a, [u8]>, ContentError> {
    let Some(coding) = coding else { return Ok(body) };
    match coding.to_ascii_lowercase().as_slice() {
        b"" | b"identity" => Ok(body),
        _ if body.is_empty() => Ok(body),
        b"gzip" | b"x-gzip" => read_all(MultiGzDecoder::new(body.as_ref()), max_bytes),
        b"deflate" => read_all(ZlibDecoder::new(body.as_ref()), max_bytes),
        _ => Err(ContentError::UnknownCoding(String::from_utf8_lossy(coding).into_owned())),
    }
}

fn read_all<'a>(decoder: impl Read, max_bytes: u64) -> Result<Cow<'a, [u8]>, ContentError> {
    let mut decoded = Vec::new();
    decoder.take(max_bytes.saturating_add(1)).read_to_end(&mut decoded)?;
    if decoded.len() as u64 > max_bytes {
        return Err(ContentError::TooLarge(max_bytes));
    }
    Ok(Cow::Owned(decoded))
}
