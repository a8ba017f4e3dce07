//! What a request carries.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// A request's body with the headers that describe it.
#[derive(Clone, Debug)]
pub struct Body {
    pub(crate) bytes: Bytes,
    pub(crate) content_type: &'static str,
    pub(crate) gzip: bool,
}

impl Body {
    /// One JSON text.
    #[must_use]
    pub fn json(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), content_type: "application/json", gzip: false }
    }

    /// Lines of JSON, as `_bulk` wants them.
    #[must_use]
    pub fn lines(bytes: impl Into<Bytes>) -> Self {
        Self { content_type: "application/x-ndjson", ..Self::json(bytes) }
    }

    /// The same, compressed in the fastest way.
    ///
    /// # Errors
    /// None in practice: it writes to memory.
    pub fn gzipped(self) -> io::Result<Self> {
        let mut encoder = GzEncoder::new(Vec::with_capacity(self.bytes.len() / 4), Compression::fast());
        encoder.write_all(&self.bytes)?;
        Ok(Self { bytes: encoder.finish()?.into(), gzip: true, ..self })
    }

    /// Bytes that will be sent.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing will be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
