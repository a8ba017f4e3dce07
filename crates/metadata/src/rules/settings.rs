//! Settings of indices that are not for another cluster.

use serde_json::Value;

use super::Severity::{Dropped, Lossless, Lossy};
use super::Without::{Misunderstood, Refused};
use super::{Act, Context, Found, Rule};
use crate::item::Item;
use crate::json;
use crate::span::Span;

/// Settings that a cluster gives to an index by itself.
pub(crate) const PRIVATE: &[&str] = &[
    "index.uuid",
    "index.history.uuid",
    "index.provided_name",
    "index.creation_date",
    "index.creation_date_string",
    "index.version.*",
    "index.history_uuid",
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "setting-private",
        source: Span::ANY,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out what a cluster gives to an index by itself: ids, dates, versions",
        why: "the target gives its own, and refuses these",
        act: Act::DropSettings(PRIVATE),
        without: Refused,
        before: r#"{"settings": {"index.uuid": "u", "index.provided_name": "a", "index.creation_date": "1", "index.version.created": "7100299"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-resize",
        source: Span::ANY,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out which index it was shrunk, split or cloned from",
        why: "the target would look for that index instead of making an empty one",
        act: Act::DropSettings(&[
            "index.resize.*",
            "index.shrink.*",
            "index.routing.allocation.initial_recovery.*",
        ]),
        without: Refused,
        before: r#"{"settings": {"index.resize.source.name": "a", "index.resize.source.uuid": "u"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-blocks",
        source: Span::ANY,
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out blocks (read only, no writes)",
        why: "nothing could be loaded into the index; set them again after the migration if they are meant",
        act: Act::DropSettings(&["index.blocks.*"]),
        without: Misunderstood,
        before: r#"{"settings": {"index.blocks.write": "true"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-tier",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out on which tier of data nodes shards should rather be",
        why: "OpenSearch takes it for an attribute that nodes must have: shards would stay unassigned",
        act: Act::DropSettings(&[
            "index.routing.allocation.include._tier_preference",
            "index.routing.allocation.include._tier",
        ]),
        without: Misunderstood,
        before: r#"{"settings": {"index.routing.allocation.include._tier_preference": "data_content"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-codec",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "replaces codecs that only Elasticsearch has by the default or best_compression",
        why: "the target refuses them; they only say how files are compressed",
        act: Act::Edit(codec),
        without: Refused,
        before: r#"{"settings": {"index.codec": "legacy_best_compression"}}"#,
        after: r#"{"settings": {"index.codec": "best_compression"}}"#,
    },
    Rule {
        name: "setting-allocation",
        source: Span::ANY,
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out on which nodes and tiers shards may be",
        why: "the target has other nodes, so shards could stay unassigned",
        act: Act::DropSettings(&[
            "index.routing.allocation.*",
            "index.routing.rebalance.*",
            "index.allocation.existing_shards_allocator",
        ]),
        without: Misunderstood,
        before: r#"{"settings": {"index.routing.allocation.require._name": "node-1"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-ilm",
        source: Span::ES,
        target: Span::ANY,
        severity: Dropped,
        does: "leaves out the lifecycle policy (ILM)",
        why: "OpenSearch has index state management instead; make policies there",
        act: Act::DropSettings(&["index.lifecycle.*"]),
        without: Refused,
        before: r#"{"settings": {"index.lifecycle.name": "p", "index.lifecycle.rollover_alias": "a"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-soft-deletes",
        source: Span::ANY,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out whether deletions are soft",
        why: "the target decides that by itself",
        act: Act::DropSettings(&["index.soft_deletes.enabled"]),
        without: Misunderstood,
        before: r#"{"settings": {"index.soft_deletes.enabled": "false"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-state",
        source: Span::ANY,
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out that the index is closed, frozen or mounted from a snapshot",
        why: "it is made anew, open and with files of its own",
        act: Act::DropSettings(&[
            "index.frozen",
            "index.search.throttled",
            "index.verified_before_close",
            "index.store.snapshot.*",
            "index.store.type",
            "index.store.fs.*",
            "index.store.throttle.*",
            "index.store.distributor",
        ]),
        without: Refused,
        before: r#"{"settings": {"index.frozen": "true", "index.store.type": "snapshot"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-single-type",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out that the index has one mapping type, and whether mappings are dynamic for all types",
        why: "the target knows neither; types are taken away, and a mapping says itself whether it is dynamic",
        act: Act::DropSettings(&["index.mapping.single_type", "index.mapper.dynamic"]),
        without: Refused,
        before: r#"{"settings": {"index.mapping.single_type": "true", "index.mapper.dynamic": "true"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-index-mode",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossy,
        does: "leaves out the mode (time series, logsdb) and what belongs to it",
        why: "OpenSearch has standard indices only: documents are the same, they take more room",
        act: Act::DropSettings(&[
            "index.mode",
            "index.time_series.*",
            "index.routing_path",
            "index.look_ahead_time",
            "index.look_back_time",
            "index.logsdb.*",
            "index.dimensions",
            "index.mapping.source.*",
            "index.mapping.synthetic_source_keep",
            "index.mapping.dimension_fields.*",
            "index.recovery.use_synthetic_source",
        ]),
        without: Refused,
        before: r#"{"settings": {"index.mode": "time_series", "index.routing_path": ["host"], "index.time_series.start_time": "2026-01-01T00:00:00Z"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-elastic-features",
        source: Span::ES,
        target: Span::ANY,
        severity: Dropped,
        does: "leaves out settings of features that only Elasticsearch has (replication, downsampling, rollup, autosharding)",
        why: "the target knows none of them",
        act: Act::DropSettings(&[
            "index.xpack.*",
            "index.ccr.*",
            "index.downsample.*",
            "index.rollup.*",
            "index.fast_refresh",
            "index.mapping.total_fields.ignore_dynamic_beyond_limit",
            "index.mapping.exclude_source_vectors",
            "index.mapping.patterned_text.*",
            "index.mapping.semantic_text.*",
            "index.mapping.use_doc_values_skipper",
            "index.bloom_filter_for_id_field.*",
            "index.use_time_series_doc_values_format",
            "index.esql.*",
        ]),
        without: Refused,
        before: r#"{"settings": {"index.mapping.total_fields.ignore_dynamic_beyond_limit": "true", "index.downsample.source.name": "a"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-removed",
        source: Span::es_before(7),
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out settings of how Elasticsearch 1 to 6 worked inside",
        why: "caches, gateways and merges work otherwise now, and have no such settings",
        act: Act::DropSettings(&[
            "index.cache.*",
            "index.compound_format",
            "index.compound_on_flush",
            "index.data_path",
            "index.fielddata.*",
            "index.gateway.*",
            "index.legacy_routing.*",
            "index.merge.policy.type",
            "index.merge.policy.reclaim_deletes_weight",
            "index.merge.async",
            "index.merge.policy.async",
            "index.merge.policy.min_merge_size",
            "index.merge.policy.max_merge_size",
            "index.merge.policy.merge_factor",
            "index.merge.policy.max_merge_docs",
            "index.optimize_auto_generated_id",
            "index.percolator.*",
            "index.recovery.*",
            "index.shadow_replicas",
            "index.shared_filesystem",
            "index.shared_filesystem.*",
            "index.term_index_interval",
            "index.term_index_divisor",
            "index.translog.disable_flush",
            "index.translog.flush_threshold_ops",
            "index.translog.flush_threshold_period",
            "index.translog.fs.*",
            "index.translog.interval",
            "index.translog.type",
            "index.ttl.*",
            "index.warmer.*",
            "index.indexing.slowlog.reformat",
            "index.codec.*",
            "index.fail_on_merge_failure",
            "index.fail_on_corruption",
            "index.checksum_on_merge",
            "index.mapping.attachment.*",
            "index.mapping.allow_type_wrapper",
        ]),
        without: Refused,
        before: r#"{"settings": {"index.translog.flush_threshold_ops": "5000", "index.cache.field.type": "soft", "index.ttl.disable_purge": "true"}}"#,
        after: "{}",
    },
    Rule {
        name: "setting-units",
        source: Span::es_before(5),
        target: Span::ANY,
        severity: Lossless,
        does: "gives durations without a unit the one they had: milliseconds",
        why: "the target refuses durations without a unit",
        act: Act::Edit(units),
        without: Refused,
        before: r#"{"settings": {"index.refresh_interval": "5000", "index.gc_deletes": "-1"}}"#,
        after: r#"{"settings": {"index.refresh_interval": "5000ms", "index.gc_deletes": "-1"}}"#,
    },
    Rule {
        name: "setting-similarity",
        source: Span::ANY,
        target: Span::ANY,
        severity: Lossy,
        does: "replaces the similarity classic (TF/IDF) by the default, BM25",
        why: "the target has it no more; scores differ, and with them the order of hits",
        act: Act::Edit(similarity),
        without: Refused,
        before: r#"{"settings": {"index.similarity.default.type": "classic"}}"#,
        after: "{}",
    },
];

fn codec(item: &mut Item, _: Context) -> Vec<Found> {
    const NAME: &str = "index.codec";
    let settings = &mut item.definition.settings;
    let Some(codec) = settings.get(NAME).and_then(json::text) else { return Vec::new() };
    if matches!(codec.as_str(), "default" | "best_compression") {
        return Vec::new();
    }
    let now = match codec.contains("best_compression") {
        true => {
            settings.insert(NAME.to_owned(), "best_compression".into());
            "is now best_compression"
        }
        false => {
            json::take(settings, NAME);
            "is left out"
        }
    };
    vec![(NAME.to_owned(), format!("{codec} {now}"))]
}

/// Settings that are durations.
const DURATIONS: [&str; 6] = [
    "index.refresh_interval",
    "index.gc_deletes",
    "index.translog.sync_interval",
    "index.unassigned.node_left.delayed_timeout",
    "index.search.slowlog.threshold.",
    "index.indexing.slowlog.threshold.",
];

fn units(item: &mut Item, _: Context) -> Vec<Found> {
    let mut found = Vec::new();
    for (name, value) in &mut item.definition.settings {
        let is_duration = DURATIONS.iter().any(|known| match known.strip_suffix('.') {
            Some(_) => name.starts_with(known),
            None => name == known,
        });
        let number = json::text(value).filter(|text| text.parse::<u64>().is_ok_and(|number| number > 0));
        if let Some(number) = number.filter(|_| is_duration) {
            found.push((name.clone(), format!("{number} is now {number}ms")));
            *value = Value::String(format!("{number}ms"));
        }
    }
    found
}

fn similarity(item: &mut Item, _: Context) -> Vec<Found> {
    let settings = &mut item.definition.settings;
    let is_classic = |(name, value): (&String, &Value)| {
        let of = name.strip_prefix("index.similarity.")?.strip_suffix(".type")?;
        let removed = matches!(value.as_str(), Some("classic" | "default" | "TF/IDF"));
        removed.then(|| of.to_owned())
    };
    let gone: Vec<String> = settings.iter().filter_map(is_classic).collect();
    for name in &gone {
        let prefix = format!("index.similarity.{name}.");
        settings.retain(|setting, _| !setting.starts_with(&prefix));
    }
    gone.into_iter()
        .map(|name| (format!("index.similarity.{name}"), "left out (was classic)".to_owned()))
        .collect()
}
