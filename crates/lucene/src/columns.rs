//! The doc values of some fields of a segment, for documents whose `_source` is not stored.

use std::collections::HashMap;

use crate::commit::SegmentCommit;
use crate::directory::{Directory, Stop};
use crate::doc_values::{Column, Reader};
use crate::error::Error;
use crate::files::{FileRange, Files};
use crate::segment::Segment;

/// What opening columns came to.
#[derive(Debug)]
pub enum ColumnsOpened {
    /// These ranges are to be fetched and put into the [`Files`]; then open again.
    Needs(Vec<FileRange>),
    /// They are open.
    Columns(Columns),
}

/// Columns by their fields' names.
#[derive(Debug, Default)]
pub struct Columns {
    columns: HashMap<String, Column>,
    unverified: Vec<FileRange>,
}

impl Columns {
    /// Opens the columns of these fields, with what is held of the segment's files. Fields that have no doc values in
    /// the segment are left out. They stay in memory as they lie in the files.
    ///
    /// # Errors
    /// When they are damaged, in a format that is not known (before Lucene 7.0), or take more than `max_bytes`.
    pub fn open(
        commit: &SegmentCommit,
        segment: &Segment,
        files: &Files,
        names: &[&str],
        max_bytes: u64,
    ) -> Result<ColumnsOpened, Error> {
        let mut directory = Directory::new(files);
        directory.compound.clone_from(&segment.compound);
        let opened = {
            let (fields, max_doc) = (&segment.fields, segment.max_doc());
            let reader = Reader { directory: &directory, name: &commit.name, id: commit.id, fields, max_doc };
            reader.describe(names, max_bytes).and_then(|described| reader.columns(described))
        };
        match opened {
            Ok(columns) => Ok(ColumnsOpened::Columns(Self { columns, unverified: directory.unverified() })),
            Err(Stop::Needs) => Ok(ColumnsOpened::Needs(directory.into_needs())),
            Err(Stop::Damaged(error)) => Err(error),
        }
    }

    /// The column of a field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Column> {
        self.columns.get(field)
    }

    /// As [`Segment::unverified`].
    #[must_use]
    pub fn unverified(&self) -> &[FileRange] {
        &self.unverified
    }
}
