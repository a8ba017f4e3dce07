use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::json::Numbers;
use crate::request::Request;
use crate::transformer::Files;

/// Numbers, duplicates and spaces that a tree of values would lose.
const ODD: &str = "{ \"n\" : 1.10,\"big\":1234567890123456789012345, \"d\":1, \"d\" : 2 ,\"o\":{\"x\":[1,2]},\"s\":\"\\ud800\" }";

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<String, String> {
        Err(format!("cannot read {path}: no such file"))
    }

    fn read_all(&self, directory: &str) -> Result<Vec<(String, String)>, String> {
        self.read(directory).map(|_| Vec::new())
    }
}

fn declared(yaml: &str) -> Result<DocumentRules, String> {
    let declared = DeclaredDocumentRules::parse("r.yaml", yaml).map_err(|error| error.to_string())?;
    Ok(DocumentRules { declared, ..DocumentRules::default() })
}

fn transformers(config: &str) -> DocumentRules {
    let transformers = Transformers::parse_for_documents(config, &NoFiles).unwrap();
    DocumentRules { transformers, ..DocumentRules::default() }
}

fn script(body: &str) -> DocumentRules {
    let script = format!("function main(c) {{ return (all) => {{ {body} }}; }} (() => main)()");
    let config = serde_json::json!([{"JsonJSTransformerProvider": {"initializationScript": script}}]);
    transformers(&config.to_string())
}

fn document(source: &str) -> Document<'_> {
    Document {
        index: "shop-1".into(),
        doc_type: Some("user".into()),
        id: "7".into(),
        routing: Some("r".into()),
        options: Vec::new(),
        source: source.as_bytes().into(),
    }
}

/// `index/type/id/routing source`, one a line.
fn applied(rules: &DocumentRules, source: &str) -> Result<String, String> {
    let documents = rules.apply(document(source)).map_err(|stop| stop.to_string())?;
    let told = documents.iter().map(|document| {
        let part = |part: &Option<Cow<'_, str>>| part.as_deref().unwrap_or("-").to_owned();
        let (doc_type, routing) = (part(&document.doc_type), part(&document.routing));
        let options: String =
            document.options.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        let source = String::from_utf8_lossy(&document.source);
        format!("{}/{doc_type}/{}/{routing}{options} {source}", document.index, document.id)
    });
    Ok(told.collect::<Vec<_>>().join("\n"))
}

#[test]
fn everything_at_once() {
    let yaml = r#"
- name: all of it
  match: { index: "shop-*", type: us*, document: { /d: 2, /o/x: [1, 2] }, where: "document.n < `2`" }
  rename: { document: { /o: p } }
  remove: { document: [/big, /none], routing: true }
  set: { index: "${type}s-$1", id: "${type}-${id}-${/d}", document: { /t/u: [1.5] } }
"#;
    let rules = declared(yaml).unwrap();
    let wanted = "users-1/-/user-7-2/- { \"n\" : 1.10,\"d\":1, \"d\" : 2 ,\"p\":{\"x\":[1,2]},\"s\":\"\\ud800\",\"t\":{\"u\":[1.5]} }";
    // JMESPath reads text that this library's strict reader does not: half of a pair is told.
    let paired = ODD.replace("\\ud800", "x");
    assert_eq!(applied(&rules, &paired).unwrap(), wanted.replace("\\ud800", "x"));
    for other in [paired.replace(" 2 ", " 3 "), paired.replace("1.10", "2.10"), paired.replace("[1,2]", "1")]
    {
        assert_eq!(applied(&rules, &other).unwrap(), format!("shop-1/user/7/r {other}"));
    }
}

#[test]
fn what_no_rule_touches_is_not_even_looked_at() {
    let yaml = "
- {name: a, match: {index: other*}, drop: true}
- {name: b, match: {type: post}, jq: '.document.x = 1'}
- {name: c, match: {index: shop-2, where: 'x == `1`'}, remove: {routing: true}}
";
    for source in [ODD, "not json", "{\"cut"] {
        let rules = declared(yaml).unwrap();
        let documents = rules.apply(document(source)).unwrap();
        assert!(matches!(documents[0].source, Cow::Borrowed(_)), "{source}");
        assert_eq!(documents, [document(source)]);
    }
    // A script looks at all, and leaves it as it is.
    for rules in [script("return all;"), script("return all[0];"), script("return [[all]];")] {
        let documents = rules.apply(document(ODD)).unwrap();
        assert!(matches!(documents[0].source, Cow::Borrowed(_)) && documents == [document(ODD)]);
    }
}

#[test]
fn scripts_in_the_shape_of_the_existing_tool() {
    for (body, wanted) in [
        ("return all.map(d => { d.document.t = 1; return d; });", "shop-1/user/7/r {\"n\" : 1.10,\"t\":1}"),
        ("all[0].get('operation').set('_index', 'b').delete; return all;", "b/user/7/r {\"n\" : 1.10}"),
        (
            "const d = all[0]; delete d.operation._type; delete d.operation.routing; return new Map(Object.entries(d));",
            "shop-1/-/7/- {\"n\" : 1.10}",
        ),
        ("return [];", ""),
        ("return all.map(d => []);", ""),
        (
            "return [1, 2].map(n => ({...all[0], operation: {_index: 'i', _id: n, op_type: 'create', version: 5, version_type: 'external', pipeline: 'p'}}));",
            "i/-/1/- op_type=\"create\" version=5 version_type=\"external\" pipeline=\"p\" {\"n\" : 1.10}\ni/-/2/- op_type=\"create\" version=5 version_type=\"external\" pipeline=\"p\" {\"n\" : 1.10}",
        ),
        (
            "if (all[0].schema !== 'rfs-opensearch-bulk-v1' || all[0].operation_type !== 'index' || all[0].include_document !== true) throw 1; return Promise.resolve(all);",
            "shop-1/user/7/r {\"n\" : 1.10}",
        ),
    ] {
        assert_eq!(applied(&script(body), "{\"n\" : 1.10}").unwrap(), wanted, "{body}");
    }
    // What one step made, the next one sees.
    let config = r#"[{"JsonJMESPathTransformerProvider":{"script":"[*].{operation: {_index: 'j', _id: operation._id, pipeline: 'p'}, document: document}"}},
        {"JsonConditionalTransformerProvider":[{"JsonJMESPathPredicateProvider":{"script":"[0].operation.pipeline == 'p'"}},
            ["JsonTransformerForDocumentTypeRemovalProvider"]]}]"#;
    let config = config.replace("[\"JsonT", "[{\"JsonT").replace("Provider\"]", "Provider\":null}]");
    let error = applied(&transformers(&config), ODD).unwrap_err();
    assert!(
        error.starts_with("JsonJMESPathTransformerProvider[0]: JMESPath: unexpected end of hex"),
        "{error}"
    );
    let plain = "{ \"n\" : 1.10}";
    assert_eq!(applied(&transformers(&config), plain).unwrap(), format!("j/-/7/- pipeline=\"p\" {plain}"));
}

#[test]
fn what_goes_wrong_names_the_rule() {
    for (body, wanted) in [
        ("throw new Error('mine');", "JsonJSTransformerProvider[0]: initializationScript: mine"),
        ("return null;", "returned nothing"),
        ("return 'x';", "the result is no object"),
        ("return [{}];", "no 'operation'"),
        ("delete all[0].operation._id; return all;", "lacks '_index' or '_id'"),
        ("all[0].operation_type = 'delete'; return all;", "'delete'"),
        ("all[0].include_document = false; return all;", "include_document"),
        ("all[0].document = [1]; return all;", "'document' is no object"),
        ("all[0].operation.retry = 1; return all;", "'operation.retry' can't be sent"),
        ("all[0].operation._index = {}; return all;", "'operation._index' is no string"),
        ("for (;;) {}", "took longer"),
    ] {
        let error = applied(&script(body), "{}").unwrap_err();
        assert!(error.contains(wanted), "{body}: {error}");
    }
    // A source that is not one object must not become something else inside of the message.
    for source in ["{},\"operation\":{\"_index\":\"x\",\"_id\":\"1\"}", "[]", "{\"cut", "{} {}", "\u{1}"] {
        assert!(applied(&script("return all;"), source).unwrap_err().contains("document"), "{source}");
    }
    for (rule, wanted) in [
        ("set: {document: {/n/x: 1}}", "rule 'a': the document: the pointer leads nowhere"),
        ("set: {id: '${/none}'}", "rule 'a': the document has no value at /none"),
        ("set: {id: '${/o}'}", "rule 'a': the value at /o is no text"),
        ("match: {where: 'document.n'}, remove: {routing: true}", "rule 'a': 'document.n' is number"),
        ("jq: 'error(\"mine\")'", "rule 'a': jq: \"mine\""),
        ("jq: '.operation._id = null'", "rule 'a': 'operation' lacks"),
    ] {
        let rules = declared(&format!("- {{name: a, {rule}}}")).unwrap();
        let error = applied(&rules, "{\"n\":1,\"o\":{}}").unwrap_err();
        assert!(error.contains(wanted), "{rule}: {error}");
    }
}

#[test]
fn rules_that_can_not_be_meant() {
    for (rule, wanted) in [
        ("match: {index: a}", "it does nothing"),
        ("drop: true, remove: {routing: true}", "it drops documents"),
        ("set: {index: 'a-$1'}", "match.index has no wildcard 1"),
        ("match: {index: 'x*'}, set: {index: '$2'}", "no wildcard 2"),
        ("set: {id: '${_id}'}", "unknown '_id'; expected index, type"),
        ("set: {id: 'a$'}", "behind $"),
        ("match: {where: 'a ||'}, drop: true", "match.where"),
        ("jq: '.a |'", "not a jq expression"),
        ("match: {path: /a}, drop: true", "unknown field `path`"),
        ("remove: {document: [a]}", "not a JSON pointer"),
    ] {
        let error = declared(&format!("- {{name: a, {rule}}}")).unwrap_err();
        assert!(
            error.contains(wanted) && error.contains("r.yaml") | error.contains("line"),
            "{rule}: {error}"
        );
    }
}

#[test]
fn numbers_keep_their_digits_through_jq() {
    let rules = declared(
        "- {name: a, match: {type: user}, jq: '.document.big += 1 | .operation._index |= ascii_upcase'}",
    )
    .unwrap();
    let source = ODD.replace("\\ud800", "x");
    let wanted = source.replace("2345,", "2346,");
    assert_eq!(applied(&rules, &source).unwrap(), format!("SHOP-1/user/7/r {wanted}"));
}

#[test]
fn where_documents_will_be() {
    let told =
        |rules: &DocumentRules, index: &str, doc_type: Option<&str>| match rules.foresee(index, doc_type) {
            Some(Foreseen { index, doc_type, certain }) => {
                format!("{index}/{}{}", doc_type.unwrap_or_default(), if certain { "" } else { "?" })
            }
            None => "dropped".to_owned(),
        };
    let yaml = r#"
- {name: a, match: {type: gone}, drop: true}
- {name: b, match: {index: "logs-*"}, set: {index: "old-$1-${type}"}}
- {name: c, match: {index: "old-2*"}, set: {document: {/a: 1}}}
- {name: d, match: {index: perhaps, document: {/a: 1}}, drop: true}
- {name: e, match: {index: perhaps-not, document: {/a: 1}}, set: {id: "${/a}"}}
- {name: f, match: {index: each}, set: {index: "${/a}"}}
- {name: g, match: {index: jq}, jq: .}
- {name: h, match: {index: jq}, drop: true}
- {name: i, match: {index: maybe, where: a}, set: {index: other}}
"#;
    let rules = declared(yaml).unwrap();
    for (index, doc_type, wanted) in [
        ("x", Some("gone"), "dropped"),
        ("logs-2", Some("web"), "old-2-web/"),
        ("logs-2", None, "logs-2/?"),
        ("perhaps", Some("t"), "perhaps/t"),
        ("maybe", Some("t"), "maybe/t?"),
        ("perhaps-not", Some("t"), "perhaps-not/t"),
        ("each", Some("t"), "each/?"),
        ("jq", Some("t"), "jq/t?"),
        ("other", Some("t"), "other/t"),
    ] {
        assert_eq!(told(&rules, index, doc_type), wanted, "{index}");
    }
    assert_eq!(told(&script("return all;"), "x", Some("t")), "x/t?");
    assert_eq!(told(&transformers("NoopTransformerProvider"), "x", Some("t")), "x/t");
    assert_eq!(told(&transformers("JsonTransformerForDocumentTypeRemovalProvider"), "x", Some("t")), "x/");
}

/// As people write it, for replay and backfill alike.
const TYPES: &str = r#"[{"TypeMappingSanitizationTransformerProvider":{
    "staticMappings":{"shop":{"user":"users","post":"shop","order":"sh+op"},"empty":{}},
    "regexMappings":[{"sourceIndexPattern":"(time.*)","sourceTypePattern":"(cpu|m.m)","targetIndexPattern":"$1-$2"},
        {"sourceIndexPattern":"(keep.*)","sourceTypePattern":".*","targetIndexPattern":"$1"}],
    "sourceProperties":{"version":{"major":5,"minor":6}}}}]"#;

/// Where the replayer sends an item of a bulk that was captured.
fn replayed(rules: &Transformers, index: &str, doc_type: &str) -> Option<String> {
    let action = serde_json::json!({"index": {"_index": index, "_type": doc_type, "_id": "1"}});
    let body = format!("{action}\n{{}}\n");
    let headers = std::iter::empty::<&[u8]>().collect();
    let mut request =
        Request::new("POST", "/_bulk", None, headers, Cow::Borrowed(body.as_bytes()), |_, _| {
            Err(String::new())
        });
    rules.apply(&mut request).ok()?;
    let sent: HashMap<String, HashMap<String, String>> =
        serde_json::from_slice(request.body().unwrap().split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert!(!sent["index"].contains_key("_type"));
    Some(sent["index"]["_index"].clone())
}

proptest! {
    /// Live traffic and history must meet in the same index.
    #[test]
    fn replay_and_backfill_send_a_type_to_the_same_index(
        index in "shop|empty|time-[a-z]{0,3}|keep[a-z]{0,3}|other|[a-z]{1,4}",
        doc_type in "user|post|order|cpu|mem|_doc|[a-z]{1,4}",
        default in any::<bool>(),
    ) {
        let config = if default { "TypeMappingSanitizationTransformerProvider" } else { TYPES };
        let replay = Transformers::parse(config, &NoFiles, None).unwrap();
        let backfill = transformers(config);
        let one = Document { index: index.as_str().into(), doc_type: Some(doc_type.as_str().into()), ..document(ODD) };
        let documents = backfill.apply(one).unwrap();
        let loaded = documents.first().map(|document| document.index.to_string());
        let told = match backfill.foresee(&index, Some(&doc_type)) {
            Some(Foreseen { index, doc_type: None, certain: true }) => Some(index),
            None => None,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!((&loaded, &told), (&replayed(&replay, &index, &doc_type), &loaded));
        prop_assert!(documents.iter().all(|document| document.doc_type.is_none() && document.source == ODD.as_bytes()));
    }

    /// A rule on one member leaves all others as they were.
    #[test]
    fn edits_leave_the_rest_byte_for_byte(
        before in "[ ]{0,2}", number in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        text in "([a-zA-Z0-9 é\u{1f600}]|\\\\n|\\\\u00e9|\\\\\"){0,12}",
    ) {
        let rest = format!("{before}\"a\" :{number},\"a\":{before}\"{text}\"");
        let source = format!("{{{rest},\"x\":1}}");
        let rules = [
            declared("- {name: a, remove: {document: [/x]}}").unwrap(),
            declared("- {name: a, jq: 'del(.document.x)'}").unwrap(),
            script("delete all[0].document.x; return all;"),
        ];
        for rules in &rules {
            let documents = rules.apply(document(&source)).unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&documents[0].source), format!("{{{}}}", rest));
        }
    }

    /// Whatever a rule is given and returns, it is an error or a document that can be sent.
    #[test]
    fn any_result_is_told_or_can_be_sent(result in "(?s).{0,60}|\\[?\\{\"operation\":\\{(\"_i(d|ndex)\":(\"a\"|1|null|\\{\\}),?){0,3}\\},\"document\":(\\{\\}|1)\\}\\]?") {
        for document in message::read(&result, &document(ODD), Numbers::Exact).unwrap_or_default() {
            prop_assert!(!document.index.is_empty() && !document.id.is_empty());
            prop_assert!(crate::json::check(&document.source).is_ok());
        }
    }
}
