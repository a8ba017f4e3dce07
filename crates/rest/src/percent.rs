//! Percent coding of path segments and query values (RFC 3986 section 2).

/// Encodes everything but unreserved characters, so that the result is one path segment or query value.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => {
                encoded.push('%');
                for digit in [byte >> 4, byte & 15] {
                    encoded.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
                }
            }
        }
    }
    encoded
}

/// Decodes `%XX`; `None` when the result is not UTF-8. A `%` without two digits stands for itself.
#[must_use]
pub fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let [first, rest @ ..] = bytes {
        let digits = |high: u8, low: u8| {
            let (high, low) = (char::from(high).to_digit(16)?, char::from(low).to_digit(16)?);
            u8::try_from(high * 16 + low).ok()
        };
        match (first, rest) {
            (b'%', [high, low, after @ ..]) if digits(*high, *low).is_some() => {
                decoded.extend(digits(*high, *low));
                bytes = after;
            }
            _ => {
                decoded.push(*first);
                bytes = rest;
            }
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for text in ["", "plain-._~09", "a/b?c=d&e f%", "ümläut", "DnF1ZXJ5==+/"] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
        assert_eq!(encode("a/b=ü"), "a%2Fb%3D%C3%BC");
        assert_eq!(encode("logs-2026.11_~"), "logs-2026.11_~");
        assert_eq!(encode("a/b?c#d%e ü<x>"), "a%2Fb%3Fc%23d%25e%20%C3%BC%3Cx%3E");
        assert_eq!(decode("100%").as_deref(), Some("100%"));
        assert_eq!(decode("%zz%4").as_deref(), Some("%zz%4"));
        assert_eq!(decode("%ff"), None);
    }
}
