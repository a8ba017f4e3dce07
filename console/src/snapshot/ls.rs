//! `snapshot ls`: the snapshots of a repository, or the indices of one. What can't be read is told, and the rest is
//! listed all the same.

use anyhow::anyhow;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use switchover_snapshot::{
    Index, ShardFailure, Snapshot, SnapshotEntry, SnapshotError, SnapshotErrorKind, SnapshotInfo,
};

use super::status::map;
use super::{Place, failed};
use crate::failure::Failure;
use crate::output::Output;
use crate::utc;

/// Files that are asked for at a time.
const READS_AT_ONCE: usize = 16;

pub(super) async fn snapshots(place: &Place, as_json: bool) -> Result<(), Failure> {
    let repository = place.open().await;
    let entries = repository.data().await.map_err(failed)?.snapshots;
    let infos = stream::iter(&entries).map(|entry| repository.info(entry)).buffered(READS_AT_ONCE);
    let infos: Vec<_> = infos.collect().await;
    let mut out = Output::stdout();
    let mut listed: Vec<_> = entries.iter().zip(&infos).collect();
    listed.sort_by_key(|(_, info)| info.as_ref().map_or(i64::MAX, |info| info.start_time));
    if as_json {
        let rows: Vec<_> = listed.iter().map(|(entry, info)| snapshot_json(entry, info)).collect();
        out.document("snapshot.ls", map(json!({"snapshots": rows})))?;
    } else {
        let heading = ["SNAPSHOT", "STATE", "VERSION", "START", "END", "INDICES", "SHARDS", "FAILED"];
        let rows = listed.iter().map(|(entry, info)| snapshot_row(entry, info));
        out.table(&heading.map(str::to_owned), &rows.collect::<Vec<_>>())?;
    }
    out.flush()?;
    tell(infos.into_iter().filter_map(Result::err).collect(), "snapshots")
}

type Info = Result<SnapshotInfo, SnapshotError>;

fn snapshot_row(entry: &SnapshotEntry, info: &Info) -> [String; 8] {
    let Ok(info) = info else {
        return [&entry.name, "unreadable", "-", "-", "-", "-", "-", "-"].map(str::to_owned);
    };
    [
        entry.name.clone(),
        info.state.clone(),
        info.version(entry.version.as_deref()),
        clock(info.start_time),
        clock(info.end_time),
        info.indices.len().to_string(),
        info.total_shards.to_string(),
        info.failures.len().to_string(),
    ]
}

fn snapshot_json(entry: &SnapshotEntry, info: &Info) -> Value {
    match info {
        Err(error) => json!({"snapshot": entry.name, "id": entry.id, "error": error.to_string()}),
        Ok(info) => json!({
            "snapshot": entry.name,
            "id": entry.id,
            "state": info.state,
            "version": info.version(entry.version.as_deref()),
            "startMillis": info.start_time,
            "endMillis": info.end_time,
            "indices": info.indices,
            "dataStreams": info.data_streams,
            "shards": info.total_shards,
            "failures": info.failures,
        }),
    }
}

pub(super) async fn indices(place: &Place, name: &str, as_json: bool) -> Result<(), Failure> {
    let snapshot = place.open().await.snapshot(name).await.map_err(failed)?;
    let mut names: Vec<_> = snapshot.info().indices.iter().collect();
    names.sort();
    let mut listed = Vec::new();
    let mut errors = Vec::new();
    for name in names {
        match Listed::of(&snapshot, name).await {
            Ok(mut index) => {
                errors.append(&mut index.errors);
                listed.push(index);
            }
            Err(error) => errors.push(error),
        }
    }
    let mut out = Output::stdout();
    if as_json {
        let indices: Vec<_> = listed.iter().map(Listed::json).collect();
        let info = snapshot.info();
        let listed = json!({"snapshot": info.name, "state": info.state, "version": snapshot.version(), "indices": indices});
        out.document("snapshot.indices", map(listed))?;
    } else {
        let heading =
            ["INDEX", "STATE", "SHARDS", "FAILED", "FILES", "BYTES", "CREATED BY"].map(str::to_owned);
        out.table(&heading, &listed.iter().map(Listed::row).collect::<Vec<_>>())?;
    }
    out.flush()?;
    tell(errors, "indices or shards")
}

/// An index and what its shards hold.
struct Listed {
    name: String,
    state: String,
    uuid: Option<String>,
    created_by: Option<String>,
    shards: u32,
    failures: Vec<ShardFailure>,
    files: usize,
    bytes: u64,
    errors: Vec<SnapshotError>,
}

impl Listed {
    async fn of(snapshot: &Snapshot, name: &str) -> Result<Self, SnapshotError> {
        let index: Index<'_> = snapshot.index(name).await?;
        let metadata = index.metadata();
        let mut listed = Self {
            name: name.to_owned(),
            state: metadata.state.clone(),
            uuid: metadata.uuid().map(str::to_owned),
            created_by: metadata.version_created().map(|version| version.to_string()),
            shards: metadata.number_of_shards,
            failures: Vec::new(),
            files: 0,
            bytes: 0,
            errors: Vec::new(),
        };
        let mut shards =
            stream::iter(0..listed.shards).map(|number| index.shard(number)).buffered(READS_AT_ONCE);
        while let Some(shard) = shards.next().await {
            match shard {
                Ok(shard) => {
                    listed.files += shard.files().count();
                    listed.bytes = listed.bytes.saturating_add(shard.bytes());
                }
                // A partial snapshot says so itself: that is no failure of this listing.
                Err(error) if error.kind() == SnapshotErrorKind::Incomplete => {}
                Err(error) => listed.errors.push(error),
            }
        }
        let failures = snapshot.info().failures.iter().filter(|failure| failure.index == name);
        listed.failures = failures.cloned().collect();
        Ok(listed)
    }

    fn row(&self) -> [String; 7] {
        [
            self.name.clone(),
            self.state.clone(),
            self.shards.to_string(),
            self.failures.len().to_string(),
            self.files.to_string(),
            self.bytes.to_string(),
            self.created_by.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "index": self.name,
            "state": self.state,
            "uuid": self.uuid,
            "createdBy": self.created_by,
            "shards": self.shards,
            "failures": self.failures,
            "files": self.files,
            "bytes": self.bytes,
        })
    }
}

/// Says on stderr what could not be read.
fn tell(errors: Vec<SnapshotError>, of: &str) -> Result<(), Failure> {
    for error in &errors {
        eprintln!("error: {error}");
    }
    match errors.len() {
        0 => Ok(()),
        count => Err(anyhow!("{count} {of} could not be read, as told above").into()),
    }
}

fn clock(millis: i64) -> String {
    utc::date_and_time(millis).map_or_else(|| "-".to_owned(), |shown| shown.replace(' ', "T") + "Z")
}
