//! `clusters curl` against a scripted cluster.

use std::fs;

use crate::scripted::{Scripted, nobody};
use crate::services_file::Services;

fn echo() -> Scripted {
    Scripted::with_bodies(|request, body| match request {
        "GET /missing" => (404, r#"{"error":"no such index"}"#.to_owned()),
        request => (200, format!("{request} <{body}>")),
    })
}

#[test]
fn the_answer_is_printed_as_it_came() {
    let source = echo();
    let services = Services::both(&source.uri(), &nobody());
    for (arguments, expected) in [
        (&["source", "/_cat/indices?v"][..], "GET /_cat/indices?v <>\n"),
        (&["source_cluster", "books/_count"], "GET /books/_count <>\n"),
        (&["source", "/b/_search", "-X", "post", "-d", r#"{"size":0}"#], "POST /b/_search <{\"size\":0}>\n"),
        (&["source", "/b", "-X", "PUT", "--json", "{}"], "PUT /b <{}>\n"),
        (&["source", "/b", "-X", "PUT", "--json={}"], "PUT /b <{}>\n"),
        (&["source", "/b", "-X", "HEAD"], ""),
    ] {
        let run = services.run(&[&["clusters", "curl"], arguments].concat());
        assert_eq!((run.code, &*run.stdout, &*run.stderr), (0, expected, ""), "{arguments:?}");
    }
    let body = services.folder.path().join("body.json");
    fs::write(&body, "from a file").unwrap();
    let at = format!("@{}", body.display());
    let run =
        services.run(&["clusters", "curl", "source", "/x", "-X", "PUT", "-d", &at, "-H", "X-Opaque-Id: me"]);
    assert_eq!(run.stdout, "PUT /x <from a file>\n");
    assert!(source.heads().last().unwrap().contains("x-opaque-id: me\r\n"));
    assert!(source.heads().last().unwrap().contains("content-type: application/json\r\n"));
}

#[test]
fn what_is_no_success_fails() {
    let source = echo();
    let down = nobody();
    let services = Services::both(&source.uri(), &down);
    let run = services.run(&["clusters", "curl", "source", "/missing"]);
    assert_eq!((run.code, &*run.stdout), (1, "{\"error\":\"no such index\"}\n"));
    assert!(run.stderr.ends_with("/missing: answered 404 Not Found\n"), "{}", run.stderr);
    let run = services.run(&["clusters", "curl", "target", "/"]);
    assert_eq!((run.code, &*run.stdout), (1, ""));
    assert!(run.stderr.contains(&down), "{}", run.stderr);
    let run = services.run(&["clusters", "curl", "source", "/", "-H", "Authorization sesame"]);
    assert_eq!(run.code, 2);
    let run = services.run(&["clusters", "curl", "proxy", "/"]);
    assert_eq!(run.code, 2);
}

#[test]
fn a_cluster_that_hangs_is_not_waited_for() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let run = Services::both(&address, &address).run(&["clusters", "curl", "source", "/", "--timeout", "1"]);
    assert_eq!((run.code, &*run.stdout), (1, ""));
    let expected =
        format!("error: {address}: Request timed out after 1s. Use --timeout to specify a longer timeout.\n");
    assert_eq!(run.stderr, expected);
}
