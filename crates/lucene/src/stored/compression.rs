//! How the documents of a chunk are compressed.

use crate::error::{Error, ErrorKind};
use crate::input::Input;
use crate::stored::lz4;

/// The compression of a segment's stored fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// One LZ4 block.
    Lz4,
    /// One raw DEFLATE stream after its length.
    Deflate,
    /// LZ4 blocks that begin with a common dictionary: the beginning of the text, itself compressed.
    Lz4Dict,
    /// The same in DEFLATE.
    DeflateDict,
    /// One zstd frame after its length (Elasticsearch).
    Zstd,
    /// zstd frames with a common dictionary (OpenSearch's `zstd`).
    ZstdDict,
    /// zstd frames of equal parts (OpenSearch's `zstd_no_dict`).
    ZstdParts,
}

impl Compression {
    /// How much text a compressed byte can stand for at most: a chunk that claims more is damaged, and no memory is
    /// taken for it. LZ4 lengthens a match by 255 a byte, DEFLATE holds 258 bytes in 2 bits, zstd repeats one byte
    /// for a block of 128 KiB that takes 4 bytes.
    fn max_ratio(self) -> u64 {
        match self {
            Self::Lz4 | Self::Lz4Dict => 255,
            Self::Deflate | Self::DeflateDict => 1032,
            Self::Zstd | Self::ZstdDict | Self::ZstdParts => 32 * 1024,
        }
    }

    pub(crate) fn can_be(self, text: u64, compressed: usize) -> bool {
        text <= (compressed as u64 + 1) * self.max_ratio()
    }
}

/// Decompresses chunks; holds what is used again for the next one.
pub(crate) struct Decompressor {
    inflate: libdeflater::Decompressor,
    /// A dictionary and a compressed block, for DEFLATE.
    stream: Vec<u8>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
    /// A dictionary and the text of one block, for LZ4 and DEFLATE.
    block: Vec<u8>,
    lengths: Vec<usize>,
}

impl std::fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decompressor").finish_non_exhaustive()
    }
}

impl Default for Decompressor {
    fn default() -> Self {
        Self {
            inflate: libdeflater::Decompressor::new(),
            stream: Vec::new(),
            zstd: None,
            block: Vec::new(),
            lengths: Vec::new(),
        }
    }
}

/// A buffer and the part of it that is to be filled.
struct Target<'a> {
    buffer: &'a mut [u8],
    start: usize,
    end: usize,
}

impl Target<'_> {
    fn part(&mut self, start: usize, end: usize) -> &mut [u8] {
        self.buffer.get_mut(start..end).unwrap_or_default()
    }
}

impl Decompressor {
    /// Fills `buffer[start..end]`, taking what it needs of `input`; the buffer is [`lz4::SLACK`] longer than `end`.
    pub(crate) fn fill(
        &mut self,
        compression: Compression,
        input: &mut Input<'_>,
        buffer: &mut [u8],
        start: usize,
        end: usize,
    ) -> Result<(), Error> {
        let target = Target { buffer, start, end };
        match compression {
            Compression::Lz4 => lz4_block(input, target.buffer, start, end),
            Compression::Deflate => self.whole(input, target, false),
            Compression::Zstd => self.whole(input, target, true),
            Compression::Lz4Dict => self.lz4_blocks(input, target),
            Compression::DeflateDict => self.blocks(input, target, false),
            Compression::ZstdDict => self.blocks(input, target, true),
            Compression::ZstdParts => self.parts(input, target),
        }
    }

    fn whole(&mut self, input: &mut Input<'_>, mut target: Target<'_>, zstd: bool) -> Result<(), Error> {
        let (start, end) = (target.start, target.end);
        self.piece(input, target.part(start, end), zstd, &[])
    }

    /// One length-prefixed stream that must fill `text` exactly.
    fn piece(
        &mut self,
        input: &mut Input<'_>,
        text: &mut [u8],
        zstd: bool,
        dict: &[u8],
    ) -> Result<(), Error> {
        let before = input.clone();
        let length = input.vint()? as usize;
        let compressed = input.bytes(length)?;
        if compressed.is_empty() && text.is_empty() {
            return Ok(());
        }
        let done = if zstd { self.unzstd(compressed, text) } else { self.inflate(compressed, text, dict) };
        done.map_err(|why| before.error(ErrorKind::Compression(why)))
    }

    /// The library is the fastest but knows no dictionaries. A dictionary is nothing else than text before the block:
    /// so it is put there, in blocks that are stored as they are, and decompressed along.
    fn inflate(&mut self, compressed: &[u8], text: &mut [u8], dict: &[u8]) -> Result<(), String> {
        if dict.is_empty() {
            let written = self.inflate.deflate_decompress(compressed, text);
            return complete(written.map_err(|error| error.to_string())?, text.len());
        }
        self.stream.clear();
        for part in dict.chunks(u16::MAX.into()) {
            let length = part.len() as u16;
            // A stored block which is not the last, its length, and the same inverted.
            self.stream.push(0);
            self.stream.extend_from_slice(&length.to_le_bytes());
            self.stream.extend_from_slice(&(!length).to_le_bytes());
            self.stream.extend_from_slice(part);
        }
        self.stream.extend_from_slice(compressed);
        let length = dict.len() + text.len();
        if self.block.len() < length {
            self.block.resize(length, 0);
        }
        let block = self.block.get_mut(..length).unwrap_or_default();
        let written = self.inflate.deflate_decompress(&self.stream, block);
        complete(written.map_err(|error| error.to_string())?, length)?;
        text.copy_from_slice(block.get(dict.len()..).unwrap_or_default());
        Ok(())
    }

    fn unzstd(&mut self, compressed: &[u8], text: &mut [u8]) -> Result<(), String> {
        let written =
            self.zstd()?.decompress_to_buffer(compressed, text).map_err(|error| error.to_string())?;
        complete(written, text.len())
    }

    fn zstd(&mut self) -> Result<&mut zstd::bulk::Decompressor<'static>, String> {
        if self.zstd.is_none() {
            self.zstd = Some(zstd::bulk::Decompressor::new().map_err(|error| error.to_string())?);
        }
        self.zstd.as_mut().ok_or_else(|| "no decompressor".to_owned())
    }

    fn zstd_dictionary(&mut self, input: &Input<'_>, dict: &[u8]) -> Result<(), Error> {
        let set = self.zstd().and_then(|zstd| zstd.set_dictionary(dict).map_err(|error| error.to_string()));
        set.map_err(|why| input.error(ErrorKind::Compression(why)))
    }

    fn blocks(&mut self, input: &mut Input<'_>, mut target: Target<'_>, zstd: bool) -> Result<(), Error> {
        let (dict_end, block) = shape(input, &target)?;
        if zstd {
            self.zstd_dictionary(input, &[])?;
        }
        self.piece(input, target.part(target.start, dict_end), zstd, &[])?;
        let (before, rest) = target.buffer.split_at_mut(dict_end);
        let dict = before.get(target.start..).unwrap_or_default();
        if zstd {
            self.zstd_dictionary(input, dict)?;
        }
        let text = rest.get_mut(..target.end - dict_end).unwrap_or_default();
        for text in text.chunks_mut(block) {
            self.piece(input, text, zstd, dict)?;
        }
        Ok(())
    }

    fn parts(&mut self, input: &mut Input<'_>, mut target: Target<'_>) -> Result<(), Error> {
        let part = input.vint()? as usize;
        let text = target.part(target.start, target.end);
        if part == 0 {
            return Err(input.unexpected("parts of at least one byte", part));
        }
        for text in text.chunks_mut(part) {
            self.piece(input, text, true, &[])?;
        }
        Ok(())
    }

    fn lz4_blocks(&mut self, input: &mut Input<'_>, mut target: Target<'_>) -> Result<(), Error> {
        let (dict_end, block) = shape(input, &target)?;
        let dict_length = dict_end - target.start;
        let dict_compressed = input.vint()? as usize;
        self.lengths.clear();
        let count = (target.end - dict_end).div_ceil(block);
        for _ in 0..count {
            self.lengths.push(input.vint()? as usize);
        }
        let dict = input.bytes(dict_compressed)?;
        let needed = dict_length + block.min(target.end - dict_end) + lz4::SLACK;
        if self.block.len() < needed {
            self.block.resize(needed, 0);
        }
        exact(input, dict, &mut self.block, 0, dict_length)?;
        let (dict, _) = self.block.split_at(dict_length);
        target.part(target.start, dict_end).copy_from_slice(dict);
        let text = target.part(dict_end, target.end);
        for (text, length) in text.chunks_mut(block).zip(&self.lengths) {
            let compressed = input.bytes(*length)?;
            let end = dict_length + text.len();
            exact(input, compressed, &mut self.block, dict_length, end)?;
            text.copy_from_slice(self.block.get(dict_length..end).unwrap_or_default());
        }
        Ok(())
    }
}

fn complete(written: usize, expected: usize) -> Result<(), String> {
    if written == expected { Ok(()) } else { Err(format!("{written} of {expected} bytes came out")) }
}

/// Where the dictionary ends and how long the blocks after it are.
fn shape(input: &mut Input<'_>, target: &Target<'_>) -> Result<(usize, usize), Error> {
    let (dict, block) = (input.vint()? as usize, input.vint()? as usize);
    let text = target.end - target.start;
    if dict > text || (block == 0 && dict < text) {
        return Err(
            input.unexpected("a dictionary and blocks within the text", format_args!("{dict}, {block}"))
        );
    }
    Ok((target.start + dict, block.max(1)))
}

fn lz4_block(input: &mut Input<'_>, buffer: &mut [u8], start: usize, end: usize) -> Result<(), Error> {
    // Only the dictionary formats let matches reach before the block.
    let buffer = buffer.get_mut(start..).unwrap_or_default();
    let Some(taken) = lz4::decompress(input.rest(), buffer, 0, end - start) else {
        return Err(input.error(ErrorKind::Compression("no LZ4 block".to_owned())));
    };
    input.bytes(taken).map(drop)
}

/// A block whose compressed length is known.
fn exact(input: &Input<'_>, block: &[u8], buffer: &mut [u8], start: usize, end: usize) -> Result<(), Error> {
    if lz4::decompress(block, buffer, start, end) != Some(block.len()) {
        return Err(input.error(ErrorKind::Compression("no LZ4 block of this length".to_owned())));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
