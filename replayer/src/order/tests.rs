use proptest::prelude::*;

use super::*;

const MS: i64 = 1_000_000;

fn finished() -> Order<usize> {
    let mut order = Order::default();
    order.mark(0, LaneMark::Finished);
    order
}

#[test]
fn later_requests_wait_for_answers_that_came_before_them() {
    let mut order = finished();
    order.push(10, 20, 0);
    order.push(15, 40, 1);
    order.push(20, 30, 2);
    let (first, _) = order.release().unwrap();
    assert_eq!(order.head(0), Head::Ready(15), "they overlapped on the source");
    let (second, _) = order.release().unwrap();
    assert_eq!(order.head(0), Head::AwaitsAnswer);
    order.complete(second);
    assert_eq!(order.head(0), Head::AwaitsAnswer, "the one that had ended is still in flight");
    order.complete(first);
    assert_eq!(order.head(0), Head::Ready(20));
}

#[test]
fn the_head_waits_until_every_lane_is_read_past_it() {
    let mut order = Order::default();
    order.mark(0, LaneMark::Read(1000 * MS));
    order.mark(1, LaneMark::Read(i64::MIN));
    order.push(1000 * MS, 1001 * MS, 0);
    assert_eq!(order.head(0), Head::AwaitsInput(None));
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
    order.push(5, 6, 10);
    order.push(7, 8, 11);
    assert_eq!(order.head(0), Head::AwaitsInput(None));
    assert_eq!(order.drop_lane(1, |value| *value == 11), vec![11]);
    assert_eq!(order.head(0), Head::Ready(5));
    assert_eq!(order.waiting(), 1);
}

#[test]
fn requests_of_one_instant_leave_as_read() {
    let mut order = finished();
    for value in 0..50 {
        order.push(7, 7, value);
    }
    for value in 0..50 {
        assert_eq!(order.head(0), Head::Ready(7));
        let (ticket, released) = order.release().unwrap();
        assert_eq!(released, value);
        order.complete(ticket);
    }
    assert_eq!((order.head(0), order.in_flight()), (Head::Empty, 0));
}

#[derive(Debug, Clone)]
struct Source {
    /// (first, end) of each request, unix nanoseconds.
    requests: Vec<(i64, i64)>,
    /// How much later than its end each one is read, below the reorder window.
    delays: Vec<i64>,
    /// Which request in flight the target answers next.
    answers: Vec<prop::sample::Index>,
}

fn source() -> impl Strategy<Value = Source> {
    (1..60usize).prop_flat_map(|n| {
        let connection = prop::collection::vec((0..900i64, 1..700i64), n).prop_map(|steps| {
            let mut clocks = [0i64; 5];
            steps
                .iter()
                .enumerate()
                .map(|(at, (idle, took))| {
                    let clock = &mut clocks[at % 5];
                    let first = *clock + idle * MS;
                    *clock = first + took * MS;
                    (first, *clock)
                })
                .collect::<Vec<_>>()
        });
        let delays = prop::collection::vec(0..REORDER_WINDOW_NS, n);
        (connection, delays, prop::collection::vec(any::<prop::sample::Index>(), n))
            .prop_map(|(requests, delays, answers)| Source { requests, delays, answers })
    })
}

proptest! {
    /// Whatever overlaps, however late records are read and in whatever order the target answers: nothing leaves
    /// before what it must follow, and everything leaves.
    #[test]
    fn no_constraint_is_broken_and_nothing_stands_still(source in source()) {
        let mut read: Vec<usize> = (0..source.requests.len()).collect();
        read.sort_by_key(|at| source.requests[*at].1 + source.delays[*at]);
        let mut order = Order::<usize>::default();
        order.mark(0, LaneMark::Read(i64::MIN));
        let mut flying: Vec<(Ticket, usize)> = Vec::new();
        let mut done = vec![false; source.requests.len()];
        let mut answers = source.answers.iter();
        let mut reading = read.into_iter();
        loop {
            match order.head(0) {
                Head::Ready(first) => {
                    let (ticket, at) = order.release().unwrap();
                    prop_assert_eq!(first, source.requests[at].0);
                    for (other, (_, end)) in source.requests.iter().enumerate() {
                        prop_assert!(other == at || *end >= first || done[other], "{} left before {}", at, other);
                    }
                    flying.push((ticket, at));
                }
                Head::AwaitsAnswer => {
                    let (ticket, at) = flying.swap_remove(answers.next().unwrap().index(flying.len()));
                    done[at] = true;
                    order.complete(ticket);
                }
                Head::Empty | Head::AwaitsInput(_) => match reading.next() {
                    Some(at) => {
                        let (first, end) = source.requests[at];
                        order.push(first, end, at);
                        order.mark(0, LaneMark::Read(end + source.delays[at]));
                    }
                    None if order.waiting() == 0 => break,
                    None => order.mark(0, LaneMark::Finished),
                },
            }
        }
        prop_assert_eq!(done.iter().filter(|done| **done).count() + flying.len(), source.requests.len());
    }
}
