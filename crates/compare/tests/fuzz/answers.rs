//! Any two bodies, of any call, compared: whatever they are, it ends; and a body says the same as itself.

use switchover_compare::answer::Answer;
use switchover_compare::compare::{Comparer, Question};
use switchover_compare::items::SentItems;
use switchover_compare::json::Tape;
use switchover_compare::verdict::{MAX_DIFFERENCES_PER_PAIR, Verdict};
use switchover_rest::Call;

const TARGETS: [(&str, &str); 6] = [
    ("POST", "/a/_search"),
    ("GET", "/a/_doc/1"),
    ("POST", "/_bulk"),
    ("GET", "/_cat/indices"),
    ("GET", "/a/_settings"),
    ("GET", "/_stats"),
];

/// Request, source's body and target's body between `\xff\xfe`.
pub(crate) fn run(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == 0xff);
    let mut part = || parts.next().unwrap_or_default();
    let (request, source, target) = (part(), part(), part());
    if serde_json::from_slice::<serde_json::Value>(source).is_ok() {
        assert!(Tape::default().parse(source).is_some(), "JSON to another parser");
    }
    fn answer(body: &[u8]) -> Answer<'_> {
        Answer { status: 200, body: body.into(), ..Answer::default() }
    }
    let mut comparer = Comparer::default();
    for (method, path) in TARGETS {
        let question =
            Question { call: Call::parse(method, path.as_bytes()), body: request, items: &SentItems::All };
        comparer.learn(&question, &answer(source), 0);
        comparer.learn(&question, &answer(target), 1);
        let comparison = comparer.compare(&question, &answer(source), &answer(target));
        assert!(comparison.differences.len() <= MAX_DIFFERENCES_PER_PAIR);
        assert_eq!(comparison.verdict == Verdict::NotComparable, comparison.reason.is_some());
        // A blank more makes other bytes of the same answer.
        let spaced = [source, b" "].concat();
        let itself = comparer.compare(&question, &answer(source), &answer(&spaced));
        assert!(itself.differences.is_empty() || source.trim_ascii().is_empty(), "{itself:?}");
    }
}
