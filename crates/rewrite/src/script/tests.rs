use std::borrow::Cow;

use super::*;

fn script(body: &str) -> Result<Script, String> {
    let source =
        format!("function main(context) {{\n  return (request) => {{ {body} }};\n}}\n(() => main)()");
    let limits = Limits { call: Duration::from_millis(300), heap_bytes: 16 * 1024 * 1024 };
    Script::with_limits("t.js".to_owned(), source, r#"{"prefix":"x-"}"#.to_owned(), limits)
}

const BODY: &str = "{\"big\": 1234567890123456789012345, \"n\" : 1.10, \"g\":1, \"a\":{\"b\":[1, 2]}}\n";

fn run(script: &Script) -> Result<(String, String), Stop> {
    let headers = [b"Host: a".as_slice(), b"X-Old:  1", b"x-old: 2"].into_iter().collect();
    let body = Cow::Borrowed(BODY.as_bytes());
    let mut request = Request::new("POST", "/a/_doc", None, headers, body, |_, _| Err("coded".to_owned()));
    script.apply(&mut request)?;
    let lines: String =
        request.headers().lines().map(|line| format!("{}|", String::from_utf8_lossy(line))).collect();
    let head = format!("{} {} {lines}", request.method(), request.target());
    let body = request.edited().body.then(|| String::from_utf8_lossy(request.body().unwrap()).into_owned());
    Ok((head, body.unwrap_or_else(|| "as it was".to_owned())))
}

fn ran(body: &str) -> (String, String) {
    run(&script(body).unwrap()).unwrap()
}

const HEAD: &str = "POST /a/_doc Host: a|X-Old:  1|x-old: 2|";

#[test]
fn as_map_and_as_object() {
    assert_eq!(ran("return request;"), (HEAD.to_owned(), "as it was".to_owned()));
    assert_eq!(ran("request.payload.inlinedJsonBody; return request;").1, "as it was");
    let body = "request.get('payload').get('inlinedJsonBody').get('a').set('c', request.has('URI')); return request;";
    assert_eq!(ran(body).1, BODY.replace("[1, 2]", "[1, 2],\"c\":true"));
    let body = "delete request.payload.inlinedJsonBody.n; request.payload.inlinedJsonBody.a.b[1] = 'x'; return request;";
    assert_eq!(
        ran(body).1,
        BODY.replace(", \"n\" : 1.10", "").replace("2]", "\"x\"]").replace("345 ,", "345,")
    );
    let body = "const m = new Map(Object.entries(request)); m.set('method', 'PUT'); return m;";
    assert_eq!(ran(body), (HEAD.replace("POST", "PUT"), "as it was".to_owned()));
    let body = "return { ...request, URI: '/b?x=1', payload: new Map([['inlinedTextBody', 'T']]) };";
    assert_eq!(ran(body), (HEAD.replace("/a/_doc", "/b?x=1"), "T".to_owned()));
    let body = "for (const [k, v] of request.payload.inlinedJsonBody.a.entries()) request.URI = '/' + k + v; return request;";
    assert_eq!(ran(body).0, HEAD.replace("/a/_doc", "/b1,2"));
}

#[test]
fn headers_without_regard_to_case() {
    let body = "request.headers['HOST'] = 'b'; request.headers.set('X-OLD', ['1', '3']); \
                request.headers[context.get('prefix') + 'new'] = request.headers.get('x-OLD').length; return request;";
    assert_eq!(ran(body).0, "POST /a/_doc Host: b|X-Old:  1|x-old: 3|x-new: 2|");
    assert_eq!(ran("request.headers.delete('x-OLD'); return request;").0, "POST /a/_doc Host: a|");
}

#[test]
fn promises() {
    assert_eq!(
        ran("return Promise.resolve(request).then(r => { r.method = 'PUT'; return r; });").0,
        HEAD.replace("POST", "PUT")
    );
    let error = run(&script("return Promise.reject(new Error('no'));").unwrap()).unwrap_err();
    assert!(error.to_string().contains("no"), "{error}");
}

#[test]
fn what_goes_wrong_is_told() {
    for (body, wanted) in [
        ("throw new Error('my reason');", "t.js: my reason (at <anonymous> (t.js:2"),
        ("return nothing.at.all;", "nothing is not defined"),
        ("return null;", "returned nothing"),
        ("return [request, request];", "can't become several"),
        ("return 5;", "no request"),
        ("for (;;) {}", "took longer than 300 ms"),
        ("try { for (;;) {} } catch (e) {} return request;", "took longer than 300 ms"),
        ("const all = []; for (;;) all.push(new Array(1000).fill(1));", "memory"),
        ("const f = () => f() + 1; return f();", "stack"),
        ("return require('fs');", "not defined"),
        ("return fetch('http://x/');", "not defined"),
        ("request.payload = 5; return request;", "payload is no object"),
    ] {
        let script = script(body).unwrap();
        let error = run(&script).unwrap_err().to_string();
        assert!(error.contains(wanted), "{body}: {error}");
        // And again, with a new engine.
        assert!(run(&script).is_err());
    }
    for (source, wanted) in [
        ("function main( {", "t.js"),
        ("5", "must end in (() => main)()"),
        ("(() => (bindings) => 5)()", "must return a function"),
        ("for(;;){}", "took longer"),
    ] {
        let limits = Limits { call: Duration::from_millis(200), heap_bytes: 16 * 1024 * 1024 };
        let error = Script::with_limits("t.js".into(), source.into(), "{}".into(), limits).unwrap_err();
        assert!(error.contains(wanted), "{source}: {error}");
    }
}

#[test]
fn many_threads_share_a_script() {
    let script = script("request.payload.inlinedJsonBody.t = 1; return request;").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| assert!(run(&script).unwrap().1.contains("\"t\":1"))));
        }
    });
    assert!(script.idle.lock().unwrap().len() <= 4);
}
