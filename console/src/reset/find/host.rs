//! This host: what the console keeps in its state directory, and folders of tuples, only when asked for.

use std::path::Path;

use anyhow::{Context, Result};

use super::super::ResetArgs;
use super::super::item::{At, Item, Kind};
use super::Found;

/// What the console keeps there; plans of a reset stay.
const KEPT: [&str; 6] =
    ["backfill", "backfill_working_state", "verify", "metadata.json", "snapshot.json", "replay"];
/// Of backfills and replays with a name.
const SESSIONS: [&str; 2] = ["backfill-", "replay-"];

pub(super) fn look(state_dir: &Path, args: &ResetArgs, found: &mut Found) -> Result<()> {
    let mut paths = args.tuples_dir.clone();
    if args.local_state && state_dir.exists() {
        let entries = std::fs::read_dir(state_dir);
        for entry in entries.with_context(|| format!("cannot read {}", state_dir.display()))? {
            let entry = entry.with_context(|| format!("cannot read {}", state_dir.display()))?;
            let name = entry.file_name();
            let ours = name.to_str().is_some_and(|name| {
                KEPT.contains(&name) || SESSIONS.iter().any(|prefix| name.starts_with(prefix))
            });
            if ours {
                paths.push(entry.path());
            }
        }
    }
    for path in paths {
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
        let path = std::path::absolute(&path).unwrap_or(path);
        found.items.push(Item {
            at: At::Host,
            kind: Kind::Folder,
            name: path.display().to_string(),
            identity: if metadata.is_dir() { "folder" } else { "file" }.to_owned(),
            documents: None,
            created_unix_ms: None,
            because: "asked for".to_owned(),
        });
    }
    Ok(())
}
