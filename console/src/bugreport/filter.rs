//! The last filter: whatever is in a report goes through here, wherever it came from. Secrets that are known are replaced
//! wherever they stand, in what encodings they may have; what looks like a secret is replaced by what stands around it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use regex::bytes::{Captures, Regex};
use switchover_rest::percent;

/// Stands for a secret.
const REDACTED: &[u8] = b"REDACTED";
/// Shorter values can't be told from ordinary text; what stands around them gives them away.
const MIN_KNOWN_BYTES: usize = 4;

/// Lines and values that are secret by what stands before them. `keep` is what stays.
const PATTERNS: [&str; 9] = [
    // private keys, also cut off
    r"(?P<keep>-----BEGIN [A-Z ]*PRIVATE KEY-----)(?s-u:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
    // headers: to the end of the line or of the quoted text
    r#"(?i-u)(?P<keep>\b(?:proxy-|es-secondary-)?authorization["']?[ \t]*[:=][ \t]*\\?["'\[]*)[^"'\r\n\\]+"#,
    r#"(?i-u)(?P<keep>\b(?:set-cookie|cookie|x-api-key|x-amz-security-token|es-security-runas-user)["']?[ \t]*[:=][ \t]*\\?["'\[]*)[^"'\r\n\\]+"#,
    r"(?i-u)(?P<keep>\b(?:basic|bearer|apikey) +)[A-Za-z0-9+/_.~=-]{6,}",
    // who stands in a URL
    r#"(?i-u)(?P<keep>\b[a-z][a-z0-9+.-]*://)[^/\s"'<>@]+(?P<after>@)"#,
    // keys and tokens that show what they are
    r"(?-u)(?P<keep>\b)(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b",
    r"(?-u)(?P<keep>\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?",
    r"(?-u)(?P<keep>)\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{20,53}",
    r"(?-u)(?P<keep>\b)(?:xox[a-z]-[A-Za-z0-9-]{8,}|gh[pousr]_[A-Za-z0-9]{20,})",
];
/// A name and its value: `password: x`, `"secret_key":"x"`, `?token=x`, `--kafkaPassword x`.
const NAMED: &str = r#"(?i-u)(?P<name>[a-z0-9_.-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|signature|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|jaas[._-]config)[a-z0-9_.-]*)(?P<between>\\?["']?(?:[ \t]*[:=][ \t]*|[ \t]+))(?P<value>\\"(?:\\"|(?s:.*?)(?:[^\\]\\"|\z))|"(?:[^"\\\r\n]|\\.)*"?|'[^'\r\n]*'?|[^\s,;&"'}\]]+)"#;
/// Endings of names whose values say where a secret is, not what it is; and of figures.
const PLACES: [&str; 8] = ["file", "env", "path", "dir", "arn", "name", "total", "type"];
/// The same, for which an ending would say too little.
const WHOLE_PLACES: [&str; 3] = ["password_credential", "key_credential", "loadcredential"];
/// Values that are no secrets: where a nested value begins, and words of settings.
const PLAIN: [&str; 9] = ["true", "false", "null", "none", "{", "[", "|", ">", "REDACTED"];

/// Takes secrets out of bytes.
#[derive(Debug)]
pub(super) struct Filter {
    /// Longest first: one may be a part of another.
    known: Vec<Vec<u8>>,
    patterns: Vec<Regex>,
    named: Regex,
}

impl Filter {
    /// Of these secrets, and of all that looks like one.
    pub(super) fn new(secrets: impl IntoIterator<Item = String>) -> anyhow::Result<Self> {
        let mut known: Vec<Vec<u8>> = secrets.into_iter().flat_map(|secret| forms(&secret)).collect();
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        known.dedup();
        let patterns = PATTERNS.iter().map(|pattern| Regex::new(pattern)).collect::<Result<_, _>>()?;
        Ok(Self { known, patterns, named: Regex::new(NAMED)? })
    }

    /// The bytes without secrets.
    pub(super) fn clean(&self, bytes: &[u8]) -> Vec<u8> {
        let mut clean = bytes.to_vec();
        for secret in &self.known {
            if memchr::memmem::find(&clean, secret).is_some() {
                clean = replace_all(&clean, secret);
            }
        }
        for pattern in &self.patterns {
            let replaced = pattern.replace_all(&clean, |found: &Captures<'_>| {
                [part(found, "keep"), REDACTED, part(found, "after")].concat()
            });
            clean = replaced.into_owned();
        }
        let replaced = self.named.replace_all(&clean, |found: &Captures<'_>| {
            let (name, between, value) = (part(found, "name"), part(found, "between"), part(found, "value"));
            if tells_a_place(name) || is_word_behind(name, between) || is_plain(value) {
                return [name, between, value].concat();
            }
            let quote: &[u8] = match value {
                [b'\\', b'"', ..] => b"\\\"",
                [b'"', ..] => b"\"",
                [b'\'', ..] => b"'",
                _ => b"",
            };
            [name, between, quote, REDACTED, quote].concat()
        });
        replaced.into_owned()
    }
}

fn part<'f>(found: &'f Captures<'_>, name: &str) -> &'f [u8] {
    found.name(name).map_or(&[], |part| part.as_bytes())
}

fn tells_a_place(name: &[u8]) -> bool {
    let name = name.trim_ascii().to_ascii_lowercase();
    let ends = |place: &&str| name.len() > place.len() && name.ends_with(place.as_bytes());
    PLACES.iter().any(ends) || WHOLE_PLACES.iter().any(|place| name == place.as_bytes())
}

/// `the password is wrong`: a word behind a word is no value, but behind a flag it is.
fn is_word_behind(name: &[u8], between: &[u8]) -> bool {
    !between.iter().any(|byte| matches!(byte, b':' | b'=')) && !name.starts_with(b"--")
}

fn is_plain(value: &[u8]) -> bool {
    PLAIN.iter().any(|plain| value == plain.as_bytes())
}

/// A secret as it may stand in a text: as it is, as JSON has it, in a URL, and in base64.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let json = serde_json::to_string(secret).unwrap_or_default();
    let whole = [
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        percent::encode(secret),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    // Of a key in a file each line is a secret.
    let lines =
        secret.lines().filter(|line| secret.contains('\n') && !line.starts_with("-----")).map(str::to_owned);
    let all = whole.into_iter().chain(lines).map(|form| form.trim().as_bytes().to_vec());
    all.filter(|form| form.len() >= MIN_KNOWN_BYTES && !is_plain(form)).collect()
}

fn replace_all(bytes: &[u8], secret: &[u8]) -> Vec<u8> {
    let (mut out, mut copied) = (Vec::with_capacity(bytes.len()), 0);
    for at in memchr::memmem::find_iter(bytes, secret) {
        out.extend_from_slice(bytes.get(copied..at).unwrap_or_default());
        out.extend_from_slice(REDACTED);
        copied = at + secret.len();
    }
    out.extend_from_slice(bytes.get(copied..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(secrets: &[&str], text: &str) -> String {
        let filter = Filter::new(secrets.iter().map(|secret| (*secret).to_owned())).unwrap();
        String::from_utf8(filter.clean(text.as_bytes())).unwrap()
    }

    #[test]
    fn what_looks_like_a_secret_goes_and_the_rest_stays() {
        for (text, expected) in [
            ("Authorization: Basic abc=", "Authorization: REDACTED"),
            (r#"{"Authorization":["Basic abc"],"a":1}"#, r#"{"Authorization":["REDACTED"],"a":1}"#),
            ("Set-Cookie: sid=1; Path=/\nHost: a", "Set-Cookie: REDACTED\nHost: a"),
            ("sent Bearer abcdefgh to it", "sent Bearer REDACTED to it"),
            ("http://bob:pw@h:1/a?token=t&x=1", "http://REDACTED@h:1/a?token=REDACTED&x=1"),
            ("hash: $2y$12$abcdefghijklmnopqrstuvwxyz", "hash: REDACTED"),
            ("key AKIAIOSFODNN7EXAMPLE.", "key REDACTED."),
            (
                "-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----\nx",
                "-----BEGIN EC PRIVATE KEY-----REDACTED\nx",
            ),
            ("-----BEGIN PRIVATE KEY-----\nabc", "-----BEGIN PRIVATE KEY-----REDACTED"),
            ("password: 'a b'\nuser: c", "password: 'REDACTED'\nuser: c"),
            (r#"{"secret_key":"a\"b","n":1}"#, r#"{"secret_key":"REDACTED","n":1}"#),
            (r#""text":"{\"password\":\"a\"}""#, r#""text":"{\"password\":\"REDACTED\"}""#),
            (r#""{\"password\":\"a\\\"b\",\"c\":\"d\"}""#, r#""{\"password\":\"REDACTED\",\"c\":\"d\"}""#),
            (r#""{\"password\":\"\",\"c\":\"d\"}""#, r#""{\"password\":\"REDACTED\",\"c\":\"d\"}""#),
            ("password: \"cut off\nuser: c", "password: \"REDACTED\"\nuser: c"),
            ("xpack.a.secure_password=12345", "xpack.a.secure_password=REDACTED"),
            ("--kafkaPassword abc --x", "--kafkaPassword REDACTED --x"),
            ("--kafkaPasswordFile /etc/p", "--kafkaPasswordFile /etc/p"),
            ("password_file: /etc/p\npassword_env: P", "password_file: /etc/p\npassword_env: P"),
            ("the password is wrong, no token there", "the password is wrong, no token there"),
            ("tokens: true, secret: { a: 1 }", "tokens: true, secret: { a: 1 }"),
            ("http://h:9200/a@b", "http://h:9200/a@b"),
        ] {
            assert_eq!(clean(&[], text), expected);
        }
    }

    #[test]
    fn what_is_known_goes_in_every_form() {
        let text = r#"a p@ss"w b "p@ss\"w" p%40ss%22w cEBzcyJ3 abc"#;
        assert_eq!(clean(&["p@ss\"w", "abc"], text), r#"a REDACTED b "REDACTED" REDACTED REDACTED abc"#);
        assert_eq!(clean(&["secret", "secret-longer"], "secret-longer secret"), "REDACTED REDACTED");
        assert_eq!(clean(&["-----BEGIN X-----\nMIIabcdef\nMIIghijkl\n"], "x MIIghijkl y"), "x REDACTED y");
    }

    #[test]
    fn bytes_that_are_no_text_pass() {
        let filter = Filter::new(["s3cret".to_owned()]).unwrap();
        assert_eq!(filter.clean(b"\xff\x00s3cret\xfe"), b"\xff\x00REDACTED\xfe");
    }

    proptest! {
        #[test]
        fn no_known_secret_stays(secret in "[ -~]{4,24}", before in "\\PC{0,20}", after in "\\PC{0,20}") {
            let secret = secret.trim().to_owned();
            prop_assume!(secret.len() >= MIN_KNOWN_BYTES && !"REDACTED".contains(&secret));
            let text = format!("{before}{secret}{after}");
            let filter = Filter::new([secret.clone()]).unwrap();
            let cleaned = filter.clean(text.as_bytes());
            prop_assert!(memchr::memmem::find(&cleaned, secret.as_bytes()).is_none());
        }

        #[test]
        fn no_secret_stays_behind_its_name(
            name in prop::sample::select(vec!["password: ", "\"api_key\":\"", "token=", "Authorization: Basic ", "secret_key = ", "x-api-key: "]),
            value in "CANARY[A-Za-z0-9+/]{0,20}",
            after in "[\\n \",&]{1,2}",
        ) {
            let cleaned = clean(&[], &format!("x\n{name}{value}{after}y"));
            prop_assert!(!cleaned.contains("CANARY"), "{}", cleaned);
        }
    }
}
