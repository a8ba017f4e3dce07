//! The repositories of `testdata`: every version, every setting that changes what the files look like.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use switchover_snapshot::lucene::Options;
use switchover_snapshot::{Content, ShardDocuments, SnapshotErrorKind};

use super::whole::{Seen, read_all};
use super::{open, repositories, testdata};

#[tokio::test]
async fn metadata_of_every_version() {
    let folders = repositories(&testdata().join("versions"));
    assert!(folders.len() >= 11, "{folders:?}");
    for folder in folders {
        let (product, release) = folder.file_name().unwrap().to_str().unwrap().split_once('-').unwrap();
        let repository = open(&folder).await;
        let data = repository.data().await.unwrap();
        let names: BTreeSet<_> = data.snapshots.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, BTreeSet::from(["snap-1", "snap-2"]));
        let first = repository.snapshot("snap-1").await.unwrap();
        let second = repository.snapshot("snap-2").await.unwrap();
        let major = &release[..=release.find('.').unwrap()];
        let version = second.version().to_lowercase();
        assert!(version.starts_with(&format!("{product} {major}")), "{version}, of {product} {release}");
        assert_eq!((&*second.info().state, second.info().failures.len()), ("SUCCESS", 0));
        assert!(second.info().start_time > first.info().end_time);
        let cluster = second.global_metadata().await.unwrap();
        assert!(cluster.get().starts_with("{\"meta"), "{release}: {:.60}", cluster.get());

        // Deleted and made again between the snapshots: another index by the same name.
        let (old, new) = (first.index("recreated").await.unwrap(), second.index("recreated").await.unwrap());
        assert_ne!(old.metadata().uuid(), new.metadata().uuid());
        assert!(!new.metadata().mappings.is_empty());
        let mut shards = 0;
        for number in 0..new.metadata().number_of_shards {
            let shard = new.shard(number).await.unwrap();
            assert!(matches!(shard.commit().unwrap().content, Content::Inline(_)));
            let documents = ShardDocuments::open(shard, Options::default()).await.unwrap();
            shards += documents.segments().len();
        }
        assert!(shards > 0, "no segment in {release}");

        // Its files are not here.
        let error = second.index("aliased").await.unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::Damaged);
        assert!(error.to_string().starts_with("index aliased: cannot read file:///"), "{error}");
        assert_eq!(
            second.index("none").await.unwrap_err().to_string(),
            "snapshot snap-2 holds no index none"
        );
    }
}

#[tokio::test]
async fn every_setting() {
    for setting in ["deflate", "zstd", "prefix", "infix", "base/a/b"] {
        let repository = open(&testdata().join("settings").join(setting)).await;
        let snapshot = repository.snapshot("second").await.unwrap();
        assert_eq!(snapshot.version(), "OpenSearch 2.19.4");
        let index = snapshot.index("books").await.unwrap();
        assert_eq!(index.metadata().number_of_shards, 2);
        assert!(index.metadata().mappings["_doc"].get().contains("größe"));
        assert_eq!(index.metadata().aliases["lib"].get(), r#"{"filter":{"term":{"title":"a"}}}"#);
        for number in 0..2 {
            let shard = index.shard(number).await.unwrap();
            assert!(shard.files().count() > 3, "{setting}");
        }
        assert!(index.shard(2).await.unwrap_err().to_string().contains("has no shard 2"));
    }
}

#[tokio::test]
async fn files_in_parts() {
    let repository = open(&testdata().join("parts")).await;
    let mut seen = Seen::default();
    read_all(&repository, &mut seen).await;
    assert!(seen.parts > 0 && seen.inline > 0 && seen.shards == 5, "{seen:?}");
    for (name, expected) in [("first", 20), ("second", 25)] {
        let snapshot = repository.snapshot(name).await.unwrap();
        let index = snapshot.index("books").await.unwrap();
        let mut ids = BTreeSet::new();
        for number in 0..2 {
            let shard = index.shard(number).await.unwrap();
            let documents = ShardDocuments::open(shard, Options::default()).await.unwrap();
            let visited = documents.visit(|document, _| {
                assert!(document.source.unwrap().starts_with(b"{\"title\": \"book "));
                assert!(ids.insert(document.id.to_string()), "twice: {}", document.id);
                ControlFlow::Continue(())
            });
            assert_eq!(visited.await.unwrap(), ControlFlow::Continue(()));
        }
        assert_eq!(ids.len(), expected);
    }
}
