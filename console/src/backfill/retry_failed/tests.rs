use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use super::*;
use crate::target::scripted;

fn line(id: &str, source: &str) -> String {
    format!(
        r#"{{"status":400,"error":{{"type":"old"}},"action":{{"index":{{"_index":"i","_id":"{id}"}}}},"source":{source},"from":"index i, shard 0"}}"#
    )
}

/// Answers each document of a bulk by its id: `taken`, `conflict`, `later`, `blocked`, else refused.
fn by_id(body: &str) -> String {
    let items = body.lines().step_by(2).map(|action| {
        let action: Value = serde_json::from_str(action).unwrap();
        let id = action["index"]["_id"].as_str().unwrap().to_owned();
        let (status, kind) = match id.split('-').next().unwrap() {
            "taken" => return json!({"index": {"status": 201}}),
            "conflict" => (409, "version_conflict_engine_exception"),
            "later" => (429, "rejected"),
            "blocked" => (403, "cluster_block_exception"),
            _ => (400, "mapper_parsing_exception"),
        };
        json!({"index": {"status": status, "error": {"type": kind}}})
    });
    json!({"items": items.collect::<Vec<_>>()}).to_string()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(text: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::write(folder.path(), text).unwrap();
        folder
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("failed-documents-w.ndjson")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    /// Names of all files.
    fn names(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.0.path()).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    async fn retry(&self, uri: &str) -> (Outcome, Result<()>) {
        self.retry_by(uri, &Placement::default()).await
    }

    async fn retry_by(&self, uri: &str, placement: &Placement) -> (Outcome, Result<()>) {
        let mut outcome = Outcome::default();
        let retried = retry(&Target::impatient(uri), placement, &self.path(), &mut outcome).await;
        (outcome, retried)
    }
}

#[tokio::test]
async fn what_is_taken_leaves_the_file_and_the_rest_has_the_newest_error() {
    let (text, torn) = (line("refused", r#"{"a": 1.10}"#), r#"{"status":400,"er"#);
    let string = line("string", "\"{\\\"cut\"");
    let lines = [&line("taken-1", "{}"), &text, &line("conflict", "{}"), &string, &line("taken-2", "{}")];
    let folder = Folder::with(&format!("{}\n{torn}", lines.map(String::as_str).join("\n")));
    let uri = scripted::start(|request, body| {
        assert!(request.starts_with("POST /_bulk?"), "{request}");
        (200, by_id(body))
    });
    let (outcome, retried) = folder.retry(&uri).await;
    retried.unwrap();
    assert_eq!((outcome.taken, outcome.refused, outcome.unreadable, outcome.unsent), (3, 2, 1, 0));
    let newest = text.replace(r#""type":"old""#, r#""type":"mapper_parsing_exception""#);
    // What was not sent is before what was refused of the same batch.
    assert_eq!(folder.text(), format!("{string}\n{torn}\n{newest}\n"));
    assert_eq!(folder.names(), ["failed-documents-w.ndjson"]);

    // Twice in a row: nothing more is lost.
    let (again, retried) = folder.retry(&uri).await;
    retried.unwrap();
    assert_eq!((again.taken, again.refused, again.unreadable), (0, 2, 1));
}

#[tokio::test]
async fn ten_thousand_that_are_taken_leave_no_file() {
    let pad = format!("{{\"a\":\"{}\"}}", "x".repeat(1000));
    let text: String = (0..10_000).map(|n| line(&format!("taken-{n}"), &pad) + "\n").collect();
    let folder = Folder::with(&text);
    // A target that takes two thousand documents at once, and finds more too long.
    let uri = scripted::start(|_, body| match body.lines().count() {
        4001.. => (413, "too long".to_owned()),
        _ => (200, by_id(body)),
    });
    let (outcome, retried) = folder.retry(&uri).await;
    retried.unwrap();
    assert_eq!((outcome.taken, outcome.refused), (10_000, 0));
    assert!(folder.names().is_empty());
    let one = Folder::with(&(line("taken", "{}") + "\n"));
    let (outcome, retried) = one.retry(&scripted::start(|_, _| (413, "too long".to_owned()))).await;
    retried.unwrap();
    assert_eq!(outcome.refused, 1);
    assert!(one.text().starts_with("{\"status\":413,"), "{}", one.text());
}

#[tokio::test]
async fn a_target_that_goes_away_keeps_the_rest() {
    let text: String = (0..12)
        .map(|n| line(&format!("taken-{n}"), &format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20))) + "\n")
        .collect();
    let folder = Folder::with(&text);
    let asked = AtomicU32::new(0);
    let uri = scripted::start(move |_, body| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => (200, by_id(body)),
        _ => (503, "gone".to_owned()),
    });
    let (outcome, retried) = folder.retry(&uri).await;
    let error = format!("{:#}", retried.unwrap_err());
    assert!(error.contains("still in it") && error.contains("503"), "{error}");
    assert_eq!((outcome.taken, outcome.unsent), (4, 8));
    let rest: String = text.lines().skip(4).map(|line| format!("{line}\n")).collect();
    assert!(folder.text() == rest, "the rest is as it was");
}

#[tokio::test]
async fn no_room_is_no_refusal() {
    for id in ["later", "blocked"] {
        let folder = Folder::with(&format!("{}\n{}\n", line(id, "{}"), line("taken", "{}")));
        let (outcome, retried) = folder.retry(&scripted::start(|_, body| (200, by_id(body)))).await;
        assert!(format!("{:#}", retried.unwrap_err()).contains("no room"), "{id}");
        assert_eq!((outcome.taken, outcome.refused, outcome.unsent), (1, 0, 1));
        assert_eq!(folder.text(), format!("{}\n", line(id, "{}")));
    }
}

#[tokio::test]
async fn a_file_that_is_written_is_left_alone() {
    let folder = Folder::with(&format!("{}\n", line("taken", "{}")));
    let writer = std::fs::OpenOptions::new().append(true).open(folder.path()).unwrap();
    writer.lock().unwrap();
    let uri = scripted::start(|_, body| (200, by_id(body)));
    let (_, retried) = folder.retry(&uri).await;
    assert!(retried.unwrap_err().to_string().contains("still runs"));
    assert_eq!(folder.text().lines().count(), 1);
    drop(writer);
    assert_eq!(folder.retry(&uri).await.0.taken, 1);
    std::fs::write(folder.path(), "").unwrap();
    folder.retry(&uri).await.1.unwrap();
    assert_eq!(folder.text(), "", "its worker may be about to write");
    let error = failed_file::list(&folder.0.path().join("none")).unwrap_err();
    assert!(error.to_string().contains("--failedDocumentDir"), "{error}");
}

#[derive(clap::Parser)]
struct Rules {
    #[command(flatten)]
    placement: switchover_documents::PlacementArgs,
}

fn rules(script: &str) -> Placement {
    let script = format!("(() => () => all => {{ const o = all[0].operation; {script}; return all; }})()");
    let config = json!({"JsonJSTransformerProvider": {"initializationScript": script}}).to_string();
    let rules: Rules = clap::Parser::try_parse_from(["x", "--transformerConfig", &config]).unwrap();
    rules.placement.placement().unwrap()
}

#[tokio::test]
async fn a_document_that_a_rule_failed_for_goes_through_the_mended_rules() {
    let ruled = |id: &str| {
        let origin = format!(r#""origin":{{"_index":"i","_type":"t","_id":"{id}"}},"from""#);
        line(id, r#"{"n" : 1.10}"#).replace("\"from\"", &origin)
    };
    let text = format!("{}\n{}\n{}\n", ruled("taken-1"), line("taken-2", "{}"), ruled("refused"));
    let folder = Folder::with(&text);
    let sent = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let seen = std::sync::Arc::clone(&sent);
    let uri = scripted::start(move |_, body| {
        seen.lock().unwrap().push_str(body);
        (200, by_id(body))
    });
    // Without rules it would be sent as it must not be.
    let (outcome, retried) = folder.retry(&uri).await;
    retried.unwrap();
    assert_eq!((outcome.taken, outcome.refused), (1, 2));
    assert!(folder.text().contains("give the rules") && !sent.lock().unwrap().contains("taken-1"));

    let two =
        "if (o._id === 'taken-1') return [all[0], {...all[0], operation: {_index: 'j', _id: 'taken-3'}}]";
    let (outcome, retried) = folder.retry_by(&uri, &rules(two)).await;
    retried.unwrap();
    assert_eq!((outcome.taken, outcome.refused), (1, 1));
    let bodies = sent.lock().unwrap().clone();
    assert!(
        bodies.contains("{\"index\":{\"_index\":\"j\",\"_id\":\"taken-3\"}}\n{\"n\" : 1.10}\n"),
        "{bodies}"
    );
    let left = folder.text();
    assert!(
        left.contains(r#""origin":{"_index":"i","_type":"t","_id":"refused""#) && left.lines().count() == 1,
        "{left}"
    );

    let (outcome, retried) = folder.retry_by(&uri, &rules("throw new Error('mine')")).await;
    retried.unwrap();
    assert!(outcome.refused == 1 && folder.text().contains("mine"), "{}", folder.text());
    let (outcome, retried) = folder.retry_by(&uri, &rules("return []")).await;
    retried.unwrap();
    assert_eq!((outcome.dropped, outcome.refused), (1, 0));
    assert!(folder.names().is_empty());
}
