//! May a request be sent again when it is not known whether the target has acted on it?
//!
//! A write that names its document ends in the same state when it is done twice. One that lets the target make up an
//! id makes two documents, and a script counts twice: these are not repeated blindly.

use super::RawRequest;
use super::bulk::items;
use switchover_rest::{Call, Class};

/// Whether doing it twice is the same as doing it once.
pub(super) fn is_repeatable(request: &RawRequest) -> bool {
    let Some(call) = request.call() else { return is_read(request) };
    if request.method() != "POST" && !call.is_bulk() {
        return true;
    }
    if call.is_bulk() {
        let content = request.content();
        // The target refuses what is not a bulk, every time.
        let items = content.as_deref().and_then(items);
        return items.is_none_or(|items| items.iter().all(|item| item.is_repeatable));
    }
    let last = call.segments().next_back();
    match call.class() {
        Class::Index => makes_no_id(&call),
        Class::Update => !is_scripted(request),
        _ => !matches!(last, Some("_update_by_query" | "_rollover")),
    }
}

/// Whether nothing is lost when it is not done.
pub(super) fn is_read(request: &RawRequest) -> bool {
    let method = request.method();
    matches!(method, "GET" | "HEAD" | "OPTIONS")
        || request
            .call()
            .is_some_and(|call| matches!(call.class(), Class::Search | Class::Count | Class::Mget))
}

/// `/{index}/_doc/{id}`, `/{index}/_create/{id}` and the like, but not `/{index}/_doc`.
fn makes_no_id(call: &Call<'_>) -> bool {
    call.segments().count() > 2
}

fn is_scripted(request: &RawRequest) -> bool {
    request.content().is_none_or(|content| memchr::memmem::find(&content, b"\"script\"").is_some())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use switchover_http1::RequestKind;

    use super::*;

    fn request(line: &str, body: &str) -> RawRequest {
        RawRequest {
            head: format!("{line} HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n", body.len()).into(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            kind: RequestKind::Other,
        }
    }

    #[test]
    fn what_makes_ids_or_counts_is_not_repeated() {
        for (line, body, repeatable) in [
            ("PUT /a/_doc/1?op_type=create", "{}", true),
            ("DELETE /a", "", true),
            ("POST /a/_doc/1", "{}", true),
            ("POST /a/_doc", "{}", false),
            ("POST /a/t?refresh=true", "{}", false),
            ("POST /a/_update/1", r#"{"doc":{"a":1}}"#, true),
            ("POST /a/_update/1", r#"{"script":"ctx._source.n++"}"#, false),
            ("POST /a/_update_by_query", "{}", false),
            ("POST /logs/_rollover", "{}", false),
            ("POST /_reindex", "{}", true),
            ("POST /_bulk?refresh=true", "{\"index\":{\"_id\":\"1\"}}\n{}\n", true),
            ("POST /a/_bulk", "{\"index\":{}}\n{}\n", false),
            ("PUT /a/t/_bulk", "{\"create\":{\"_id\":null}}\n{}\n", false),
            ("POST /_bulk", "{\"update\":{\"_id\":\"1\"}}\n{\"script\":\"x\"}\n", false),
            (
                "POST /_bulk",
                "{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{}}\n{\"delete\":{\"_id\":\"1\"}}\n",
                true,
            ),
            ("POST /_bulk", "no bulk", true),
        ] {
            assert_eq!(is_repeatable(&request(line, body)), repeatable, "{line} {body}");
        }
    }

    #[test]
    fn reads() {
        for (line, read) in [
            ("GET /a/_doc/1", true),
            ("POST /a/_search", true),
            ("POST /_msearch?x=1", true),
            ("POST /a/_count", true),
            ("POST /a/_doc", false),
            ("POST /_bulk", false),
            ("DELETE /a", false),
        ] {
            assert_eq!(is_read(&request(line, "")), read, "{line}");
        }
    }
}
