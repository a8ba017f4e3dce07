//! Why a connection stops being a sequence of messages and becomes a tunnel.

use thiserror::Error;

use crate::{MAX_CHUNK_LINE_BYTES, MAX_HEAD_BYTES, MAX_TRAILERS_BYTES};

/// Why bytes cannot be framed with certainty.
///
/// Each is a place where real HTTP implementations are known to disagree, or where the bytes are not HTTP/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum FramingError {
    /// No end of the head within [`MAX_HEAD_BYTES`].
    #[error("the head does not end within {MAX_HEAD_BYTES} bytes")]
    HeadTooLarge,
    /// A line feed without the carriage return before it.
    #[error("a line ends in LF alone instead of CRLF")]
    BareLf,
    /// A carriage return that no line feed follows.
    #[error("a CR is not followed by LF")]
    BareCr,
    /// A control character (NUL included) in a head, a chunk extension or a trailer.
    #[error("a control character stands in a head, a chunk extension or a trailer")]
    ControlByte,
    /// The first line is not `method SP target SP version`.
    #[error("the first line is not an HTTP request line")]
    BadRequestLine,
    /// The first line is not `version SP status SP reason`.
    #[error("the first line is not an HTTP status line")]
    BadStatusLine,
    /// A version other than `HTTP/1.0` and `HTTP/1.1`, such as the preface of HTTP/2.
    #[error("the version is neither HTTP/1.0 nor HTTP/1.1")]
    UnsupportedVersion,
    /// A header or trailer line without a colon, or whose name is not a token (a space before the colon too).
    #[error("a header line does not start with a field name and a colon")]
    BadHeaderName,
    /// A header or trailer line continued on the next one.
    #[error("a header line is folded over two lines")]
    FoldedHeader,
    /// More than one `Content-Length` header, even if they agree.
    #[error("there is more than one Content-Length header")]
    TwoLengths,
    /// `Content-Length` that is not one decimal number below 2^64.
    #[error("the Content-Length is not one decimal number below 2^64")]
    BadLength,
    /// `Content-Length` together with `Transfer-Encoding`.
    #[error("there is a Content-Length next to a Transfer-Encoding")]
    LengthWithChunked,
    /// `Transfer-Encoding` other than one header saying just `chunked`.
    #[error("the Transfer-Encoding is not just \"chunked\"")]
    UnknownTransferCoding,
    /// `Transfer-Encoding` in an HTTP/1.0 message.
    #[error("there is a Transfer-Encoding in an HTTP/1.0 message")]
    ChunkedInHttp10,
    /// A chunk size that is not 1 to 16 hexadecimal digits ended by CRLF or `;`.
    #[error("a chunk size is not 1 to 16 hexadecimal digits")]
    BadChunkSize,
    /// No end of a chunk-size line within [`MAX_CHUNK_LINE_BYTES`].
    #[error("a chunk-size line does not end within {MAX_CHUNK_LINE_BYTES} bytes")]
    ChunkLineTooLong,
    /// Bytes other than CRLF behind the data of a chunk.
    #[error("the data of a chunk is not followed by CRLF")]
    BadChunkEnd,
    /// No end of the trailers within [`MAX_TRAILERS_BYTES`].
    #[error("the trailers do not end within {MAX_TRAILERS_BYTES} bytes")]
    TrailersTooLarge,
    /// The server sent bytes while no request was waiting for an answer.
    #[error("the server sent bytes while no request was waiting for an answer")]
    UnsolicitedResponse,
    /// A `101 Switching Protocols` to a request without an `Upgrade` header.
    #[error("the server switched protocols though the request did not ask for it")]
    UnaskedUpgrade,
}

/// Why a connection is a tunnel: opaque bytes instead of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum TunnelReason {
    /// The bytes cannot be framed with certainty.
    #[error("not framable: {0}")]
    Unframable(FramingError),
    /// The client sent a `CONNECT` request.
    #[error("CONNECT request")]
    Connect,
    /// The server switched to another protocol, as the client had asked.
    #[error("upgrade to another protocol")]
    Upgrade,
}

impl From<FramingError> for TunnelReason {
    fn from(error: FramingError) -> Self {
        TunnelReason::Unframable(error)
    }
}
