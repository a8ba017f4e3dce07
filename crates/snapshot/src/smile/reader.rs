//! The primitives of SMILE: bytes, texts, and numbers of seven bits a byte.

use super::number::decimal;
use super::{Result, SmileError, SmileErrorKind};

/// Ends texts whose length is not told; no byte of UTF-8 is this.
const END_OF_TEXT: u8 = 0xfc;
/// Bytes of a big number; its decimal form takes time by the square of this. Jackson refuses 1,000 digits and more.
const MAX_BIG_NUMBER_BYTES: usize = 512;

pub(super) struct Reader<'a> {
    document: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a [u8]) -> Self {
        Self { document, offset: 0 }
    }

    /// An error at the next byte.
    pub(super) fn error(&self, kind: SmileErrorKind) -> SmileError {
        SmileError { kind, offset: self.offset }
    }

    /// An error at the byte read last.
    pub(super) fn error_before(&self, kind: SmileErrorKind) -> SmileError {
        SmileError { kind, offset: self.offset.saturating_sub(1) }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.document.get(self.offset).copied()
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        let byte = self.peek().ok_or_else(|| self.error(SmileErrorKind::Truncated))?;
        self.offset += 1;
        Ok(byte)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let rest = self.document.get(self.offset..).unwrap_or_default();
        let bytes = rest.get(..length).ok_or_else(|| self.error(SmileErrorKind::Truncated))?;
        self.offset += length;
        Ok(bytes)
    }

    pub(super) fn text(&mut self, length: usize) -> Result<&'a str> {
        let at = self.offset;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| SmileError { kind: SmileErrorKind::NotUtf8, offset: at })
    }

    /// Text up to its end mark.
    pub(super) fn long_text(&mut self) -> Result<&'a str> {
        let rest = self.document.get(self.offset..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == END_OF_TEXT);
        let text = self.text(length.ok_or_else(|| self.error(SmileErrorKind::Truncated))?)?;
        self.offset += 1;
        Ok(text)
    }

    /// Seven bits a byte, most significant first; the last byte has its top bit set and six bits.
    fn unsigned(&mut self) -> Result<u64> {
        let at = self.offset;
        let too_long = SmileError { kind: SmileErrorKind::NumberTooLong, offset: at };
        let mut value: u64 = 0;
        loop {
            let byte = self.byte()?;
            let (bits, more) = if byte & 0x80 == 0 { (7, byte) } else { (6, byte & 0x3f) };
            if value.leading_zeros() < bits {
                return Err(too_long);
            }
            value = value << bits | u64::from(more);
            if bits == 6 {
                return Ok(value);
            }
        }
    }

    pub(super) fn zigzag(&mut self) -> Result<i64> {
        self.unsigned().map(unzigzag)
    }

    pub(super) fn length(&mut self) -> Result<usize> {
        let length = self.unsigned()?;
        usize::try_from(length).map_err(|_| self.error(SmileErrorKind::Truncated))
    }

    /// Bytes of which each carries seven bits: the bits over are the upper ones, and zero.
    fn bits(&mut self, bytes: usize) -> Result<u64> {
        let mut value: u64 = 0;
        for byte in self.take(bytes)? {
            value = value << 7 | u64::from(byte & 0x7f);
        }
        Ok(value)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "five bytes carry 35 bits, of which 32 are the number"
    )]
    pub(super) fn float(&mut self) -> Result<f32> {
        Ok(f32::from_bits(self.bits(5)? as u32))
    }

    pub(super) fn double(&mut self) -> Result<f64> {
        Ok(f64::from_bits(self.bits(10)?))
    }

    /// Binary where no byte has its top bit set: seven bytes in eight, and n in n + 1 at the end.
    pub(super) fn seven_bit_bytes(&mut self) -> Result<Vec<u8>> {
        let length = self.length()?;
        // Before anything is allocated: so much must be there.
        let (groups, left) = (length / 7, length % 7);
        let encoded = groups.checked_mul(8).and_then(|n| n.checked_add(if left > 0 { left + 1 } else { 0 }));
        let encoded = encoded.ok_or_else(|| self.error(SmileErrorKind::Truncated))?;
        let encoded = self.take(encoded)?;
        let mut bytes = Vec::with_capacity(length);
        for group in encoded.chunks(8) {
            let count = group.len().saturating_sub(1);
            // The bits of the last byte of a short group stand right: as many as there are bytes.
            let last_bits = count;
            let mut value: u64 = 0;
            for (place, byte) in group.iter().enumerate() {
                let bits = if place == count { last_bits } else { 7 };
                value = value << bits | u64::from(byte & 0x7f);
            }
            bytes.extend_from_slice(value.to_be_bytes().get(8 - count..).unwrap_or_default());
        }
        Ok(bytes)
    }

    /// The decimal digits of a number of any size.
    pub(super) fn big_integer(&mut self) -> Result<String> {
        let at = self.offset;
        let bytes = self.seven_bit_bytes()?;
        if bytes.len() > MAX_BIG_NUMBER_BYTES {
            return Err(SmileError { kind: SmileErrorKind::NumberTooLong, offset: at });
        }
        Ok(decimal(&bytes))
    }
}

#[expect(clippy::cast_possible_wrap, reason = "half of a 64-bit number fits")]
pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
