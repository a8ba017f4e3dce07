//! Lines of a tuple file, plain or compressed.

use std::io::{self, BufRead, BufReader, Read};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BUFFER_BYTES: usize = 256 * 1024;
/// Longer lines are passed over and told. A tuple holds each body four times at most.
pub const MAX_LINE_BYTES: usize = 1024 * 1024 * 1024;

/// The lines of one file.
pub struct Lines<'a> {
    input: Box<dyn BufRead + 'a>,
    number: u64,
    line: Vec<u8>,
}

/// One line.
#[derive(Debug)]
pub struct Line<'a> {
    /// From 1.
    pub number: u64,
    /// Without its end; `None` when it is longer than [`MAX_LINE_BYTES`].
    pub bytes: Option<&'a [u8]>,
}

impl std::fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("number", &self.number).finish_non_exhaustive()
    }
}

impl<'a> Lines<'a> {
    /// Reads a file of tuples; gzip and zstd are told by the first bytes.
    ///
    /// # Errors
    /// Of `input`.
    pub fn new(mut input: impl Read + 'a) -> io::Result<Self> {
        let mut head = Vec::with_capacity(ZSTD_MAGIC.len());
        (&mut input).take(ZSTD_MAGIC.len() as u64).read_to_end(&mut head)?;
        let (gzip, zstd) = (head.starts_with(&GZIP_MAGIC), head.starts_with(&ZSTD_MAGIC));
        let whole = io::Cursor::new(head).chain(input);
        let plain: Box<dyn Read + 'a> = if gzip {
            Box::new(flate2::read::MultiGzDecoder::new(whole))
        } else if zstd {
            Box::new(zstd::stream::read::Decoder::new(whole)?)
        } else {
            Box::new(whole)
        };
        Ok(Self {
            input: Box::new(BufReader::with_capacity(BUFFER_BYTES, plain)),
            number: 0,
            line: Vec::new(),
        })
    }

    /// The next line that is not blank; `None` at the end.
    ///
    /// # Errors
    /// Of the input, damaged compression among them.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.line.clear();
            let read = (&mut self.input).take(MAX_LINE_BYTES as u64).read_until(b'\n', &mut self.line)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if read == MAX_LINE_BYTES && !self.line.ends_with(b"\n") {
                self.line = Vec::new();
                self.input.skip_until(b'\n')?;
                return Ok(Some(Line { number: self.number, bytes: None }));
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(Some(Line { number: self.number, bytes: Some(self.line.trim_ascii()) }));
            }
        }
    }
}
