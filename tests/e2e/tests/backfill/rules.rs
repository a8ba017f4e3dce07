//! Documents that rules change, move, drop or fail for, from a snapshot with mapping types: the target holds what the rules
//! say, everything else is counted, and `switchover verify` with the same rules finds no difference.

use crate::snapshots::{Snapshots, clear, documents, refused};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use switchover_testkit::http::ask;
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{Finished, run};

const SNAPSHOT: usize = 2;
/// The existing tool's configuration: types get indices of their own or are dropped, and a script for some documents.
const TRANSFORMERS: &str = r#"[
    {"TypeMappingSanitizationTransformerProvider": {
        "staticMappings": {"types": {"apple": "apples", "pear": "types"}, "family": {"parent": "family", "child": "family"}},
        "regexMappings": [{"sourceIndexPattern": "(.*)", "sourceTypePattern": ".*", "targetIndexPattern": "$1"}],
        "sourceProperties": {"version": {"major": 1, "minor": 7}}}},
    {"JsonConditionalTransformerProvider": [
        {"JsonJMESPathPredicateProvider": {"script": "[0].operation._index == 'routed'"}},
        [{"JsonJSTransformerProvider": {"initializationScript": "(() => () => all => all.map(d => { d.document.t = 's'; d.operation._id = 'x' + d.operation._id; return d; }))()"}}]]}
]"#;
const RULES: &str = r#"
- name: even ones are not needed
  match: { index: updated, where: "document.n < `5`" }
  drop: true
- name: to a stream
  match: { index: sorted }
  set: { index: "$INDEX-stream", document: { /tenant: a } }
  rename: { document: { /s: text } }
- name: customers are the routing
  match: { index: "plai*", document: { /n: 1001 } }
  set: { index: "plai$1-ones", routing: "${/n}", id: "${id}-${/s}" }
- name: big numbers
  match: { index: sharded, where: "document.n == `1`" }
  jq: .document.n += 12345678901234567890
- name: fails
  match: { index: templated-1 }
  remove: { document: [/none] }
  set: { id: "${/none}" }
"#;

fn flags(directory: &Path, script: &str) -> Vec<String> {
    let (rules, config) = (directory.join("rules.yaml"), directory.join("transformers.json"));
    std::fs::write(&rules, script).unwrap();
    std::fs::write(&config, TRANSFORMERS).unwrap();
    let flags = [("rewriteRules", rules), ("doc-transformer-config-file", config)];
    flags.iter().flat_map(|(name, path)| [format!("--{name}"), path.display().to_string()]).collect()
}

fn load(snapshots: &Snapshots, url: &str, failed: &Path, rules: &[String]) -> Finished {
    let indices = "types,family,routed,updated,sorted,plain,sharded,templated-1,nested";
    let flags = [
        ("--repoUri", snapshots.repository()),
        ("--snapshotName", format!("snap-{SNAPSHOT}")),
        ("--targetUri", url.to_owned()),
        ("--failedDocumentDir", failed.display().to_string()),
        ("--indexAllowlist", indices.to_owned()),
        ("--sessionName", "rules".to_owned()),
    ];
    let flags = flags.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
    run("switchover-rfs", flags.chain(rules.iter().cloned()))
}

fn verify(snapshots: &Snapshots, url: &str, glob: &str, rules: &[String]) -> (Finished, Value) {
    let flags = ["verify", "--repo", &snapshots.repository(), "--snapshot", "snap-2", "--targetUri", url]
        .map(str::to_owned)
        .into_iter()
        .chain(["--index", glob, "--json"].map(str::to_owned))
        .chain(rules.iter().map(|flag| flag.replace("doc-transformer-config-file", "transformerConfigFile")));
    let finished = run("switchover", flags);
    let report = serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", finished.stdout, finished.stderr));
    (finished, report)
}

#[test]
fn documents_are_what_rules_make_of_them() {
    let (snapshots, lab) = (Snapshots::of("elasticsearch", "1.7.6"), Lab::private_opensearch("2.19"));
    let directory = tempfile::tempdir().unwrap();
    let failed = directory.path().join("failed");
    let url = lab.url();
    clear(url);
    let stream = json!({"index_patterns": ["sorted-stream"], "data_stream": {}}).to_string();
    assert_eq!(ask(url, "PUT", "/_index_template/sorted-stream", &stream).status, 200);
    assert_eq!(ask(url, "PUT", "/_data_stream/sorted-stream", "").status, 200);
    let foreseen = ["apples", "types", "family", "updated", "plain", "templated-1", "nested"];
    let mapping = json!({"settings": {"number_of_replicas": 0}, "mappings": {"enabled": false}}).to_string();
    for index in foreseen.iter().chain(&["routed", "sharded"]) {
        assert_eq!(ask(url, "PUT", &format!("/{index}"), &mapping).status, 200, "{index}");
    }
    let rules = flags(directory.path(), &RULES.replace("$INDEX", "sorted"));

    // What a rule names by a document is asked for when the document comes.
    let missing = load(&snapshots, url, &failed, &rules);
    assert_eq!(missing.code, Some(1), "{}{}", missing.stdout, missing.stderr);
    assert!(
        missing.stderr.contains("'plain-ones'") && missing.stderr.contains("--allowAutoCreate"),
        "{}",
        missing.stderr
    );
    assert_eq!(ask(url, "PUT", "/plain-ones", &mapping).status, 200);

    let loaded = load(&snapshots, url, &failed, &rules);
    assert_eq!(loaded.code, Some(4), "{}{}", loaded.stdout, loaded.stderr);
    let there = documents(url);
    let count = |index: &str| there.keys().filter(|(name, _)| name == index).count();
    let expected = snapshots.expected(SNAPSHOT);
    let source = |document: &crate::snapshots::Document| {
        serde_json::from_str::<Value>(document.source.as_ref().unwrap().text()).unwrap()
    };
    let was = |index: &str, doc_type: Option<&str>| {
        let fits = |document: &&crate::snapshots::Document| {
            document.index == index
                && doc_type.is_none_or(|doc_type| document.doc_type.as_deref() == Some(doc_type))
        };
        expected.iter().filter(fits).collect::<Vec<_>>()
    };
    let typed = |doc_type| was("types", Some(doc_type)).len();
    assert_eq!((count("apples"), count("types")), (typed("apple"), typed("pear")));
    assert!(typed("apple") > 0 && typed("tüp") > 0);
    let family = was("family", None).into_iter().map(|document| (&document.id, source(document)));
    assert_eq!(count("family"), family.collect::<BTreeMap<_, _>>().len());
    for document in was("routed", None) {
        let key = ("routed".to_owned(), format!("x{}", document.id));
        let found: Value = serde_json::from_str(there[&key][0].0.text()).unwrap();
        assert_eq!(found["t"], "s", "{found}");
    }
    let low = was("updated", None).into_iter().filter(|one| source(one)["n"].as_i64().unwrap() < 5).count();
    assert_eq!(count("updated"), was("updated", None).len() - low);
    let dropped = low + typed("tüp");
    assert!(
        low > 0 && loaded.stdout.contains(&format!("dropped by rules: {dropped} documents")),
        "{}",
        loaded.stdout
    );
    let streamed: Vec<_> =
        there.iter().filter(|((index, _), _)| index.starts_with(".ds-sorted-stream")).collect();
    assert_eq!(streamed.len(), was("sorted", None).len());
    let text = streamed[0].1[0].0.text();
    assert!(text.contains("\"text\":") && text.contains("\"tenant\":\"a\""), "{text}");
    let moved = &there[&("plain-ones".to_owned(), "1001-text 1001".to_owned())][0];
    assert_eq!(moved.0.text(), r#"{"n":1001,"s":"text 1001"}"#);
    assert!(there.values().flatten().any(|(source, _)| source.text().contains("12345678901234567891")));
    assert_eq!(refused(&failed).into_iter().map(|(index, _)| index).collect::<Vec<_>>(), ["templated-1"]);

    for (glob, dropped) in [
        ("types", typed("tüp")),
        ("family", 0),
        ("routed", 0),
        ("updated", low),
        ("sorted", 0),
        ("plain", 0),
        ("sharded", 0),
        ("nested", 0),
    ] {
        let (verified, report) = verify(&snapshots, url, glob, &rules);
        assert_eq!(verified.code, Some(0), "{glob}: {}{}", verified.stdout, verified.stderr);
        assert_eq!(report["dropped"][glob].as_u64().unwrap_or_default(), dropped as u64, "{report}");
    }
    // Without the rules the target is another.
    assert_eq!(verify(&snapshots, url, "plain", &[]).0.code, Some(3));
    let (verified, _) = verify(&snapshots, url, "templated-1", &rules);
    assert!(verified.code == Some(1) && verified.stderr.contains("rule 'fails'"), "{}", verified.stderr);

    // Others can't work on the same with other rules.
    let other = flags(directory.path(), "- {name: other, drop: true}");
    let refusal = load(&snapshots, url, &failed, &other);
    assert!(refusal.code == Some(1) && refusal.stderr.contains("rules"), "{}", refusal.stderr);

    let mended = flags(directory.path(), &RULES.replace("$INDEX", "sorted").replace("${/none}", "${id}"));
    let mended =
        mended.iter().map(|flag| flag.replace("doc-transformer-config-file", "transformerConfigFile"));
    let folder = failed.display().to_string();
    let retry =
        ["backfill", "retry-failed", "--failedDocumentDir", &folder, "--targetUri", url].map(str::to_owned);
    let retried = run("switchover", retry.into_iter().chain(mended));
    assert_eq!(retried.code, Some(0), "{}{}", retried.stdout, retried.stderr);
    assert_eq!(documents(url).keys().filter(|(index, _)| index == "templated-1").count(), 1);
}
