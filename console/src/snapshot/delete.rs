//! `snapshot delete` and `snapshot unregister-repo`. What is not there is deleted.

use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::json;
use switchover_cluster::{ClusterErrorKind, Method};

use super::refusal::refusal;
use super::server::Server;
use super::status::map;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::Output;
use crate::services::Services;

/// How long files may take to go away. A running snapshot is stopped first.
const DELETE_DEADLINE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(500);

pub(super) async fn snapshot(services: &Services, acknowledged: bool, as_json: bool) -> Result<(), Failure> {
    let server = Server::connect(services).await?;
    let name = &server.block.name;
    confirm(&format!("Deleting the snapshot {name} removes its files from the repository."), acknowledged)?;
    let existed = delete(&server, name).await?;
    let mut out = Output::stdout();
    if as_json {
        out.document(map(
            json!({"snapshot": name, "repository": server.block.repository, "existed": existed}),
        ))?;
    } else if existed {
        out.line(format_args!("Snapshot {name} successfully deleted."))?;
    } else {
        out.line(format_args!("Snapshot {name} does not exist."))?;
    }
    out.flush()
}

/// Deletes it and waits until it is gone; false when it was not there.
pub(super) async fn delete(server: &Server<'_>, name: &str) -> anyhow::Result<bool> {
    let step = format!("deleting the snapshot {name}");
    let begun = Instant::now();
    let mut existed = false;
    loop {
        if server.reported(name).await?.is_none() {
            return Ok(existed);
        }
        existed = true;
        if begun.elapsed() > DELETE_DEADLINE {
            let waited = DELETE_DEADLINE.as_secs();
            bail!(
                "{}: {step}: it is still there after {waited} s; it may go on: ask again later",
                server.cluster.endpoint()
            );
        }
        match server.cluster.request(Method::DELETE, &server.snapshot_path(name), None).await {
            Ok(response) if response.status.is_success() || response.status.as_u16() == 404 => {}
            // Another deletion, of this or of another snapshot, comes first.
            Ok(response) if matches!(response.status.as_u16(), 409 | 429 | 503) => {
                tracing::info!(status = response.status.as_u16(), "the snapshot can't be deleted yet");
            }
            Ok(response) => return Err(refusal(&server.cluster.endpoint(), &step, &response)),
            Err(error) if error.kind() == ClusterErrorKind::Timeout => {}
            Err(error) => return Err(anyhow::Error::from(error).context(step)),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) async fn repository(
    services: &Services,
    acknowledged: bool,
    as_json: bool,
) -> Result<(), Failure> {
    let server = Server::connect(services).await?;
    let repository = &server.block.repository;
    confirm(
        &format!(
            "Unregistering the repository {repository} makes the source forget its snapshots; the files stay."
        ),
        acknowledged,
    )?;
    let existed = server.unregister().await?;
    let mut out = Output::stdout();
    if as_json {
        out.document(map(json!({"repository": repository, "existed": existed})))?;
    } else if existed {
        out.line(format_args!("Repository '{repository}' deleted"))?;
    } else {
        out.line(format_args!("Repository '{repository}' does not exist"))?;
    }
    out.flush()
}
