//! The source: the snapshot that `snapshot create` took there, and the repository that it registered for it.

use anyhow::Result;

use super::super::item::{At, Item, Kind, fingerprint};
use super::Found;
use crate::services::Services;
use crate::snapshot::made::{self, Made};

pub(super) async fn look(services: &Services, found: &mut Found) -> Result<()> {
    if services.snapshot_if_set().is_none() {
        return Ok(());
    }
    let now = made::look(services).await?;
    let record = Made::read(&services.state_dir())?.filter(|made| made.source == now.source);
    let mine =
        |name: &str| record.as_ref().is_some_and(|made| made.repository == now.repository && made.has(name));
    let unknown = "nothing says that `snapshot create` made it";
    if let Some(start_millis) = now.snapshot_start_millis {
        match mine(&now.snapshot) {
            true => found.items.push(Item {
                at: At::Source,
                kind: Kind::Snapshot,
                name: now.snapshot.clone(),
                identity: start_millis.to_string(),
                documents: None,
                created_unix_ms: u64::try_from(start_millis).ok(),
                because: "made by `snapshot create`".to_owned(),
            }),
            false => found.leave(At::Source, Kind::Snapshot, &now.snapshot, unknown),
        }
    }
    let Some(settings) = &now.registered else { return Ok(()) };
    let others = now.snapshots.iter().filter(|name| **name != now.snapshot || !mine(name)).count();
    let registered = record.as_ref().is_some_and(|made| made.repository == now.repository && made.registered);
    let because = match (registered, others) {
        (true, 0) => {
            found.items.push(Item {
                at: At::Source,
                kind: Kind::Repository,
                name: now.repository.clone(),
                identity: fingerprint(settings.to_string().as_bytes()),
                documents: None,
                created_unix_ms: None,
                because: "registered by `snapshot create`; its folder or bucket stays".to_owned(),
            });
            return Ok(());
        }
        (true, others) => format!("{others} other snapshots are in it"),
        (false, _) => "nothing says that `snapshot create` registered it".to_owned(),
    };
    found.leave(At::Source, Kind::Repository, &now.repository, because);
    Ok(())
}
