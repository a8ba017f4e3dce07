//! What `snapshot create` made on the source, for who removes it: a repository that was registered before, or a snapshot that
//! was there before, is not ours.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchover_cluster::Method;

use super::delete;
use super::server::Server;
use crate::fleet::files;
use crate::services::Services;

/// In the state directory.
const FILE: &str = "snapshot.json";

/// The record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Made {
    /// The source's address.
    pub(crate) source: String,
    pub(crate) repository: String,
    /// It was not registered before.
    pub(crate) registered: bool,
    snapshots: Vec<String>,
}

/// What is there.
#[derive(Debug)]
pub(crate) struct Present {
    pub(crate) source: String,
    pub(crate) repository: String,
    /// How the repository is registered, if it is.
    pub(crate) registered: Option<Value>,
    /// All that are in it.
    pub(crate) snapshots: Vec<String>,
    /// The one that the services file names.
    pub(crate) snapshot: String,
    pub(crate) snapshot_start_millis: Option<i64>,
}

impl Made {
    pub(crate) fn read(state_dir: &Path) -> Result<Option<Self>> {
        let path = state_dir.join(FILE);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(
                serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?,
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(anyhow!("cannot read {}: {error}", path.display())),
        }
    }

    pub(crate) fn has(&self, snapshot: &str) -> bool {
        self.snapshots.iter().any(|name| name == snapshot)
    }

    /// Adds what a run made.
    pub(super) fn add(
        services: &Services,
        server: &Server<'_>,
        registered: bool,
        created: bool,
    ) -> Result<()> {
        if !registered && !created {
            return Ok(());
        }
        let state_dir = services.state_dir();
        let (source, repository) = (server.cluster.endpoint(), server.block.repository.clone());
        let same = |made: &Self| made.source == source && made.repository == repository;
        let mut made = Self::read(&state_dir)?.filter(same).unwrap_or_else(|| Self {
            source: source.clone(),
            repository: repository.clone(),
            ..Self::default()
        });
        made.registered |= registered;
        if created && !made.has(&server.block.name) {
            made.snapshots.push(server.block.name.clone());
        }
        files::replace(&state_dir.join(FILE), &serde_json::to_vec(&made)?)
    }

    fn forget(services: &Services, forget: impl FnOnce(&mut Self)) -> Result<()> {
        let state_dir = services.state_dir();
        let Some(mut made) = Self::read(&state_dir)? else { return Ok(()) };
        forget(&mut made);
        files::replace(&state_dir.join(FILE), &serde_json::to_vec(&made)?)
    }
}

/// Asks the source.
pub(crate) async fn look(services: &Services) -> Result<Present> {
    let server = Server::connect(services).await.map_err(|failure| anyhow!("{failure}"))?;
    let step = "asking for the repository";
    let registered = server.ask(step, Method::GET, &server.repository_path(), None).await?;
    let registered = registered.map(|answer| answer.json::<Value>()).transpose()?;
    let mut snapshots = Vec::new();
    if registered.is_some() {
        let path = format!("{}/_all", server.repository_path());
        let all = server.ask("listing the snapshots", Method::GET, &path, None).await?;
        let all = all.map(|answer| answer.json::<Value>()).transpose()?.unwrap_or_default();
        let names = all.get("snapshots").and_then(Value::as_array).into_iter().flatten();
        snapshots = names.filter_map(|one| one.get("snapshot")?.as_str().map(str::to_owned)).collect();
    }
    let reported = match registered {
        Some(_) => server.reported(&server.block.name).await?,
        None => None,
    };
    Ok(Present {
        source: server.cluster.endpoint(),
        repository: server.block.repository.clone(),
        registered,
        snapshots,
        snapshot: server.block.name.clone(),
        snapshot_start_millis: reported.map(|reported| reported.start_millis),
    })
}

/// False: it was not there.
pub(crate) async fn delete_snapshot(services: &Services, name: &str) -> Result<bool> {
    let server = Server::connect(services).await.map_err(|failure| anyhow!("{failure}"))?;
    let existed = delete::delete(&server, name).await?;
    Made::forget(services, |made| made.snapshots.retain(|snapshot| snapshot != name))?;
    Ok(existed)
}

/// False: it was not registered.
pub(crate) async fn unregister(services: &Services, name: &str) -> Result<bool> {
    let server = Server::connect(services).await.map_err(|failure| anyhow!("{failure}"))?;
    if server.block.repository != name {
        bail!("the services file names another repository now: {}", server.block.repository);
    }
    let existed = server.unregister().await?;
    Made::forget(services, |made| made.registered = false)?;
    Ok(existed)
}
