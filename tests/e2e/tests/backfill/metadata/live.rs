//! A live source.

use super::{metadata, report, state};
use serde_json::{Value, json};
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;

/// Everything begins with this: the source is shared with other tests.
const ONLY: [&str; 6] = [
    "--indexAllowlist",
    "meta-*",
    "--indexTemplateAllowlist",
    "meta-*",
    "--componentTemplateAllowlist",
    "meta-*",
];

fn put(url: &str, path: &str, body: &Value) {
    let answer = ask(url, "PUT", path, &body.to_string());
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
}

fn source() -> Lab {
    let lab = Lab::elasticsearch("7.10");
    let url = lab.url();
    ask(url, "DELETE", "/meta-*", "");
    let fields = json!({"when": {"type": "date", "format": "yyyy-MM-dd"}, "text": {"type": "text", "fields":
        {"raw": {"type": "keyword", "ignore_above": 100}}}, "place": {"type": "geo_point"}});
    put(
        url,
        "/meta-plain",
        &json!({"settings": {"number_of_shards": 2, "number_of_replicas": 0,
        "refresh_interval": "5s", "blocks.write": false, "analysis": {"analyzer": {"ab": {"type": "custom",
        "tokenizer": "standard", "filter": ["lowercase"]}}}}, "mappings": {"dynamic": "strict", "properties": fields},
        "aliases": {"meta-all": {"filter": {"term": {"text.raw": "x"}}, "routing": "1"}, "meta-write": {"is_write_index": true}}}),
    );
    put(url, "/meta-other", &json!({"settings": {"number_of_replicas": 0}, "aliases": {"meta-all": {}}}));
    put(
        url,
        "/_component_template/meta-part",
        &json!({"template": {"mappings": {"properties": {"p": {"type": "long"}}}}}),
    );
    put(
        url,
        "/_index_template/meta-composed",
        &json!({"index_patterns": ["meta-composed-*"], "priority": 500,
        "composed_of": ["meta-part"], "template": {"settings": {"number_of_shards": 3}}, "_meta": {"by": "test"}}),
    );
    put(
        url,
        "/_template/meta-legacy",
        &json!({"index_patterns": ["meta-legacy-*"], "order": 3,
        "settings": {"number_of_shards": 1}, "mappings": {"dynamic_templates": [{"s": {"match_mapping_type": "string",
        "mapping": {"type": "keyword"}}}]}, "aliases": {"meta-from-template": {}}}),
    );
    put(
        url,
        "/_ingest/pipeline/meta-pipeline",
        &json!({"description": "d", "processors": [{"set": {"field": "a", "value": 1}}]}),
    );
    put(
        url,
        "/_scripts/meta-script",
        &json!({"script": {"lang": "painless", "source": "ctx._source.n += 1"}}),
    );
    lab
}

fn actions(report: &Value) -> Vec<(String, String)> {
    let lists = report["items"].as_object().unwrap().values().filter_map(Value::as_array).flatten();
    let meant = lists
        .filter(|item| item["action"] != "leftOut" && item["name"].as_str().unwrap().starts_with("meta-"));
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    meant.map(|item| (text(item, "name"), text(item, "action"))).collect()
}

pub fn items_of_all_kinds(target: &str) {
    let lab = source();
    let flags = [&["--sourceUri", lab.url(), "--targetUri", target][..], &ONLY].concat();
    let before = state(target);
    let evaluated = metadata("evaluate", &flags);
    assert_eq!(evaluated.code, Some(0), "{:#}", report(&evaluated));
    assert_eq!(state(target), before);
    let wanted = [
        "meta-composed",
        "meta-legacy",
        "meta-part",
        "meta-other",
        "meta-plain",
        "meta-all",
        "meta-write",
        "meta-pipeline",
        "meta-script",
    ];
    let mut names: Vec<_> = actions(&report(&evaluated)).into_iter().map(|(name, _)| name).collect();
    names.sort();
    let mut wanted: Vec<_> = wanted.map(str::to_owned).into();
    wanted.sort();
    assert_eq!(names, wanted);

    let migrated = metadata("migrate", &flags);
    let first = report(&migrated);
    assert_eq!(migrated.code, Some(0), "{first:#}");
    assert!(actions(&first).iter().all(|(_, action)| action == "created"), "{first:#}");
    let plain = ask(target, "GET", "/meta-plain", "").json();
    assert_eq!(plain["meta-plain"]["settings"]["index"]["number_of_shards"], "2");
    assert_eq!(plain["meta-plain"]["mappings"]["dynamic"], "strict");
    assert_eq!(plain["meta-plain"]["aliases"]["meta-all"]["index_routing"], "1");
    assert_eq!(plain["meta-plain"]["settings"]["index"].get("blocks"), None);
    let made = state(target);
    let again = report(&metadata("migrate", &flags));
    assert!(actions(&again).iter().all(|(_, action)| action == "unchanged"), "{again:#}");
    assert_eq!(state(target), made);

    // What somebody changed on the target is told, taken for a failure, or changed back, as the operator wants.
    put(target, "/meta-plain/_settings", &json!({"index.refresh_interval": "9s"}));
    put(target, "/_ingest/pipeline/meta-pipeline", &json!({"processors": []}));
    for (how, code, action, found) in
        [("skip", 0, "differs", "9s"), ("fail", 1, "failed", "9s"), ("update", 0, "updated", "5s")]
    {
        let finished = metadata("migrate", &[&flags[..], &["--onExisting", how]].concat());
        let report = report(&finished);
        assert_eq!(finished.code, Some(code), "{how}: {report:#}");
        for name in ["meta-plain", "meta-pipeline"] {
            assert!(actions(&report).contains(&(name.to_owned(), action.to_owned())), "{how}: {report:#}");
        }
        let settings = ask(target, "GET", "/meta-plain/_settings", "").json();
        assert_eq!(settings["meta-plain"]["settings"]["index"]["refresh_interval"], found, "{how}");
    }
}

pub fn one_failing_item_stops_no_other(target: &str) {
    let lab = source();
    // An alias of the name of an index that is to be made.
    put(target, "/taken", &json!({"aliases": {"meta-plain": {}}}));
    let flags = [&["--sourceUri", lab.url(), "--targetUri", target][..], &ONLY].concat();
    let finished = metadata("migrate", &flags);
    let report = report(&finished);
    assert_eq!(finished.code, Some(1), "{report:#}");
    let actions = actions(&report);
    assert!(actions.contains(&("meta-plain".to_owned(), "failed".to_owned())), "{report:#}");
    assert!(actions.contains(&("meta-other".to_owned(), "created".to_owned())), "{report:#}");
    assert!(
        report["errors"]
            .as_array()
            .unwrap()
            .iter()
            .any(|error| error.as_str().unwrap().contains("an alias of this name"))
    );

    // Nobody there, and nothing to read: each has its exit code.
    let nobody = metadata("evaluate", &["--sourceUri", lab.url(), "--targetUri", "http://127.0.0.1:1"]);
    assert_eq!(nobody.code, Some(3), "{}", nobody.stderr);
    assert!(nobody.stderr.contains("127.0.0.1:1"), "{}", nobody.stderr);
    let nothing =
        metadata("evaluate", &["--repo", "file:///nowhere", "--snapshot", "s", "--targetUri", target]);
    assert_eq!(nothing.code, Some(4), "{}", nothing.stderr);
}
