//! Every live document of every snapshot, beside what the server that wrote it answered: id, type, routing and source.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use switchover_snapshot::lucene::Options;
use switchover_snapshot::source::SourceError;
use switchover_snapshot::{Index, ShardDocuments};

use super::open;

/// A line of `expected-N.ndjson`: source is the text of what the server answered.
#[derive(Deserialize)]
struct Expected {
    index: String,
    #[serde(rename = "type")]
    doc_type: Option<String>,
    id: String,
    routing: Option<String>,
    source: Option<String>,
}

/// Index, type, id, routing, source; how often.
type Documents = BTreeMap<(String, String, String, Option<String>, Option<String>), usize>;

/// Indices whose sources are not stored: they are made anew as the server does it, which is the same JSON but for the
/// order of members.
const MADE: [&str; 4] = ["derived", "synthetic", "logsdb", "time-series"];
/// JSON of one form: members in order, numbers as the floating-point ones they are.
pub(crate) fn normal(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().map(|(name, value)| (name, normal(value))).collect();
            format!("{members:?}")
        }
        Value::Array(values) => format!("{:?}", values.iter().map(normal).collect::<Vec<_>>()),
        Value::Number(number) => format!("{:?}", number.as_f64()),
        other => other.to_string(),
    }
}

fn comparable(index: &str, source: Option<String>) -> Option<String> {
    let source = source?;
    if MADE.contains(&index) {
        return Some(normal(&serde_json::from_str(&source).unwrap()));
    }
    Some(source.replace(['\n', '\r'], " ").trim().to_owned())
}

fn expected(file: &Path) -> Documents {
    let mut documents = Documents::new();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let line: Expected = serde_json::from_str(line).unwrap();
        let source = comparable(&line.index, line.source);
        let doc_type = line.doc_type.unwrap_or_else(|| "_doc".to_owned());
        *documents.entry((line.index, doc_type, line.id, line.routing, source)).or_default() += 1;
    }
    documents
}

async fn read(index: &Index<'_>, documents: &mut Documents) {
    for number in 0..index.metadata().number_of_shards {
        let shard = index.shard(number).await.unwrap();
        let shard = ShardDocuments::open(shard, Options::default()).await.unwrap();
        let visited = shard.visit(|document, sources| {
            let source = match sources.json_line(document) {
                Ok(line) => Some(String::from_utf8(line.into_owned()).unwrap()),
                Err(SourceError::NotKept(_)) => None,
                Err(error) => panic!("{}, {}: {error}", index.name(), document.id),
            };
            let source = comparable(index.name(), source);
            let doc_type = document.doc_type.or(index.metadata().only_type()).unwrap_or("_doc");
            let routing = document.routing.map(str::to_owned);
            let key =
                (index.name().to_owned(), doc_type.to_owned(), document.id.to_string(), routing, source);
            *documents.entry(key).or_default() += 1;
            ControlFlow::Continue(())
        });
        assert_eq!(visited.await.unwrap(), ControlFlow::Continue(()));
    }
}

/// Reads a snapshot and compares; how many documents there are.
pub(crate) async fn compare(repository: &Path, snapshot: &str, file: &Path) -> usize {
    let snapshot = open(repository).await.snapshot(snapshot).await.unwrap();
    let mut documents = Documents::new();
    for name in &snapshot.info().indices {
        read(&snapshot.index(name).await.unwrap(), &mut documents).await;
    }
    let expected = expected(file);
    for (document, count) in &documents {
        assert_eq!(expected.get(document), Some(count), "read, but not in {}: {document:?}", file.display());
    }
    for document in expected.keys() {
        assert!(documents.contains_key(document), "not read: {document:?}, of {}", file.display());
    }
    documents.values().sum()
}
