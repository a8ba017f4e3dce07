use std::sync::Arc;

use bytes::Bytes;
use switchover_capture::{End, Message, Timestamp};

use super::*;
use crate::budget::Budget;
use crate::captured::Captured;
use crate::commit::{Hold, Offsets};
use crate::footprint::Footprint;

fn subject() -> Subject {
    Subject { topic: "t".to_owned(), group_id: "g".to_owned(), target: "h:9200".to_owned() }
}

fn finished(offsets: &Offsets, partition: i32, at: &[i64], connection_id: &str, index: u32) -> Captured {
    let message = Message {
        bytes: Bytes::new(),
        first: Timestamp { seconds: 0, nanos: 0 },
        last: Timestamp { seconds: 0, nanos: 0 },
    };
    Captured {
        connection: 0,
        node_id: "node".into(),
        connection_id: connection_id.into(),
        index,
        lane: 0,
        request: message,
        response: None,
        end: End::Closed,
        first: 0,
        source_end: 0,
        footprint: Footprint::default(),
        lease: Arc::new(Budget::new(0)).lease(0),
        hold: Hold::new(at.iter().map(|offset| Some(offsets.begin(partition, *offset))).collect()),
    }
}

fn text(directory: &Path) -> String {
    std::fs::read_to_string(directory.join(FILE_NAME)).unwrap()
}

#[test]
fn what_is_finished_beyond_the_offset_is_known_to_the_next_run() {
    let directory = tempfile::tempdir().unwrap();
    let offsets = Offsets::default();
    let done = Done::open(directory.path(), &subject()).unwrap();
    let requests = [
        finished(&offsets, 0, &[3, 5], "a", 0),
        finished(&offsets, 0, &[9], "a", 1),
        finished(&offsets, 1, &[5], "b", 0),
    ];
    done.add(requests.iter().filter_map(Entry::of)).unwrap();
    done.committed(&[(0, 6)]).unwrap();
    drop(done);
    let done = Done::open(directory.path(), &subject()).unwrap();
    assert!(!done.holds("node", "a", 0), "the offset has passed it");
    assert!(done.holds("node", "a", 1) && done.holds("node", "b", 0));
    assert!(!done.holds("other", "a", 1) && !done.holds("node", "a", 2));
    done.assigned(0, 6);
    assert!(done.holds("node", "a", 1));
    done.assigned(0, 2);
    assert!(!done.holds("node", "a", 1), "the group was set back");
    assert!(done.holds("node", "b", 0));
}

#[test]
fn another_subject_and_a_torn_line_are_no_memory() {
    let directory = tempfile::tempdir().unwrap();
    let offsets = Offsets::default();
    let done = Done::open(directory.path(), &subject()).unwrap();
    let requests = [finished(&offsets, 0, &[1], "a", 0), finished(&offsets, 0, &[2], "tab\there", 0)];
    done.add(requests.iter().filter_map(Entry::of)).unwrap();
    drop(done);
    let path = directory.path().join(FILE_NAME);
    let torn = format!("{}done\t0\t9\t0\tnode\tb", text(directory.path()));
    std::fs::write(&path, torn).unwrap();
    let done = Done::open(directory.path(), &subject()).unwrap();
    assert!(done.holds("node", "a", 0) && !done.holds("node", "b", 0) && !done.holds("node", "tab\there", 0));
    assert_eq!(text(directory.path()).lines().count(), 3, "what can't be read is gone");
    drop(done);
    for broken in ["done\tx\t1\t0\tn\tc\n", "done\t0\t1\n", "gone\t0\t1\n", "done\t0\t1\t0\tn\tc\tmore\n"] {
        let whole = text(directory.path());
        std::fs::write(&path, format!("{whole}{broken}")).unwrap();
        assert!(Done::open(directory.path(), &subject()).unwrap().holds("node", "a", 0), "{broken}");
    }
    for other in [
        Subject { topic: "u".to_owned(), ..subject() },
        Subject { group_id: "u".to_owned(), ..subject() },
        Subject { target: "u".to_owned(), ..subject() },
    ] {
        let other_directory = tempfile::tempdir().unwrap();
        std::fs::copy(&path, other_directory.path().join(FILE_NAME)).unwrap();
        assert!(!Done::open(other_directory.path(), &other).unwrap().holds("node", "a", 0));
    }
}

#[test]
fn the_file_stays_small() {
    let directory = tempfile::tempdir().unwrap();
    let offsets = Offsets::default();
    let done = Done::open(directory.path(), &subject()).unwrap();
    for round in 0..50 {
        let requests: Vec<_> = (0..1000)
            .map(|at| finished(&offsets, 0, &[round * 1000 + at], "c", (round * 1000 + at) as u32))
            .collect();
        done.add(requests.iter().filter_map(Entry::of)).unwrap();
        done.committed(&[(0, (round + 1) * 1000 - 1)]).unwrap();
        assert!(
            done.holds("node", "c", (round * 1000 + 999) as u32)
                && !done.holds("node", "c", (round * 1000) as u32)
        );
    }
    assert!(text(directory.path()).lines().count() < MAX_IDLE_LINES + 3000);
    drop(done);
    assert!(Done::open(directory.path(), &subject()).unwrap().holds("node", "c", 49_999));
}

#[test]
fn what_another_replayer_has_had_is_forgotten_for_good_and_the_name_stays() {
    let directory = tempfile::tempdir().unwrap();
    let offsets = Offsets::default();
    let done = Done::open(directory.path(), &subject()).unwrap();
    let owner = done.owner();
    let requests = [finished(&offsets, 0, &[9], "a", 1), finished(&offsets, 1, &[5], "b", 0)];
    done.add(requests.iter().filter_map(Entry::of)).unwrap();
    done.forget(0).unwrap();
    drop(done);
    let done = Done::open(directory.path(), &subject()).unwrap();
    assert!(!done.holds("node", "a", 1) && done.holds("node", "b", 0));
    let again = finished(&offsets, 0, &[9], "a", 1);
    done.add(Entry::of(&again).into_iter()).unwrap();
    drop(done);
    let done = Done::open(directory.path(), &subject()).unwrap();
    assert!(done.holds("node", "a", 1), "what was finished since is remembered");
    assert_eq!((done.owner(), owner.len()), (owner.clone(), 16));
    let other = tempfile::tempdir().unwrap();
    assert_ne!(Done::open(other.path(), &subject()).unwrap().owner(), owner);
}
