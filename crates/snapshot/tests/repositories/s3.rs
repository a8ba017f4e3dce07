//! The same repositories in a real S3 server: `SWITCHOVER_S3_ENDPOINT` says where one is, and AWS_ACCESS_KEY_ID and
//! AWS_SECRET_ACCESS_KEY are for it. The bucket `snapshot-tests` is made there.

use std::fs;
use std::path::Path;

use aws_sdk_s3::Client;
use switchover_snapshot::{Repository, S3Options, SnapshotErrorKind};

use super::testdata;
use super::whole::{Seen, read_all};

const BUCKET: &str = "snapshot-tests";

async fn upload(client: &Client, dir: &Path, prefix: &str) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let key = format!("{prefix}/{}", entry.file_name().into_string().unwrap());
        if entry.path().is_dir() {
            Box::pin(upload(client, &entry.path(), &key)).await;
        } else {
            let body = fs::read(entry.path()).unwrap();
            client.put_object().bucket(BUCKET).key(key).body(body.into()).send().await.unwrap();
        }
    }
}

async fn open(uri: &str, endpoint: &str) -> Repository {
    let options = S3Options { region: None, endpoint: Some(endpoint.to_owned()) };
    Repository::open(&uri.parse().unwrap(), &options).await
}

#[tokio::test]
async fn repositories_in_a_bucket() {
    let Ok(endpoint) = std::env::var("SWITCHOVER_S3_ENDPOINT") else {
        println!("skipped: SWITCHOVER_S3_ENDPOINT names no S3 server");
        return;
    };
    let shared = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .endpoint_url(&endpoint)
        .region("us-east-1")
        .load()
        .await;
    let config = aws_sdk_s3::config::Builder::from(&shared).force_path_style(true).build();
    let client = Client::from_conf(config);
    client.create_bucket().bucket(BUCKET).send().await.unwrap();
    upload(&client, &testdata().join("parts"), "copy/parts").await;
    // Hashed shards are outside of the base path: `a/b` is in the bucket's root, as OpenSearch puts it there.
    for entry in fs::read_dir(testdata().join("settings/base")).unwrap().map(Result::unwrap) {
        upload(&client, &entry.path(), &entry.file_name().into_string().unwrap()).await;
    }

    let mut seen = Seen::default();
    read_all(&open(&format!("s3://{BUCKET}/copy/parts/"), &endpoint).await, &mut seen).await;
    assert!(seen.snapshots == 2 && seen.parts > 0 && seen.shards == 5, "{seen:?}");

    let snapshot = open(&format!("s3://{BUCKET}/a/b"), &endpoint).await.snapshot("second").await.unwrap();
    let index = snapshot.index("books").await.unwrap();
    assert!(index.shard(0).await.unwrap().files().count() > 3 && index.shard(1).await.is_ok());

    let error = open(&format!("s3://{BUCKET}/none"), &endpoint).await.data().await.unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::NotFound);
    let error = open("s3://no-such-bucket/x", &endpoint).await.data().await.unwrap_err();
    assert!(error.to_string().contains("no bucket no-such-bucket"), "{error}");
}
