//! HTTP/1.1 message framing beside a raw byte stream: where each message's head, body and end lie.
//!
//! The bytes of a connection are forwarded untouched, so nothing here rewrites or owns them: a framer is shown
//! what arrived, in whatever split the socket gave, and answers with events and how far they reach. There is no
//! IO and no waiting, and one direction of one connection is one framer ([`RequestFramer`],
//! [`ResponseFramer`]).
//!
//! Two peers that disagree about where a message ends can be made to see different requests in the same bytes
//! (request smuggling), and a recording made from a third opinion would be wrong in silence. So whatever RFC 9112
//! lets a recipient repair or guess at is refused: the connection becomes a tunnel, its bytes opaque from the
//! start of the message in doubt, and the [`TunnelReason`] says why.

mod body;
mod chunked;
pub mod content;
mod declared;
mod error;
mod field;
mod first_line;
mod head;
pub mod message;
mod outcome;
mod request;
mod response;
mod section;

pub use body::BodyKind;
pub use chunked::{MAX_CHUNK_LINE_BYTES, MAX_TRAILERS_BYTES};
pub use error::{FramingError, TunnelReason};
pub use field::Headers;
pub use first_line::Version;
pub use head::{MAX_HEAD_BYTES, RequestHead, ResponseHead};
pub use outcome::RequestKind;
pub use request::{RequestEvent, RequestFramer};
pub use response::{ResponseEof, ResponseEvent, ResponseFramer};
