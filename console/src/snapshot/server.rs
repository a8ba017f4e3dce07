//! What the source is asked about its snapshot, and what it answers.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use switchover_cluster::{Body, Cluster, Method, Response, path_part};

use super::refusal::refusal;
use crate::failure::Failure;
use crate::services::{Services, Side, SnapshotBlock, Storage};

/// Of one request. The server answers a registration when every node has tried the repository, and a deletion when the
/// files are gone.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// The source, and the snapshot that the services file names.
pub(super) struct Server<'s> {
    pub(super) cluster: Cluster,
    pub(super) block: &'s SnapshotBlock,
}

/// What the source says of a snapshot.
#[derive(Debug, Deserialize)]
pub(super) struct Reported {
    pub(super) state: String,
    #[serde(default, rename = "start_time_in_millis")]
    pub(super) start_millis: i64,
    #[serde(default, rename = "end_time_in_millis")]
    pub(super) end_millis: i64,
    #[serde(default)]
    pub(super) failures: Vec<ShardFailed>,
    #[serde(default)]
    pub(super) shards: Shards,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Shards {
    pub(super) total: u64,
    pub(super) successful: u64,
}

/// A shard that is not in the snapshot.
#[derive(Debug, Deserialize)]
pub(super) struct ShardFailed {
    #[serde(default)]
    pub(super) index: String,
    #[serde(default)]
    pub(super) shard_id: i64,
    #[serde(default)]
    pub(super) reason: String,
}

impl Reported {
    pub(super) fn is_running(&self) -> bool {
        matches!(self.state.as_str(), "IN_PROGRESS" | "STARTED")
    }

    pub(super) fn is_complete(&self) -> bool {
        self.state == "SUCCESS"
    }
}

#[derive(Deserialize)]
struct Listed {
    snapshots: Vec<Reported>,
}

impl<'s> Server<'s> {
    pub(super) async fn connect(services: &'s Services) -> Result<Self, Failure> {
        let block = services.snapshot()?;
        Ok(Self { cluster: services.connect(Side::Source, REQUEST_TIMEOUT).await?, block })
    }

    pub(super) fn repository_path(&self) -> String {
        format!("/_snapshot/{}", path_part(&self.block.repository))
    }

    pub(super) fn snapshot_path(&self, name: &str) -> String {
        format!("{}/{}", self.repository_path(), path_part(name))
    }

    /// Sends a request; `None` for "there is none". Any other refusal is an error that names the step and says what is
    /// known of its cause.
    pub(super) async fn ask(
        &self,
        step: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Option<Response>> {
        let body = body.map(|body| Body::json(body.to_string()));
        let response = self.cluster.send(method, path, body).await.with_context(|| step.to_owned())?;
        match response.status.as_u16() {
            200..=299 => Ok(Some(response)),
            404 if is_clusters_own(&response) => Ok(None),
            _ => Err(refusal(&self.cluster.endpoint(), step, &response)),
        }
    }

    /// The state of a snapshot; `None` where there is none of this name, or no repository.
    pub(super) async fn reported(&self, name: &str) -> Result<Option<Reported>> {
        let step = "asking for the snapshot";
        let Some(response) = self.ask(step, Method::GET, &self.snapshot_path(name), None).await? else {
            return Ok(None);
        };
        let listed: Listed = response.json().context(step)?;
        Ok(listed.snapshots.into_iter().next())
    }

    /// Has the source know the repository; true when it did not before. One that is registered at another place is left
    /// as it is: snapshots of others may be in it.
    pub(super) async fn register(&self, max_mb_per_node: Option<u64>) -> Result<bool> {
        let path = self.repository_path();
        let existing = self.registered().await?;
        let mut settings = settings(&self.block.storage);
        if let Some(megabytes) = max_mb_per_node {
            settings.insert("max_snapshot_bytes_per_sec".to_owned(), json!(format!("{megabytes}mb")));
        }
        let mut wanted = settings.clone();
        if let Some(existing) = &existing {
            self.same_place(existing)?;
            let has = |(key, value): (&String, &Value)| existing.settings.get(key) == Some(value);
            let rate =
                settings.get("max_snapshot_bytes_per_sec").map(|rate| ("max_snapshot_bytes_per_sec", rate));
            if rate.is_none_or(|(key, value)| has((&key.to_owned(), value))) {
                return Ok(false);
            }
            // What a person set besides stays.
            wanted = existing.settings.clone();
            wanted.extend(settings);
        }
        let body = json!({ "type": kind(&self.block.storage), "settings": wanted });
        let step = format!("registering the repository {}", self.block.repository);
        match self.ask(&step, Method::PUT, &path, Some(&body)).await {
            Ok(Some(_)) => Ok(existing.is_none()),
            Ok(None) => bail!("{}: {step}: answered 404", self.cluster.endpoint()),
            Err(error) => {
                // Servers keep it although they could not use it.
                if existing.is_none()
                    && let Err(error) = self.unregister().await
                {
                    tracing::warn!(%error, "the repository may be registered although it can't be used");
                }
                Err(error)
            }
        }
    }

    /// Whether the source knows a repository of this name.
    pub(super) async fn is_registered(&self) -> Result<bool> {
        Ok(self.registered().await?.is_some())
    }

    async fn registered(&self) -> Result<Option<Registered>> {
        let step = "asking for the repository";
        let Some(response) = self.ask(step, Method::GET, &self.repository_path(), None).await? else {
            return Ok(None);
        };
        let mut all: std::collections::HashMap<String, Registered> = response.json().context(step)?;
        Ok(all.remove(&self.block.repository))
    }

    fn same_place(&self, existing: &Registered) -> Result<()> {
        let trimmed = |text: &str| text.trim_matches('/').to_owned();
        let setting =
            |key: &str| existing.settings.get(key).and_then(Value::as_str).map(trimmed).unwrap_or_default();
        let there = match existing.kind.as_str() {
            "fs" => format!("fs {}", setting("location")),
            kind => format!("{kind} {}/{}", setting("bucket"), setting("base_path")),
        };
        let wanted = match &self.block.storage {
            Storage::Fs { location, .. } => format!("fs {}", trimmed(location)),
            Storage::S3 { bucket, prefix, .. } => format!("s3 {bucket}/{prefix}"),
        };
        if there != wanted {
            bail!(
                "{}: the repository {} is registered at another place ({there}) than the services file says ({wanted}); give another snapshot_repo_name, or `switchover snapshot unregister-repo`",
                self.cluster.endpoint(),
                self.block.repository
            );
        }
        Ok(())
    }

    /// Forgets the repository; false when it was not known. Its files stay.
    pub(super) async fn unregister(&self) -> Result<bool> {
        let step = format!("unregistering the repository {}", self.block.repository);
        Ok(self.ask(&step, Method::DELETE, &self.repository_path(), None).await?.is_some())
    }
}

/// "There is none", and not a page of something that stands before the cluster.
fn is_clusters_own(response: &Response) -> bool {
    serde_json::from_slice::<Value>(&response.body).is_ok_and(|body| !body["error"].is_null())
}

#[derive(Deserialize)]
struct Registered {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    settings: Map<String, Value>,
}

fn kind(storage: &Storage) -> &'static str {
    match storage {
        Storage::Fs { .. } => "fs",
        Storage::S3 { .. } => "s3",
    }
}

/// As the servers want them.
fn settings(storage: &Storage) -> Map<String, Value> {
    let pairs: Vec<(&str, Value)> = match storage {
        Storage::Fs { location, .. } => vec![("location", json!(location))],
        Storage::S3 { bucket, prefix, region, endpoint, role } => {
            let mut pairs = vec![("bucket", json!(bucket)), ("region", json!(region))];
            if !prefix.is_empty() {
                pairs.push(("base_path", json!(prefix)));
            }
            if let Some(endpoint) = endpoint {
                // Stores other than Amazon's rarely have a name for each bucket.
                pairs.extend([("endpoint", json!(endpoint)), ("path_style_access", json!("true"))]);
            }
            if let Some(role) = role {
                pairs.push(("role_arn", json!(role)));
            }
            pairs
        }
    };
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
