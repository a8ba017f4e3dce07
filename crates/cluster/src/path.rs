//! Names as parts of a path.

/// A name (of an index, a document...) percent-encoded, so that it is one part of a path whatever is in it.
#[must_use]
pub fn path_part(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => path.push(byte.into()),
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_ends_the_part() {
        assert_eq!(super::path_part("logs-2026.11_~"), "logs-2026.11_~");
        assert_eq!(super::path_part("a/b?c#d%e ü<x>"), "a%2Fb%3Fc%23d%25e%20%C3%BC%3Cx%3E");
    }
}
