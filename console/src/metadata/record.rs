//! What `metadata migrate` leaves on this host: what became of each item, over all runs against one target. Without it
//! nobody could tell an index that was made with the right mapping from one that a document made by itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use switchover_coordinate::unix_ms;
use switchover_metadata::Kind;

use super::Action;
use super::report::Report;
use crate::fleet::files;

/// In the state directory.
const FILE: &str = "metadata.json";
/// Of the file's form.
const SCHEMA: u32 = 1;

/// All runs so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    schema: u32,
    /// Address of the cluster that items were made on.
    pub(crate) target: String,
    /// When the last run ended, in milliseconds since 1970 by this host's clock.
    pub(crate) at_unix_ms: u64,
    /// What the last run of each item came to.
    pub(crate) items: Vec<Kept>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kept {
    pub(crate) kind: Kind,
    /// On the target.
    pub(crate) name: String,
    /// On the source, where that is another.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) source_name: Option<String>,
    pub(crate) became: Became,
    /// Why, where it did not become what it should.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) reason: Option<String>,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Became {
    /// This tool made it.
    Created,
    /// It was there and was changed.
    Updated,
    /// It was there as it should be.
    Unchanged,
    /// It was there otherwise and was left so.
    Differs,
    /// It was not meant.
    LeftOut,
    /// It could not be made, or was not tried.
    Failed,
}

impl Record {
    /// `None`: no run on this host.
    pub(crate) fn read(state_dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = state_dir.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let record: Self =
            serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?;
        if record.schema != SCHEMA {
            bail!("{} is of another version of switchover ({})", path.display(), record.schema);
        }
        Ok(Some(record))
    }

    /// Adds a run to what is there; where it is kept.
    pub(super) fn add(report: &Report, target: &str, state_dir: &Path) -> anyhow::Result<PathBuf> {
        let path = state_dir.join(FILE);
        let _lock = files::lock(state_dir)?;
        // What can't be read is not written over: it may be all that is known of earlier runs.
        let before = Self::read(state_dir)?.filter(|record| record.target == target);
        let record = Self::after(before, target, report.items().map(kept), unix_ms());
        files::replace(&path, &serde_json::to_vec(&record).context("cannot write the record")?)?;
        Ok(path)
    }

    /// An item was removed from the target: it is nobody's now.
    pub(crate) fn forget(state_dir: &Path, target: &str, kind: Kind, name: &str) -> anyhow::Result<()> {
        let _lock = files::lock(state_dir)?;
        let Some(mut record) = Self::read(state_dir)?.filter(|record| record.target == target) else {
            return Ok(());
        };
        record.items.retain(|kept| kept.kind != kind || kept.name != name);
        let bytes = serde_json::to_vec(&record).context("cannot write the record")?;
        files::replace(&state_dir.join(FILE), &bytes)
    }

    fn after(before: Option<Self>, target: &str, run: impl Iterator<Item = Kept>, at_unix_ms: u64) -> Self {
        let key = |kept: &Kept| (kept.kind, kept.name.clone());
        let earlier = before.into_iter().flat_map(|record| record.items);
        let mut items: BTreeMap<_, Kept> = earlier.map(|kept| (key(&kept), kept)).collect();
        for kept in run {
            let before = items.get(&key(&kept)).map(|before| before.became);
            let became = match (before, kept.became) {
                // A run that was about other items says nothing of this one.
                (Some(before), Became::LeftOut) if before != Became::LeftOut => continue,
                // What an earlier run made is ours still.
                (Some(Became::Created), Became::Unchanged | Became::Updated) => Became::Created,
                (_, became) => became,
            };
            items.insert(key(&kept), Kept { became, ..kept });
        }
        Self { schema: SCHEMA, target: target.to_owned(), at_unix_ms, items: items.into_values().collect() }
    }
}

fn kept((planned, action): (&switchover_metadata::Planned, &Action)) -> Kept {
    let (became, reason) = match action {
        Action::Made(_) => (Became::Created, None),
        Action::Updated(_) => (Became::Updated, None),
        Action::Unchanged => (Became::Unchanged, None),
        Action::Differs(places) => (Became::Differs, Some(places.join(", "))),
        Action::LeftOut(reason) => (Became::LeftOut, Some(reason.clone())),
        Action::Failed(reason) => (Became::Failed, Some(reason.clone())),
        Action::NotTried | Action::ToMake => (Became::Failed, Some("it was not tried".to_owned())),
    };
    Kept {
        kind: planned.kind,
        name: planned.name.clone(),
        source_name: planned.source_name.clone(),
        became,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, became: Became) -> Kept {
        Kept { kind: Kind::Index, name: name.to_owned(), source_name: None, became, reason: None }
    }

    fn became(record: &Record) -> Vec<(&str, Became)> {
        record.items.iter().map(|kept| (kept.name.as_str(), kept.became)).collect()
    }

    #[test]
    fn later_runs_add_to_earlier_ones() {
        use Became::{Created, Differs, Failed, LeftOut, Unchanged};
        let first = [item("a", Created), item("b", Failed), item("c", LeftOut), item("d", Differs)];
        let first = Record::after(None, "t", first.into_iter(), 1);
        let second = [item("a", LeftOut), item("b", Created), item("c", Created), item("d", LeftOut)];
        let second = Record::after(Some(first), "t", second.into_iter(), 2);
        assert_eq!(became(&second), [("a", Created), ("b", Created), ("c", Created), ("d", Differs)]);
        let third =
            Record::after(Some(second), "t", [item("a", Unchanged), item("b", Failed)].into_iter(), 3);
        assert_eq!(became(&third)[..2], [("a", Created), ("b", Failed)]);
        assert_eq!(third.at_unix_ms, 3);
    }

    #[test]
    fn what_is_damaged_is_an_error_and_no_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Record::read(folder.path()).unwrap(), None);
        let path = folder.path().join(FILE);
        for bytes in ["", "{", "{}", r#"{"schema":2,"target":"t","atUnixMs":1,"items":[]}"#] {
            std::fs::write(&path, bytes).unwrap();
            assert!(Record::read(folder.path()).is_err(), "{bytes}");
        }
        let record = Record::after(None, "t", [item("a", Became::Created)].into_iter(), 1);
        files::replace(&path, &serde_json::to_vec(&record).unwrap()).unwrap();
        assert_eq!(Record::read(folder.path()).unwrap(), Some(record));
    }
}
