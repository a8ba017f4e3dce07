//! What of a tuple is not for everybody's eyes.

use std::io::Write;

use crate::verdict::REDACTED;

/// Headers whose values are secrets.
const SECRET: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-amz-security-token",
    "es-security-runas-user",
    "es-secondary-authorization",
];

/// Whether a header's value is a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// What is written in the place of a payload that holds secrets.
pub fn write_payload(out: &mut impl Write) {
    // As for other payloads.
    let _ = out.write_all(b"{\"inlinedTextBody\":");
    super::write_text(out, REDACTED);
    let _ = out.write_all(b"}");
}
