//! What a captured connection looks like at rest, and how it becomes requests and answers again.
//!
//! The agent writes with [`StreamEncoder`] and [`log::LogWriter`]; replayer and console read with
//! [`log::LogReader`] or [`input::RecordInput`] and pair requests with their answers in [`Reassembler`].
//! One crate holds both ends because the format is the contract between them: what one end writes, the tests
//! here read back with the other.

pub mod encoder;
pub mod input;
pub mod log;
pub mod reassembly;
pub mod record;
pub mod split;
pub mod timestamp;

pub use encoder::{MAX_RECORD_BYTES, RecordSink, StreamEncoder};
pub use log::{LogError, LogErrorKind, LogOptions, LogReader, LogWriter, SyncHandle};
pub use reassembly::{End, Message, Reassembled, Reassembler, Transaction};
pub use record::{RecordError, ServedBy, TrafficObservation, TrafficStream};
pub use timestamp::Timestamp;

/// What a captured header value begins with when its own value was a secret; a hash follows. Whoever replays it has no
/// use for it.
pub const REDACTED_PREFIX: &str = "redacted:hmac-sha256:";
pub use split::{SplitError, split_record};
