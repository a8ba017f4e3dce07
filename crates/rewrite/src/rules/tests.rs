use std::borrow::Cow;

use super::*;

fn applied(yaml: &str, line: &str, body: &str) -> Result<(String, String, String), Stop> {
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let headers = [b"Host: a".as_slice(), b"X-A:  1", b"X-B: 2"].into_iter().collect();
    let body = Cow::Borrowed(body.as_bytes());
    let mut request = Request::new(method, path, query, headers, body, |_, _| Err("coded".to_owned()));
    Rules::parse("rules.yaml", yaml).unwrap().apply(&mut request)?;
    let lines = request.headers().lines().map(|line| format!("{}|", String::from_utf8_lossy(line))).collect();
    let line = format!("{} {}", request.method(), request.target());
    Ok((line, lines, String::from_utf8(request.body().unwrap().to_vec()).unwrap()))
}

const ODD: &str = "{ \"n\" : 1.10, \"debug\":1, \"old\":{\"x\":12345678901234567890123} }";

#[test]
fn everything_at_once() {
    let yaml = r#"
- name: all of it
  match: { method: [PUT, POST], path: "/logs-*/_doc/**" }
  rename: { headers: { x-a: X-C }, query: { timeout: cluster_manager_timeout }, body: { /old: new } }
  remove: { headers: [x-b], query: [pretty], body: [/debug, /none] }
  set:
    method: PUT
    path: "/test-$1/_create/$2"
    headers: { X-Tenant: a, Host: other, Content-Length: 5 }
    query: { routing: "a b", refresh: true }
    body: { /tenant: { id: 7 } }
"#;
    let (line, headers, body) =
        applied(yaml, "POST /logs-1/_doc/a/b?timeout=1s&pretty&refresh", ODD).unwrap();
    assert_eq!(line, "PUT /test-1/_create/a/b?cluster_manager_timeout=1s&refresh=true&routing=a%20b");
    assert_eq!(headers, "Host: a|X-C:  1|X-Tenant: a|");
    assert_eq!(body, "{ \"n\" : 1.10, \"new\":{\"x\":12345678901234567890123},\"tenant\":{\"id\":7} }");
    for line in ["GET /logs-1/_doc/a", "POST /logs-1/x/_doc/a", "POST /xlogs-1/_doc/a"] {
        let (same, headers, body) = applied(yaml, line, ODD).unwrap();
        assert_eq!((same.as_str(), headers.as_str(), body.as_str()), (line, "Host: a|X-A:  1|X-B: 2|", ODD));
    }
}

#[test]
fn lines_of_bulks_and_searches() {
    let yaml = r#"
- name: bulk
  match: { path: "**/_bulk" }
  set: { actions: { /pipeline: p }, documents: { /t: 1 } }
- name: searches
  match: { path: /_msearch }
  remove: { actions: [/preference] }
  rename: { documents: { /size: limit } }
"#;
    assert!(Rules::parse("r", yaml).unwrap_err().to_string().contains("does not begin with /"));
    let yaml = yaml.replace("**/_bulk", "/**_bulk");
    let bulk = "{\"index\":{ }}\n{ \"n\":1.10}\n{\"delete\":{\"_id\":\"1\"}}\n";
    assert_eq!(
        applied(&yaml, "POST /a/_bulk", bulk).unwrap().2,
        "{\"index\":{\"pipeline\":\"p\" }}\n{ \"n\":1.10,\"t\":1}\n{\"delete\":{\"_id\":\"1\",\"pipeline\":\"p\"}}\n"
    );
    let searches = "{\"preference\":\"x\"}\n{ \"size\":1}\n\n{}\n";
    assert_eq!(applied(&yaml, "GET /_msearch", searches).unwrap().2, "{}\n{ \"limit\":1}\n\n{}\n");
    let yaml = "- {name: bulk, set: {documents: {/t: 1}}}";
    let stop = applied(yaml, "POST /_bulk", "{\"index\":{}}\nbroken\n").unwrap_err();
    assert_eq!(stop.to_string(), "rule 'bulk': the body, from byte 13 on: not JSON (at byte 0)");
}

#[test]
fn jq_and_rejection() {
    let yaml = "- {name: j, match: {path: /a}, jq: '.payload.inlinedJsonBody.n *= 2'}\n- {name: no, match: {path: /b}, reject: true}\n";
    assert_eq!(applied(yaml, "POST /a", "{\"n\" : 2}").unwrap().2, "{\"n\" : 4}");
    let rejected = applied(yaml, "POST /b", "").unwrap_err();
    assert_eq!(rejected, Stop::Rejected { filter: "rule 'no': rejected".to_owned() });
    let failed = applied(yaml, "POST /a", "{\"n\":{}}").unwrap_err();
    assert!(matches!(&failed, Stop::Failed { reason } if reason.starts_with("rule 'j': jq: ")), "{failed}");
}

#[test]
fn a_rule_that_can_not_be_followed_stops_the_request() {
    let yaml = "- {name: s, set: {body: {/a/b: 1}}}";
    for (body, reason) in [
        ("{\"a\":1}", "rule 's': the body: the pointer leads nowhere (at byte 5)"),
        ("no json", "rule 's': the body: not JSON (at byte 1)"),
    ] {
        assert_eq!(applied(yaml, "PUT /x", body).unwrap_err(), Stop::failed(reason));
    }
    assert_eq!(applied(yaml, "GET /x", "").unwrap().2, "");
}

#[test]
fn wrong_rules_name_file_line_and_rule() {
    for (yaml, wanted) in [
        (
            "- {name: a, reject: true}\n\n- name: b\n  jq: '.a |'\n",
            "rules.yaml, line 3: rule 'b': not a jq expression",
        ),
        ("- name: b\n  set: {body: {a: 1}}\n", "'a' is not a JSON pointer"),
        ("- name: b\n  sett: {}\n", "sett"),
        ("- name: b\n", "rule 'b': it does nothing"),
        ("- name: b\n  match: {method: put}\n  reject: true\n", "rule 'b': 'put' is not a method"),
        ("- name: b\n  set: {path: x}\n", "rule 'b': set.path must begin with /"),
        ("name: b\n", "sequence"),
    ] {
        let error = Rules::parse("rules.yaml", yaml).unwrap_err().to_string();
        assert!(error.starts_with("rules.yaml") && error.contains(wanted), "{error}");
        assert!(error.contains("line ") || wanted == "sequence", "{error}");
    }
}
