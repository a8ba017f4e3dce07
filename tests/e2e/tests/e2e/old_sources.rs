//! Traffic of Elasticsearch 1, 2, 5 and 6, each in its own words, replayed to OpenSearch: what they answered and what they
//! hold must be the same there.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use switchover_http1::RequestKind;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::{Connection, ask};
use switchover_testkit::lab::Lab;

/// Old servers run one at a time: each takes half a gigabyte, and the machine runs other tests beside them.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// More than any index here holds.
const PAGE: usize = 1000;

/// How a version says what all of them can do.
struct Dialect {
    version: &'static str,
    /// An update that adds 1 to `n`; none where the lab's server has no scripts.
    script: Option<&'static str>,
    /// What an index template calls the names that it is for.
    template: &'static str,
    scroll: Scroll,
}

/// Where the id stands by which a scroll goes on.
enum Scroll {
    /// It is the body.
    Bare,
    /// In the query.
    Url,
    /// In an object.
    Json,
}

impl Dialect {
    fn is_before(&self, major: u32) -> bool {
        self.version
            .split('.')
            .next()
            .and_then(|first| first.parse().ok())
            .is_some_and(|own: u32| own < major)
    }

    /// Names of its own, since all of them are replayed to one target.
    fn index(&self) -> String {
        format!("old-{}", self.version)
    }

    /// An index whose fields are `string`, which no target knows: made on both sides before the capture, as the metadata
    /// migration does. Only Elasticsearch 1 and 2 have it.
    fn strings(&self) -> Option<String> {
        self.is_before(5).then(|| format!("{}-strings", self.index()))
    }

    /// Method, path, body and status of each request, in order; they depend on each other.
    fn requests(&self) -> Vec<(&'static str, String, String, u16)> {
        let index = self.index();
        let at = |rest: &str| format!("/{index}{rest}");
        let typed = |rest: &str| format!("/{index}/t{rest}");
        let settings = r#""settings":{"number_of_shards":2,"number_of_replicas":0}"#;
        let mapping = r#""t":{"properties":{"n":{"type":"double"},"big":{"type":"object","enabled":false}}}"#;
        let search = r#"{"query":{"range":{"n":{"gte":0}}},"sort":[{"n":"asc"}],"size":50}"#;
        let mut all = vec![
            ("GET", "/".to_owned(), String::new(), 200),
            ("PUT", format!("/_template/{index}"), self.template_body(), 200),
            ("PUT", at(""), format!("{{{settings},\"mappings\":{{{mapping}}}}}"), 200),
            ("PUT", at("/_mapping/t"), r#"{"t":{"properties":{"late":{"type":"long"}}}}"#.to_owned(), 200),
            ("GET", at("/_mapping/t"), String::new(), 200),
            ("HEAD", at(""), String::new(), 200),
            ("PUT", typed("/1"), r#"{"n": 1.10, "s":"a"}"#.to_owned(), 201),
            ("PUT", typed("/1"), r#"{"n": 2.50, "s":"again"}"#.to_owned(), 200),
            ("POST", typed(""), r#"{"n": 3, "s":"generated"}"#.to_owned(), 201),
            (
                "POST",
                typed("?refresh=true"),
                r#"{"n":4,"big":{"digits":12345678901234567890123,"f":1.10}}"#.to_owned(),
                201,
            ),
            ("PUT", typed("/2/_create"), r#"{"n": 5, "s":"b"}"#.to_owned(), 201),
            ("PUT", typed("/2/_create"), r#"{"n": 6}"#.to_owned(), 409),
            ("PUT", typed("/2?op_type=create"), r#"{"n": 6}"#.to_owned(), 409),
            ("PUT", typed("/a%2Fb%20%C3%A9"), r#"{"n": 7}"#.to_owned(), 201),
            ("PUT", typed("/routed?routing=r%201"), r#"{"n": 8}"#.to_owned(), 201),
            ("PUT", typed("/external?version=7&version_type=external"), r#"{"n": 9}"#.to_owned(), 201),
            ("PUT", typed("/external?version=5&version_type=external"), r#"{"n": 0}"#.to_owned(), 409),
            ("POST", typed("/1/_update"), r#"{"doc":{"late": 7,"s":"partial"}}"#.to_owned(), 200),
            (
                "POST",
                typed("/up/_update"),
                r#"{"doc":{"n":10},"upsert":{"n":11,"s":"upserted"}}"#.to_owned(),
                201,
            ),
            ("POST", typed("/missing/_update"), r#"{"doc":{"n":1}}"#.to_owned(), 404),
            ("POST", "/_bulk?refresh=true".to_owned(), self.bulk(), 200),
            (
                "POST",
                typed("/_bulk"),
                "{\"create\":{\"_id\":\"13\"}}\n{\"n\": 13}\n{\"delete\":{\"_id\":\"12\"}}\n".to_owned(),
                200,
            ),
            ("DELETE", typed("/2"), String::new(), 200),
            ("DELETE", typed("/2"), String::new(), 404),
            ("POST", at("/_refresh"), String::new(), 200),
            ("POST", at("/_flush"), String::new(), 200),
            ("GET", typed("/1"), String::new(), 200),
            ("GET", typed("/routed?routing=r%201"), String::new(), 200),
            ("GET", typed("/1/_source"), String::new(), 200),
            ("GET", typed("/2"), String::new(), 404),
            ("HEAD", typed("/1"), String::new(), 200),
            ("HEAD", typed("/2"), String::new(), 404),
            ("POST", typed("/_search"), search.to_owned(), 200),
            ("GET", typed("/_search?q=n:%5B1%20TO%205%5D&sort=n:desc"), String::new(), 200),
            (
                "POST",
                typed("/_search?size=0"),
                r#"{"query":{"match_all":{}},"aggs":{"sum":{"sum":{"field":"late"}}}}"#.to_owned(),
                200,
            ),
            ("GET", typed("/_count"), String::new(), 200),
            ("POST", typed("/_mget"), r#"{"docs":[{"_id":"1"},{"_type":"t","_id":"none"}]}"#.to_owned(), 200),
            (
                "POST",
                "/_mget".to_owned(),
                format!(r#"{{"docs":[{{"_index":"{index}","_type":"t","_id":"external"}}]}}"#),
                200,
            ),
            ("POST", "/_msearch".to_owned(), self.searches(search), 200),
            ("PUT", format!("/{index}-by-template/t/1?refresh=true"), r#"{"n": 1.50}"#.to_owned(), 201),
            ("GET", format!("/{index}-by-template/_mapping"), String::new(), 200),
        ];
        if let Some(script) = self.script {
            all.push(("POST", typed("/1/_update?refresh=true"), script.to_owned(), 200));
        }
        if self.is_before(5) {
            all.push(("POST", at("/_optimize?max_num_segments=1"), String::new(), 200));
        }
        if let Some(strings) = self.strings() {
            let body = r#"{"tag":"exact value","words":"of the text"}"#.to_owned();
            all.push(("PUT", format!("/{strings}/t/1?refresh=true"), body, 201));
            let query = r#"{"query":{"term":{"tag":"exact value"}},"sort":["tag"]}"#;
            all.push(("POST", format!("/{strings}/t/_search"), query.to_owned(), 200));
        }
        all
    }

    fn template_body(&self) -> String {
        let names = match self.template {
            "template" => json!(format!("{}-by-*", self.index())),
            _ => json!([format!("{}-by-*", self.index())]),
        };
        let mappings = json!({ "t": { "properties": { "n": { "type": "double" } } } });
        json!({ self.template: names, "order": 1, "settings": { "number_of_replicas": 0 }, "mappings": mappings })
            .to_string()
    }

    fn bulk(&self) -> String {
        let meta = format!(r#""_index":"{}","_type":"t""#, self.index());
        format!(
            "{{\"index\":{{{meta},\"_id\":\"11\"}}}}\n{{\"n\": 11.10,\"s\":\"c\"}}\n\
             {{\"index\":{{{meta}}}}}\n{{\"n\":12,\"s\":\"generated in a bulk\"}}\n\
             {{\"create\":{{{meta},\"_id\":\"12\",\"_routing\":\"r\"}}}}\n{{\"n\":12}}\n\
             {{\"create\":{{{meta},\"_id\":\"11\"}}}}\n{{\"n\":0}}\n\
             {{\"update\":{{{meta},\"_id\":\"11\",\"_retry_on_conflict\":2}}}}\n{{\"doc\":{{\"late\":5}}}}\n\
             {{\"delete\":{{{meta},\"_id\":\"nobody\"}}}}\n"
        )
    }

    fn searches(&self, search: &str) -> String {
        let index = self.index();
        format!("{{\"index\":\"{index}\",\"type\":\"t\"}}\n{search}\n{{\"index\":\"{index}\"}}\n{search}\n")
    }

    /// A scroll to its end, by the ids that the source gives.
    fn scroll(&self, connection: &mut Connection) {
        let path = format!("/{}/t/_search?scroll=1m", self.index());
        let mut page = connection.send("POST", &path, r#"{"size":4,"sort":["n"]}"#).unwrap().json();
        while page["hits"]["hits"].as_array().is_some_and(|hits| !hits.is_empty()) {
            let id = page["_scroll_id"].as_str().expect("a scroll's id");
            let answer = match self.scroll {
                Scroll::Bare => connection.send("POST", "/_search/scroll?scroll=1m", id),
                Scroll::Url => {
                    connection.send("GET", &format!("/_search/scroll?scroll=1m&scroll_id={id}"), "")
                }
                Scroll::Json => {
                    let body = json!({ "scroll": "1m", "scroll_id": id }).to_string();
                    connection.send("POST", "/_search/scroll", &body)
                }
            };
            page = answer.unwrap().json();
        }
    }
}

/// As curl sends JSON when nobody tells it what it is: Elasticsearch did not look until 6.
fn as_a_form(connection: &mut Connection, path: &str, body: &str) {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    connection.write(format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).unwrap();
    let answer = connection.answer(RequestKind::Other).unwrap();
    assert!(answer.status < 300, "{path}: {}", String::from_utf8_lossy(&answer.body));
}

/// Id, source and routing of every document. Versions until 2 tell the routing only when asked for it.
fn documents(url: &str, index: &str) -> BTreeMap<String, Value> {
    ask(url, "POST", &format!("/{index}/_refresh"), "");
    let fields = "?fields=_routing,_source&size=";
    let answer = ask(url, "GET", &format!("/{index}/_search{fields}{PAGE}"), "");
    let answer = if answer.status == 200 {
        answer
    } else {
        ask(url, "GET", &format!("/{index}/_search?size={PAGE}"), "")
    };
    let answer = answer.json();
    let hits = answer["hits"]["hits"].as_array().unwrap_or_else(|| panic!("no hits in {answer}"));
    let document = |hit: &Value| {
        let routing = [&hit["_routing"], &hit["fields"]["_routing"]].into_iter().find(|it| !it.is_null());
        let id = hit["_id"].as_str().expect("an id").to_owned();
        (id, json!({ "source": hit["_source"], "routing": routing }))
    };
    hits.iter().map(document).collect()
}

/// Elasticsearch 1 does not show a document's routing when it returns the document.
fn only_routing_is_shown(tuple: &Value) -> bool {
    let differences = tuple["comparison"]["differences"].as_array().map(Vec::as_slice).unwrap_or_default();
    !differences.is_empty()
        && differences.iter().all(|difference| {
            difference["kind"] == "extra"
                && difference["path"].as_str().is_some_and(|path| path.ends_with("_routing"))
        })
}

fn replayed(dialect: &Dialect) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (source, target) = (Lab::private_elasticsearch(dialect.version), Lab::opensearch("2.19"));
    let directory = tempfile::tempdir().unwrap();
    let index = dialect.index();
    ask(target.url(), "DELETE", &format!("/{index}*"), "");
    if let Some(strings) = dialect.strings() {
        let old = r#"{"mappings":{"t":{"properties":{"tag":{"type":"string","index":"not_analyzed"},"words":{"type":"string"}}}}}"#;
        let new = r#"{"mappings":{"properties":{"tag":{"type":"keyword"},"words":{"type":"text"}}}}"#;
        for (url, body) in [(source.url(), old), (target.url(), new)] {
            assert_eq!(ask(url, "PUT", &format!("/{strings}"), body).status, 200);
        }
    }
    let mut agent = Agent::start(source.url(), directory.path(), &[]);
    let mut connection = Connection::open(&agent.address).unwrap();
    let requests = dialect.requests();
    for (method, path, body, status) in &requests {
        let answer = connection.send(method, path, body).unwrap();
        assert_eq!(answer.status, *status, "{method} {path}: {}", String::from_utf8_lossy(&answer.body));
    }
    if dialect.is_before(6) {
        as_a_form(&mut connection, &format!("/{index}/t/form?refresh=true"), r#"{"n": 20}"#);
        let bulk = "{\"index\":{\"_id\":\"form in bulk\"}}\n{\"n\": 21}\n";
        as_a_form(&mut connection, &format!("/{index}/t/_bulk?refresh=true"), bulk);
    }
    dialect.scroll(&mut connection);
    drop(connection);
    assert!(agent.terminate().success());

    let log = Agent::log_dir(directory.path());
    let input = ["--captureLogDir", log.to_str().unwrap(), "--speedupFactor", "max", "--rewrite", "auto"];
    let finished = crate::replay::replay(target.url(), directory.path(), &input);
    let tuples = std::fs::read_to_string(directory.path().join("tuples/tuples.log")).unwrap();
    let tuples: Vec<Value> = tuples.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(tuples.len() > requests.len(), "{} tuples, and a scroll is among them", tuples.len());
    let different: Vec<String> = tuples
        .iter()
        .filter(|tuple| !only_routing_is_shown(tuple) || !dialect.is_before(2))
        .filter(|tuple| tuple["comparison"]["verdict"] == "different")
        .map(|tuple| {
            let (asked, sent) = (&tuple["sourceRequest"], &tuple["targetRequest"]);
            let answers = [&tuple["sourceResponse"]["payload"], &tuple["targetResponses"][0]["payload"]];
            let line = |request: &Value| format!("{} {}", request["Method"], request["Request-URI"]);
            format!(
                "{} as {}: {}\n  {answers:?}",
                line(asked),
                line(sent),
                tuple["comparison"]["differences"]
            )
        })
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
    // 3: some differ, which are those of routings.
    assert_eq!(finished.code, Some(if dialect.is_before(2) { 3 } else { 0 }), "{finished:?}");

    let mut indices = vec![index.clone(), format!("{index}-by-template")];
    indices.extend(dialect.strings());
    for index in indices {
        let (here, there) = (documents(source.url(), &index), documents(target.url(), &index));
        assert!(!here.is_empty(), "{index} is empty");
        assert_eq!(here, there, "{index}");
    }
}

#[test]
fn elasticsearch_1() {
    replayed(&Dialect {
        version: "1.7.6",
        script: Some(r#"{"script":"ctx._source.n += 1"}"#),
        template: "template",
        scroll: Scroll::Bare,
    });
}

#[test]
fn elasticsearch_2() {
    replayed(&Dialect {
        version: "2.4.6",
        script: Some(r#"{"script":{"inline":"ctx._source.n += 1"}}"#),
        template: "template",
        scroll: Scroll::Url,
    });
}

#[test]
fn elasticsearch_5() {
    replayed(&Dialect {
        version: "5.6.16",
        script: Some(r#"{"script":{"inline":"ctx._source.n += 1","lang":"painless"}}"#),
        template: "template",
        scroll: Scroll::Json,
    });
}

#[test]
fn elasticsearch_6() {
    replayed(&Dialect { version: "6.8.23", script: None, template: "index_patterns", scroll: Scroll::Json });
}
