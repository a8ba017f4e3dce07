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
const TOLD: [(&str, &str); 5] = [
    ("synthetic-nested", "field children is nested"),
    ("off-list", "a document has several values of field l, whose order is not kept"),
    ("off-text", "field dynamic: it is text and not stored"),
    ("off-ignoring", "field k: some of its values may not be in the index"),
    ("off-date", "field d: its format does not tell in which form a date was sent"),
];

async fn read(index: &Index<'_>, sources: &mut Sources) {
    for number in 0..index.metadata().number_of_shards {
        let shard = index.shard(number).await.unwrap();
        let shard = ShardDocuments::open(shard, Options::default()).await.unwrap();
        let visited = shard.visit(|document, made| {
            assert_eq!(document.source, None, "{} {}", index.name(), document.id);
            let source = match made.json_line(document) {
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
            format!("{:?}", number.as_f64())
        }
        other => other.to_string(),
    }
}

/// What is wrong with a document.
fn difference(expected: &Expected, source: Option<Result<Value, String>>) -> Option<String> {
    let told = TOLD.iter().find(|(index, _)| *index == expected.index);
    match (told, source) {
        (Some((_, told)), Some(Err(reason))) if reason.contains(told) => None,
        (None, Some(Ok(source))) => {
            let form = if expected.index.starts_with("off") { as_kept } else { normal };
            (form(&source) != form(&expected.source)).then(|| source.to_string())
        }
        (_, source) => Some(format!("{source:?}")),
    }
}

async fn compare(folder: &Path) -> (usize, Vec<String>) {
    let snapshot = open(&folder.join("repo")).await.snapshot("all").await.unwrap();
    let mut sources = Sources::new();
    for name in &snapshot.info().indices {
        read(&snapshot.index(name).await.unwrap(), &mut sources).await;
    }
    let (mut compared, mut differences) = (0, Vec::new());
    for line in std::fs::read_to_string(folder.join("expected.ndjson")).unwrap().lines() {
        let expected: Expected = serde_json::from_str(line).unwrap();
        let source = sources.remove(&(expected.index.clone(), expected.id.clone()));
        if let Some(difference) = difference(&expected, source) {
            differences.push(format!("{}: {difference}, expected of {line}", folder.display()));
        }
        compared += 1;
    }
    differences.extend(sources.keys().map(|key| format!("{}: {key:?} was not expected", folder.display())));
    (compared, differences)
}

#[tokio::test]
async fn sources_that_are_not_stored_are_what_the_server_answers_or_the_reason_is_told() {
    let folders = repositories(&testdata().join("sources"));
    assert_eq!(folders.len(), 4, "{folders:?}");
    let mut all = Vec::new();
    for folder in folders {
        let (compared, differences) = compare(&folder).await;
        assert!(compared > 200, "{}: {compared}", folder.display());
        all.extend(differences);
    }
    assert!(all.is_empty(), "{} differences:\n{}", all.len(), all.join("\n"));
}
