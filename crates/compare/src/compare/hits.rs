//! Search hits. Where documents rank equally, either cluster may put any of them first.

use std::collections::HashMap;

use super::json::Json;
use super::walk::{SCORE_TOLERANCE, Walk, Zone, close};

const CUT_BY_PAGE: &str = "hits that rank equally are cut by the page";
const SCROLL_PAGE: &str = "pages of a scroll come in each index's own order";

impl Walk {
    /// Compares the hits of one page.
    pub(super) fn hits(&mut self, source: &[Json<'_>], target: &[Json<'_>]) {
        if source.len() != target.len() {
            let length = |hits: &[Json<'_>]| Json::Int(i64::try_from(hits.len()).unwrap_or(i64::MAX));
            self.differ("length", Some(&length(source)), Some(&length(target)));
            return;
        }
        if self.paged {
            self.scroll_page(source, target);
            return;
        }
        let mut rest = (source, target);
        while let Some(first) = rest.0.first() {
            let run = rest.0.iter().take_while(|hit| rank_equally(first, hit)).count().max(1);
            let (source, target) = (rest.0.split_at(run), rest.1.split_at(run));
            self.run(source.0, target.0, source.1.is_empty());
            rest = (source.1, target.1);
        }
    }

    /// Compares hits that rank equally on the source, in whatever order the target has them.
    fn run(&mut self, source: &[Json<'_>], target: &[Json<'_>], last: bool) {
        let (pairs, strangers, others) = paired(source, target);
        self.within("*", |walk| {
            for (hit, other) in pairs {
                walk.value(hit, other, Zone::Envelope);
            }
            for (hit, other) in strangers.iter().zip(others) {
                if last && source.len() > 1 && rank_equally(hit, other) {
                    walk.undecided(CUT_BY_PAGE);
                } else {
                    walk.within("_id", |walk| walk.differ("value", hit.get("_id"), other.get("_id")));
                }
            }
        });
    }

    /// Compares the documents that are on both pages.
    fn scroll_page(&mut self, source: &[Json<'_>], target: &[Json<'_>]) {
        let (pairs, strangers, _) = paired(source, target);
        if !strangers.is_empty() {
            self.undecided(SCROLL_PAGE);
        }
        self.within("*", |walk| {
            for (hit, other) in pairs {
                if let (Some(hit), Some(other)) = (hit.get("_source"), other.get("_source")) {
                    walk.within("_source", |walk| walk.value(hit, other, Zone::Document));
                }
            }
        });
    }
}

type Hits<'h, 'a> = Vec<&'h Json<'a>>;

/// Hits of one document side by side; then those that only the source has, and those that only the target has.
fn paired<'h, 'a>(
    source: &'h [Json<'a>],
    target: &'h [Json<'a>],
) -> (Vec<(&'h Json<'a>, &'h Json<'a>)>, Hits<'h, 'a>, Hits<'h, 'a>) {
    if source.iter().map(identity).eq(target.iter().map(identity)) {
        return (source.iter().zip(target).collect(), Vec::new(), Vec::new());
    }
    let mut places: HashMap<Identity<'_>, Vec<&Json<'_>>> = HashMap::new();
    for hit in target {
        places.entry(identity(hit)).or_default().push(hit);
    }
    let (mut pairs, mut strangers) = (Vec::new(), Vec::new());
    for hit in source {
        match places.get_mut(&identity(hit)).and_then(Vec::pop) {
            Some(other) => pairs.push((hit, other)),
            None => strangers.push(hit),
        }
    }
    (pairs, strangers, places.into_values().flatten().collect())
}

type Identity<'h> = (Option<&'h str>, Option<&'h str>);

fn identity<'h>(hit: &'h Json<'_>) -> Identity<'h> {
    (hit.get("_index").and_then(Json::text), hit.get("_id").and_then(Json::text))
}

fn rank_equally(one: &Json<'_>, other: &Json<'_>) -> bool {
    if let (Some(one), Some(other)) = (one.get("sort"), other.get("sort")) {
        return one == other;
    }
    match (one.get("_score").and_then(Json::number), other.get("_score").and_then(Json::number)) {
        (Some(one), Some(other)) => close(one, other, SCORE_TOLERANCE),
        (one, other) => one.is_none() && other.is_none(),
    }
}
