//! Chunked bodies (RFC 9112 section 7.1): size lines with extensions, data, trailers.

use std::ops::ControlFlow;

use crate::{
    FramingError,
    body::take,
    field::parse_field,
    section::{Limit, Progress, Section, is_control},
};

/// Most bytes of a chunk-size line with its extensions and CRLF.
pub const MAX_CHUNK_LINE_BYTES: usize = 8 * 1024;

/// Most bytes of the trailers with all line ends.
pub const MAX_TRAILERS_BYTES: usize = 64 * 1024;

const TRAILERS_LIMIT: Limit = Limit { bytes: MAX_TRAILERS_BYTES, error: FramingError::TrailersTooLarge };

/// As many as fit 64 bits, so that a size cannot overflow.
const MAX_SIZE_DIGITS: usize = 16;

/// Where in a chunked body the stream is.
#[derive(Debug)]
pub(crate) enum Chunked {
    Size(SizeLine),
    Data(u64),
    DataCr,
    DataLf,
    Trailers,
}

impl Default for Chunked {
    fn default() -> Self {
        Chunked::Size(SizeLine::default())
    }
}

/// What a step in a chunked body came to.
#[derive(Debug)]
pub(crate) enum Chunk<'a> {
    /// A piece of the body proper, not empty.
    Data(&'a [u8]),
    /// No more of it, for now or at all.
    End(Progress),
}

impl Chunked {
    /// Reads up to the end of the next piece of data. Returns how much of `input` was consumed.
    pub(crate) fn step<'a>(&mut self, section: &mut Section, input: &'a [u8]) -> (usize, Chunk<'a>) {
        let mut consumed = 0;
        loop {
            let rest = input.get(consumed..).unwrap_or_default();
            if matches!(self, Chunked::Trailers) {
                let (length, progress) = section.feed(rest, TRAILERS_LIMIT, trailer_line);
                return (consumed + length, Chunk::End(progress));
            }
            let Some(&byte) = rest.first() else { return (consumed, Chunk::End(Progress::Partial)) };
            if let Chunked::Data(left) = self {
                let data = take(left, rest);
                if *left == 0 {
                    *self = Chunked::DataCr;
                }
                return (consumed + data.len(), Chunk::Data(data));
            }
            consumed += 1;
            if let Err(error) = self.frame_byte(byte) {
                return (consumed, Chunk::End(Progress::Refused(error)));
            }
        }
    }

    /// Takes a byte around the data.
    fn frame_byte(&mut self, byte: u8) -> Result<(), FramingError> {
        *self = match (&mut *self, byte) {
            (Chunked::Size(line), byte) => match line.push(byte)? {
                Some(0) => Chunked::Trailers,
                Some(size) => Chunked::Data(size),
                None => return Ok(()),
            },
            (Chunked::DataCr, b'\r') => Chunked::DataLf,
            (Chunked::DataLf, b'\n') => Chunked::default(),
            _ => return Err(FramingError::BadChunkEnd),
        };
        Ok(())
    }
}

fn trailer_line(line: &[u8]) -> Result<ControlFlow<()>, FramingError> {
    if line.is_empty() {
        return Ok(ControlFlow::Break(()));
    }
    parse_field(line)?;
    Ok(ControlFlow::Continue(()))
}

/// A chunk-size line, byte by byte.
#[derive(Debug, Default)]
pub(crate) struct SizeLine {
    size: u64,
    digits: usize,
    length: usize,
    part: SizeLinePart,
}

#[derive(Debug, Default, Clone, Copy)]
enum SizeLinePart {
    #[default]
    Digits,
    Extension,
    AfterCr,
}

impl SizeLine {
    /// Takes a byte; the size once the line has ended.
    fn push(&mut self, byte: u8) -> Result<Option<u64>, FramingError> {
        self.length += 1;
        match (self.part, byte) {
            (SizeLinePart::AfterCr, b'\n') => return Ok(Some(self.size)),
            (SizeLinePart::AfterCr, _) => return Err(FramingError::BareCr),
            (_, b'\n') => return Err(FramingError::BareLf),
            (SizeLinePart::Digits, _) => self.push_digit(byte)?,
            (SizeLinePart::Extension, b'\r') => self.part = SizeLinePart::AfterCr,
            (SizeLinePart::Extension, byte) if is_control(byte) => return Err(FramingError::ControlByte),
            (SizeLinePart::Extension, _) => {}
        }
        if self.length >= MAX_CHUNK_LINE_BYTES {
            return Err(FramingError::ChunkLineTooLong);
        }
        Ok(None)
    }

    fn push_digit(&mut self, byte: u8) -> Result<(), FramingError> {
        match char::from(byte).to_digit(16) {
            Some(digit) if self.digits < MAX_SIZE_DIGITS => {
                self.size = self.size << 4 | u64::from(digit);
                self.digits += 1;
            }
            None if self.digits > 0 && byte == b'\r' => self.part = SizeLinePart::AfterCr,
            None if self.digits > 0 && byte == b';' => self.part = SizeLinePart::Extension,
            _ => return Err(FramingError::BadChunkSize),
        }
        Ok(())
    }
}
