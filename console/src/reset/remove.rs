//! Removes what a plan names, one item after the other. What is not there any more is done; what is another thing now than
//! when the plan was made is refused; one that fails stops no other.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use serde_json::{Value, json};
use switchover_cluster::{Body, Method};

use super::item::{At, Item, Kind};
use crate::kafka;
use crate::metadata;
use crate::services::{Services, Side};
use crate::snapshot::made;
use crate::target::Target;

/// What became of an item.
#[derive(Debug)]
pub(super) enum Outcome {
    Removed,
    /// It was not there any more.
    Gone,
    /// It is not what the plan says.
    Changed,
    /// The person does not want it.
    Kept,
    Failed(anyhow::Error),
}

/// `now`: the same item as it is there now, if it is.
pub(super) async fn remove(services: &Services, item: &Item, now: Option<&Item>) -> Outcome {
    match now {
        None => Outcome::Gone,
        Some(now) if now.identity != item.identity => Outcome::Changed,
        Some(_) => match act(services, item).await {
            Ok(true) => Outcome::Removed,
            Ok(false) => Outcome::Gone,
            Err(error) => Outcome::Failed(error),
        },
    }
}

/// False: it was not there.
async fn act(services: &Services, item: &Item) -> Result<bool> {
    match (item.at, item.kind) {
        (At::Target, _) => of_target(services, item).await,
        (At::Source, Kind::Snapshot) => made::delete_snapshot(services, &item.name).await,
        (At::Source, _) => made::unregister(services, &item.name).await,
        (At::Kafka, kind) => {
            let at = kafka::of_services(services)?.ok_or_else(|| anyhow!("the kafka block is gone"))?;
            Ok(match kind {
                Kind::Topic => switchover_kafka::delete_topic(&at.options, &item.name)?,
                _ => switchover_kafka::delete_group(&at.options, &item.name)?,
            })
        }
        (At::Host, _) => of_host(Path::new(&item.name)),
    }
}

async fn of_target(services: &Services, item: &Item) -> Result<bool> {
    let options = services.cluster(Side::Target).await?;
    let target = Target::of(options.ok_or_else(|| anyhow!("target_cluster is not defined"))?)?;
    let path = super::path(item.kind, &item.name);
    let answer = match item.kind {
        Kind::Alias => {
            let there = target.ask(Method::GET, &path, None).await?;
            if there.status.as_u16() == 404 {
                return Ok(false);
            }
            let there: Value = there.success()?.json()?;
            let indices: Vec<&String> =
                there.as_object().into_iter().flatten().map(|(name, _)| name).collect();
            let body = json!({"actions": [{"remove": {"indices": indices, "alias": item.name}}]});
            target.ask(Method::POST, "/_aliases", Some(Body::json(body.to_string()))).await?
        }
        _ => target.ask(Method::DELETE, &path, None).await?,
    };
    if answer.status.as_u16() == 404 {
        return Ok(false);
    }
    answer.success()?;
    forget(services, item, &target.endpoint())?;
    Ok(true)
}

/// What is gone is not the migration's any more: somebody may make one of the same name.
fn forget(services: &Services, item: &Item, target: &str) -> Result<()> {
    let Some(kind) = recorded(item.kind) else { return Ok(()) };
    metadata::Record::forget(&services.state_dir(), target, kind, &item.name)
}

fn recorded(kind: Kind) -> Option<switchover_metadata::Kind> {
    use switchover_metadata::Kind as Metadata;
    Some(match kind {
        Kind::Alias => Metadata::Alias,
        Kind::DataStream => Metadata::DataStream,
        Kind::Index => Metadata::Index,
        Kind::IndexTemplate => Metadata::IndexTemplate,
        Kind::LegacyTemplate => Metadata::LegacyTemplate,
        Kind::ComponentTemplate => Metadata::ComponentTemplate,
        Kind::Pipeline => Metadata::Pipeline,
        Kind::Script => Metadata::Script,
        _ => return None,
    })
}

fn of_host(path: &Path) -> Result<bool> {
    let removed = match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => bail!("cannot remove {}: {error}", path.display()),
    }
}
