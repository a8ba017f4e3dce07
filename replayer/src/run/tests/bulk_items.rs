//! Bulks of which rules leave lines out: what is sent again, kept and compared is each time the item that is meant.

use switchover_rewrite::transformer::Transformers;

use super::*;
use crate::rewrite::RewriteOptions;

struct NoFiles;

impl switchover_rewrite::transformer::Files for NoFiles {
    fn read(&self, path: &str) -> Result<String, String> {
        Err(path.to_owned())
    }

    fn read_all(&self, directory: &str) -> Result<Vec<(String, String)>, String> {
        Err(directory.to_owned())
    }
}

/// Documents of type `post` stay, those of type `user` are dropped.
const DROPPING: &str =
    r#"{"TypeMappingSanitizationTransformerProvider":{"staticMappings":{"a":{"post":"posts"}}}}"#;
/// A script that takes the first document out, and does not say so.
const CUTTING: &str = r#"{"JsonJSTransformerProvider":{"initializationScript":"
    (() => (context) => (request) => {
      const body = request.get('payload').get('inlinedJsonSequenceBodies');
      if (body) request.get('payload').set('inlinedJsonSequenceBodies', body.slice(2));
      return request;
    })()","bindingsObject":"{}"}}"#;

fn rules(config: &str) -> Arc<RewriteOptions> {
    let transformers = Transformers::parse(&config.replace('\n', " "), &NoFiles, None).unwrap();
    Arc::new(RewriteOptions { transformers, ..RewriteOptions::default() })
}

const BULK: &str = concat!(
    "{\"index\":{\"_index\":\"a\",\"_type\":\"user\",\"_id\":\"0\"}}\n{\"n\":0}\n",
    "{\"index\":{\"_index\":\"a\",\"_type\":\"post\",\"_id\":\"1\"}}\n{\"n\":1}\n",
    "{\"delete\":{\"_index\":\"a\",\"_type\":\"user\",\"_id\":\"2\"}}\n",
    "{\"index\":{\"_index\":\"a\",\"_type\":\"post\",\"_id\":\"3\"}}\n{\"n\":3}\n",
);

fn item(id: &str, status: u16) -> String {
    match status {
        201 => format!(r#"{{"index":{{"_id":"{id}","status":201}}}}"#),
        _ => format!(
            r#"{{"index":{{"_id":"{id}","status":{status},"error":{{"type":"es_rejected_execution_exception"}}}}}}"#
        ),
    }
}

fn items(items: &[String]) -> String {
    let errors = items.iter().any(|item| item.contains("error"));
    format!(r#"{{"took":1,"errors":{errors},"items":[{}]}}"#, items.join(","))
}

/// The source refused the two documents that the type mapping drops, as it were of the same place as those that are sent.
fn captured(capture: &mut Capture) {
    let source = items(&[item("0", 429), item("1", 201), item("2", 429), item("3", 201)]);
    capture.connection("one", &[(0, 5, request("POST /_bulk", BULK), Some(answer(200, &source)))]);
}

#[tokio::test]
async fn an_item_behind_a_dropped_one_is_sent_again_and_compared_with_its_own_result() {
    let mut capture = Capture::new();
    captured(&mut capture);
    let scripted = Scripted::start(|_, seen| match seen.text.matches("\"_id\"").count() {
        // Document 1 is refused: at its place among those sent stands one that the source refused too.
        2 => reply(200, &items(&[item("1", 429), item("3", 201)])),
        1 => reply(200, &items(&[item("1", 201)])),
        _ => reply(200, "{}"),
    })
    .await;
    let options = Options { rewrite: rules(DROPPING), ..capture.options(&scripted.target) };
    let outcome = start(options).await.unwrap();
    assert_eq!(outcome.exit_code(), EXIT_DONE, "{}", outcome.json());
    assert_eq!(outcome.report.requests.expected_difference, 1, "{}", outcome.json());
    let sent: Vec<String> = scripted
        .seen()
        .iter()
        .skip(1)
        .map(|seen| seen.text.split_once("\r\n\r\n").unwrap().1.to_owned())
        .collect();
    let one = "{\"index\":{\"_index\":\"posts\",\"_id\":\"1\"}}\n{\"n\":1}\n";
    let three = "{\"index\":{\"_index\":\"posts\",\"_id\":\"3\"}}\n{\"n\":3}\n";
    assert_eq!(sent, [format!("{one}{three}"), one.to_owned()]);
    assert_eq!(capture.tuples()[0]["sentItems"], serde_json::json!({"places": [1, 3], "of": 4}));
    let judged = judged_again(&capture);
    assert_eq!(judged.requests, outcome.report.requests, "the tuples say the same");
}

#[tokio::test]
async fn a_dead_letter_holds_the_captured_lines_of_the_items_that_are_left() {
    let mut capture = Capture::new();
    captured(&mut capture);
    let scripted = Scripted::start(|_, seen| match seen.text.matches("\"_id\"").count() {
        2 => reply(200, &items(&[item("1", 201), item("3", 429)])),
        1 => reply(200, &items(&[item("3", 429)])),
        _ => reply(200, "{}"),
    })
    .await;
    let impatient = Options {
        rewrite: rules(DROPPING),
        retry_deadline: Duration::from_millis(300),
        ..capture.options(&scripted.target)
    };
    let outcome = start(impatient).await.unwrap();
    assert_eq!((outcome.exit_code(), outcome.report.requests.dead_lettered), (EXIT_GAPS, 1));
    let letters = outcome.dead_letter_file.clone().unwrap();
    let reason: Value =
        serde_json::from_str(&std::fs::read_to_string(letters.with_extension("jsonl")).unwrap()).unwrap();
    assert_eq!(reason["bulkItems"], serde_json::json!([3]), "{reason}");

    let healthy = Scripted::start(|_, _| reply(200, &items(&[item("3", 201)]))).await;
    let again =
        Options { input: Input::File(letters), rewrite: rules(DROPPING), ..capture.options(&healthy.target) };
    let outcome = start(again).await.unwrap();
    assert_eq!((outcome.exit_code(), outcome.report.requests.same), (EXIT_DONE, 1), "{}", outcome.json());
    let sent = healthy.seen().pop().unwrap().text;
    assert!(
        sent.ends_with("\r\n\r\n{\"index\":{\"_index\":\"posts\",\"_id\":\"3\"}}\n{\"n\":3}\n"),
        "{sent}"
    );
}

#[tokio::test]
async fn when_a_script_changes_how_many_items_there_are_nothing_is_taken_for_another() {
    let mut capture = Capture::new();
    captured(&mut capture);
    let scripted = Scripted::start(|at, seen| match seen.text.matches("\"_id\"").count() {
        // The source's answer has a 429 at this place too, of another document.
        3 if at == 1 => reply(200, &items(&[item("1", 429), item("2", 201), item("3", 201)])),
        1 => reply(200, &items(&[item("1", 201)])),
        _ => reply(200, "{}"),
    })
    .await;
    let options = Options { rewrite: rules(CUTTING), ..capture.options(&scripted.target) };
    let outcome = start(options).await.unwrap();
    assert_eq!(scripted.seen().len(), 3, "{:?}", scripted.lines());
    assert_eq!(outcome.report.requests.not_comparable, 1, "{}", outcome.json());
    assert_eq!(capture.tuples()[0]["sentItems"], Value::Null);
    assert!(capture.tuples()[0].get("sentItems").is_some());
    assert_eq!(judged_again(&capture).requests, outcome.report.requests);
}
