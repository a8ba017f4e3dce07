//! Repositories that real servers wrote. `testdata` holds small ones; `SWITCHOVER_SNAPSHOTS` names a folder of large ones
//! (`tests/lab/make-snapshots`), which are read to the last byte and to the last document too.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod damage;
mod documents;
mod s3;
mod small;
mod sources;
mod whole;

use std::path::{Path, PathBuf};

use switchover_snapshot::{Repository, RepositoryUri, S3Options};

async fn open(path: &Path) -> Repository {
    Repository::open(&RepositoryUri::File(path.to_path_buf()), &S3Options::default()).await
}

/// The folders in a folder, in order.
fn repositories(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}
