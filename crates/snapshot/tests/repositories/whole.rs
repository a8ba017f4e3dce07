//! Every snapshot, index, shard and file of every repository, to the last byte, with the checksum of each file.

use std::path::Path;

use futures_util::TryStreamExt;
use switchover_snapshot::{Content, Repository, Shard, ShardFile};

use super::{documents, open, repositories};

/// What has been seen, so that a test that reads nothing fails.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) snapshots: usize,
    pub(crate) shards: usize,
    pub(crate) inline: usize,
    pub(crate) blobs: usize,
    pub(crate) parts: usize,
}

pub(crate) async fn read_all(repository: &Repository, seen: &mut Seen) {
    for entry in repository.data().await.unwrap().snapshots {
        let snapshot = repository.snapshot(&entry.name).await.unwrap();
        seen.snapshots += 1;
        assert_eq!(snapshot.info().state, "SUCCESS");
        assert!(
            snapshot.info().end_time >= snapshot.info().start_time && snapshot.info().start_time > 1 << 40
        );
        assert!(
            snapshot.version().starts_with("Elasticsearch ") || snapshot.version().starts_with("OpenSearch ")
        );
        snapshot.global_metadata().await.unwrap();
        let mut shards = 0;
        for name in &snapshot.info().indices {
            let index = snapshot.index(name).await.unwrap();
            assert!(index.metadata().uuid().is_some() && index.metadata().version_created().is_some());
            for number in 0..index.metadata().number_of_shards {
                let shard = index.shard(number).await.unwrap();
                read_shard(&shard, seen).await;
                shards += 1;
            }
        }
        assert_eq!(snapshot.info().successful_shards, shards);
        seen.shards += shards as usize;
    }
}

async fn read_shard(shard: &Shard, seen: &mut Seen) {
    shard.commit().unwrap();
    for file in shard.files() {
        match &file.content {
            Content::Inline(_) => seen.inline += 1,
            Content::Blobs { part_bytes: None, .. } => seen.blobs += 1,
            Content::Blobs { .. } => seen.parts += 1,
        }
        let chunks: Vec<_> = shard.stream(file, 0..file.length).try_collect().await.unwrap();
        let bytes = chunks.concat();
        assert_eq!(bytes.len() as u64, file.length);
        check_sum(file, &bytes);
        if file.length > 10 {
            let middle = file.length / 3..file.length / 2;
            let part = shard.read(file, middle.clone()).await.unwrap();
            assert_eq!(part, bytes[middle.start as usize..middle.end as usize]);
        }
    }
}

/// Files of Lucene since 4.8 end with the checksum that the list has.
fn check_sum(file: &ShardFile, bytes: &[u8]) {
    let Some((summed, sum)) = bytes.split_last_chunk::<8>() else { return };
    if summed.ends_with(&[0xc0, 0x28, 0x93, 0xe8, 0, 0, 0, 0]) {
        let sum = u64::from_be_bytes(*sum);
        assert_eq!(u64::from(crc32fast::hash(summed)), sum, "{}", file.name);
        // Elasticsearch before 5 lists none for a commit.
        let listed = file.checksum.as_deref().map(|sum| u64::from_str_radix(sum, 36).unwrap());
        assert_eq!(listed.unwrap_or(sum), sum, "{}", file.name);
    }
}

#[tokio::test]
async fn large_ones() {
    let Some(folder) = std::env::var_os("SWITCHOVER_SNAPSHOTS") else {
        println!("skipped: SWITCHOVER_SNAPSHOTS names no folder; tests/lab/make-snapshots makes one");
        return;
    };
    let found = repositories(Path::new(&folder));
    assert!(!found.is_empty());
    for path in found {
        let mut seen = Seen::default();
        read_all(&open(&path.join("repo")).await, &mut seen).await;
        println!("{}: {seen:?}", path.display());
        assert!(seen.snapshots > 1 && seen.inline > 0 && seen.blobs > 0 && seen.parts > 0);
        for number in 1..=2 {
            let expected = path.join(format!("expected-{number}.ndjson"));
            let read = documents::compare(&path.join("repo"), &format!("snap-{number}"), &expected).await;
            assert!(read > 1_000);
            println!("  snap-{number}: {read} documents");
        }
    }
}
