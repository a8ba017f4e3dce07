//! Sources that are made anew, beside what the server answered, or what it had been sent where it answers nothing.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use switchover_snapshot::lucene::Options;
use switchover_snapshot::source::SourceError;
use switchover_snapshot::{Index, ShardDocuments};

use super::documents::normal;
use super::{open, repositories, testdata};

#[derive(Deserialize)]
struct Expected {
    index: String,
    id: String,
    source: Value,
}

/// By index and id.
type Sources = BTreeMap<(String, String), Result<Value, String>>;

/// Indices that can't be made, and what of the reason is told.
const TOLD: [(&str, &str); 6] = [
    ("synthetic-nested", "field children is nested"),
    ("off-list", "a document has several values of field l, whose order is not kept"),
    ("off-text", "field dynamic: it is text and not stored"),
    ("off-ignoring", "field k: some of its values may not be in the index"),
    ("off-date", "field d: its format does not tell in which form a date was sent"),
    ("derived-nested", "nested"),
];

async fn read(index: &Index<'_>, sources: &mut Sources) {
    for number in 0..index.metadata().number_of_shards {
        let shard = index.shard(number).await.unwrap();
        let shard = ShardDocuments::open(shard, Options::default()).await.unwrap();
        let visited = shard.visit(|document, made| {
            // What is kept for recovery is gone after some time.
            let mut document = *document;
            document.recovery_source = None;
            assert_eq!(document.source, None, "{} {}", index.name(), document.id);
            let source = match made.json_line(&document) {
                Ok(line) => Ok(serde_json::from_slice(&line)
                    .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&line)))),
                Err(SourceError::NotKept(reason)) => Err(reason),
                Err(error) => panic!("{}, {}: {error}", index.name(), document.id),
            };
            sources.insert((index.name().to_owned(), document.id.to_string()), source);
            ControlFlow::Continue(())
        });
        assert_eq!(visited.await.unwrap(), ControlFlow::Continue(()));
    }
}

/// A member with an empty list, null, or nothing in it is not in the index. Numbers are those that the index keeps.
fn as_kept(value: &Value) -> String {
    match value {
        Value::Array(values) if values.len() == 1 => as_kept(&values[0]),
        // An address in its shortest form.
        Value::String(text) if text.parse::<std::net::IpAddr>().is_ok() => {
            let address: std::net::IpAddr = text.parse().unwrap();
            Value::from(address.to_canonical().to_string()).to_string()
        }
        Value::Object(members) => {
            let kept: BTreeMap<_, _> = members.iter().map(|(name, value)| (name, as_kept(value))).collect();
            format!("{kept:?}")
        }
        Value::Number(number) => {
            // Of a float as many digits as it has.
            let number = number.as_f64().unwrap();
            format!("{:?}", number)
        }
        other => other.to_string(),
    }
}

async fn compare(folder: &Path) -> usize {
    let snapshot = open(&folder.join("repo")).await.snapshot("all").await.unwrap();
    let mut sources = Sources::new();
    for name in &snapshot.info().indices {
        read(&snapshot.index(name).await.unwrap(), &mut sources).await;
    }
    let mut compared = 0;
    for line in std::fs::read_to_string(folder.join("expected.ndjson")).unwrap().lines() {
        let expected: Expected = serde_json::from_str(line).unwrap();
        let place = format!("{} {} {}", folder.display(), expected.index, expected.id);
        let source = sources.remove(&(expected.index.clone(), expected.id)).expect(&place);
        let told = TOLD.iter().find(|(index, _)| *index == expected.index);
        match (told, source) {
            (Some((_, told)), Err(reason)) => assert!(reason.contains(told), "{place}: {reason}"),
            (None, Ok(source)) => {
                let form = if expected.index.starts_with("off") { as_kept } else { normal };
                assert_eq!(form(&source), form(&expected.source), "{place}\n{source}\n{}", expected.source);
            }
            (_, source) => panic!("{place}: {source:?}, expected {}", expected.source),
        }
        compared += 1;
    }
    assert!(sources.is_empty(), "not expected: {:?}", sources.keys());
    compared
}

#[tokio::test]
async fn sources_that_are_not_stored_are_what_the_server_answers_or_the_reason_is_told() {
    let folders = repositories(&testdata().join("sources"));
    assert_eq!(folders.len(), 4, "{folders:?}");
    for folder in folders {
        let compared = compare(&folder).await;
        assert!(compared > 200, "{}: {compared}", folder.display());
    }
}
