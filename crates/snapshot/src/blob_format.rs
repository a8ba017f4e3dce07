//! What a repository's metadata files look like, from bytes to JSON text.
//!
//! From version 2.x on a `.dat` file is a *codec frame* (name, version and at the end a checksum) around a body; older
//! files are a body alone. A body is SMILE or JSON, as it is or compressed. What a body is, is told by its first bytes
//! and by nothing else: in one repository of 1.x some files are compressed and some are not, and text in a mapping may
//! look like the mark of a compressed file.

mod codec;
mod compression;
mod lzf;

use crate::smile::{self, SmileError};

/// What a framed file says it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// `snap-*.dat`, of the repository and of a shard.
    Snapshot,
    /// `meta-*.dat` of the repository: the cluster's metadata.
    Metadata,
    /// `meta-*.dat` of an index.
    IndexMetadata,
    /// None: `index-N` and files of the oldest repositories, which are a body alone.
    None,
}

impl Codec {
    fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Metadata => "metadata",
            Self::IndexMetadata => "index-metadata",
            Self::None => "",
        }
    }
}

/// A metadata file can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobFormatError {
    /// It is empty: its upload was cut off, or the disk was full.
    #[error("it is empty")]
    Empty,
    /// It ends too early.
    #[error("it is cut off")]
    Truncated,
    /// Its bytes are not what was written.
    #[error("its checksum is {computed:08x}, but it says {stored:08x}: it is damaged")]
    Checksum {
        /// Of the bytes that are there.
        computed: u32,
        /// At its end.
        stored: u64,
    },
    /// It has no valid end.
    #[error("it has no valid footer: it is cut off or damaged")]
    NoFooter,
    /// It holds something else than its name says.
    #[error("it holds '{found}' instead of '{expected}'")]
    OtherCodec {
        /// What its name says.
        expected: &'static str,
        /// What it says itself.
        found: String,
    },
    /// A version of the frame that does not exist yet.
    #[error("version {0} of its format is not known to this program: use a newer one")]
    UnknownVersion(u32),
    /// Neither JSON, SMILE nor a known compression.
    #[error("it begins with {0}, which is neither JSON, SMILE nor a known compression")]
    UnknownBody(String),
    /// It can't be decompressed.
    #[error("its {0} compression is damaged")]
    Compression(&'static str),
    /// It is larger than any real one.
    #[error("it holds more than {0} bytes")]
    TooLarge(usize),
    /// Its SMILE is damaged.
    #[error(transparent)]
    Smile(#[from] SmileError),
}

/// The JSON text in a metadata file, of at most `max_bytes`.
pub(crate) fn decode(file: &[u8], codec: Codec, max_bytes: usize) -> Result<Vec<u8>, BlobFormatError> {
    let body = if codec::is_framed(file) { codec::body(file, codec.name())? } else { file };
    body_to_json(body, max_bytes)
}

/// The JSON text of a body: SMILE or JSON, as it is or compressed.
///
/// # Errors
/// When it is neither, is damaged, or longer than `max_bytes`.
pub fn body_to_json(body: &[u8], max_bytes: usize) -> Result<Vec<u8>, BlobFormatError> {
    match compression::decompress(body, max_bytes)? {
        Some(body) => plain_to_json(&body, max_bytes),
        None => plain_to_json(body, max_bytes),
    }
}

fn plain_to_json(body: &[u8], max_bytes: usize) -> Result<Vec<u8>, BlobFormatError> {
    if body.starts_with(smile::SIGNATURE) {
        return Ok(smile::to_json(body, max_bytes)?);
    }
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') if body.len() > max_bytes => Err(BlobFormatError::TooLarge(max_bytes)),
        Some(b'{' | b'[') => Ok(body.to_vec()),
        Some(_) => {
            let start = body.get(..body.len().min(8)).unwrap_or_default();
            Err(BlobFormatError::UnknownBody(format!("{start:02x?}")))
        }
        None => Err(BlobFormatError::Empty),
    }
}

#[cfg(test)]
mod tests;
