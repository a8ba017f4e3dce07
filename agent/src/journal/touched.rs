//! Which indices a lost record may have changed, so that a later step knows what to copy again.
//!
//! Read off the record's raw bytes: the paths of request lines, and the `_index` of bulk actions. It may name an index
//! that was only read; what is cut in the middle of a name may be missed, which is why any write without a name found
//! counts as [`ANY`].

use regex::bytes::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Some index, unknown which.
pub(super) const ANY: &str = "*";
/// With more names than this the list says [`ANY`].
const MAX_NAMES: usize = 1000;
/// Elasticsearch's own limit of an index's name, and a list of a few.
const MAX_NAME_BYTES: usize = 1024;

static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // A name never holds control characters: those are the record's own, where it cuts a request in two.
    // Request lines of methods that may write, and actions of bulk bodies.
    Regex::new(r#"(?-u)(?:POST|PUT|DELETE|PATCH) /([^/? \x00-\x1f\x7f-\xff]*)[/? ]|"_index"[ \t]*:[ \t]*"([^"\\\x00-\x1f]+)""#)
        .inspect_err(|error| tracing::error!(%error, "indices of gaps can't be told"))
        .ok()
});

/// A record that begins (behind the ids) with a read.
static READ_FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?s-u)^[^/]{0,200}(?:GET|HEAD) /")
        .inspect_err(|error| tracing::error!(%error, "reads of gaps can't be told"))
        .ok()
});

/// Names found so far.
#[derive(Debug, Default)]
pub(super) struct Touched(BTreeSet<String>);

impl Touched {
    pub(super) fn scan(&mut self, record: &[u8]) {
        let (mut named, mut writes) = (false, false);
        for found in NAMES.iter().flat_map(|names| names.captures_iter(record)) {
            writes |= found.get(1).is_some();
            let Some(name) = found.get(1).or_else(|| found.get(2)) else { continue };
            let endpoint = name.as_bytes().is_empty() || name.as_bytes().starts_with(b"_");
            if endpoint || name.len() > MAX_NAME_BYTES || self.0.len() >= MAX_NAMES {
                continue;
            }
            named = true;
            self.0.extend(String::from_utf8_lossy(name.as_bytes()).split(',').map(str::to_owned));
        }
        let only_reads = !writes && READ_FIRST.iter().any(|reads| reads.is_match(record));
        if !named && !only_reads || self.0.len() >= MAX_NAMES {
            self.0.insert(ANY.to_owned());
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(records: &[&str]) -> Vec<String> {
        let mut touched = Touched::default();
        records.iter().for_each(|record| touched.scan(record.as_bytes()));
        touched.names()
    }

    #[test]
    fn names_of_paths_and_bulk_actions() {
        let bulk = "POST /_bulk HTTP/1.1\r\n\r\n{\"index\":{\"_index\" : \"a\",\"_id\":\"1\"}}\n{}\n{\"delete\":{\"_index\":\"b\"}}\n";
        assert_eq!(names(&[bulk]), ["a", "b"]);
        assert_eq!(
            names(&["PUT /i/_doc/1 HTTP/1.1", "DELETE /j,k HTTP/1.1", "POST /l?x HTTP/1.1"]),
            ["i", "j", "k", "l"]
        );
    }

    #[test]
    fn what_names_none_may_be_any() {
        assert_eq!(names(&["\x00\x01"]), [ANY]);
        assert_eq!(names(&["PUT /na\x12\x05\x22\x03me/_doc/1 HTTP/1.1"]), [ANY], "cut in two by the record");
        assert_eq!(names(&["\nid\x12GET /i/_search HTTP/1.1"]), [""; 0]);
        assert_eq!(names(&["\nid\x12GET /i/_search HTTP/1.1\r\n\r\nPOST /_bulk HTTP/1.1"]), [ANY]);
        assert_eq!(names(&["PUT /i HTTP/1.1", "PUT /i HTTP/1.1"]), ["i"]);
        assert_eq!(names(&["POST /_bulk HTTP/1.1\r\n\r\n{\"index\":{}}"]), [ANY]);
        let many: Vec<String> = (0..2 * MAX_NAMES).map(|i| format!("PUT /i{i} HTTP/1.1")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(names(&many).contains(&ANY.to_owned()) && names(&many).len() <= MAX_NAMES + 1);
    }
}
