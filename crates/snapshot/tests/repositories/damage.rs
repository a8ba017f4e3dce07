//! What is missing, damaged or was never saved is told with the file, the index and the shard.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use switchover_snapshot::lucene::Options;
use switchover_snapshot::{Repository, ShardDocuments, SnapshotError, SnapshotErrorKind};
use tempfile::TempDir;

use super::{open, testdata};

/// A copy of a small repository that may be broken.
fn copy() -> TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    copy(&testdata().join("parts"), dir.path());
    dir
}

/// All files below whose name begins and ends so, in order.
fn files(dir: &Path, begin: &str, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(files(&entry.path(), begin, end));
        } else if name.starts_with(begin) && name.ends_with(end) {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// Reads all documents of `books`, ids and sources; the first error.
async fn read(repository: &Repository) -> Result<Vec<String>, SnapshotError> {
    let snapshot = repository.snapshot("first").await?;
    let index = snapshot.index("books").await?;
    let mut documents = Vec::new();
    for number in 0..index.metadata().number_of_shards {
        let shard = ShardDocuments::open(index.shard(number).await?, Options::default()).await?;
        let visited = shard.visit(|document, _| {
            let source = String::from_utf8_lossy(document.source.unwrap_or_default()).into_owned();
            documents.push(format!("{} {source}", document.id));
            ControlFlow::Continue(())
        });
        assert_eq!(visited.await?, ControlFlow::Continue(()));
    }
    Ok(documents)
}

async fn error(dir: &TempDir) -> (SnapshotErrorKind, String) {
    let error = read(&open(dir.path()).await).await.unwrap_err();
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn whole_it_is_read() {
    assert_eq!(read(&open(copy().path()).await).await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_blob_that_is_missing_or_cut() {
    let whole = read(&open(&testdata().join("parts")).await).await.unwrap();
    for blob in files(&testdata().join("parts/indices"), "__", "") {
        let relative = blob.strip_prefix(testdata().join("parts")).unwrap().to_owned();
        let name = relative.file_name().unwrap().to_str().unwrap().to_owned();
        let shard = relative.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        for cut in [None, Some(0), Some(fs::metadata(&blob).unwrap().len() - 1)] {
            let dir = copy();
            let broken = dir.path().join(&relative);
            match cut {
                None => fs::remove_file(&broken).unwrap(),
                Some(length) => {
                    fs::File::options().write(true).open(&broken).unwrap().set_len(length).unwrap()
                }
            }
            match read(&open(dir.path()).await).await {
                // Of another snapshot, or a part that holds no documents.
                Ok(documents) => assert_eq!(documents, whole),
                Err(error) => {
                    assert_eq!(error.kind(), SnapshotErrorKind::Damaged);
                    let text = error.to_string();
                    assert!(text.starts_with(&format!("index books, shard {shard}: ")), "{text}");
                    assert!(text.contains(&name), "{text}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_flipped_bit_never_gives_other_documents() {
    let whole = read(&open(&testdata().join("parts")).await).await.unwrap();
    let mut found = 0;
    let dir = copy();
    for blob in files(&dir.path().join("indices"), "__", "") {
        let intact = fs::read(&blob).unwrap();
        for at in (0..intact.len()).step_by(97) {
            let mut bytes = intact.clone();
            bytes[at] ^= 4;
            fs::write(&blob, bytes).unwrap();
            match read(&open(dir.path()).await).await {
                Ok(documents) => assert_eq!(documents, whole),
                Err(error) => {
                    assert!(error.to_string().starts_with("index books, shard "), "{error}");
                    found += 1;
                }
            }
        }
        fs::write(&blob, intact).unwrap();
    }
    assert!(found > 10, "only {found} were seen");
}

#[tokio::test]
async fn metadata_with_a_flipped_bit() {
    for (begin, told) in [("index-", "index-"), ("snap-", "checksum"), ("meta-", "checksum")] {
        let dir = copy();
        for file in files(dir.path(), begin, "") {
            let mut bytes = fs::read(&file).unwrap();
            bytes[20] ^= 0x80;
            fs::write(file, bytes).unwrap();
        }
        let (kind, text) = error(&dir).await;
        assert_eq!(kind, SnapshotErrorKind::Damaged, "{text}");
        assert!(text.contains(told) && text.contains("file:///"), "{text}");
    }
}

#[tokio::test]
async fn a_shard_without_its_list() {
    let dir = copy();
    for file in files(&dir.path().join("indices"), "snap-", ".dat") {
        fs::remove_file(file).unwrap();
    }
    let (kind, text) = error(&dir).await;
    assert_eq!(kind, SnapshotErrorKind::Damaged);
    assert!(
        text.starts_with("index books, shard 0: cannot read file:///") && text.contains("/0/snap-"),
        "{text}"
    );
}

/// As a server writes it: the shard's folder has no list of this snapshot, and the snapshot says why.
#[tokio::test]
async fn a_partial_snapshot() {
    let dir = copy();
    let repository = open(dir.path()).await;
    let data = repository.data().await.unwrap();
    let first = data.snapshots.iter().find(|entry| entry.name == "first").unwrap();
    let record = |state: &str, failures: &str| {
        let record = format!(
            r#"{{"snapshot":{{"name":"first","version_id":7100299,"indices":["books"],"state":"{state}",
            "start_time":1,"end_time":2,"total_shards":2,"successful_shards":1,"failures":[{failures}]}}}}"#
        );
        fs::write(dir.path().join(format!("snap-{}.dat", first.id)), record).unwrap();
    };
    record(
        "PARTIAL",
        r#"{"index":"books","index_uuid":"books","shard_id":1,"reason":"node left","status":"500"}"#,
    );
    for file in files(&dir.path().join("indices"), &format!("snap-{}", first.id), ".dat") {
        if file.parent().unwrap().ends_with("1") {
            fs::remove_file(file).unwrap();
        }
    }
    let (kind, text) = error(&dir).await;
    assert_eq!(kind, SnapshotErrorKind::Incomplete);
    assert!(
        text.starts_with("index books, shard 1: the snapshot is partial") && text.contains("node left"),
        "{text}"
    );

    // As 1.x and 2.x leave it when they are stopped.
    record("IN_PROGRESS", "");
    let (kind, text) = error(&dir).await;
    assert_eq!(kind, SnapshotErrorKind::Incomplete);
    assert!(text.contains("shard 1") && text.contains("its state is IN_PROGRESS"), "{text}");
}

#[tokio::test]
async fn what_does_not_exist() {
    let dir = copy();
    let repository = open(dir.path()).await;
    let error = repository.snapshot("third").await.unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::NotFound);
    let text = error.to_string();
    assert!(
        text.contains("no snapshot third") && text.contains("first") && text.contains("second"),
        "{text}"
    );

    for folder in [dir.path().join("none"), dir.path().join("indices")] {
        let error = open(&folder).await.data().await.unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::NotFound);
        assert!(error.to_string().contains("there is no snapshot repository at file:///"), "{error}");
    }
}

/// The list is the `index-N` of the highest number, by value and not by text; `index.latest` only where none is listed.
#[tokio::test]
async fn which_list_is_read() {
    let dir = copy();
    let list = |n: u64, name: &str| {
        let text = format!(r#"{{"snapshots":[{{"name":"{name}","uuid":"u"}}],"indices":{{}}}}"#);
        fs::write(dir.path().join(format!("index-{n}")), text).unwrap();
    };
    list(9, "nine");
    list(10, "ten");
    fs::write(dir.path().join("index.latest"), 9u64.to_be_bytes()).unwrap();
    let name = async || {
        let data = open(dir.path()).await.data().await;
        data.map(|data| data.snapshots[0].name.clone())
    };
    assert_eq!(name().await.unwrap(), "ten");
    for file in files(dir.path(), "index-", "") {
        fs::remove_file(file).unwrap();
    }
    assert!(name().await.unwrap_err().to_string().contains("no snapshot repository"));
    fs::remove_file(dir.path().join("index.latest")).unwrap();
    fs::write(dir.path().join("index"), r#"{"snapshots":["old"]}"#).unwrap();
    assert_eq!(name().await.unwrap(), "old");
}
