//! The list of a shard's files: `snap-ID.dat` in its folder.

use std::collections::BTreeMap;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

/// Names of blobs that do not exist: the file is in the list.
const VIRTUAL_BLOB: &str = "v__";
/// The end of a Lucene file: magic, kind, CRC-32 of all before it.
const FOOTER_BYTES: usize = 16;
const FOOTER_MAGIC: [u8; 8] = [0xc0, 0x28, 0x93, 0xe8, 0, 0, 0, 0];

/// A file of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardFile {
    /// What Lucene calls it.
    pub name: String,
    /// Its length in bytes.
    pub length: u64,
    /// The checksum in its footer in base 36; files of Lucene before 4.8 have Adler-32 or none.
    pub checksum: Option<String>,
    /// The version of Lucene that wrote it.
    pub written_by: Option<String>,
    /// Where it is.
    pub content: Content,
}

/// Where a file's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// In the list itself: `segments_N`, `.si`.
    Inline(Bytes),
    /// In one blob, or in several of which all but the last have `part_bytes`.
    Blobs {
        /// The blob, or what the names of its parts begin with.
        name: String,
        /// None: one blob, however long.
        part_bytes: Option<u64>,
    },
}

#[derive(Deserialize)]
struct List {
    files: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    physical_name: Option<String>,
    length: u64,
    checksum: Option<String>,
    part_size: Option<i64>,
    written_by: Option<String>,
    meta_hash: Option<String>,
}

impl ShardFile {
    /// From the JSON of the list; the error says what is wrong with it.
    pub(crate) fn parse_list(json: &[u8]) -> Result<BTreeMap<String, Self>, String> {
        let list: List = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let mut files = BTreeMap::new();
        for listed in list.files {
            let file = Self::of(listed)?;
            if let Some(twice) = files.insert(file.name.clone(), file) {
                return Err(format!("file {} is listed twice", twice.name));
            }
        }
        Ok(files)
    }

    fn of(listed: Listed) -> Result<Self, String> {
        let name = listed.physical_name.unwrap_or_else(|| listed.name.clone());
        let wrong = |what: &str| format!("file {name}: {what}");
        let part_bytes = match listed.part_size {
            None => None,
            Some(size @ 1..) => u64::try_from(size).ok().filter(|size| *size < listed.length),
            Some(_) => return Err(wrong("its part_size is not positive")),
        };
        let hash = listed.meta_hash.map(|hash| STANDARD.decode(hash)).transpose();
        let hash = hash.map_err(|_| wrong("its meta_hash is not binary"))?.unwrap_or_default();
        // The hash of a small file is the file. Which that is can only be told by its footer: the hash of any file may
        // have its length by chance.
        let is_whole = hash.len() as u64 == listed.length;
        let content = if is_whole && is_intact(&hash, listed.checksum.as_deref()) {
            Content::Inline(hash.into())
        } else if listed.name.starts_with(VIRTUAL_BLOB) {
            return Err(wrong("it should be in this list, and is missing or damaged"));
        } else {
            Content::Blobs { name: listed.name, part_bytes }
        };
        Ok(Self {
            name,
            length: listed.length,
            checksum: listed.checksum,
            written_by: listed.written_by,
            content,
        })
    }

    /// The blobs that hold `range` of the file, each with the range of it.
    pub(crate) fn pieces(&self, range: Range<u64>) -> impl Iterator<Item = (String, Range<u64>)> + '_ {
        let (name, part_bytes) = match &self.content {
            Content::Inline(_) => ("", None),
            Content::Blobs { name, part_bytes } => (name.as_str(), *part_bytes),
        };
        let mut at = range.start;
        std::iter::from_fn(move || {
            if at >= range.end {
                return None;
            }
            let Some(size) = part_bytes else {
                let whole = (name.to_owned(), at..range.end);
                at = range.end;
                return Some(whole);
            };
            let (part, start) = (at / size, at % size);
            let count = (range.end - at).min(size - start);
            at += count;
            Some((format!("{name}.part{part}"), start..start + count))
        })
    }
}

/// Whether these bytes end with a footer that fits them, and with the checksum that the list has.
fn is_intact(bytes: &[u8], checksum: Option<&str>) -> bool {
    let Some((_, footer)) = bytes.split_last_chunk::<FOOTER_BYTES>() else { return false };
    let Some((_, stored)) = footer.split_last_chunk::<8>() else { return false };
    let stored = u64::from_be_bytes(*stored);
    let summed = bytes.get(..bytes.len() - 8).unwrap_or_default();
    footer.starts_with(&FOOTER_MAGIC)
        && u64::from(crc32fast::hash(summed)) == stored
        && checksum.is_none_or(|text| u64::from_str_radix(text, 36) == Ok(stored))
}

#[cfg(test)]
mod tests;
