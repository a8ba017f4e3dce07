//! SMILE, the binary JSON that metadata of snapshots is written in, as JSON text.
//!
//! Metadata of the oldest repositories is JSON, and parts of it (mappings, templates) are handed on as JSON in any case.
//! So SMILE is turned into text, and everything behind this module knows one format. Binary values become base64, as
//! they are in JSON that the servers write. The format:
//! <https://github.com/FasterXML/smile-format-specification/blob/master/smile-specification.md>.

mod number;
mod reader;
mod shared;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::reader::Reader;
use self::shared::Shared;

/// The first bytes of a document; a fourth has version and flags.
pub(crate) const SIGNATURE: &[u8] = b":)\n";

/// Containers in containers. Jackson, which wrote the document, refuses more than 1,000.
const MAX_DEPTH: usize = 1_000;

const FLAG_SHARED_NAMES: u8 = 0x01;
const FLAG_SHARED_VALUES: u8 = 0x02;

/// A document is not SMILE, or is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("broken SMILE at byte {offset}: {kind}")]
pub struct SmileError {
    /// What is wrong.
    pub kind: SmileErrorKind,
    /// Where, in bytes from the start of the document.
    pub offset: usize,
}

/// What is wrong with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmileErrorKind {
    /// It does not begin as SMILE does.
    #[error("it does not begin with the signature of SMILE")]
    NoSignature,
    /// A version that does not exist yet.
    #[error("version {0} of the format is not known")]
    UnknownVersion(u8),
    /// It ends too early.
    #[error("it ends in the middle of a value")]
    Truncated,
    /// There is more after its end.
    #[error("there are more bytes after its end")]
    TrailingBytes,
    /// A byte that can't stand here.
    #[error("0x{0:02x} is not the begin of a value")]
    NotAValue(u8),
    /// A byte that can't stand where a field's name is expected.
    #[error("0x{0:02x} is not the begin of a name")]
    NotAName(u8),
    /// A reference to a name or text that has not been.
    #[error("it refers to text number {0}, of which there is none")]
    UnknownReference(usize),
    /// Text that is no UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// A number that is longer than its type.
    #[error("a number is too long")]
    NumberTooLong,
    /// Too many containers in containers.
    #[error("values are nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// The JSON would be longer than was asked for.
    #[error("as JSON it is longer than {0} bytes")]
    TooLong(usize),
}

type Result<T> = std::result::Result<T, SmileError>;

/// The JSON text of a document, of at most `max_bytes` (a reference of two bytes may stand for a long text).
///
/// # Errors
/// When the document is not SMILE, is damaged, or is too long.
pub fn to_json(document: &[u8], max_bytes: usize) -> Result<Vec<u8>> {
    let mut reader = Reader::new(document);
    if !document.starts_with(SIGNATURE) {
        return Err(reader.error(SmileErrorKind::NoSignature));
    }
    reader.take(SIGNATURE.len())?;
    let flags = reader.byte()?;
    if flags >> 4 != 0 {
        return Err(reader.error(SmileErrorKind::UnknownVersion(flags >> 4)));
    }
    let json = Vec::with_capacity(document.len().min(max_bytes));
    let names = Shared::new(flags & FLAG_SHARED_NAMES != 0);
    let values = Shared::new(flags & FLAG_SHARED_VALUES != 0);
    Transcoder { reader, names, values, json, max_bytes, open: Vec::new() }.run()
}

/// A container that is not closed yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Array,
    Object,
}

struct Transcoder<'a> {
    reader: Reader<'a>,
    names: Shared<'a>,
    values: Shared<'a>,
    json: Vec<u8>,
    max_bytes: usize,
    open: Vec<Container>,
}

impl<'a> Transcoder<'a> {
    /// With a stack of its own: nesting in a file must not be nesting of calls.
    fn run(mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(container) = self.open.last().copied() {
                if self.closed(container)? {
                    if self.open.is_empty() {
                        break;
                    }
                    continue;
                }
                if !matches!(self.json.last(), Some(b'[' | b'{')) {
                    self.json.push(b',');
                }
                if container == Container::Object {
                    let name = self.name()?;
                    self.text(name)?;
                    self.json.push(b':');
                }
            }
            self.value()?;
            if self.json.len() > self.max_bytes {
                return Err(self.reader.error(SmileErrorKind::TooLong(self.max_bytes)));
            }
            if self.open.is_empty() {
                break;
            }
        }
        // The mark of the end may be there or not.
        if self.reader.peek() == Some(0xff) {
            self.reader.byte()?;
        }
        if self.reader.peek().is_some() {
            return Err(self.reader.error(SmileErrorKind::TrailingBytes));
        }
        Ok(self.json)
    }

    /// Whether the innermost container ends here.
    fn closed(&mut self, container: Container) -> Result<bool> {
        let (end, sign) = match container {
            Container::Array => (0xf9, b']'),
            Container::Object => (0xfb, b'}'),
        };
        if self.reader.peek() != Some(end) {
            return Ok(false);
        }
        self.reader.byte()?;
        self.open.pop();
        self.json.push(sign);
        Ok(true)
    }

    fn name(&mut self) -> Result<&'a str> {
        let token = self.reader.byte()?;
        let name = match token {
            0x20 => return Ok(""),
            0x30..=0x33 => {
                let index = usize::from(token & 0x03) << 8 | usize::from(self.reader.byte()?);
                return self.reference(&self.names, index);
            }
            0x40..=0x7f => return self.reference(&self.names, usize::from(token & 0x3f)),
            0x34 => self.reader.long_text()?,
            0x80..=0xbf => self.reader.text(usize::from(token & 0x3f) + 1)?,
            0xc0..=0xf7 => self.reader.text(usize::from(token & 0x3f) + 2)?,
            _ => return Err(self.reader.error_before(SmileErrorKind::NotAName(token))),
        };
        self.names.add(name);
        Ok(name)
    }

    fn value(&mut self) -> Result<()> {
        let token = self.reader.byte()?;
        match token {
            0x01..=0x1f => {
                let text = self.reference(&self.values, usize::from(token) - 1)?;
                self.text(text)?;
            }
            0x20 => self.json.extend_from_slice(b"\"\""),
            0x21 => self.json.extend_from_slice(b"null"),
            0x22 => self.json.extend_from_slice(b"false"),
            0x23 => self.json.extend_from_slice(b"true"),
            0x24 | 0x25 => number::write_integer(self.reader.zigzag()?, &mut self.json),
            0x26 => {
                let digits = self.reader.big_integer()?;
                self.json.extend_from_slice(digits.as_bytes());
            }
            0x28 => number::write_float(f64::from(self.reader.float()?), true, &mut self.json),
            0x29 => number::write_float(self.reader.double()?, false, &mut self.json),
            0x2a => {
                let scale = self.reader.zigzag()?;
                let digits = self.reader.big_integer()?;
                self.json.extend_from_slice(format!("{digits}E{}", -i128::from(scale)).as_bytes());
            }
            0x40..=0x7f => self.short_text(usize::from(token & 0x3f) + 1)?,
            0x80..=0xbf => self.short_text(usize::from(token & 0x3f) + 2)?,
            0xc0..=0xdf => number::write_integer(reader::unzigzag(u64::from(token & 0x1f)), &mut self.json),
            0xe0 | 0xe4 => {
                let text = self.reader.long_text()?;
                self.text(text)?;
            }
            0xe8 => {
                let bytes = self.reader.seven_bit_bytes()?;
                self.binary(&bytes);
            }
            0xec..=0xef => {
                let index = usize::from(token & 0x03) << 8 | usize::from(self.reader.byte()?);
                let text = self.reference(&self.values, index)?;
                self.text(text)?;
            }
            0xf8 => self.begin(Container::Array, b'[')?,
            0xfa => self.begin(Container::Object, b'{')?,
            0xfd => {
                let length = self.reader.length()?;
                let bytes = self.reader.take(length)?;
                self.binary(bytes);
            }
            _ => return Err(self.reader.error_before(SmileErrorKind::NotAValue(token))),
        }
        Ok(())
    }

    fn begin(&mut self, container: Container, sign: u8) -> Result<()> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.reader.error_before(SmileErrorKind::TooDeep));
        }
        self.open.push(container);
        self.json.push(sign);
        Ok(())
    }

    fn reference(&self, shared: &Shared<'a>, index: usize) -> Result<&'a str> {
        shared.get(index).ok_or_else(|| self.reader.error_before(SmileErrorKind::UnknownReference(index)))
    }

    fn short_text(&mut self, bytes: usize) -> Result<()> {
        let text = self.reader.text(bytes)?;
        self.values.add(text);
        self.text(text)
    }

    fn text(&mut self, text: &str) -> Result<()> {
        // Writing to a vector can't fail; the kind stands for "could not be written".
        serde_json::to_writer(&mut self.json, text)
            .map_err(|_| self.reader.error(SmileErrorKind::TooLong(self.max_bytes)))
    }

    fn binary(&mut self, bytes: &[u8]) {
        self.json.push(b'"');
        self.json.extend_from_slice(STANDARD.encode(bytes).as_bytes());
        self.json.push(b'"');
    }
}

#[cfg(test)]
mod tests;
