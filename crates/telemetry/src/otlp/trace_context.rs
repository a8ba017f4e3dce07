//! The header `traceparent` (W3C Trace Context, level 1), by which a client's own trace goes on in ours.

/// A trace, anywhere.
pub type TraceId = [u8; 16];
/// A span of a trace.
pub type SpanId = [u8; 8];

/// What a request brings with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The client's trace.
    pub trace: TraceId,
    /// The client's span that this request is part of.
    pub parent: SpanId,
    /// The client records it.
    pub sampled: bool,
}

impl TraceContext {
    /// Reads a `traceparent`; `None` when it is none, in which case the request counts as one without.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let [version, trace, parent, flags] = fields(value.trim_ascii())?;
        let [version] = bytes::<1>(version)?;
        let (trace, parent, [flags]) = (bytes(trace)?, bytes(parent)?, bytes::<1>(flags)?);
        // A later version may append fields; 255 is none.
        let valid = version != 0xff && trace != [0; 16] && parent != [0; 8];
        valid.then_some(Self { trace, parent, sampled: flags & 1 == 1 })
    }
}

fn fields(value: &[u8]) -> Option<[&[u8]; 4]> {
    let mut parts = value.split(|byte| *byte == b'-');
    let fields = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let (version, more) = (fields.first()?, parts.next().is_some());
    (*version != b"00" || !more).then_some(fields)
}

/// Lower-case hexadecimal digits, two for each byte.
fn bytes<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn the_example_of_the_recommendation() {
        let context = TraceContext::parse(GOOD.as_bytes()).unwrap();
        assert_eq!(context.trace[..3], [0x0a, 0xf7, 0x65]);
        assert_eq!(context.parent, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
        assert!(context.sampled);
        let unsampled = GOOD.replace("-01", "-00");
        assert!(!TraceContext::parse(unsampled.as_bytes()).unwrap().sampled);
        let later = format!("{}-more", GOOD.replacen("00", "cc", 1));
        assert_eq!(TraceContext::parse(later.as_bytes()), Some(context));
    }

    #[test]
    fn what_is_none() {
        for wrong in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            assert_eq!(TraceContext::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(value in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = TraceContext::parse(&value);
        }

        #[test]
        fn what_is_written_is_read(trace in any::<u128>(), parent in any::<u64>(), sampled in any::<bool>()) {
            prop_assume!(trace != 0 && parent != 0);
            let text = format!("00-{trace:032x}-{parent:016x}-{:02x}", u8::from(sampled));
            let expected = TraceContext { trace: trace.to_be_bytes(), parent: parent.to_be_bytes(), sampled };
            prop_assert_eq!(TraceContext::parse(text.as_bytes()), Some(expected));
        }
    }
}
