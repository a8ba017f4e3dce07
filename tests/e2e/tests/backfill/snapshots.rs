//! Snapshots of real servers with what the servers say is in them, and what a target holds.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use switchover_testkit::http::ask;

/// Documents in one answer of the target.
const PAGE: usize = 1000;

/// Two snapshots of one server, `snap-1` and `snap-2`.
pub struct Snapshots(PathBuf);

/// A JSON text, which may hold what this library can't read (half of a surrogate pair).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(String);

impl Source {
    /// Line ends become blanks in a bulk, and blanks around a document do not count.
    fn new(text: &str) -> Self {
        Self(text.replace(['\n', '\r'], " ").trim().to_owned())
    }

    /// As it is compared.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The same text, or, where it was stored in another form than JSON, the same values.
    pub fn is(&self, other: &Self) -> bool {
        let value = |source: &Self| serde_json::from_str::<Value>(&source.0).ok();
        self == other || value(self).is_some_and(|this| Some(this) == value(other))
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    action: &'a RawValue,
}

#[derive(Deserialize)]
struct Page<'a> {
    _scroll_id: String,
    #[serde(borrow)]
    hits: Hits<'a>,
}

#[derive(Deserialize)]
struct Hits<'a> {
    #[serde(borrow)]
    hits: Vec<Hit<'a>>,
}

#[derive(Deserialize)]
struct Hit<'a> {
    _id: String,
    _version: u64,
    #[serde(borrow)]
    _source: &'a RawValue,
}

/// A document as its server told it. `source`: `None` where the server has none.
pub struct Document {
    pub index: String,
    pub doc_type: Option<String>,
    pub id: String,
    pub source: Option<Source>,
}

/// One maker at a time: each starts a server.
static MAKING: Mutex<()> = Mutex::new(());

impl Snapshots {
    /// Those of a version: from the folder that `SWITCHOVER_SNAPSHOTS` names, else made now and kept for other tests.
    pub fn of(product: &str, version: &str) -> Self {
        let name = format!("{product}-{version}");
        let _one = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let folder = std::env::var_os("SWITCHOVER_SNAPSHOTS").map_or_else(
            || std::env::temp_dir().join(format!("switchover-snapshots-{}", std::process::id())),
            PathBuf::from,
        );
        let path = folder.join(name);
        if !path.join("expected-2.ndjson").exists() {
            let maker = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lab/make-snapshots");
            let made = Command::new(maker).arg(product).arg(version).arg(&path).output().unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
        Self(path)
    }

    pub fn repository(&self) -> String {
        format!("file://{}", self.0.join("repo").display())
    }

    pub fn expected(&self, number: usize) -> Vec<Document> {
        let text = std::fs::read_to_string(self.0.join(format!("expected-{number}.ndjson"))).unwrap();
        text.lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                let text = |name: &str| line[name].as_str().map(str::to_owned);
                Document {
                    index: text("index").unwrap(),
                    doc_type: text("type"),
                    id: text("id").unwrap(),
                    source: text("source").map(|source| Source::new(&source)),
                }
            })
            .collect()
    }
}

/// All documents of the target's indices (the hidden ones of this product left out), by index and id, with their versions.
pub fn documents(url: &str) -> BTreeMap<(String, String), Vec<(Source, u64)>> {
    let indices = ask(url, "GET", "/_cat/indices?format=json&expand_wildcards=all", "").json();
    let mut found: BTreeMap<(String, String), Vec<(Source, u64)>> = BTreeMap::new();
    for index in indices.as_array().unwrap() {
        let index = index["index"].as_str().unwrap();
        if index.starts_with(".switchover") || index.starts_with(".open") {
            continue;
        }
        let path = switchover_cluster::path_part(index);
        ask(url, "POST", &format!("/{path}/_refresh"), "");
        let body = format!(r#"{{"size":{PAGE},"version":true}}"#);
        let mut answer = ask(url, "POST", &format!("/{path}/_search?scroll=1m"), &body);
        loop {
            let page: Page<'_> =
                serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {index}"));
            let scroll_id = format!("\"scroll_id\":\"{}\"", page._scroll_id);
            if page.hits.hits.is_empty() {
                ask(url, "DELETE", "/_search/scroll", &format!("{{{scroll_id}}}"));
                break;
            }
            for hit in page.hits.hits {
                let document = (Source::new(hit._source.get()), hit._version);
                found.entry((index.to_owned(), hit._id)).or_default().push(document);
            }
            answer = ask(url, "POST", "/_search/scroll", &format!("{{\"scroll\":\"1m\",{scroll_id}}}"));
        }
    }
    found
}

/// Index and id of the documents that the target refused.
pub fn refused(folder: &Path) -> BTreeSet<(String, String)> {
    let Ok(files) = std::fs::read_dir(folder) else { return BTreeSet::new() };
    let mut found = BTreeSet::new();
    for file in files {
        for line in std::fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            // The document itself may be one that this library can't read.
            let line: Line<'_> = serde_json::from_str(line).unwrap();
            let action: Value = serde_json::from_str(line.action.get()).unwrap();
            let action = action.as_object().unwrap().values().next().unwrap();
            let text = |name: &str| action[name].as_str().unwrap().to_owned();
            found.insert((text("_index"), text("_id")));
        }
    }
    found
}

/// Deletes all indices but the server's own.
pub fn clear(url: &str) {
    ask(url, "DELETE", "/_data_stream/*", "");
    let indices = ask(url, "GET", "/_cat/indices?format=json&expand_wildcards=all", "").json();
    for index in indices.as_array().unwrap() {
        let index = index["index"].as_str().unwrap();
        if !index.starts_with(".open") {
            ask(url, "DELETE", &format!("/{}", switchover_cluster::path_part(index)), "");
        }
    }
}
