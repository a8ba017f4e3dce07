//! A file of documents that the target refused, and what is left of it.
//!
//! `switchover-rfs` writes it: NDJSON, `{"status","error","action","source","from"}`, of which `action` and `source` are
//! the two lines of a bulk request. What is left goes to a new file, which takes the place of the old one when it is on
//! the disk: whenever this process ends, each document is in one of them or on the target.

use std::fs::{File, TryLockError};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use switchover_documents::Origin;

/// A document of the longest request that servers take (100 MiB by default), as a string with every byte escaped.
const MAX_LINE_BYTES: u64 = 1024 * 1024 * 1024;
/// What files of failed documents end with.
const SUFFIX: &str = ".ndjson";
const NEW_SUFFIX: &str = ".ndjson.new";

/// A line, in which everything but the status is as it was written.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Line<'a> {
    pub(super) status: u16,
    #[serde(borrow)]
    pub(super) error: &'a RawValue,
    #[serde(borrow)]
    pub(super) action: &'a RawValue,
    #[serde(borrow)]
    pub(super) source: &'a RawValue,
    /// What it is in the snapshot, if a rule failed for it: it was not sent, and the action is none of the rules'.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Origin<'a>>,
    #[serde(borrow)]
    pub(super) from: &'a RawValue,
}

impl<'a> Line<'a> {
    /// `None` for what is no line of such a file, or only a part of one.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// Whether it can be sent: a source that is no JSON was kept as a string.
    pub(super) fn is_document(&self) -> bool {
        self.source.get().starts_with('{')
    }
}

/// The files of a folder, by name.
pub(super) fn list(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(directory).with_context(|| {
        format!("cannot read {}; give the --failedDocumentDir of switchover-rfs", directory.display())
    })?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", directory.display()))?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(SUFFIX)) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A file that is read and written anew.
#[derive(Debug)]
pub(super) struct FailedFile {
    path: PathBuf,
    new_path: PathBuf,
    /// Locked while this is open.
    lines: BufReader<File>,
    read_bytes: u64,
    rest: BufWriter<File>,
    rest_bytes: u64,
}

impl FailedFile {
    /// `None` when there is nothing in it.
    ///
    /// # Errors
    /// When a worker still writes it, or the file system refuses.
    pub(super) fn open(path: &Path) -> Result<Option<Self>> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        // A file system without locks is caught by the length in the end.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            bail!("{}: the worker that writes it still runs; try again when it has ended", path.display());
        }
        // Its worker has made it and is about to lock it.
        if file.metadata().with_context(|| format!("cannot read {}", path.display()))?.len() == 0 {
            return Ok(None);
        }
        let name = path.to_string_lossy();
        let new_path = PathBuf::from(format!("{}{NEW_SUFFIX}", name.strip_suffix(SUFFIX).unwrap_or(&name)));
        let rest = File::create(&new_path).with_context(|| format!("cannot write {}", new_path.display()))?;
        Ok(Some(Self {
            path: path.to_owned(),
            new_path,
            lines: BufReader::new(file),
            read_bytes: 0,
            rest: BufWriter::new(rest),
            rest_bytes: 0,
        }))
    }

    /// The next line without its end, `None` at the end.
    pub(super) fn next_line(&mut self) -> Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let read = (&mut self.lines).take(MAX_LINE_BYTES).read_until(b'\n', &mut line);
        let read = read.with_context(|| format!("cannot read {}", self.path.display()))? as u64;
        if read == MAX_LINE_BYTES {
            bail!("{}: the line at byte {} is too long", self.path.display(), self.read_bytes);
        }
        self.read_bytes += read;
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        Ok((read > 0).then_some(line))
    }

    /// Keeps a line.
    pub(super) fn keep(&mut self, line: &[u8]) -> Result<()> {
        self.rest_bytes += line.len() as u64 + 1;
        let written = self.rest.write_all(line).and_then(|()| self.rest.write_all(b"\n"));
        written.with_context(|| format!("cannot write {}", self.new_path.display()))
    }

    /// Puts what was kept in the place of the file; with nothing kept, the file is gone.
    pub(super) fn replace(self) -> Result<()> {
        let (path, new_path) = (self.path.clone(), self.new_path.clone());
        self.put_in_place().with_context(|| {
            format!("{} is as it was, as {} can't take its place", path.display(), new_path.display())
        })
    }

    fn put_in_place(mut self) -> Result<()> {
        self.rest.flush()?;
        self.rest.get_ref().sync_all()?;
        let length = std::fs::metadata(&self.path)?.len();
        if length != self.read_bytes {
            return Err(anyhow!(
                "somebody writes it: it has {length} bytes, and {} were read",
                self.read_bytes
            ));
        }
        if self.rest_bytes == 0 {
            std::fs::remove_file(&self.path)?;
            std::fs::remove_file(&self.new_path)?;
        } else {
            std::fs::rename(&self.new_path, &self.path)?;
        }
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(())
    }
}
