use proptest::prelude::*;

use super::*;
use crate::footprint::{Access, DocumentKey, Place};

const MS: i64 = 1_000_000;

fn finished() -> Order<usize> {
    let mut order = Order::new(Policy::Document);
    order.mark(0, LaneMark::Finished);
    order
}

/// On a connection of its own.
fn arrival(first: i64, source_end: i64, footprint: Footprint) -> Arrival {
    static CONNECTIONS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1000);
    let connection = CONNECTIONS.fetch_add(1, atomic::Ordering::Relaxed);
    Arrival { first, source_end, connection, footprint }
}

fn document(access: Access, id: &str) -> Footprint {
    Footprint(vec![(access, Place::Documents("i".into(), vec![DocumentKey::of(id)]))])
}

fn index(access: Access, name: &str) -> Footprint {
    Footprint(vec![(access, Place::Index(name.into()))])
}

fn cluster(access: Access) -> Footprint {
    Footprint(vec![(access, Place::Cluster)])
}

/// Everything that may leave now.
fn leave(order: &mut Order<usize>) -> Vec<(Ticket, usize)> {
    let mut left = Vec::new();
    while matches!(order.head(0), Head::Ready(_)) {
        left.extend(order.release(Instant::now()).map(|released| (released.ticket, released.value)));
    }
    left
}

fn values(left: &[(Ticket, usize)]) -> Vec<usize> {
    left.iter().map(|(_, value)| *value).collect()
}

#[test]
fn conflicting_requests_wait_for_answers_that_came_before_them() {
    let mut order = finished();
    order.push(arrival(10, 20, Footprint::everything()), 0);
    order.push(arrival(15, 40, Footprint::everything()), 1);
    order.push(arrival(20, 30, Footprint::everything()), 2);
    let left = leave(&mut order);
    assert_eq!(values(&left), [0, 1], "they overlapped on the source");
    assert_eq!(order.head(0), Head::AwaitsAnswer);
    order.complete(left[1].0);
    assert_eq!(order.head(0), Head::AwaitsAnswer, "the one that had ended is still in flight");
    order.complete(left[0].0);
    assert_eq!(order.head(0), Head::Ready(20));
}

#[test]
fn a_request_that_hangs_holds_only_what_depends_on_it() {
    use Access::{Read, Write};
    let mut order = finished();
    for (value, footprint) in [
        document(Write, "hangs"),
        document(Write, "other"),
        document(Read, "hangs"),
        document(Read, "other"),
        index(Read, "i"),
        index(Read, "j"),
        cluster(Read),
        Footprint::default(),
        document(Write, "third"),
    ]
    .into_iter()
    .enumerate()
    {
        let at = value as i64 * 10;
        order.push(arrival(at, at + 1, footprint), value);
    }
    let left = leave(&mut order);
    assert_eq!(values(&left), [0, 1, 5, 7]);
    order.complete(left[1].0);
    let then = leave(&mut order);
    assert_eq!(
        values(&then),
        [3],
        "the search of the index waits for both, the write after it for the search"
    );
    order.complete(left[0].0);
    assert_eq!(values(&leave(&mut order)), [2, 4, 6]);
    assert_eq!((order.waiting(), order.in_flight()), (1, 6));
}

#[tokio::test(start_paused = true)]
async fn writes_pass_a_read_that_hangs() {
    let mut order = finished();
    order.push(arrival(0, 1, index(Access::Read, "i")), 0);
    order.push(arrival(5, 6, document(Access::Write, "a")), 1);
    let read = order.release(Instant::now()).unwrap();
    assert!(leave(&mut order).is_empty());
    let ask_again = order.pass_slow_reads(Instant::now()).unwrap();
    assert!(leave(&mut order).is_empty() && !read.overtaken.load(atomic::Ordering::Acquire));
    tokio::time::advance(READ_HOLD).await;
    assert!(ask_again <= Instant::now());
    assert_eq!(order.pass_slow_reads(Instant::now()), None);
    assert_eq!(values(&leave(&mut order)), [1]);
    assert!(read.overtaken.load(atomic::Ordering::Acquire));
    order.complete(read.ticket);
    assert_eq!((order.waiting(), order.in_flight()), (0, 1));
}

#[test]
fn a_read_that_is_read_late_counts_as_overtaken_by_the_writes_sent_before_it() {
    let mut order = Order::new(Policy::Document);
    order.mark(0, LaneMark::Read(20));
    order.push(arrival(20, 30, document(Access::Write, "a")), 0);
    assert_eq!(order.head(0), Head::AwaitsInput(None));
    assert_eq!(order.head_in_short_memory(0), Head::Ready(20));
    let overtaken = |order: &mut Order<usize>| {
        order.release(Instant::now()).unwrap().overtaken.load(atomic::Ordering::Acquire)
    };
    assert!(!overtaken(&mut order));
    for (first, footprint, late) in [
        (10, document(Access::Read, "b"), true),
        (10, document(Access::Write, "c"), false),
        (10, Footprint::default(), false),
        (21, document(Access::Read, "b"), false),
    ] {
        order.push(arrival(first, 40, footprint), 1);
        assert_eq!(overtaken(&mut order), late);
    }
}

#[test]
fn requests_of_a_connection_keep_their_order_whatever_they_touch() {
    for policy in [Policy::Document, Policy::Connection] {
        let mut order = Order::new(policy);
        order.mark(0, LaneMark::Finished);
        for value in 0..3 {
            let at = value as i64;
            order.push(Arrival { connection: 7, ..arrival(at, at, Footprint::default()) }, value);
        }
        order.push(arrival(9, 9, Footprint::everything()), 3);
        let mut left = leave(&mut order);
        assert_eq!(values(&left), [0, 3]);
        for value in [1, 2] {
            order.complete(left.remove(0).0);
            left = leave(&mut order);
            assert_eq!(values(&left), [value]);
        }
    }
}

#[test]
fn by_connection_nothing_else_waits() {
    let mut order = Order::new(Policy::Connection);
    order.mark(0, LaneMark::Finished);
    for value in 0..5 {
        let at = value as i64 * 10;
        order.push(arrival(at, at + 1, Footprint::everything()), value);
    }
    assert_eq!(values(&leave(&mut order)), [0, 1, 2, 3, 4]);
}

#[test]
fn the_head_waits_until_every_lane_is_read_past_it() {
    let mut order = Order::new(Policy::Document);
    order.mark(0, LaneMark::Read(1000 * MS));
    order.mark(1, LaneMark::Read(i64::MIN));
    order.push(arrival(1000 * MS, 1001 * MS, Footprint::everything()), 0);
    assert_eq!(order.head(0), Head::AwaitsInput(None));
    order.mark(0, LaneMark::Read(1500 * MS));
    order.mark(1, LaneMark::Read(1500 * MS));
    assert_eq!(
        (order.head(0), order.head_in_short_memory(0)),
        (Head::AwaitsInput(None), Head::Ready(1000 * MS))
    );
    order.mark(1, LaneMark::Read(i64::MIN));
    order.mark(0, LaneMark::Read(3000 * MS));
    assert_eq!(order.head(0), Head::AwaitsInput(None), "the other lane has not been read");
    order.mark(1, LaneMark::AtEnd);
    assert_eq!(order.head(2999 * MS), Head::AwaitsInput(Some(3000 * MS)));
    assert_eq!(order.head(3000 * MS), Head::Ready(1000 * MS));
    order.mark(1, LaneMark::Finished);
    assert_eq!(order.head(0), Head::Ready(1000 * MS));
}

#[test]
fn a_dropped_lane_holds_nobody_and_gives_its_requests_back() {
    let mut order = finished();
    order.mark(1, LaneMark::Read(0));
    order.push(arrival(5, 6, Footprint::everything()), 10);
    order.push(arrival(7, 8, Footprint::everything()), 11);
    assert_eq!(order.head(0), Head::AwaitsInput(None));
    assert_eq!(order.drop_lane(1, |value| *value == 11), vec![11]);
    assert_eq!(order.head(0), Head::Ready(5));
    assert_eq!(order.waiting(), 1);
}

#[test]
fn who_waited_for_parked_requests_of_a_dropped_lane_waits_for_what_they_waited_for() {
    let mut order = finished();
    order.push(arrival(0, 1, document(Access::Write, "a")), 0);
    order.push(arrival(2, 3, index(Access::Write, "i")), 10);
    order.push(arrival(4, 5, document(Access::Write, "b")), 1);
    let left = leave(&mut order);
    assert_eq!((values(&left), order.waiting()), (vec![0], 2));
    assert_eq!(order.drop_lane(1, |value| *value == 10), vec![10]);
    assert_eq!((values(&leave(&mut order)), order.in_flight()), (vec![], 1));
    order.complete(left[0].0);
    assert_eq!(values(&leave(&mut order)), [1]);
    assert_eq!((order.waiting(), order.in_flight(), order.head(0)), (0, 1, Head::Empty));
}

#[test]
fn parked_requests_of_a_dropped_lane_may_wait_for_each_other() {
    let mut order = finished();
    for (at, value) in [(0, 0), (2, 10), (4, 11), (6, 12), (8, 1)] {
        order.push(arrival(at, at + 1, Footprint::everything()), value);
    }
    let left = leave(&mut order);
    assert_eq!((values(&left), order.waiting()), (vec![0], 4));
    let mut dropped = order.drop_lane(1, |value| *value >= 10);
    dropped.sort_unstable();
    assert_eq!((dropped, order.waiting(), order.in_flight()), (vec![10, 11, 12], 1, 1));
    assert_eq!(values(&leave(&mut order)), Vec::<usize>::new(), "it still waits for the first");
    order.complete(left[0].0);
    assert_eq!(values(&leave(&mut order)), [1]);
    assert_eq!((order.waiting(), order.waits, order.head(0)), (0, 0, Head::Empty));
}

#[test]
fn parked_requests_have_a_limit() {
    let mut order = finished();
    for value in 0..MAX_PARKED_REQUESTS + 10 {
        let at = value as i64 * 10;
        order.push(arrival(at, at + 1, Footprint::everything()), value);
    }
    let mut left = leave(&mut order);
    assert_eq!((values(&left), order.head(0)), (vec![0], Head::AwaitsAnswer));
    for value in 1..MAX_PARKED_REQUESTS + 10 {
        order.complete(left[0].0);
        left = leave(&mut order);
        assert_eq!(values(&left), [value]);
    }
}

#[derive(Debug, Clone)]
struct Source {
    /// What each request touches and when, unix nanoseconds.
    requests: Vec<Arrival>,
    /// How much later than its end each one is read, below the reorder window.
    delays: Vec<i64>,
    /// Which request in flight the target answers next.
    answers: Vec<prop::sample::Index>,
}

fn footprint() -> impl Strategy<Value = Footprint> {
    let access = prop_oneof![Just(Access::Read), Just(Access::Write)];
    let name = prop_oneof![Just("i"), Just("j")];
    let ids = prop::collection::vec(prop_oneof![Just("a"), Just("b"), Just("c")], 0..3);
    let place = prop_oneof![
        1 => Just(Place::Cluster),
        1 => Just(Place::Cursors),
        2 => name.clone().prop_map(|name| Place::Index(name.into())),
        8 => (name, ids).prop_map(|(name, ids)| {
            Place::Documents(name.into(), ids.into_iter().map(DocumentKey::of).collect())
        }),
    ];
    prop::collection::vec((access, place), 0..3).prop_map(Footprint)
}

fn source() -> impl Strategy<Value = Source> {
    (1..60usize).prop_flat_map(|n| {
        let requests = prop::collection::vec((0..900i64, 1..700i64, footprint()), n).prop_map(|steps| {
            let mut clocks = [0i64; 5];
            let step = |(at, (idle, took, footprint)): (usize, (i64, i64, Footprint))| {
                let clock = &mut clocks[at % 5];
                let first = *clock + idle * MS;
                *clock = first + took * MS;
                Arrival { first, source_end: *clock, connection: (at % 5) as u64, footprint }
            };
            steps.into_iter().enumerate().map(step).collect::<Vec<_>>()
        });
        let delays = prop::collection::vec(0..REORDER_WINDOW_NS, n);
        (requests, delays, prop::collection::vec(any::<prop::sample::Index>(), n))
            .prop_map(|(requests, delays, answers)| Source { requests, delays, answers })
    })
}

/// The rule, as it reads: no index of any kind.
fn conflict(one: &Footprint, other: &Footprint) -> bool {
    let overlap = |one: &Place, other: &Place| match (one, other) {
        (Place::Cursors, Place::Cursors) => true,
        (Place::Cursors, _) | (_, Place::Cursors) => false,
        (Place::Cluster, _) | (_, Place::Cluster) => true,
        (Place::Documents(one, keys), Place::Documents(other, others)) => {
            one == other && keys.iter().any(|key| others.contains(key))
        }
        (Place::Index(one) | Place::Documents(one, _), Place::Index(other) | Place::Documents(other, _)) => {
            one == other
        }
    };
    one.0.iter().any(|(access, place)| {
        other.0.iter().any(|(other_access, other)| {
            (*access == Access::Write || *other_access == Access::Write) && overlap(place, other)
        })
    })
}

proptest! {
    /// Whatever overlaps, however late records are read and in whatever order the target answers: nothing leaves
    /// before what it must follow, nothing waits for anything else, and everything leaves.
    #[test]
    fn no_constraint_is_broken_and_nothing_stands_still(source in source()) {
        let requests = &source.requests;
        let mut read: Vec<usize> = (0..requests.len()).collect();
        read.sort_by_key(|at| requests[*at].source_end + source.delays[*at]);
        let mut order = Order::<usize>::new(Policy::Document);
        order.mark(0, LaneMark::Read(i64::MIN));
        let mut flying: Vec<(Ticket, usize)> = Vec::new();
        let mut begun = vec![false; requests.len()];
        let mut done = vec![false; requests.len()];
        let mut answers = source.answers.iter();
        let mut reading = read.into_iter();
        let must_wait = |at: usize, done: &[bool]| {
            requests.iter().enumerate().any(|(other, before)| {
                let (this, same) = (&requests[at], before.connection == requests[at].connection);
                other != at && !done[other] && before.source_end <= this.first
                    && (same || conflict(&this.footprint, &before.footprint))
            })
        };
        loop {
            match order.head(0) {
                Head::Ready(_) => {
                    if let Some(released) = order.release(Instant::now()) {
                        prop_assert!(!must_wait(released.value, &done), "{} left too early", released.value);
                        begun[released.value] = true;
                        flying.push((released.ticket, released.value));
                    }
                }
                Head::AwaitsAnswer => {
                    prop_assert!(!flying.is_empty(), "everything waits for nothing");
                    let (ticket, at) = flying.swap_remove(answers.next().unwrap().index(flying.len()));
                    done[at] = true;
                    order.complete(ticket);
                }
                Head::Empty | Head::AwaitsInput(_) => match reading.next() {
                    Some(at) => {
                        order.push(requests[at].clone(), at);
                        order.mark(0, LaneMark::Read(requests[at].source_end + source.delays[at]));
                    }
                    None if order.waiting() == 0 => break,
                    None => order.mark(0, LaneMark::Finished),
                },
            }
        }
        prop_assert!(begun.iter().all(|begun| *begun));
        for (ticket, _) in flying {
            order.complete(ticket);
        }
        prop_assert_eq!((order.in_flight(), order.begun.len(), order.connections.len()), (0, 0, 0));
    }
}
