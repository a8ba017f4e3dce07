//! The target: what `metadata migrate` recorded that it made, what a backfill made, and the backfill's coordination
//! index. An index that was there before is in neither, so it is not touched.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use serde_json::Value;
use switchover_cluster::{Method, path_part};
use switchover_coordinate::BEHIND_SUFFIX;
use switchover_documents::Destination;
use switchover_metadata::Kind as MetadataKind;

use super::super::item::{At, Item, Kind, fingerprint};
use super::Found;
use crate::backfill::trace::{self, Trace};
use crate::failure::Failure;
use crate::metadata::{Became, Record};
use crate::replay;
use crate::services::{Services, Side};
use crate::target::Target;

/// By how much the target's clock may be ahead of this host's.
const MAX_AHEAD_MS: u64 = 10 * 60 * 1000;

/// An index as it is now.
struct Index {
    uuid: String,
    created_unix_ms: u64,
}

pub(super) async fn look(config: &Path, services: &Services, found: &mut Found) -> Result<()> {
    let Some(options) = services.cluster(Side::Target).await? else { return Ok(()) };
    let target = Target::of(options)?;
    let indices = indices(&target).await?;
    let record = Record::read(&services.state_dir())?.filter(|record| record.target == target.endpoint());
    if let Some(record) = &record {
        recorded(&target, record, &indices, found).await?;
    }
    if services.has_replay() {
        replay(config, &indices, found).await?;
    }
    match services.backfill() {
        Some(_) => Box::pin(backfill(config, &target, &indices, found)).await,
        None => Ok(()),
    }
}

/// What is wanted of replayers, and what they said. Indices that they made are not known apart from others.
async fn replay(config: &Path, indices: &BTreeMap<String, Index>, found: &mut Found) -> Result<()> {
    let wrong = |failure: Failure| anyhow!("{failure}");
    let settings = replay::settings::Settings::load(config).await.map_err(wrong)?;
    let board = settings.board().map_err(wrong)?;
    let Some(picture) = replay::picture::Picture::take(&board).await? else { return Ok(()) };
    if !picture.living.is_empty() {
        bail!("{} replayers are at work; run `switchover replay stop` first", picture.living.len());
    }
    let behind = indices.get(&format!("{}{BEHIND_SUFFIX}", board.index()));
    coordination(board.index(), behind, board.documents().await?, "the replay", found);
    Ok(())
}

/// It may be on another cluster, which is not reached from here.
fn coordination(name: &str, behind: Option<&Index>, documents: u64, of: &str, found: &mut Found) {
    let Some(behind) = behind else {
        let because =
            format!("it is on the cluster of coordinator_uri; delete it there, with {name}{BEHIND_SUFFIX}");
        return found.leave(At::Target, Kind::Coordination, name, because);
    };
    found.items.push(Item {
        at: At::Target,
        kind: Kind::Coordination,
        name: name.to_owned(),
        identity: behind.uuid.clone(),
        documents: Some(documents),
        created_unix_ms: Some(behind.created_unix_ms),
        because: format!("working state of {of}"),
    });
}

/// The coordination index, and what is younger than it of what it names.
async fn backfill(
    config: &Path,
    target: &Target,
    indices: &BTreeMap<String, Index>,
    found: &mut Found,
) -> Result<()> {
    match trace::of(config).await? {
        Trace::None => {}
        Trace::Stopped { groups } => {
            for name in groups.iter().map(|group| Destination::of(group, None).index) {
                if indices.contains_key(&name) && !found.items.iter().any(|item| item.name == name) {
                    let because = "a backfill that was stopped loaded into it, and nothing says that the migration made it; delete it by hand if it did";
                    found.leave(At::Target, Kind::Index, &name, because);
                }
            }
        }
        Trace::Present { index, behind, living, documents, groups } => {
            if living > 0 {
                bail!("{living} workers of the backfill are at work; run `switchover backfill stop` first");
            }
            let board = indices.get(&behind);
            for name in groups.iter().map(|group| Destination::of(group, None).index) {
                let Some(there) = indices.get(&name) else { continue };
                if found.items.iter().any(|item| item.name == name) {
                    continue;
                }
                match board {
                    // Both by the clock of one cluster.
                    Some(board) if there.created_unix_ms > board.created_unix_ms => {
                        let because = "made when the backfill loaded it";
                        let item = index_item(target, &name, there, because).await?;
                        found.left_alone.retain(|left| left.name != name);
                        found.items.push(item);
                    }
                    Some(_) => {
                        found.leave(At::Target, Kind::Index, &name, "it was there before the backfill began")
                    }
                    None => {
                        let because = "nothing says whether it was there before the backfill began";
                        found.leave(At::Target, Kind::Index, &name, because);
                    }
                }
            }
            coordination(&index, board, documents, "the backfill", found);
        }
    }
    Ok(())
}

async fn recorded(
    target: &Target,
    record: &Record,
    indices: &BTreeMap<String, Index>,
    found: &mut Found,
) -> Result<()> {
    for kept in &record.items {
        let (name, created) = (&kept.name, kept.became == Became::Created);
        if kept.kind == MetadataKind::Index {
            let Some(there) = indices.get(name) else { continue };
            if !created {
                found.leave(At::Target, Kind::Index, name, "`metadata migrate` did not make it");
            } else if there.created_unix_ms > record.at_unix_ms.saturating_add(MAX_AHEAD_MS) {
                found.leave(At::Target, Kind::Index, name, "it was made anew after `metadata migrate`");
            } else {
                found.items.push(index_item(target, name, there, "made by `metadata migrate`").await?);
            }
            continue;
        }
        let Some(body) = body(target, kept.kind, name).await? else { continue };
        let kind = kind(kept.kind);
        if !created {
            found.leave(At::Target, kind, name, "`metadata migrate` did not make it");
            continue;
        }
        found.items.push(Item {
            at: At::Target,
            kind,
            name: name.clone(),
            identity: fingerprint(body.to_string().as_bytes()),
            documents: match kind {
                Kind::DataStream => Some(count(target, name).await?),
                _ => None,
            },
            created_unix_ms: None,
            because: "made by `metadata migrate`".to_owned(),
        });
    }
    Ok(())
}

async fn index_item(target: &Target, name: &str, index: &Index, because: &str) -> Result<Item> {
    Ok(Item {
        at: At::Target,
        kind: Kind::Index,
        name: name.to_owned(),
        identity: index.uuid.clone(),
        documents: Some(count(target, name).await?),
        created_unix_ms: Some(index.created_unix_ms),
        because: because.to_owned(),
    })
}

async fn count(target: &Target, name: &str) -> Result<u64> {
    let path = format!("/{}/_count", path_part(name));
    let counted: Value = target.ask(Method::GET, &path, None).await?.success()?.json()?;
    Ok(counted.get("count").and_then(Value::as_u64).unwrap_or_default())
}

/// All indices, hidden ones too.
async fn indices(target: &Target) -> Result<BTreeMap<String, Index>> {
    let path = "/_all/_settings?expand_wildcards=all&filter_path=*.settings.index.uuid,*.settings.index.creation_date";
    let all: Value = target.ask(Method::GET, path, None).await?.success()?.json()?;
    let one = |(name, index): (&String, &Value)| {
        let setting = |key: &str| index.get("settings")?.get("index")?.get(key)?.as_str().map(str::to_owned);
        let created_unix_ms = setting("creation_date")?.parse().ok()?;
        Some((name.clone(), Index { uuid: setting("uuid")?, created_unix_ms }))
    };
    Ok(all.as_object().into_iter().flatten().filter_map(one).collect())
}

/// What is there of a name that is no index's; `None`: nothing.
async fn body(target: &Target, kind: MetadataKind, name: &str) -> Result<Option<Value>> {
    let answer = target.ask(Method::GET, &super::super::path(self::kind(kind), name), None).await?;
    match answer.status.as_u16() {
        404 => Ok(None),
        _ => {
            let body: Value = answer.success()?.json()?;
            let body = match kind {
                // Its size, generation and health change by themselves.
                MetadataKind::DataStream => body.pointer("/data_streams/0/name").cloned().unwrap_or_default(),
                _ => body,
            };
            Ok(body.as_object().is_none_or(|body| !body.is_empty()).then_some(body))
        }
    }
}

fn kind(kind: MetadataKind) -> Kind {
    match kind {
        MetadataKind::Index => Kind::Index,
        MetadataKind::DataStream => Kind::DataStream,
        MetadataKind::Alias => Kind::Alias,
        MetadataKind::IndexTemplate => Kind::IndexTemplate,
        MetadataKind::LegacyTemplate => Kind::LegacyTemplate,
        MetadataKind::ComponentTemplate => Kind::ComponentTemplate,
        MetadataKind::Pipeline => Kind::Pipeline,
        MetadataKind::Script => Kind::Script,
    }
}
