use super::*;
use switchover_http1::{RequestEvent, RequestFramer};
use switchover_rest::secrets::SECRET_HEADERS;

fn redaction(key: &[u8]) -> Redaction {
    let headers = SECRET_HEADERS.iter().map(|&name| name.to_owned()).collect();
    Redaction::new(&Redacted { headers, urls: true, bodies: true }, key)
}

fn redacted(redaction: &Redaction, request: &str) -> Option<String> {
    let mut framer = RequestFramer::new();
    let (_, Some(RequestEvent::Head(head))) = framer.step(request.as_bytes()) else { panic!("{request}") };
    redaction.request(&head).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn values_change_and_nothing_else_does() {
    let request = |value: &str, cookie: &str| {
        format!(
            "GET /x HTTP/1.1\r\nHost: a\r\nAUTHORIZATION:  {value} \r\nCookie:\r\nX: 1\r\ncookie: {cookie}\r\n\r\n"
        )
    };
    let out = redacted(&redaction(b"key"), &request("Basic abc", "s=1")).unwrap();
    assert!(!out.contains("abc") && !out.contains("s=1"), "{out}");
    let values: Vec<&str> = out
        .lines()
        .filter_map(|line| line.split_once(REDACTED_PREFIX))
        .map(|(_, hash)| hash.trim_end())
        .collect();
    assert_eq!(values.len(), 2);
    assert!(values.iter().all(|hash| hash.len() == 2 * KEPT_HASH_BYTES) && values[0] != values[1]);
    let around =
        request(&format!("{REDACTED_PREFIX}{}", values[0]), &format!("{REDACTED_PREFIX}{}", values[1]));
    assert_eq!(out, around);
    // the same secret is the same hash, under the same key only
    assert_eq!(redacted(&redaction(b"key"), &request("Basic abc", "s=1")).unwrap(), out);
    assert_ne!(redacted(&redaction(b"other"), &request("Basic abc", "s=1")).unwrap(), out);
}

#[test]
fn secrets_in_urls_are_replaced_and_the_head_stays_well_formed() {
    let request = "GET http://bob:pw@h:9200/a?token=t0k&x=1&api_key=k3y HTTP/1.1\r\nHost: a\r\nReferer: http://h/?pwd=p4s#a\r\nCookie: c\r\n\r\n";
    let out = redacted(&redaction(b"key"), request).unwrap();
    let hash = |value: &str| redaction(b"key").replacement(value.as_bytes());
    let expected = request
        .replace("bob:pw", &hash("bob:pw"))
        .replace("t0k&", &format!("{}&", hash("t0k")))
        .replace("k3y", &hash("k3y"))
        .replace("p4s", &hash("p4s"))
        .replace("Cookie: c", &format!("Cookie: {}", hash("c")));
    assert_eq!(out, expected);
    assert!(redacted(&redaction(b"key"), &out).is_some(), "it is framed as before");
    let as_they_are = Redacted { urls: false, ..Redacted::default() };
    assert_eq!(redacted(&Redaction::new(&as_they_are, b"key"), request), None);
}

#[test]
fn a_head_without_secrets_is_left_as_it_is() {
    assert_eq!(
        redacted(
            &redaction(b"key"),
            "GET /?authorization2=x HTTP/1.1\r\nHost: a\r\nauthorization2: b\r\n\r\n"
        ),
        None
    );
    let nothing = Redaction::new(&Redacted::default(), b"key");
    assert_eq!(redacted(&nothing, "GET / HTTP/1.1\r\nauthorization: b\r\n\r\n"), None);
}

#[test]
fn a_body_in_the_query_is_as_secret_as_one_behind_the_head() {
    assert_eq!(redaction(b"key").bodies(b"/_reindex?source={}"), Bodies::Secret);
    assert!(matches!(redaction(b"key").bodies(b"/_reindex?slices=2"), Bodies::Mixed { .. }));
    assert_eq!(Redaction::new(&Redacted::default(), b"key").bodies(b"/_security/user/a"), Bodies::Open);
}

#[test]
fn torn_heads_are_masked_whatever_the_split() {
    let head = "\r\nGET http://u:pw@h/x?token=t HTTP/1.1\r\nHost: a\r\nAUTHORIZATION : Basic abc\r\n\tdef\r\n X-Api-Key: k\nSet-Cookie: s=1; Path=/\r\nX: cookie: y\r\n\r\ncookie";
    let expected = "\r\nGET http://****@h/x?token=**********\r\nHost: a\r\nAUTHORIZATION : ***** ***\r\n\t***\r\n ********** *\nSet-Cookie: **** ******\r\nX: cookie: y\r\n\r\ncookie";
    let redaction = redaction(b"key");
    let whole = redaction.torn_head(head.as_bytes(), &mut LineMask::default());
    assert_eq!(String::from_utf8(whole).unwrap(), expected);
    // The request line is with what was held; the rest may follow in any pieces.
    for split in head.find("Host").unwrap()..head.len() {
        let mut mask = LineMask::default();
        let (held, rest) = head.split_at(split);
        let mut out = redaction.torn_head(held.as_bytes(), &mut mask);
        out.extend(rest.as_bytes().chunks(3).flat_map(|chunk| mask.masked(&redaction, chunk)));
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{split}");
    }
}
