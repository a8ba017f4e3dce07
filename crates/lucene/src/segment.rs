//! A segment, opened: which of its documents live, and where its stored fields are.

use crate::bits::Bits;
use crate::commit::{SegmentCommit, Version};
use crate::compound::Compound;
use crate::directory::{Directory, Stop};
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::files::{FileRange, Files};
use crate::live_docs;
use crate::segment_info::SegmentInfo;
use crate::stored::document::FieldNumbers;
use crate::stored::{self, StoredFields};

/// What opening a segment came to.
#[derive(Debug)]
pub enum Opened {
    /// These ranges are to be fetched and put into the [`Files`]; then open again.
    Needs(Vec<FileRange>),
    /// The segment is open.
    Segment(Box<Segment>),
}

/// A segment whose metadata has been read.
#[derive(Debug)]
pub struct Segment {
    name: String,
    version: Version,
    max_doc: u32,
    pub(crate) live: Option<Bits>,
    pub(crate) numbers: FieldNumbers,
    /// Not opened when no document lives.
    pub(crate) stored: Option<StoredFields>,
}

impl Segment {
    /// Opens a segment with what is held of its files.
    pub fn open(commit: &SegmentCommit, files: &Files) -> Result<Opened, Error> {
        let mut directory = Directory::new(files);
        match open(commit, &mut directory) {
            Ok(segment) => Ok(Opened::Segment(Box::new(segment))),
            Err(Stop::Needs) => Ok(Opened::Needs(directory.into_needs())),
            Err(Stop::Damaged(error)) => Err(error),
        }
    }

    /// `_0`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of Lucene that wrote it.
    pub fn version(&self) -> Version {
        self.version
    }

    /// All documents, dead and nested ones too; their numbers are below this.
    pub fn max_doc(&self) -> u32 {
        self.max_doc
    }

    /// Documents that are not deleted, nested ones included.
    pub fn live_documents(&self) -> u32 {
        self.live.as_ref().map_or(self.max_doc, Bits::count)
    }

    /// Chunks of stored fields; none are read (and this is 0) when no document lives.
    pub fn chunks(&self) -> u64 {
        self.stored.as_ref().map_or(0, |stored| stored.chunks)
    }

    /// The chunk in which a document is.
    pub fn chunk_of(&self, document: u32) -> Result<u64, Error> {
        self.stored.as_ref().map_or(Ok(0), |stored| stored.chunk_of(document))
    }

    /// The stored fields: the `.fdt`, or its part of the `.cfs`. The last 16 bytes are its footer (but for segments
    /// that were written before Lucene 4.8); [`Checksum`](crate::Checksum) verifies the others against it.
    pub fn stored_fields(&self) -> Option<&FileRange> {
        self.stored.as_ref().map(|stored| &stored.file.place)
    }

    pub(crate) fn footer_bytes(&self) -> u64 {
        self.stored.as_ref().map_or(0, |stored| stored::footer_bytes(stored.format))
    }
}

/// The letters of generations.
fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

fn open(commit: &SegmentCommit, directory: &mut Directory<'_>) -> Result<Segment, Stop> {
    let name = commit.name.as_str();
    let info = directory.outer(&format!("{name}.si"))?;
    let entries = directory.outer(&format!("{name}.cfe")).ok();
    directory.want(&info);
    if let Some(entries) = &entries {
        directory.want(entries);
    }
    let bytes = directory.whole(&info)?;
    let info = SegmentInfo::parse(&info.name, &bytes, commit.id)?;
    if info.compound {
        let entries = entries.ok_or_else(|| ErrorKind::Missing.at(&format!("{name}.cfe"), 0))?;
        let bytes = directory.whole(&entries)?;
        directory.compound = Some(Compound::parse(&entries.name, &bytes, commit.id)?);
    }
    let (max_doc, id) = (info.max_doc, commit.id);
    let fields = fields(commit, directory);
    // One that is damaged is told before anything else is fetched.
    if let Err(Stop::Damaged(error)) = fields {
        return Err(error.into());
    }
    let deletes = deletes(commit, directory, max_doc);
    let stored = StoredFields::open(directory, name, id, max_doc);
    let fields = fields?;
    let mut live = deletes?;
    if let Some(live) = &live
        && live.count() != max_doc.saturating_sub(commit.deleted)
    {
        let found = max_doc - live.count();
        let kind = ErrorKind::unexpected("as many deleted documents as the commit says", found);
        return Err(kind.at(&format!("{name} (deletes)"), 0).into());
    }
    if live.as_ref().is_some_and(|live| live.count() == 0) {
        live = Some(Bits::none(max_doc));
    }
    let stored = match &live {
        Some(live) if live.count() == 0 => None,
        _ => Some(stored?),
    };
    let numbers = FieldNumbers {
        id: fields.number("_id"),
        uid: fields.number("_uid"),
        routing: fields.number("_routing"),
        parent: fields.number("_parent"),
        source: fields.number("_source"),
        recovery_source: fields.number("_recovery_source"),
    };
    Ok(Segment { name: name.to_owned(), version: info.version, max_doc, live, numbers, stored })
}

/// The field infos: the segment's own, or those that were written with updated doc values.
fn fields(commit: &SegmentCommit, directory: &Directory<'_>) -> Result<Fields, Stop> {
    let (file, suffix) = match u64::try_from(commit.field_infos_generation) {
        Ok(generation @ 1..) => {
            let suffix = base36(generation);
            (directory.outer(&format!("{}_{suffix}.fnm", commit.name))?, suffix)
        }
        _ => (directory.inner(&commit.name, ".fnm")?, String::new()),
    };
    let bytes = directory.whole(&file)?;
    Ok(Fields::parse(&file.name, &bytes, commit.id, &suffix)?)
}

/// Documents that were deleted the hard way.
fn deletes(commit: &SegmentCommit, directory: &Directory<'_>, max_doc: u32) -> Result<Option<Bits>, Stop> {
    let Ok(generation @ 1..) = u64::try_from(commit.deletes_generation) else {
        return Ok(None);
    };
    let suffix = base36(generation);
    let name = format!("{}_{suffix}", commit.name);
    // Which of the two a segment has depends on its version, not on that of the index.
    if let Ok(file) = directory.outer(&format!("{name}.del")) {
        let bytes = directory.whole(&file)?;
        return Ok(Some(live_docs::parse_del(&file.name, &bytes, max_doc)?));
    }
    let file = directory.outer(&format!("{name}.liv"))?;
    let bytes = directory.whole(&file)?;
    Ok(Some(live_docs::parse_liv(&file.name, &bytes, commit.id, &suffix, max_doc)?))
}
