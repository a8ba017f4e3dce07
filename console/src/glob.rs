//! Patterns as in file names.

/// Whether a text matches a pattern in which `*` stands for any bytes and `?` for one.
pub(crate) fn matches(glob: &[u8], text: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    // Where the last star was, and what it may swallow next.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(place) {
        match glob.get(at) {
            Some(b'*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => {
                at += 1;
                place += 1;
            }
            _ => {
                let Some((star_at, swallowed)) = star else { return false };
                star = Some((star_at, swallowed + 1));
                at = star_at + 1;
                place = swallowed + 1;
            }
        }
    }
    glob.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs() {
        for (glob, text, matched) in [
            ("/a/_search", "/a/_search", true),
            ("/a/*", "/a/_search", true),
            ("*_search", "/a/_search", true),
            ("/*/_s*ch", "/a/_search/_sch", true),
            ("/a/?", "/a/", false),
            ("/a", "/a/_search", false),
            ("", "", true),
            ("**", "x", true),
            ("*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(glob.as_bytes(), text.as_bytes()), matched, "{glob} {text}");
        }
    }
}
