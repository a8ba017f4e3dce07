//! Search hits. Where documents rank equally, either cluster may put any of them first.

use std::collections::{HashMap, VecDeque};

use super::numbers::{COMPUTED_TOLERANCE, SCORE_TOLERANCE, close};
use super::{Walk, Zone};
use crate::json::{Kind, Value};
use crate::rules;

/// k1 + 1 with the default k1: OpenSearch 3 leaves this constant out of every BM25 score, which changes no order.
const BM25_CONSTANT: f64 = 2.2;

/// Which ends of a page may cut through hits that rank equally.
#[derive(Clone, Copy)]
struct Cut {
    before: bool,
    behind: bool,
}

impl Walk<'_> {
    /// Compares `hits`: total, max_score and the list.
    pub(super) fn found(&mut self, source: Value<'_>, target: Value<'_>) {
        let (Some(source_list), Some(target_list)) = (source.get("hits"), target.get("hits")) else { return };
        let (ours, theirs): (Vec<_>, Vec<_>) = (source_list.items().collect(), target_list.items().collect());
        let (factor, rule) = scale(&ours, &theirs);
        let outer = std::mem::replace(&mut self.factor, factor);
        rule.into_iter().for_each(|rule| self.expect(rule));
        self.within("total", |walk| walk.total(source.get("total"), target.get("total")));
        let cut = self.cut(source, ours.len());
        self.within("hits", |walk| walk.list(&ours, &theirs, cut));
        self.within("max_score", |walk| walk.max_score(source.get("max_score"), target.get("max_score")));
        self.factor = outer;
    }

    /// Compares completions, which are hits, and other suggestions, which are not.
    pub(super) fn options(&mut self, source: Value<'_>, target: Value<'_>) {
        if !source.items().chain(target.items()).any(|option| option.get("_id").is_some()) {
            return self.array(source, target, Zone::Computed);
        }
        let (ours, theirs): (Vec<_>, Vec<_>) = (source.items().collect(), target.items().collect());
        self.list(&ours, &theirs, Cut { before: false, behind: true });
    }

    /// `hits.total` is a number up to version 6 and an object, which may say "at least", since.
    fn total(&mut self, source: Option<Value<'_>>, target: Option<Value<'_>>) {
        let (Some(one), Some(other)) = (source, target) else {
            if source.is_some() || target.is_some() {
                self.differ(
                    if source.is_none() { "extra" } else { "missing" },
                    source,
                    target,
                    Zone::Envelope,
                );
            }
            return;
        };
        let count = |total: Value<'_>| total.get("value").unwrap_or(total).number();
        let at_least = |total: Value<'_>| {
            total
                .get("relation")
                .and_then(|relation| relation.text())
                .is_some_and(|relation| relation == "gte")
        };
        let same_shape = one.kind() == other.kind();
        let same =
            if same_shape { at_least(one) == at_least(other) } else { !at_least(one) && !at_least(other) };
        if same && count(one) == count(other) {
            if !same_shape {
                self.expect(rules::TOTAL_SHAPE);
            }
        } else if !same_shape && at_least(other) && count(one) >= count(other) {
            self.expect(rules::TOTAL_SHAPE);
        } else {
            self.differ("value", source, target, Zone::Envelope);
        }
    }

    fn max_score(&mut self, source: Option<Value<'_>>, target: Option<Value<'_>>) {
        match (source.and_then(|score| score.number()), target.and_then(|score| score.number())) {
            (None, None) => {}
            _ if self.asked.unordered => {}
            (Some(one), Some(other)) if close(one / self.factor, other, SCORE_TOLERANCE) => {}
            (Some(_), Some(_)) => self.differ("value", source, target, Zone::Computed),
            _ => self.expect(rules::MAX_SCORE),
        }
    }

    fn list(&mut self, source: &[Value<'_>], target: &[Value<'_>], cut: Cut) {
        if source.len() != target.len() {
            return self.differ_by("length", source.len().to_string(), target.len().to_string());
        }
        if self.asked.unordered {
            return self.pages(source, target);
        }
        let mut at = 0;
        while let Some(first) = source.get(at) {
            let run =
                source.iter().skip(at).take_while(|hit| rank_equally(*first, **hit, 1.0)).count().max(1);
            let may_be_cut = (at == 0 && cut.before) || (at + run == source.len() && cut.behind);
            let part = at..at + run;
            self.run(
                source.get(part.clone()).unwrap_or_default(),
                target.get(part).unwrap_or_default(),
                may_be_cut,
            );
            at += run;
        }
    }

    /// Compares hits that rank equally on the source, in whatever order the target has them.
    fn run(&mut self, source: &[Value<'_>], target: &[Value<'_>], may_be_cut: bool) {
        let (pairs, ours, theirs) = paired(source, target);
        self.within("*", |walk| {
            for (hit, other) in pairs {
                walk.value(hit, other, Zone::Envelope);
            }
            for (hit, other) in ours.into_iter().zip(theirs) {
                if may_be_cut && rank_equally(hit, other, walk.factor) {
                    walk.expect(rules::CUT_BY_PAGE);
                } else {
                    walk.within("_id", |walk| {
                        walk.differ("value", hit.get("_id"), other.get("_id"), Zone::Document)
                    });
                }
            }
        });
    }

    /// Compares the documents that are on both pages.
    fn pages(&mut self, source: &[Value<'_>], target: &[Value<'_>]) {
        let (pairs, ours, _) = paired(source, target);
        if !ours.is_empty() {
            self.expect(rules::INDEX_ORDER);
        }
        self.within("*", |walk| {
            for (hit, other) in pairs {
                if let (Some(hit), Some(other)) = (hit.get("_source"), other.get("_source")) {
                    walk.within("_source", |walk| walk.value(hit, other, Zone::Document));
                }
            }
        });
    }

    fn cut(&self, hits: Value<'_>, length: usize) -> Cut {
        let total = hits.get("total");
        let count = total.and_then(|total| total.get("value").unwrap_or(total).number());
        let first_page = self.path != "hits" || self.asked.first_page;
        Cut { before: !first_page, behind: !first_page || count.is_none_or(|count| count > length as f64) }
    }
}

/// What the source's scores have to be divided by, and the rule that says so.
fn scale(source: &[Value<'_>], target: &[Value<'_>]) -> (f64, Option<&'static str>) {
    let scores = |hits: &[Value<'_>]| -> Option<Vec<f64>> {
        hits.iter().map(|hit| hit.get("_score").and_then(|score| score.number())).collect()
    };
    let (Some(source), Some(target)) = (scores(source), scores(target)) else { return (1.0, None) };
    let (Some(&one), Some(&other)) = (source.first(), target.first()) else { return (1.0, None) };
    let related = |factor: f64| {
        source.iter().zip(&target).all(|(one, other)| close(one / factor, *other, SCORE_TOLERANCE))
    };
    let uniform = |scores: &[f64], score| scores.iter().all(|other| close(*other, score, SCORE_TOLERANCE));
    if source.len() != target.len() || one <= 0.0 || other <= 0.0 || related(1.0) {
        (1.0, None)
    } else if related(BM25_CONSTANT) {
        (BM25_CONSTANT, Some(rules::BM25_FACTOR))
    } else if uniform(&source, one) && uniform(&target, other) {
        (one / other, Some(rules::UNIFORM_SCORE))
    } else {
        (1.0, None)
    }
}

type Hits<'a> = Vec<Value<'a>>;

/// Hits of one document side by side; then those that only the source has, and those that only the target has.
fn paired<'a, 'b>(
    source: &[Value<'a>],
    target: &[Value<'b>],
) -> (Vec<(Value<'a>, Value<'b>)>, Hits<'a>, Hits<'b>) {
    if source.iter().map(|hit| identity(*hit)).eq(target.iter().map(|hit| identity(*hit))) {
        return (source.iter().copied().zip(target.iter().copied()).collect(), Vec::new(), Vec::new());
    }
    let mut places: HashMap<[&[u8]; 3], VecDeque<usize>> = HashMap::new();
    for (at, hit) in target.iter().enumerate() {
        places.entry(identity(*hit)).or_default().push_back(at);
    }
    let mut free: Vec<Option<Value<'b>>> = target.iter().copied().map(Some).collect();
    let (mut pairs, mut ours) = (Vec::new(), Vec::new());
    for hit in source {
        let at = places.get_mut(&identity(*hit)).and_then(VecDeque::pop_front);
        match at.and_then(|at| free.get_mut(at)).and_then(Option::take) {
            Some(other) => pairs.push((*hit, other)),
            None => ours.push(*hit),
        }
    }
    (pairs, ours, free.into_iter().flatten().collect())
}

fn identity(hit: Value<'_>) -> [&[u8]; 3] {
    ["_index", "_id", "_nested"].map(|name| hit.get(name).map(|value| value.raw()).unwrap_or_default())
}

/// Whether two hits, of which the first one's score may be of another scale, have the same sort values or score.
fn rank_equally(one: Value<'_>, other: Value<'_>, factor: f64) -> bool {
    if let (Some(one), Some(other)) = (one.get("sort"), other.get("sort")) {
        let equal = |(one, other): (Value<'_>, Value<'_>)| match (one.number(), other.number()) {
            (Some(_), Some(_)) if one.is_integer() => one.raw() == other.raw(),
            (Some(one), Some(other)) => {
                close(one, other, COMPUTED_TOLERANCE)
                    || (factor != 1.0 && close(one / factor, other, SCORE_TOLERANCE))
            }
            _ => one.kind() == other.kind() && one.raw() == other.raw(),
        };
        return one.raw() == other.raw() || one.items().zip(other.items()).all(equal);
    }
    let score = |hit: Value<'_>| {
        hit.get("_score").filter(|score| score.kind() == Kind::Number).and_then(|score| score.number())
    };
    match (score(one), score(other)) {
        (Some(one), Some(other)) => close(one / factor, other, SCORE_TOLERANCE),
        (one, other) => one.is_none() && other.is_none(),
    }
}
