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
    /// More than [`MAX_DECODED_BYTES`].
    #[error("the body decodes to more than {MAX_DECODED_BYTES} bytes")]
    TooLarge,
}

/// Decodes a body by its `Content-Encoding`.
///
/// # Errors
/// See [`ContentError`].
pub fn decode<'a>(coding: Option<&[u8]>, body: Cow<'a, [u8]>) -> Result<Cow<'a, [u8]>, ContentError> {
    let Some(coding) = coding else { return Ok(body) };
    match coding.to_ascii_lowercase().as_slice() {
        b"" | b"identity" => Ok(body),
        _ if body.is_empty() => Ok(body),
        b"gzip" | b"x-gzip" => read_all(MultiGzDecoder::new(body.as_ref())),
        b"deflate" => read_all(ZlibDecoder::new(body.as_ref())),
        _ => Err(ContentError::UnknownCoding(String::from_utf8_lossy(coding).into_owned())),
    }
}

fn read_all<'a>(decoder: impl Read) -> Result<Cow<'a, [u8]>, ContentError> {
    let mut decoded = Vec::new();
    decoder.take(MAX_DECODED_BYTES + 1).read_to_end(&mut decoded)?;
    if decoded.len() as u64 > MAX_DECODED_BYTES {
        return Err(ContentError::TooLarge);
    }
    Ok(Cow::Owned(decoded))
}
