//! What the documents of an index are called by on the target. Who loads them and who compares them ask here, so that a
//! comparison looks where the documents went.

/// Indices of the cluster itself begin with this, and nobody means them unless they are named.
const SYSTEM_PREFIX: &str = ".";
/// Backing indices of data streams begin with this.
const DATA_STREAM_PREFIX: &str = ".ds-";
/// Digits of a backing index's generation, at least.
const MIN_GENERATION_DIGITS: usize = 6;

/// An index of the target, or a data stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    /// Its name.
    pub index: String,
    /// Documents can only be created there, and are in one of its backing indices.
    pub data_stream: bool,
}

impl Destination {
    /// Where documents of an index of the snapshot go. `split_type`: their type, if each type gets an index of its own.
    #[must_use]
    pub fn of(index: &str, split_type: Option<&str>) -> Self {
        match (data_stream(index), split_type) {
            (Some(stream), _) => Self { index: stream.to_owned(), data_stream: true },
            (None, Some(doc_type)) => Self { index: format!("{index}_{doc_type}"), data_stream: false },
            (None, None) => Self { index: index.to_owned(), data_stream: false },
        }
    }
}

/// Whether an index is the cluster's own, and not meant unless it is named.
#[must_use]
pub fn is_system_index(index: &str) -> bool {
    index.starts_with(SYSTEM_PREFIX) && !index.starts_with(DATA_STREAM_PREFIX)
}

/// The data stream that a backing index belongs to, by its name: `.ds-logs-app-2026.11.21-000001`, in early versions
/// without the date.
fn data_stream(index: &str) -> Option<&str> {
    let (rest, generation) = index.strip_prefix(DATA_STREAM_PREFIX)?.rsplit_once('-')?;
    if generation.len() < MIN_GENERATION_DIGITS || !generation.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let stream = match rest.rsplit_once('-') {
        Some((stream, date)) if !stream.is_empty() && is_date(date) => stream,
        _ => rest,
    };
    (!stream.is_empty()).then_some(stream)
}

/// `2026.11.21`
fn is_date(text: &str) -> bool {
    let fits =
        |(at, byte): (usize, u8)| if matches!(at, 4 | 7) { byte == b'.' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_data_streams_have_their_own_indices() {
        for (index, split_type, destination, is_stream) in [
            ("shop", None, "shop", false),
            ("shop", Some("order"), "shop_order", false),
            (".ds-logs-app-2026.11.21-000001", None, "logs-app", true),
            (".ds-logs-app-2026.11.21-000001", Some("_doc"), "logs-app", true),
            (".ds-metrics-000012", None, "metrics", true),
            (".ds-2026.11.21-000001", None, "2026.11.21", true),
            (".ds-a-2026-11-21-1000000", None, "a-2026-11-21", true),
            (".ds--000001", None, ".ds--000001", false),
            (".ds-logs-00001", None, ".ds-logs-00001", false),
            (".ds-logs-00000x", None, ".ds-logs-00000x", false),
            (".ds-000001", None, ".ds-000001", false),
            (".kibana", None, ".kibana", false),
        ] {
            let expected = Destination { index: destination.to_owned(), data_stream: is_stream };
            assert_eq!(Destination::of(index, split_type), expected, "{index}");
        }
    }

    #[test]
    fn indices_of_the_cluster_itself() {
        assert!(is_system_index(".kibana_1"));
        assert!(!is_system_index(".ds-logs-000001") && !is_system_index("logs"));
    }
}
