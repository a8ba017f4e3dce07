//! Comparing a tuple again.

use crate::compare::{Comparer, Question};
use crate::items::SentItems;
use crate::report::{Fate, Pair, Report};
use crate::verdict::{Comparison, MAX_SHOWN_BYTES, REDACTED, Verdict, cut};
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
const UNREPLAYABLE: &str = "the captured request can't be parsed";
/// How the error of a tuple begins whose request a rule failed for.
const RULE_FAILED: &str = "rewriting failed: ";
/// How the error of a tuple begins whose request was captured with hashes in the place of its secrets.
pub const WITHOUT_SECRETS: &str = "its secrets were not captured";
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

/// There is nothing to compare, because the request was not sent. `error` says why, as in the tuple.
#[must_use]
pub fn unsent(error: &str) -> Comparison {
    let reason = if error.starts_with(LEFT_OUT) {
        error.to_owned()
    } else if [RULE_FAILED, WITHOUT_SECRETS].iter().any(|begin| error.starts_with(begin)) {
        format!("not sent: {error}")
    } else {
        format!("{UNREPLAYABLE}: {error}")
    };
    Comparison::not_comparable(cut(&reason, MAX_SHOWN_BYTES).into_owned())
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
    let items = SentItems::in_tuple(tuple.field("sentItems"));
    let question = Question { call, body: &body, items: &items };
    let source = tuple.source_response();
    let last = tuple.target_responses().last();
    let error = tuple.field("error").map(|error| part(error.text()));
    let fate = match (&error, last) {
        (None, _) => Fate::Sent,
        (Some(_), Some(_)) => Fate::DeadLettered,
        (Some(error), None) if error.starts_with(LEFT_OUT) => Fate::LeftOut,
        (Some(_), None) => Fate::Unreplayable,
    };
    let status = |message: Option<Message<'_>>| {
        message.and_then(|message| Some((message.status()?, message.latency())))
    };
    let answered = last.is_some_and(|last| last.exception().is_none());
    let comparison = match (source.and_then(|source| source.answer()), last) {
        _ if matches!(fate, Fate::Unreplayable | Fate::LeftOut) => unsent(&part(error)),
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
    let overtaken = tuple.field("overtaken").is_some_and(|overtaken| overtaken.raw() == b"true");
    let comparison = match comparison.verdict {
        // As the replayer has it: an answer that never came has nothing to do with later writes.
        Verdict::Different if overtaken && answered => Comparison::not_comparable(OVERTAKEN),
        Verdict::Different if !read && answered && may_have_taken_effect(tuple) => {
            Comparison::not_comparable(SENT_AGAIN)
        }
        _ => comparison,
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
    let question = Question { call: call(&method, &target), body: &body, items: &SentItems::All };
    let at = tuple.field("sourceTimestamp").and_then(|at| at.text()).and_then(|at| time::unix_nanos(&at));
    // Without a time nothing is far enough from a write to be learnt from.
    if let Some(answer) = tuple.source_response().and_then(|response| response.answer()) {
        comparer.learn(&question, &answer, at.unwrap_or_default());
    }
}

/// Whether an attempt before the last was sent and no answer tells what became of it.
fn may_have_taken_effect(tuple: &Tuple<'_>) -> bool {
    let untold = |response: &Message<'_>| match response.exception() {
        Some(exception) => !exception.starts_with("cannot connect") && !exception.starts_with("cannot sign"),
        // A gateway gave up waiting.
        None => matches!(response.status(), Some(502 | 504)),
    };
    let lost = tuple.target_responses().filter(untold).count();
    lost > usize::from(tuple.target_responses().last().is_some_and(|last| untold(&last)))
}
