//! What workers do, as it is written in the coordination index.

use serde::{Deserialize, Serialize};

/// One item of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase")]
pub enum Unit {
    /// Look at the snapshot and the target, and post a [`Unit::Shard`] for each shard.
    Plan,
    /// Look at a shard, and post its segments.
    Shard(ShardUnit),
    /// Index the documents of some chunks of a segment.
    Load(LoadUnit),
    /// Verify the checksum of stored fields that are loaded in several ranges, none of which sees all bytes.
    Check(SegmentUnit),
    /// Everything is on the target: make it visible, and put the settings of an index back.
    Finish(FinishUnit),
}

/// A shard of the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShardUnit {
    /// Its index, as the snapshot names it.
    pub index: String,
    /// Its number.
    pub shard: u32,
}

/// A segment of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentUnit {
    /// Where it is.
    #[serde(flatten)]
    pub shard: ShardUnit,
    /// Its name: `_1a`.
    pub segment: String,
}

/// A range of a segment. The cursor of its progress is the number of the next document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadUnit {
    /// The segment.
    #[serde(flatten)]
    pub segment: SegmentUnit,
    /// The first chunk of stored fields.
    pub from_chunk: u64,
    /// The chunk after the last one.
    pub to_chunk: u64,
}

/// An index of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinishUnit {
    /// Its name on the target.
    pub index: String,
    /// Settings to put back.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// Phases of [`Unit`]s.
pub mod phase {
    /// [`super::Unit::Plan`].
    pub const PLAN: u8 = 0;
    /// Shards and segments.
    pub const LOAD: u8 = 1;
    /// What needs all documents.
    pub const FINISH: u8 = 2;
}

impl std::fmt::Display for ShardUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "index {}, shard {}", self.index, self.shard)
    }
}

impl std::fmt::Display for SegmentUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, segment {}", self.shard, self.segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_stay_readable_by_later_versions() {
        let shard = ShardUnit { index: "logs".to_owned(), shard: 2 };
        let segment = SegmentUnit { shard, segment: "_1a".to_owned() };
        let unit = Unit::Load(LoadUnit { segment, from_chunk: 3, to_chunk: 9 });
        let text = r#"{"what":"load","index":"logs","shard":2,"segment":"_1a","fromChunk":3,"toChunk":9}"#;
        assert_eq!(serde_json::to_string(&unit).unwrap(), text);
        assert_eq!(serde_json::from_str::<Unit>(text).unwrap(), unit);
        assert_eq!(serde_json::from_str::<Unit>(r#"{"what":"plan"}"#).unwrap(), Unit::Plan);
    }
}
