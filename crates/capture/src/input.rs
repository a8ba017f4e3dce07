//! Captures in files: every format in which records are passed around.
//!
//! Plain, gzip or zstd; inside, a record a line (`base64` as the existing replayer reads, `key|base64` as the existing
//! console exports) or records behind a varint length each. All of it is told by looking at the first bytes.
//! A bad record is yielded as such, with its place, and reading goes on: one bad line must not cost the rest.

mod delimited;
mod detect;
mod lines;

use std::io::{self, BufRead, Read};

use bytes::Bytes;

use crate::record::{RecordError, TrafficStream};

/// The longest record taken.
pub const MAX_INPUT_RECORD_BYTES: usize = 64 * 1024 * 1024;

/// A record and where it stood.
#[derive(Debug, Clone, PartialEq)]
pub struct InputRecord {
    /// Line, or record in length-delimited input, from 1.
    pub number: u64,
    /// Key before the record, in a `key|base64` line.
    pub key: Option<String>,
    /// The record.
    pub stream: TrafficStream,
}

/// A record with its own bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct RawRecord {
    /// Line, or record in length-delimited input, from 1.
    pub number: u64,
    /// Key before the record, in a `key|base64` line.
    pub key: Option<String>,
    /// The record, not decoded.
    pub bytes: Bytes,
    /// What it says.
    pub stream: TrafficStream,
}

/// Bytes of the input that are no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {number} of the input: {reason}")]
pub struct BadRecord {
    /// Line, or record in length-delimited input, from 1.
    pub number: u64,
    /// Why.
    pub reason: BadReason,
    /// The line, or the record without its length; as much of it as was read.
    pub raw: Bytes,
}

/// Why bytes are no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadReason {
    /// The line is not base64.
    #[error("not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Not a `TrafficStream` that can be used.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Longer than a record can be.
    #[error("longer than {MAX_INPUT_RECORD_BYTES} bytes")]
    TooLong,
    /// A length that is none, or is followed by less than it says: what comes after can't be found.
    #[error("the input is cut off, or not of this format: nothing after this can be read")]
    CutOff,
}

/// Why the input yielded no record.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// One record is bad. Unless it is [`BadReason::CutOff`], the next one can be asked for.
    #[error(transparent)]
    Bad(#[from] BadRecord),
    /// The input can't be read, or not decompressed. Nothing more comes.
    #[error("can't read the input after record {after}: {error}")]
    Io {
        /// Records read until then, good and bad.
        after: u64,
        /// What failed.
        error: io::Error,
    },
}

/// Iterates over the records of an input.
pub struct RecordInput<'a> {
    input: Box<dyn BufRead + 'a>,
    format: Format,
    /// Records read so far.
    number: u64,
    over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Lines,
    Delimited,
}

impl<'a> RecordInput<'a> {
    /// Looks at the first bytes to tell compression and format. An empty input has no records.
    pub fn new(input: impl Read + 'a) -> io::Result<Self> {
        let (input, format) = detect::detect(input)?;
        Ok(Self { input, format, number: 0, over: false })
    }

    /// The records' own bytes instead, for passing them on as they are. Each is checked to be a record all the same.
    pub fn raw(mut self) -> impl Iterator<Item = Result<RawRecord, InputError>> + use<'a> {
        std::iter::from_fn(move || {
            self.advance(|number, key, bytes, stream| RawRecord { number, key, bytes, stream })
        })
    }

    fn read<T>(
        &mut self,
        make: impl FnOnce(u64, Option<String>, Bytes, TrafficStream) -> T,
    ) -> Result<Option<T>, InputError> {
        let number = &mut self.number;
        let raw = match self.format {
            Format::Lines => lines::next(&mut self.input, number),
            Format::Delimited => delimited::next(&mut self.input, number),
        };
        let number = *number;
        match raw {
            Ok(None) => Ok(None),
            Ok(Some(Raw::Record { key, record, raw })) => {
                match TrafficStream::decode_record(record.clone()) {
                    Ok(stream) => Ok(Some(make(number, key, record, stream))),
                    Err(error) => Err(BadRecord { number, reason: error.into(), raw }.into()),
                }
            }
            Ok(Some(Raw::Bad { reason, raw })) => Err(BadRecord { number, reason, raw }.into()),
            Err(error) => Err(InputError::Io { after: number, error }),
        }
    }

    /// The next record, if the input goes on behind the last one.
    fn advance<T>(
        &mut self,
        make: impl FnOnce(u64, Option<String>, Bytes, TrafficStream) -> T,
    ) -> Option<Result<T, InputError>> {
        if self.over {
            return None;
        }
        let result = self.read(make).transpose();
        self.over = match &result {
            None | Some(Err(InputError::Io { .. })) => true,
            Some(Err(InputError::Bad(bad))) => bad.reason == BadReason::CutOff,
            Some(Ok(_)) => false,
        };
        result
    }
}

/// What a format's reader found.
enum Raw {
    Record { key: Option<String>, record: Bytes, raw: Bytes },
    Bad { reason: BadReason, raw: Bytes },
}

impl Iterator for RecordInput<'_> {
    type Item = Result<InputRecord, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance(|number, key, _, stream| InputRecord { number, key, stream })
    }
}

impl std::fmt::Debug for RecordInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordInput")
            .field("format", &self.format)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
