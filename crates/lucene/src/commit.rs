//! `segments_N`: the commit point, which names the segments, their codecs and the generations of what was changed in
//! them since (deletes, doc values, field infos).
//!
//! All versions since Lucene 4.0; the file always has its numbers' big end first. What each version added:
//! 1 (4.6) field infos generations, 2 (4.8) a footer, 3 (4.9) doc values updates by field, 4 (5.0) ids, 5 (5.1) short
//! counts, 6 (5.3) Lucene versions, 7 (7.0) the creating major, 8 (7.2) a long counter, 9 (7.4) soft delete counts,
//! 10 (8.6) ids of segment commits.

use std::collections::BTreeMap;

use crate::codec::{self, Id};
use crate::error::{Error, ErrorKind};
use crate::input::Input;

const NEWEST: i32 = 10;

/// A version of Lucene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second.
    pub minor: u32,
    /// The third.
    pub bugfix: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.bugfix)
    }
}

/// A commit point: what an index consisted of at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The N of `segments_N`.
    pub generation: u64,
    /// The major version of Lucene that made the index (7.0 and later).
    pub created_major: Option<u32>,
    /// In the order of the file, which is the order of documents.
    pub segments: Vec<SegmentCommit>,
    /// Elasticsearch's: `translog_uuid`, `max_seq_no`, ...
    pub user_data: BTreeMap<String, String>,
}

/// A segment as a commit sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentCommit {
    /// `_0`, `_1a`: files of the segment begin with it.
    pub name: String,
    /// 16 random bytes (5.0 and later).
    pub id: Option<[u8; 16]>,
    /// Only told: what the files' own headers say decides how they are read.
    pub codec: String,
    /// Generation of the file of deleted documents, -1 for none.
    pub deletes_generation: i64,
    /// Documents deleted there.
    pub deleted: u32,
    /// Generation of the field infos, -1 for the segment's own.
    pub field_infos_generation: i64,
    /// Documents that the soft deletes field marks (7.4 and later).
    pub soft_deleted: Option<u32>,
    /// The files of doc values that were updated since the segment was written, by field number.
    pub doc_values_updates: Vec<(i32, Vec<String>)>,
}

impl Commit {
    /// Reads a whole `segments_N`; `file` is its name, which tells the generation.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Error> {
        let mut input = Input::new(file, bytes);
        let suffix = file.strip_prefix("segments_").unwrap_or_default();
        let generation =
            u64::from_str_radix(suffix, 36).map_err(|_| input.unexpected("a name like segments_1a", file))?;
        let header = codec::plain_header(&mut input)?;
        let version = header.version;
        if header.name != "segments" {
            return Err(input.unexpected("a header named segments", header.name));
        }
        if !(0..=NEWEST).contains(&version) {
            return Err(input.error(ErrorKind::unsupported("version of segments_N", version)));
        }
        if version >= 2 {
            codec::verified(file, bytes)?;
        }
        if version >= 4 {
            codec::index_header_rest(&mut input, None, suffix)?;
        }
        if version >= 6 {
            self::version(&mut input)?;
        }
        let created_major = if version >= 7 { Some(input.vint()?) } else { None };
        input.i64()?;
        if version >= 8 {
            input.vlong()?;
        } else {
            input.i32()?;
        }
        let count = input.i32_count(16)?;
        if version >= 6 && count > 0 {
            self::version(&mut input)?;
        }
        let segments = (0..count).map(|_| segment(&mut input, version)).collect::<Result<_, _>>()?;
        let user_data = input.map(version < 5)?;
        if version < 2 {
            old_checksum(&mut input, bytes)?;
        }
        Ok(Self { generation, created_major, segments, user_data })
    }
}

/// Before 4.8 the file ends with the CRC-32 of all before it.
fn old_checksum(input: &mut Input<'_>, bytes: &[u8]) -> Result<(), Error> {
    let found = crc32fast::hash(bytes.get(..input.position()).unwrap_or_default());
    let expected = input.i64()? as u32;
    if found != expected {
        return Err(input.error(ErrorKind::Checksum { expected, found }));
    }
    Ok(())
}

fn version(input: &mut Input<'_>) -> Result<Version, Error> {
    Ok(Version { major: input.vint()?, minor: input.vint()?, bugfix: input.vint()? })
}

fn segment(input: &mut Input<'_>, version: i32) -> Result<SegmentCommit, Error> {
    let name = input.string()?.to_owned();
    let id = id(input, version)?;
    let codec = input.string()?.to_owned();
    let deletes_generation = input.i64()?;
    let deleted = doc_count(input)?;
    let field_infos_generation = if version >= 1 { input.i64()? } else { -1 };
    if version >= 3 {
        input.i64()?;
    }
    let soft_deleted = if version >= 9 { Some(doc_count(input)?) } else { None };
    if version >= 10 {
        match input.u8()? {
            0 => {}
            1 => drop(input.id()?),
            other => return Err(input.unexpected("0 or 1 before a commit's id", other)),
        }
    }
    let mut doc_values_updates = Vec::new();
    let old = version < 5;
    if version >= 3 {
        input.set(old)?;
        for _ in 0..input.i32_count(5)? {
            doc_values_updates.push((input.i32()?, input.set(old)?));
        }
    } else if version >= 1 {
        // Files by generation, which Elasticsearch 1.x never wrote.
        for _ in 0..input.i32_count(12)? {
            input.i64()?;
            input.set(true)?;
        }
    }
    Ok(SegmentCommit {
        name,
        id,
        codec,
        deletes_generation,
        deleted,
        field_infos_generation,
        soft_deleted,
        doc_values_updates,
    })
}

/// An index of 5.x or 6.x can hold segments of 4.x, which have none.
fn id(input: &mut Input<'_>, version: i32) -> Result<Id, Error> {
    let has_id = match version {
        ..=3 => 0,
        4..=6 => input.u8()?,
        _ => 1,
    };
    match has_id {
        0 => Ok(None),
        1 => Ok(Some(input.id()?)),
        other => Err(input.unexpected("0 or 1 before a segment's id", other)),
    }
}

fn doc_count(input: &mut Input<'_>) -> Result<u32, Error> {
    let count = input.i32()?;
    Ok(input.in_range(count.into(), i32::MAX as u64, "a number of documents")? as u32)
}
