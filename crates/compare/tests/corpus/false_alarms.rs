//! Pairs that nobody tampered with.

use switchover_compare::compare::Comparer;
use switchover_compare::verdict::Verdict;

use crate::{recorded, taught};

/// Pairs that really differ between the products. The comparison has to say so.
const REALLY_DIFFERENT: &str = include_str!("../../corpus/really-different");

/// `VERSION METHOD TARGET BODY`, and behind ` # ` why; `*` for every version.
fn is_listed(version: &str, line: &str) -> bool {
    let entries = REALLY_DIFFERENT.lines().filter(|entry| !entry.is_empty() && !entry.starts_with('#'));
    entries.filter_map(|entry| entry.split(" # ").next()?.split_once(' ')).any(|(versions, request)| {
        (versions == "*" || versions == version) && line.trim_end() == request.trim_end()
    })
}

#[test]
fn false_alarms_are_at_most_one_in_a_thousand() {
    let exchanges = recorded::read();
    let mut comparer = taught(&exchanges);
    let (mut pairs, mut alarms) = (0, Vec::new());
    let mut verdicts = std::collections::BTreeMap::<_, u32>::new();
    for exchange in &exchanges {
        for (version, target) in &exchange.targets {
            pairs += 1;
            let comparison =
                comparer.compare(&exchange.question(), &exchange.source.answer(), &target.answer());
            let listed = is_listed(version, &exchange.line());
            *verdicts.entry((version.as_str(), comparison.verdict.name())).or_default() += 1;
            if (comparison.verdict == Verdict::Different) != listed {
                alarms.push(format!("{version} {}\n    {:?}", exchange.line(), comparison.differences));
            }
        }
    }
    eprintln!("{pairs} pairs: {verdicts:?}, {} false alarms", alarms.len());
    assert!(alarms.len() * 1000 <= pairs, "{} of {pairs}:\n{}", alarms.len(), alarms.join("\n"));
}

#[test]
fn the_source_agrees_with_itself() {
    let mut comparer = Comparer::default();
    for exchange in recorded::read() {
        let Some(again) = &exchange.again else { continue };
        let comparison = comparer.compare(&exchange.question(), &exchange.source.answer(), &again.answer());
        let scroll_is_gone = exchange.method == "DELETE";
        if !scroll_is_gone {
            assert_ne!(comparison.verdict, Verdict::Different, "{}: {comparison:?}", exchange.line());
        }
    }
}
