//! The hash of a body.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};

/// SHA-256 of a body in hexadecimal: the value of `X-Amz-Content-Sha256`. Some 2 ms a MiB: large bodies are hashed
/// away from the sockets, once for all attempts.
#[must_use]
pub fn payload_hash(body: &[u8]) -> String {
    digest(&SHA256, body).as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_nothing_is_the_known_one() {
        assert_eq!(payload_hash(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
