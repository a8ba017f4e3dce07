//! What a comparison of two clusters leaves in the state directory: what was found, and how many writes each index had
//! seen when it was compared. From that it can be said later how many came since, and the next comparison leaves out
//! what was equal and was not written since.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use switchover_snapshot::is_system_index;

use super::writes::{self, Writes};
use crate::fleet::files;
use crate::glob;
use crate::target::Target;

const SCHEMA: &str = "switchover.verify.record/1";
const FILE: &str = "verify/record.json";

/// The last comparison of two clusters that came to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    schema: String,
    /// The source's address.
    pub(crate) source: String,
    /// The target's.
    pub(crate) target: String,
    /// Which indices were meant; none: all but the system's.
    pub(crate) pattern: Option<String>,
    /// What documents become on their way: `--severalTypes` and the rules.
    pub(crate) options: String,
    /// By this host's clock, in milliseconds since 1970.
    pub(crate) began_unix_ms: u64,
    pub(crate) ended_unix_ms: u64,
    /// All that was meant was compared. If not, nothing may be said of the whole.
    pub(crate) complete: bool,
    /// Documents of the source.
    pub(crate) documents: u64,
    /// Documents that are different, missing or extra.
    pub(crate) differences: u64,
    /// Settings, mappings and aliases of so many indices are otherwise than they should be.
    pub(crate) definitions: u64,
    /// Of indices that are compared together.
    pub(crate) groups: Vec<Group>,
}

/// Indices of the source, and those of the target that hold their documents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    /// What was written before it was compared.
    pub(crate) source: Writes,
    pub(crate) target: Writes,
    /// By index of the target, its documents of the source. Only of those that were equal.
    pub(crate) equal: Option<BTreeMap<String, u64>>,
    /// When it was compared.
    pub(crate) at_unix_ms: u64,
}

/// How many writes came after a comparison.
#[derive(Debug)]
pub(crate) struct Since {
    /// What is not known, and why.
    pub(crate) source: Result<u64>,
    pub(crate) target: Result<u64>,
}

impl Record {
    pub(super) fn new(source: String, target: String, pattern: Option<String>, options: String) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            source,
            target,
            pattern,
            options,
            began_unix_ms: switchover_coordinate::unix_ms(),
            ended_unix_ms: 0,
            complete: false,
            documents: 0,
            differences: 0,
            definitions: 0,
            groups: Vec::new(),
        }
    }

    /// Where it is kept.
    pub(crate) fn path(state_dir: &Path) -> PathBuf {
        state_dir.join(FILE)
    }

    /// The last one; none if nobody has compared yet.
    ///
    /// # Errors
    /// When it can't be read, or is of another version of this program.
    pub(crate) fn read(state_dir: &Path) -> Result<Option<Self>> {
        let path = Self::path(state_dir);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(anyhow!("cannot read {}: {error}", path.display())),
        };
        let record: Self = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is damaged; run `switchover verify` again", path.display()))?;
        match record.schema == SCHEMA {
            true => Ok(Some(record)),
            false => Err(anyhow!(
                "{} is of another version ({}); run `switchover verify` again",
                path.display(),
                record.schema
            )),
        }
    }

    pub(super) fn write(&self, state_dir: &Path) -> Result<()> {
        files::replace(&Self::path(state_dir), &serde_json::to_vec(self)?)
    }

    /// Whether everything was compared and found equal then.
    pub(crate) fn is_equal(&self) -> bool {
        self.complete && self.differences == 0 && self.definitions == 0
    }

    /// Asks both clusters how many writes came since. Indices of the source that were not there count with all of theirs.
    pub(crate) async fn since(&self, source: &Target, target: &Target) -> Since {
        let (source, target) = tokio::join!(self.source_since(source), self.target_since(target));
        Since { source, target }
    }

    async fn source_since(&self, source: &Target) -> Result<u64> {
        let now = writes::read(source, &[]).await?;
        let mut count = 0_u64;
        for (name, before) in self.groups.iter().flat_map(|group| &group.source) {
            count = count.saturating_add(one_since(name, &now, before)?);
        }
        let known = |name: &str| self.groups.iter().any(|group| group.source.contains_key(name));
        let meant = |name: &str| match &self.pattern {
            Some(pattern) => glob::matches(pattern.as_bytes(), name.as_bytes()),
            None => !is_system_index(name),
        };
        let new = now.iter().filter(|(name, _)| meant(name) && !known(name));
        Ok(new.map(|(_, writes)| writes.all()).fold(count, u64::saturating_add))
    }

    async fn target_since(&self, target: &Target) -> Result<u64> {
        let now = writes::read(target, &[]).await?;
        let mut count = 0_u64;
        for (name, before) in self.groups.iter().flat_map(|group| &group.target) {
            count = count.saturating_add(one_since(name, &now, before)?);
        }
        Ok(count)
    }
}

fn one_since(name: &str, now: &Writes, before: &writes::IndexWrites) -> Result<u64> {
    let now = now.get(name).ok_or_else(|| anyhow!("{name} is not there any more"))?;
    now.since(before).with_context(|| name.to_owned())
}

impl Since {
    /// Whether the comparison does not speak of what is there now. `None`: nobody knows.
    pub(crate) fn is_stale(&self) -> Option<bool> {
        match (&self.source, &self.target) {
            (Ok(1..), _) | (_, Ok(1..)) => Some(true),
            (Ok(0), Ok(0)) => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::writes::{IndexWrites, ShardWrites};
    use super::*;
    use crate::target::scripted;

    fn writes(name: &str, last: i64) -> Writes {
        let shard = ShardWrites::Numbered { history: Some("h".to_owned()), checkpoint: last, last };
        let index = IndexWrites { uuid: Some("u".to_owned()), shards: [(0, shard)].into() };
        [(name.to_owned(), index)].into()
    }

    fn cluster(indices: &'static [(&'static str, i64)]) -> Target {
        Target::impatient(&scripted::start(move |_, _| {
            let index = |last: i64| {
                serde_json::json!({"uuid": "u", "shards": {"0": [{"routing": {"primary": true, "node": "n"},
                    "commit": {"user_data": {"history_uuid": "h"}},
                    "seq_no": {"max_seq_no": last, "global_checkpoint": last}}]}})
            };
            let indices: serde_json::Map<_, _> =
                indices.iter().map(|(name, last)| ((*name).to_owned(), index(*last))).collect();
            (200, serde_json::json!({"indices": indices}).to_string())
        }))
    }

    #[tokio::test]
    async fn a_record_turns_stale_and_never_guesses() {
        let mut record = Record::new("http://s".into(), "http://t".into(), None, String::new());
        record.groups =
            vec![Group { source: writes("a", 9), target: writes("a", 4), equal: None, at_unix_ms: 1 }];
        record.complete = true;
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Record::read(folder.path()).unwrap(), None);
        record.write(folder.path()).unwrap();
        assert_eq!(Record::read(folder.path()).unwrap().as_ref(), Some(&record));

        let same = record.since(&cluster(&[("a", 9), (".kibana", 3)]), &cluster(&[("a", 4), ("b", 1)])).await;
        assert_eq!((same.source.as_ref().unwrap(), same.is_stale()), (&0, Some(false)));
        let new_index = record.since(&cluster(&[("a", 9), ("new", 6)]), &cluster(&[("a", 4)])).await;
        assert_eq!((new_index.source.as_ref().unwrap(), new_index.is_stale()), (&7, Some(true)));
        let written = record.since(&cluster(&[("a", 9)]), &cluster(&[("a", 5)])).await;
        assert_eq!((written.target.as_ref().unwrap(), written.is_stale()), (&1, Some(true)));
        let gone = record.since(&cluster(&[("a", 9)]), &cluster(&[])).await;
        assert_eq!(gone.is_stale(), None);
        assert!(gone.target.unwrap_err().to_string().contains("not there any more"));

        std::fs::write(Record::path(folder.path()), "{").unwrap();
        assert!(Record::read(folder.path()).unwrap_err().to_string().contains("damaged"));
    }
}
