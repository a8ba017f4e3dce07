//! `kafka describe-consumer-group`: Kafka's own table, and how far the group is behind in time.

use std::time::Duration;

use anyhow::anyhow;
use serde_json::{Map, Value, json};
use switchover_kafka::{Group, GroupPlace, KafkaError, KafkaOptions, Resolved, TopicReader, describe_group};

use super::{age, failed, in_words};
use crate::failure::Failure;
use crate::output::{Output, harmless};
use crate::utc;

/// How far a group is behind in one partition.
struct TimeLag {
    /// The record that was looked at: the next one to read, or the last one.
    offset: Option<i64>,
    timestamp_ms: Option<i64>,
    lag: Option<Duration>,
    note: &'static str,
}

pub(super) fn describe(at: &Resolved, name: &str, as_json: bool) -> Result<(), Failure> {
    let group = describe_group(&at.options, name).map_err(failed)?;
    if group.state.is_empty() && group.places.is_empty() {
        let brokers = &at.options.brokers;
        return Err(anyhow!("{brokers}: Consumer group '{name}' does not exist.").into());
    }
    let lags = time_lags(&at.options, &group).map_err(failed)?;
    let mut out = Output::stdout();
    if as_json {
        out.document(document(name, &group, &lags))?;
    } else {
        text(&mut out, name, &group, &lags)?;
    }
    out.flush()
}

fn time_lags(options: &KafkaOptions, group: &Group) -> Result<Vec<TimeLag>, KafkaError> {
    let mut reader: Option<(&str, TopicReader)> = None;
    let mut lags = Vec::new();
    for place in &group.places {
        if reader.as_ref().is_none_or(|(topic, _)| *topic != place.topic) {
            reader = Some((&place.topic, TopicReader::open(options, &place.topic)?));
        }
        if let Some((_, reader)) = &reader {
            lags.push(time_lag(reader, place)?);
        }
    }
    Ok(lags)
}

fn time_lag(reader: &TopicReader, place: &GroupPlace) -> Result<TimeLag, KafkaError> {
    let GroupPlace { partition, start, end, .. } = *place;
    if start >= end {
        return Ok(TimeLag {
            offset: None,
            timestamp_ms: None,
            lag: Some(Duration::ZERO),
            note: "partition empty",
        });
    }
    let next = place.committed.unwrap_or(start);
    let caught_up = next >= end;
    let offset = if caught_up { end - 1 } else { next.max(start) };
    let timestamp_ms = reader.timestamp_at(partition, offset)?;
    let note = match timestamp_ms {
        None => "probe timed out, or the record has no time",
        Some(_) if caught_up => "caught up; showing last record",
        Some(_) if next < start => "records were deleted before they were read",
        Some(_) if place.committed.is_none() => "nothing committed yet",
        Some(_) => "",
    };
    let lag = if caught_up { Some(Duration::ZERO) } else { timestamp_ms.map(age) };
    Ok(TimeLag { offset: Some(offset), timestamp_ms, lag, note })
}

/// What the group has not read yet of what is there.
fn lag(place: &GroupPlace) -> i64 {
    place.end - place.committed.unwrap_or(place.start).clamp(place.start.min(place.end), place.end)
}

fn text(out: &mut Output, name: &str, group: &Group, lags: &[TimeLag]) -> Result<(), Failure> {
    let none = || "-".to_owned();
    if group.members.is_empty() {
        eprintln!("Consumer group '{name}' has no active members.");
    }
    let heading = [
        "GROUP",
        "TOPIC",
        "PARTITION",
        "CURRENT-OFFSET",
        "LOG-END-OFFSET",
        "LAG",
        "CONSUMER-ID",
        "HOST",
        "CLIENT-ID",
    ];
    let rows = group.places.iter().map(|place| {
        let member = place.member.and_then(|at| group.members.get(at));
        let told = |text: Option<&String>| text.map_or_else(none, |text| harmless(text));
        [
            name.to_owned(),
            place.topic.clone(),
            place.partition.to_string(),
            place.committed.map_or_else(none, |offset| offset.to_string()),
            place.end.to_string(),
            lag(place).to_string(),
            told(member.map(|member| &member.id)),
            told(member.map(|member| &member.host)),
            told(member.map(|member| &member.client_id)),
        ]
    });
    out.line("")?;
    out.table(&heading.map(str::to_owned), &rows.collect::<Vec<_>>())?;
    out.line("\nPARTITION TIME LAG")?;
    let heading = ["TOPIC", "PARTITION", "PROBED-OFFSET", "TIMESTAMP (UTC)", "TIME-LAG", "NOTE"];
    let rows = group.places.iter().zip(lags).map(|(place, lag)| {
        [
            place.topic.clone(),
            place.partition.to_string(),
            lag.offset.map_or_else(none, |offset| offset.to_string()),
            lag.timestamp_ms.and_then(utc::date_and_time).unwrap_or_else(none),
            lag.lag.map_or_else(none, in_words),
            lag.note.to_owned(),
        ]
    });
    out.table(&heading.map(str::to_owned), &rows.collect::<Vec<_>>())
}

fn document(name: &str, group: &Group, lags: &[TimeLag]) -> Map<String, Value> {
    let members = group.members.iter();
    let members = members.map(|one| json!({"id": one.id, "clientId": one.client_id, "host": one.host}));
    let partitions = group.places.iter().zip(lags).map(|(place, time)| {
        json!({
            "topic": place.topic,
            "partition": place.partition,
            "committed": place.committed,
            "start": place.start,
            "end": place.end,
            "lag": lag(place),
            "member": place.member.and_then(|at| group.members.get(at)).map(|member| &member.id),
            "probedOffset": time.offset,
            "timestampMs": time.timestamp_ms,
            "timeLagSeconds": time.lag.map(|lag| lag.as_secs()),
            "note": time.note,
        })
    });
    Map::from_iter([
        ("group".to_owned(), json!(name)),
        ("state".to_owned(), json!(group.state)),
        ("members".to_owned(), members.collect()),
        ("partitions".to_owned(), partitions.collect()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_what_is_there_and_not_read() {
        let place = |committed, start, end| GroupPlace {
            topic: String::new(),
            partition: 0,
            committed,
            start,
            end,
            member: None,
        };
        for (committed, start, end, expected) in [
            (Some(4), 0, 10, 6),
            (Some(10), 0, 10, 0),
            (Some(4), 6, 10, 4),
            (Some(99), 0, 10, 0),
            (None, 3, 10, 7),
            (None, 0, 0, 0),
        ] {
            assert_eq!(lag(&place(committed, start, end)), expected);
        }
    }
}
