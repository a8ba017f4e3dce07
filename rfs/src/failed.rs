//! Documents that the target will not take, kept so that they can be looked at, mended and sent again.
//!
//! NDJSON, a file for each worker process: `{"status","error","action","source","from"}`. `action` and `source` are the
//! two lines of a bulk request as they were. A document that a rule failed for was not sent: its status is 0, and
//! `origin` says what it is in the snapshot. A document is on the disk before the progress counts it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::value::{RawValue, to_raw_value};
use switchover_documents::Origin;

use crate::batch::Sealed;
use crate::bulk::Refused;

/// The folder and this worker's file in it.
#[derive(Debug)]
pub struct FailedDocuments {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

/// The folder can't be written to. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source}; make room or choose another --failedDocumentDir", path = path.display())]
pub struct FailedDocumentsError {
    path: PathBuf,
    source: io::Error,
}

/// A document that is kept.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// Of the target's answer; 0: it was not asked.
    pub(crate) status: u16,
    /// As JSON.
    pub(crate) error: &'a [u8],
    pub(crate) action: &'a [u8],
    pub(crate) source: &'a [u8],
    /// Where it is in the snapshot.
    pub(crate) from: &'a str,
    /// Rules have still to be followed for it.
    pub(crate) origin: Option<&'a Origin<'a>>,
}

impl Line<'_> {
    pub(crate) fn append_to(&self, lines: &mut Vec<u8>) {
        lines.extend_from_slice(format!("{{\"status\":{}", self.status).as_bytes());
        for (name, value) in [("error", self.error), ("action", self.action), ("source", self.source)] {
            lines.extend_from_slice(format!(",\"{name}\":").as_bytes());
            lines.extend_from_slice(&json(value));
        }
        let text =
            |value: Result<Box<RawValue>, _>| value.map(|value| value.get().to_owned()).unwrap_or_default();
        if let Some(origin) = self.origin {
            lines.extend_from_slice(format!(",\"origin\":{}", text(to_raw_value(origin))).as_bytes());
        }
        lines.extend_from_slice(format!(",\"from\":{}}}\n", text(to_raw_value(self.from))).as_bytes());
    }
}

impl FailedDocuments {
    /// Makes the folder, so that a wrong path shows before anything is sent. The file is made with the first document.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn new(directory: &Path, worker: &str) -> Result<Self, FailedDocumentsError> {
        let path = directory.join(format!("failed-documents-{worker}.ndjson"));
        match std::fs::create_dir_all(directory) {
            Ok(()) => Ok(Self { path, file: Mutex::default() }),
            Err(source) => Err(FailedDocumentsError { path, source }),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the refused documents of a batch; they are on the disk when this returns. `from`: where they are in the
    /// snapshot.
    ///
    /// # Errors
    /// Of the file system. The batch must not count as done then.
    pub fn keep(&self, batch: &Sealed, refused: &[Refused], from: &str) -> Result<(), FailedDocumentsError> {
        let mut lines = Vec::new();
        for Refused { item, status, error } in refused {
            let (action, source) = batch.item(*item).unwrap_or_default();
            Line { status: *status, error: error.as_bytes(), action, source, from, origin: None }
                .append_to(&mut lines);
        }
        self.write(&lines)
    }

    /// Adds lines ([`Line::append_to`]); they are on the disk when this returns.
    ///
    /// # Errors
    /// As [`FailedDocuments::keep`].
    pub fn write(&self, lines: &[u8]) -> Result<(), FailedDocumentsError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let write = |file: &mut Option<File>| {
            let file = match file {
                Some(file) => file,
                None => file.insert(open(&self.path)?),
            };
            file.write_all(lines)?;
            file.sync_data()
        };
        write(&mut file).map_err(|source| FailedDocumentsError { path: self.path.clone(), source })
    }
}

/// Locked, so that nobody takes documents out of the file while this process adds to it.
fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    if let Err(error) = file.try_lock() {
        tracing::warn!(file = %path.display(), %error, "can't be locked; don't retry failed documents before the end");
    }
    Ok(file)
}

/// The bytes as they are if they are JSON, as a string of what can be read of them if they are not: the line must be
/// JSON, and a document that is none is a reason to be refused.
fn json(bytes: &[u8]) -> Vec<u8> {
    match serde_json::from_slice::<&RawValue>(bytes) {
        Ok(_) => bytes.to_vec(),
        Err(_) => serde_json::Value::from(String::from_utf8_lossy(bytes)).to_string().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Address, Batch, Operation};
    use serde_json::{Value, json};

    #[test]
    fn what_was_refused_can_be_read_back_whatever_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let failed = FailedDocuments::new(&directory.path().join("a/b"), "host-1").unwrap();
        assert!(!failed.path().exists(), "nothing failed");
        let mut batch = Batch::default();
        for (id, source) in [("1", &b"{\"a\": 1.10}"[..]), ("2", b"{}"), ("3", b"{\"cut"), ("4", b"\xff\xfe")]
        {
            let address =
                Address { index_json: "\"i\"", id, routing: Some("r"), operation: Operation::Index };
            batch.push(address, source);
        }
        let batch = batch.seal();
        let refused = |item, error: &str| Refused { item, status: 400, error: error.to_owned() };
        failed
            .keep(&batch, &[refused(0, r#"{"type":"t"}"#), refused(2, "not json")], "index i, shard 0")
            .unwrap();
        failed.keep(&batch, &[refused(3, "null")], "there").unwrap();
        let text = std::fs::read_to_string(failed.path()).unwrap();
        assert!(text.contains(r#""source":{"a": 1.10},"#), "{text}");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["error"]["type"], "t");
        assert_eq!(lines[0]["action"], json!({"index": {"_index": "i", "_id": "1", "routing": "r"}}));
        assert_eq!((&lines[1]["source"], &lines[1]["error"]), (&json!("{\"cut"), &json!("not json")));
        assert_eq!(lines[2]["from"], "there");
    }

    #[test]
    fn the_file_is_locked_as_long_as_it_may_grow() {
        let directory = tempfile::tempdir().unwrap();
        let failed = FailedDocuments::new(directory.path(), "w").unwrap();
        failed.keep(&Batch::default().seal(), &[], "there").unwrap();
        let other = File::open(failed.path()).unwrap();
        assert!(other.try_lock().is_err());
        drop(failed);
        other.try_lock().unwrap();
    }

    #[test]
    fn a_folder_that_can_not_be_is_told() {
        let error = FailedDocuments::new(Path::new("/dev/null/x"), "w").unwrap_err().to_string();
        assert!(error.contains("/dev/null/x") && error.contains("--failedDocumentDir"), "{error}");
    }
}
