//! What a trial migration left, item by item, and the plan to remove it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};

use crate::fleet::files;

const SCHEMA: &str = "switchover.reset.plan/1";
const FOLDER: &str = "reset";

/// Where an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum At {
    Target,
    Source,
    Kafka,
    /// Files of this host.
    Host,
}

/// What it is. In the order of removal: what refers to another goes before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    Alias,
    DataStream,
    Index,
    IndexTemplate,
    LegacyTemplate,
    ComponentTemplate,
    Pipeline,
    Script,
    Coordination,
    Topic,
    ConsumerGroup,
    Snapshot,
    Repository,
    Folder,
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) at: At,
    pub(super) kind: Kind,
    pub(super) name: String,
    /// Tells it from another of its name: the index's uuid, or what is in it.
    pub(super) identity: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) documents: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_unix_ms: Option<u64>,
    /// Why it is taken for the migration's.
    pub(super) because: String,
}

/// Something that is there and stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeftAlone {
    pub(super) at: At,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) because: String,
}

/// What is removed, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plan {
    schema: String,
    /// Of these items.
    pub(super) id: String,
    pub(super) made_unix_ms: u64,
    /// In the order of removal.
    pub(super) items: Vec<Item>,
    pub(super) left_alone: Vec<LeftAlone>,
    /// Where it could not be looked.
    pub(super) problems: Vec<String>,
}

impl At {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Source => "source",
            Self::Kafka => "kafka",
            Self::Host => "host",
        }
    }
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Alias => "alias",
            Self::DataStream => "data stream",
            Self::Index => "index",
            Self::IndexTemplate => "index template",
            Self::LegacyTemplate => "legacy template",
            Self::ComponentTemplate => "component template",
            Self::Pipeline => "ingest pipeline",
            Self::Script => "stored script",
            Self::Coordination => "coordination index",
            Self::Topic => "topic",
            Self::ConsumerGroup => "consumer group",
            Self::Snapshot => "snapshot",
            Self::Repository => "repository",
            Self::Folder => "files",
        }
    }
}

impl Item {
    pub(super) fn title(&self) -> String {
        format!("{} {} {}", self.at.word(), self.kind.word(), self.name)
    }

    /// Whether the other one has the same name at the same place.
    pub(super) fn is_named_as(&self, other: &Self) -> bool {
        (self.at, self.kind, &self.name) == (other.at, other.kind, &other.name)
    }
}

impl Plan {
    pub(super) fn new(
        mut items: Vec<Item>,
        left_alone: Vec<LeftAlone>,
        problems: Vec<String>,
    ) -> Result<Self> {
        items.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        let id = fingerprint(&serde_json::to_vec(&items)?);
        let made_unix_ms = switchover_coordinate::unix_ms();
        Ok(Self { schema: SCHEMA.to_owned(), id, made_unix_ms, items, left_alone, problems })
    }

    /// Keeps it under its id; where.
    pub(super) fn keep(&self, state_dir: &Path) -> Result<PathBuf> {
        let path = path(state_dir, &self.id);
        files::replace(&path, &serde_json::to_vec_pretty(self)?)?;
        Ok(path)
    }

    /// The plan of an id, or of a file.
    pub(super) fn read(state_dir: &Path, name: &str) -> Result<Self> {
        let is_id = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let path = if is_id { path(state_dir, name) } else { PathBuf::from(name) };
        let bytes = std::fs::read(&path).map_err(|error| {
            anyhow!("cannot read the plan {}: {error}; `switchover reset --plan` makes one", path.display())
        })?;
        let plan: Self =
            serde_json::from_slice(&bytes).with_context(|| format!("{} is no plan", path.display()))?;
        if plan.schema != SCHEMA || plan.id != fingerprint(&serde_json::to_vec(&plan.items)?) {
            bail!("{} was changed, or is of another version; make it anew with --plan", path.display());
        }
        Ok(plan)
    }
}

fn path(state_dir: &Path, id: &str) -> PathBuf {
    state_dir.join(FOLDER).join(format!("plan-{id}.json"))
}

/// Eight hexadecimal digits that tell contents apart (CRC-32).
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    format!("{:08x}", crc.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: Kind, name: &str) -> Item {
        let (identity, because) = ("u".to_owned(), "b".to_owned());
        Item {
            at: At::Target,
            kind,
            name: name.to_owned(),
            identity,
            documents: Some(1),
            created_unix_ms: None,
            because,
        }
    }

    #[test]
    fn a_plan_is_found_by_its_id_and_not_followed_when_it_was_changed() {
        let folder = tempfile::tempdir().unwrap();
        let items = vec![item(Kind::ComponentTemplate, "c"), item(Kind::Index, "b"), item(Kind::Alias, "a")];
        let plan = Plan::new(items, Vec::new(), Vec::new()).unwrap();
        let order: Vec<_> = plan.items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(order, ["a", "b", "c"], "what refers to another goes before it");
        let path = plan.keep(folder.path()).unwrap();
        assert_eq!(Plan::read(folder.path(), &plan.id).unwrap(), plan);
        assert_eq!(Plan::read(folder.path(), path.to_str().unwrap()).unwrap(), plan);
        let text = std::fs::read_to_string(&path).unwrap().replace("\"name\": \"b\"", "\"name\": \"books\"");
        std::fs::write(&path, text).unwrap();
        assert!(Plan::read(folder.path(), &plan.id).unwrap_err().to_string().contains("was changed"));
        assert!(Plan::read(folder.path(), "00").unwrap_err().to_string().contains("--plan"));
    }
}
