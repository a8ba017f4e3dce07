//! The one response.

/// What the body holds around its filling.
const BODY_START: &str = r#"{"took":1,"errors":false,"filling":""#;
const BODY_END: &str = r#""}"#;
const MIN_BODY_BYTES: usize = BODY_START.len() + BODY_END.len();
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// Reads `--response-bytes`.
pub(crate) fn body_bytes(text: &str) -> Result<usize, String> {
    let bytes: usize = text.parse().map_err(|error| format!("{error}"))?;
    if (MIN_BODY_BYTES..=MAX_BODY_BYTES).contains(&bytes) {
        Ok(bytes)
    } else {
        Err(format!("must be {MIN_BODY_BYTES} to {MAX_BODY_BYTES}"))
    }
}

/// A 200 with a JSON body of `bytes` bytes, which must be within the limits of [`body_bytes`].
pub(crate) fn fixed(bytes: usize) -> Vec<u8> {
    let filling = "x".repeat(bytes.saturating_sub(MIN_BODY_BYTES));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8";
    format!("{head}\r\ncontent-length: {bytes}\r\n\r\n{BODY_START}{filling}{BODY_END}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchover_http1::RequestKind;
    use switchover_http1::message::parse_response;

    #[test]
    fn is_one_whole_message_of_the_size_asked_for() {
        for bytes in [MIN_BODY_BYTES, 1024, 100 * 1024] {
            let response = fixed(bytes);
            let (head, body) = parse_response(&response, RequestKind::Other).unwrap();
            assert_eq!((head.status, body.len()), (200, bytes));
            assert!(body.starts_with(b"{") && body.ends_with(b"}"));
        }
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        assert_eq!(body_bytes("1024"), Ok(1024));
        assert!(body_bytes(&(MIN_BODY_BYTES - 1).to_string()).is_err());
        assert!(body_bytes(&(MAX_BODY_BYTES + 1).to_string()).is_err());
        assert!(body_bytes("1k").is_err());
    }
}
