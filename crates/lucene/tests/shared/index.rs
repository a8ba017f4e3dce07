//! Reads a whole index from memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use switchover_lucene::{
    ColumnValue, Columns, ColumnsOpened, Commit, Cursor, Error, ErrorKind, FileRange, Files, Opened, Options,
    Reader, Segment, SegmentCommit,
};

/// Files by name.
pub(crate) type Index = BTreeMap<String, Vec<u8>>;

/// A document, copied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Copied {
    pub(crate) id: String,
    pub(crate) doc_type: Option<String>,
    pub(crate) routing: Option<String>,
    pub(crate) source: Option<Vec<u8>>,
    pub(crate) version: Option<i64>,
}

/// Where the files of real servers are; the fuzz targets are built one folder deeper.
pub(crate) fn folder() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = here.join("tests/files");
    if files.exists() { files } else { here.join("../tests/files") }
}

/// Every index of every version: `elasticsearch-7.10.2/default`.
pub(crate) fn all() -> Vec<PathBuf> {
    let entries = |folder: &Path| {
        let entries = std::fs::read_dir(folder).expect("a folder");
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = entries(&folder()).iter().flat_map(|version| entries(version)).collect();
    all.sort();
    assert!(all.len() >= 20, "files of all versions: {all:?}");
    all
}

pub(crate) fn load(path: &Path) -> Index {
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        (
            path.file_name().expect("a name").to_string_lossy().into_owned(),
            std::fs::read(path).expect("a file"),
        )
    };
    std::fs::read_dir(path).expect("a folder").map(file).collect()
}

pub(crate) fn commit(index: &Index) -> Result<Commit, Error> {
    let (name, bytes) = index.iter().find(|(name, _)| name.starts_with("segments_")).expect("a commit");
    Commit::parse(name, bytes)
}

pub(crate) fn fetch<'a>(index: &'a Index, range: &FileRange) -> &'a [u8] {
    &index[&range.file][range.range.start as usize..range.range.end as usize]
}

/// Opens all segments, fetching what they ask for.
pub(crate) fn open(index: &Index) -> Result<Vec<Segment>, Error> {
    let lengths = index.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64));
    let mut files = Files::new(lengths);
    let mut segments = Vec::new();
    for commit in &commit(index)?.segments {
        // How often it asks is bounded: .si, then what follows from it, then values.
        let mut rounds = 0..8;
        let segment = loop {
            rounds.next().expect("a segment that opens in 8 rounds");
            match Segment::open(commit, &files, Options { versions: true })? {
                Opened::Segment(segment) => break *segment,
                Opened::Needs(ranges) => {
                    assert!(!ranges.is_empty());
                    for range in ranges {
                        files.put(&range, fetch(index, &range).to_vec().into())?;
                    }
                }
            }
        };
        segments.push(segment);
    }
    Ok(segments)
}

/// All documents of a segment, in reads of at most so many bytes.
pub(crate) fn documents(index: &Index, segment: &Segment, max_bytes: u64) -> Result<Vec<Copied>, Error> {
    let mut documents = Vec::new();
    let mut reader = Reader::new(segment);
    for read in segment.reads(0..segment.chunks(), max_bytes) {
        let read = read?;
        let mut chunks = reader.read(&read, fetch(index, &read.place))?;
        while let Some(chunk) = chunks.next_chunk()? {
            for document in chunk {
                let document = document?;
                documents.push(Copied {
                    id: document.id.to_string(),
                    doc_type: document.doc_type.map(str::to_owned),
                    routing: document.routing.map(str::to_owned),
                    source: document.source.map(<[u8]>::to_vec),
                    version: document.version,
                });
            }
        }
    }
    Ok(documents)
}

/// All documents of an index, in their order.
pub(crate) fn read(index: &Index, max_bytes: u64) -> Result<Vec<Copied>, Error> {
    let segments = open(index)?;
    let each = segments.iter().map(|segment| documents(index, segment, max_bytes));
    Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
}

/// More than any of these has.
const MAX_COLUMN_BYTES: u64 = 1 << 20;

/// A value in words.
pub(crate) fn shown(value: ColumnValue<'_>) -> String {
    match value {
        ColumnValue::Number(number) => number.to_string(),
        ColumnValue::Bytes(bytes) => bytes.escape_ascii().to_string(),
    }
}

/// Doc values of a field of a document.
pub(crate) type Values = BTreeMap<(String, u32), Vec<String>>;

/// All doc values of a segment, by field and document; `None` where the format is too old for that.
pub(crate) fn values(
    index: &Index,
    commit: &SegmentCommit,
    segment: &Segment,
) -> Result<Option<Values>, Error> {
    let names: Vec<&str> = segment.fields().collect();
    let mut files = Files::new(index.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)));
    let mut rounds = 0..8;
    let columns = loop {
        rounds.next().expect("columns that open in 8 rounds");
        match Columns::open(commit, segment, &files, &names, MAX_COLUMN_BYTES) {
            Ok(ColumnsOpened::Columns(columns)) => break columns,
            Ok(ColumnsOpened::Needs(ranges)) => {
                assert!(!ranges.is_empty());
                for range in ranges {
                    files.put(&range, fetch(index, &range).to_vec().into())?;
                }
            }
            Err(Error { kind: ErrorKind::Unsupported { .. }, .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
    };
    let mut all = Values::new();
    for name in names {
        let Some(column) = columns.get(name) else { continue };
        let mut cursor = Cursor::default();
        for document in 0..segment.max_doc() {
            let mut values = Vec::new();
            column.visit(document, &mut cursor, |value| values.push(shown(value)))?;
            if !values.is_empty() {
                all.insert((name.to_owned(), document), values);
            }
        }
    }
    Ok(Some(all))
}
