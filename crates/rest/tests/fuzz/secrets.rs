//! Any bytes as a request target, a URL and a JSON body: no panic, spans in order, and what was taken out stays out.

use switchover_rest::secrets::{bodies, secret_spans, without_secret_values, without_secrets};

const WITHIN: [Option<&str>; 2] = [None, Some("remote")];

pub(crate) fn run(input: &[u8]) {
    let _ = bodies(input);
    let mut end = 0;
    for span in secret_spans(input) {
        assert!(end <= span.start && span.start < span.end && span.end <= input.len(), "{span:?}");
        end = span.end;
    }
    if let Ok(url) = std::str::from_utf8(input) {
        let once = without_secrets(url);
        assert_eq!(without_secrets(&once), once);
    }
    for within in WITHIN {
        let hidden = |json: &[u8]| without_secret_values(json, within, &mut |_| "REDACTED".to_owned());
        if let Ok(Some(once)) = hidden(input) {
            assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&once).is_ok());
            // `None`: what made a text a URL was itself in the secret.
            let again = hidden(&once).expect("it is JSON still").unwrap_or_else(|| once.clone());
            assert_eq!(again, once, "nothing is left to be taken out");
        }
    }
}
