//! `kafka describe-topic-records`: the records that are there, which are fewer than the end offset says when some were
//! deleted by retention.

use serde_json::{Map, json};
use switchover_kafka::{Resolved, TopicReader};

use super::{age, failed, in_words};
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn describe(at: &Resolved, as_json: bool) -> Result<(), Failure> {
    let reader = TopicReader::open(&at.options, &at.topic).map_err(failed)?;
    let mut rows = Vec::new();
    for extent in reader.extents().map_err(failed)? {
        let last = match extent.start < extent.end {
            true => reader.timestamp_at(extent.partition, extent.end - 1).map_err(failed)?,
            false => None,
        };
        rows.push((extent, last));
    }
    let mut out = Output::stdout();
    if as_json {
        let partitions = rows.iter().map(|(extent, last)| {
            json!({
                "partition": extent.partition,
                "records": extent.end - extent.start,
                "start": extent.start,
                "end": extent.end,
                "lastTimestampMs": last,
            })
        });
        let partitions: Vec<_> = partitions.collect();
        out.document(Map::from_iter([
            ("topic".to_owned(), json!(at.topic)),
            ("partitions".to_owned(), json!(partitions)),
        ]))?;
    } else {
        let heading = ["TOPIC", "PARTITION", "RECORDS", "START", "END", "AGE"].map(str::to_owned);
        let rows = rows.iter().map(|(extent, last)| {
            [
                at.topic.clone(),
                extent.partition.to_string(),
                (extent.end - extent.start).to_string(),
                extent.start.to_string(),
                extent.end.to_string(),
                last.map_or_else(|| "-".to_owned(), |last| in_words(age(last))),
            ]
        });
        out.table(&heading, &rows.collect::<Vec<_>>())?;
    }
    out.flush()
}
