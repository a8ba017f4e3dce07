//! Comparing a tuple again.

use crate::compare::{Comparer, Question};
use crate::report::{Fate, Pair, Report};
use crate::verdict::{Comparison, REDACTED, Verdict};
use switchover_rest::Class;

use super::read::{Message, Tuple, call};
use super::time;

/// Why a pair can't be judged when a second sending answered otherwise than the first may have.
pub const SENT_AGAIN: &str = "sent again after a lost answer: the first sending may have taken effect";
/// Why a read can't be judged that was so slow that it may show later writes.
pub const OVERTAKEN: &str = "the read took so long that later writes were let past it";
/// Why a pair can't be judged without the source's half.
pub const NO_SOURCE: &str = "no whole answer of the source was captured";
/// Why a pair can't be judged when nothing was sent.
pub const NOT_SENT: &str = "not sent";
/// How the error of a tuple begins whose request was not to be sent.
const LEFT_OUT: &str = "filtered: ";
/// Why a pair can't be judged when no answer stands.
pub const DEAD_LETTERED: &str = "given up: in the dead-letter folder";
/// Why a pair can't be judged when it could not be sent.
pub const UNREPLAYABLE: &str = "the captured request can't be parsed";
const REDACTED_BODIES: &str = "the bodies are redacted";

/// A tuple's comparison, and what the report says of it.
#[derive(Debug)]
pub struct Judged {
    comparison: Comparison,
    request: String,
    id: String,
    class: Class,
    answers: [Option<(u16, Option<std::time::Duration>)>; 2],
    fate: Fate,
}

impl Judged {
    /// The comparison.
    #[must_use]
    pub fn comparison(&self) -> &Comparison {
        &self.comparison
    }

    /// Counts it.
    pub fn count(self, report: &mut Report) {
        let [source, target] = self.answers;
        let pair = Pair {
            class: self.class,
            request: self.request.as_bytes(),
            id: &self.id,
            source_status: source.map(|(status, _)| status),
            target_status: target.map(|(status, _)| status),
            source_latency: source.and_then(|(_, latency)| latency),
            target_latency: target.and_then(|(_, latency)| latency),
            fate: self.fate,
        };
        report.add(&pair, self.comparison);
    }
}

/// Compares a tuple's answers.
#[must_use]
pub fn judge(comparer: &mut Comparer, tuple: &Tuple<'_>) -> Judged {
    let request = tuple.source_request();
    let part = |part: Option<_>| part.unwrap_or_default();
    let method = part(request.and_then(|request| request.method()));
    let target = part(request.and_then(|request| request.target()));
    let call = call(&method, &target);
    let body = request.map(|request| request.body()).unwrap_or_default();
    let question = Question { call, body: &body };
    let source = tuple.source_response();
    let last = tuple.target_responses().last();
    let fate = match (tuple.field("error"), last) {
        (None, _) => Fate::Sent,
        (Some(_), Some(_)) => Fate::DeadLettered,
        (Some(error), None) if error.text().is_some_and(|error| error.starts_with(LEFT_OUT)) => Fate::LeftOut,
        (Some(_), None) => Fate::Unreplayable,
    };
    let status = |message: Option<Message<'_>>| {
        message.and_then(|message| Some((message.status()?, message.latency())))
    };
    let comparison = match (source.and_then(|source| source.answer()), last) {
        _ if fate == Fate::Unreplayable => Comparison::not_comparable(UNREPLAYABLE),
        _ if fate == Fate::LeftOut => Comparison::not_comparable(NOT_SENT),
        _ if fate == Fate::DeadLettered => Comparison::not_comparable(DEAD_LETTERED),
        (None, _) => Comparison::not_comparable(NO_SOURCE),
        (Some(_), None) => Comparison::not_comparable(NOT_SENT),
        (Some(source), Some(last)) => match last.answer() {
            Some(answer)
                if [&source.body, &answer.body].iter().all(|body| ***body == *REDACTED.as_bytes()) =>
            {
                let comparison = comparer.compare(&question, &source, &answer);
                if comparison.verdict == Verdict::Same {
                    Comparison::not_comparable(REDACTED_BODIES)
                } else {
                    comparison
                }
            }
            Some(answer) => comparer.compare(&question, &source, &answer),
            None => {
                let reason = part(last.exception());
                Comparison::different("noAnswer", format!("status {}", source.status), reason.into_owned())
            }
        },
    };
    let read = matches!(&*method, "GET" | "HEAD");
    let comparison = if comparison.verdict == Verdict::Different && !read && may_have_taken_effect(tuple) {
        Comparison::not_comparable(SENT_AGAIN)
    } else {
        comparison
    };
    Judged {
        comparison,
        class: call.map_or(Class::Other, |call| call.class()),
        request: format!("{method} {target}"),
        id: tuple.id().into_owned(),
        answers: [status(source), status(last)],
        fate,
    }
}

/// Learns noise from a tuple's source answer. Tuples have to come in the order of the source.
pub fn learn(comparer: &mut Comparer, tuple: &Tuple<'_>) {
    let Some(request) = tuple.source_request() else { return };
    let (Some(method), Some(target)) = (request.method(), request.target()) else { return };
    let body = request.body();
    let question = Question { call: call(&method, &target), body: &body };
    let at = tuple.field("sourceTimestamp").and_then(|at| at.text()).and_then(|at| time::unix_nanos(&at));
    // Without a time nothing is far enough from a write to be learnt from.
    if let Some(answer) = tuple.source_response().and_then(|response| response.answer()) {
        comparer.learn(&question, &answer, at.unwrap_or_default());
    }
}

/// Whether an attempt before the last was sent and brought no answer.
fn may_have_taken_effect(tuple: &Tuple<'_>) -> bool {
    let exceptions = tuple.target_responses().filter_map(|response| response.exception());
    let lost = exceptions.filter(|exception| !exception.starts_with("cannot connect")).count();
    let ended_without = tuple.target_responses().last().is_some_and(|last| last.exception().is_some());
    lost > usize::from(ended_without)
}
