//! Can this host read the snapshot repository? Whether the source can write to it is what `snapshot verify` tries.

use std::time::Duration;

use switchover_snapshot::{Repository, SnapshotErrorKind};

use super::{Findings, Severity};
use crate::services::{Services, Storage};

/// Looking for AWS credentials may take a while where there are none.
const LIMIT: Duration = Duration::from_secs(30);

pub(super) async fn check(services: &Services, findings: &mut Findings) {
    let at = ("snapshot", "readable");
    let Some(block) = services.snapshot_if_set() else {
        return findings.add(Severity::Info, at, "no snapshot block", "add one for metadata and backfill");
    };
    let (uri, s3) = block.storage.uri();
    let read = async {
        let repository = Repository::open(&uri, &s3).await;
        let data = repository.data().await;
        (repository.url(), data)
    };
    let Ok((url, data)) = tokio::time::timeout(LIMIT, read).await else {
        let message = format!("no answer within {} s", LIMIT.as_secs());
        return findings.add(
            Severity::Error,
            at,
            message,
            "check the endpoint, the region and this host's AWS credentials",
        );
    };
    match data {
        Ok(data) => {
            let count = data.snapshots.len();
            findings.ok(at.0, at.1, format!("{url} holds {count} snapshots"));
        }
        Err(error) if error.kind() == SnapshotErrorKind::NotFound => {
            let unseen = matches!(&uri, switchover_snapshot::RepositoryUri::File(folder) if !folder.exists());
            let (severity, message) = match unseen {
                true => (Severity::Warning, format!("this host does not see {url}")),
                false => (Severity::Info, format!("{url} holds no repository yet")),
            };
            findings.add(severity, at, message, "`switchover snapshot verify` tries whether the source can write there and this host can read it");
        }
        Err(error) => {
            let remedy = match block.storage {
                Storage::Fs { .. } => "let this user read the folder",
                Storage::S3 { .. } => {
                    "this host's AWS credentials need s3:ListBucket and s3:GetObject; check repo_uri and aws_region"
                }
            };
            findings.add(Severity::Error, at, error.to_string(), remedy);
        }
    }
}
