//! A segment, opened: which of its documents live, and where its stored fields are.

use crate::bits::Bits;
use crate::commit::{SegmentCommit, Version};
use crate::compound::Compound;
use crate::directory::{Directory, Stop};
use crate::doc_values::{Numbers, Reader, WithValue};
use crate::error::{Error, ErrorKind};
use crate::fields::{DocValues, Fields};
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

/// What is read besides documents' text and ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Documents' `_version` and `_seq_no`: they are held in memory, packed, for all documents of a segment (some
    /// bytes each).
    pub versions: bool,
}

/// A segment whose metadata has been read.
#[derive(Debug)]
pub struct Segment {
    name: String,
    version: Version,
    max_doc: u32,
    /// `None`: all.
    pub(crate) live: Option<Bits>,
    nested: u32,
    /// Whether a live document that is not nested must have an id.
    pub(crate) ids_expected: bool,
    pub(crate) versions: Option<Numbers>,
    pub(crate) sequence_numbers: Option<Numbers>,
    pub(crate) numbers: FieldNumbers,
    unverified: Vec<FileRange>,
    pub(crate) fields: Fields,
    pub(crate) compound: Option<Compound>,
    /// Not opened when no document lives.
    pub(crate) stored: Option<StoredFields>,
}

impl Segment {
    /// Opens a segment with what is held of its files.
    pub fn open(commit: &SegmentCommit, files: &Files, options: Options) -> Result<Opened, Error> {
        let mut directory = Directory::new(files);
        match open(commit, &mut directory, options) {
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

    /// Live documents that are known to be nested in another; they are left out. In indices older than 6.1 they are
    /// known only when they are read.
    pub fn nested_documents(&self) -> u32 {
        self.nested
    }

    /// Documents that are not deleted and not known to be nested.
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

    /// The names of all fields that a document of the segment has, in whatever form.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.names()
    }

    /// Whether a field has doc values in the segment.
    pub fn has_doc_values(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(|field| field.doc_values != DocValues::None)
    }

    /// Files of doc values that are too large to be read whole for their checksum. Who wants to be sure of the soft
    /// deletes and versions that were read from them sums such a file with [`Checksum`](crate::Checksum) up to its
    /// last 16 bytes, and verifies it against those.
    pub fn unverified(&self) -> &[FileRange] {
        &self.unverified
    }

    /// Bytes at the end of the stored fields that hold their checksum; 0 for segments before Lucene 4.8.
    pub fn footer_bytes(&self) -> u64 {
        self.stored.as_ref().map_or(0, |stored| stored::footer_bytes(stored.format))
    }
}

/// The letters of generations.
pub(crate) fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

fn open(commit: &SegmentCommit, directory: &mut Directory<'_>, options: Options) -> Result<Segment, Stop> {
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
    let directory = &*directory;
    let max_doc = info.max_doc;
    // What does not depend on each other is asked for together: each look-up notes what it needs before it stops.
    let deletes = deletes(commit, directory, max_doc);
    let fields = fields(commit, directory);
    let stored = StoredFields::open(directory, name, commit.id, max_doc);
    let fields = fields?;
    let values = Reader { directory, name, id: commit.id, fields: &fields, max_doc };
    let soft_deletes = values.with_value("__soft_deletes");
    let roots = readable(values.with_value("_primary_term"));
    let versions = if options.versions { readable(values.numbers("_version")) } else { Ok(None) };
    let sequence_numbers = if options.versions { readable(values.numbers("_seq_no")) } else { Ok(None) };
    let (mut live, roots) = (live(commit, deletes?, soft_deletes?, max_doc)?, roots?);
    let mut nested = 0;
    if let Some(WithValue::Some(roots)) = &roots {
        let all = live.get_or_insert_with(|| Bits::all(max_doc));
        let before = all.count();
        all.keep(roots);
        nested = before - all.count();
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
    Ok(Segment {
        name: name.to_owned(),
        version: info.version,
        max_doc,
        live,
        nested,
        // 6.0 gave nested documents a primary term too.
        ids_expected: roots.is_some() && info.version.major >= 8,
        numbers,
        versions: versions?,
        sequence_numbers: sequence_numbers?,
        unverified: directory.unverified(),
        fields,
        compound: directory.compound.clone(),
        stored,
    })
}

/// The live documents, checked against the numbers of the commit; `None`: all.
fn live(
    commit: &SegmentCommit,
    deletes: Option<Bits>,
    soft_deletes: Option<WithValue>,
    max_doc: u32,
) -> Result<Option<Bits>, Error> {
    let mut live = deletes;
    let alive = |live: &Option<Bits>| live.as_ref().map_or(max_doc, Bits::count);
    let check = |deleted: u32, expected: u32, what| {
        let name = format!("{} ({what})", commit.name);
        let kind = ErrorKind::unexpected("as many documents as the commit says", deleted);
        if deleted == expected { Ok(()) } else { Err(kind.at(&name, 0)) }
    };
    let hard = alive(&live);
    check(max_doc - hard, commit.deleted, "deleted")?;
    match soft_deletes {
        None => {}
        Some(WithValue::All) => live = Some(Bits::none(max_doc)),
        Some(WithValue::Some(dead)) => live.get_or_insert_with(|| Bits::all(max_doc)).remove(&dead),
    }
    // Commits before 7.4 don't count them.
    if let Some(expected) = commit.soft_deleted {
        check(hard - alive(&live), expected, "soft-deleted")?;
    }
    Ok(live)
}

/// Values that are of use but not needed: in a format that is not known, the field is as good as absent.
fn readable<T>(values: Result<Option<T>, Stop>) -> Result<Option<T>, Stop> {
    match values {
        Err(Stop::Damaged(Error { kind: ErrorKind::Unsupported { .. }, .. })) => Ok(None),
        other => other,
    }
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
