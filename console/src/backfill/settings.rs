//! What the commands work on, out of the services file.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use switchover_cluster::ClusterOptions;
use switchover_coordinate::{Board, Job};
use switchover_snapshot::RepositoryUri;

use crate::failure::Failure;
use crate::fleet::launch::Launcher;
use crate::fleet::place;
use crate::services::{BackfillBlock, Services, Side};

/// What workers are.
const PROGRAM: &str = "switchover-rfs";
/// As many workers as the documents of the field show after the start.
const DEFAULT_SCALE: u32 = 1;

/// The backfill of a services file.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) target: ClusterOptions,
    pub(super) block: BackfillBlock,
    pub(super) snapshot: Option<Snapshot>,
    /// Of all backfills.
    pub(super) state_dir: PathBuf,
}

/// What is loaded.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) name: String,
    pub(super) repository: String,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
}

impl Settings {
    pub(super) async fn load(config: &Path) -> Result<Self, Failure> {
        Self::of(&Services::load(config)?).await
    }

    pub(super) async fn of(services: &Services) -> Result<Self, Failure> {
        let missing = |what: &str, key: &str| {
            let path = services.path().display();
            Failure::Usage(format!("{what} is not set: add a block {key} to {path}"))
        };
        let block = services.backfill_or_default();
        let block = block.ok_or_else(|| missing("Backfill migration", "backfill"))?;
        let target = services.cluster(Side::Target).await?;
        let target = target.ok_or_else(|| missing("The target", "target_cluster"))?;
        let snapshot = services.snapshot_if_set().map(|place| {
            let (uri, s3) = place.storage.uri();
            let repository = match uri {
                RepositoryUri::File(folder) => folder.display().to_string(),
                RepositoryUri::S3 { bucket, prefix } => format!("s3://{bucket}/{prefix}"),
            };
            let name = block.snapshot_name.clone().unwrap_or_else(|| place.name.clone());
            Snapshot { name, repository, region: s3.region, endpoint: s3.endpoint }
        });
        Ok(Self { target, block, snapshot, state_dir: services.state_dir() })
    }

    /// Where the work is shared. Nothing is sent yet.
    pub(super) fn board(&self) -> Result<Board, Failure> {
        let Self { target, block, .. } = self;
        place::board(Job::Backfill, target, block.coordinator_uri.as_deref(), &block.session_name)
    }

    /// How workers come to be on this host.
    pub(super) fn launcher(&self) -> Result<Launcher, Failure> {
        Ok(Launcher::new(PROGRAM, self.block.launch, self.session_dir())?)
    }

    /// How many workers there are after the start.
    pub(super) fn scale(&self) -> u32 {
        self.block.scale.unwrap_or(DEFAULT_SCALE)
    }

    /// Of this backfill alone.
    pub(super) fn session_dir(&self) -> PathBuf {
        place::session_dir(&self.state_dir, "backfill", &self.block.session_name)
    }

    /// Where workers on this host keep refused documents, unless an option says otherwise.
    pub(super) fn failed_documents(&self) -> PathBuf {
        let given = self.block.options.get("failedDocumentDir").and_then(Value::as_str);
        given.map_or_else(|| self.session_dir().join("failed-documents"), PathBuf::from)
    }

    /// What is set, without secrets.
    pub(super) fn describe(&self) -> Value {
        let mut all = Map::new();
        let mut set = |key: &str, value: Value| all.insert(key.to_owned(), value);
        set("scale", self.scale().into());
        set("session_name", self.block.session_name.clone().into());
        set("target", self.target.uri.clone().into());
        set("coordinator_uri", self.block.coordinator_uri.clone().into());
        if let Some(snapshot) = &self.snapshot {
            set("snapshot_name", snapshot.name.clone().into());
            set("repository", snapshot.repository.clone().into());
        }
        set("launch", json!(self.block.launch));
        set("state_dir", self.state_dir.display().to_string().into());
        set("failed_document_dir", self.failed_documents().display().to_string().into());
        set("options", self.block.options.clone().into());
        json!({"reindex_from_snapshot": all})
    }
}
