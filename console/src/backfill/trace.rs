//! What a backfill left on the cluster, for who removes it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use super::picture::Picture;
use super::settings::Settings;
use super::stopped::Stopped;
use crate::fleet::living::split;

/// Its coordination index, or what is known without.
#[derive(Debug)]
pub(crate) enum Trace {
    None,
    /// It was stopped, and the index is an archive now.
    Stopped {
        groups: BTreeSet<String>,
    },
    Present {
        /// As people know it.
        index: String,
        /// The index behind that name.
        behind: String,
        /// Workers that live.
        living: usize,
        documents: u64,
        /// Indices of the snapshot.
        groups: BTreeSet<String>,
    },
}

pub(crate) async fn of(config: &Path) -> Result<Trace> {
    let wrong = |failure: crate::failure::Failure| anyhow!("{failure}");
    let settings = Settings::load(config).await.map_err(wrong)?;
    let board = settings.board().map_err(wrong)?;
    let Some(picture) = Picture::take(&board, false).await? else {
        let stopped = Stopped::read(&settings).map_err(wrong)?;
        return match stopped {
            Some(stopped) => Ok(Trace::Stopped { groups: archived(&stopped.archive)? }),
            None => Ok(Trace::None),
        };
    };
    let (living, _) = split(&board, board.members().await?).await?;
    Ok(Trace::Present {
        index: board.index().to_owned(),
        behind: format!("{}{}", board.index(), switchover_coordinate::BEHIND_SUFFIX),
        living: living.len(),
        documents: board.documents().await?,
        groups: picture.overview.groups.into_keys().collect(),
    })
}

/// The indices that an archive's work is about.
fn archived(path: &Path) -> Result<BTreeSet<String>> {
    let file = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let batches: Vec<Value> =
        serde_json::from_slice(&file).with_context(|| format!("{} is damaged", path.display()))?;
    let documents = batches.iter().filter_map(Value::as_object).flatten().map(|(_, document)| document);
    let work = documents.filter(|document| document.get("kind").is_some_and(|kind| kind == "work"));
    Ok(work.filter_map(|document| document.get("group")?.as_str().map(str::to_owned)).collect())
}
