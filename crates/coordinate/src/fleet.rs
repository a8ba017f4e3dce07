//! Who of the members lives, as one observer sees it: by whether their signs of life go on, measured with the
//! observer's own clock alone.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::member::Member;

/// One observer's view of the members.
#[derive(Debug)]
pub struct Fleet {
    silence: Duration,
    /// By name: the beat that was seen last, and since when.
    seen: HashMap<String, (u64, Instant)>,
}

impl Fleet {
    /// A member whose sign of life does not change for `silence` counts as dead.
    #[must_use]
    pub fn new(silence: Duration) -> Self {
        Self { silence, seen: HashMap::new() }
    }

    /// Looks at the members, and splits them into those that may live and those that are silent.
    pub fn look(&mut self, members: Vec<Member>) -> (Vec<Member>, Vec<Member>) {
        let now = Instant::now();
        self.seen.retain(|name, _| members.iter().any(|member| member.identity.name == *name));
        members.into_iter().partition(|member| {
            let seen = self.seen.entry(member.identity.name.clone()).or_insert((member.beat, now));
            if seen.0 != member.beat {
                *seen = (member.beat, now);
            }
            now.duration_since(seen.1) < self.silence
        })
    }
}

/// How many of the living members that follow the scale began before this one.
#[must_use]
pub fn rank(living: &[Member], registered: i64) -> usize {
    // 0: its number is not written yet, so it began a moment ago.
    let before = |member: &&Member| {
        member.identity.follows && member.registered != 0 && member.registered < registered
    };
    living.iter().filter(before).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::member::Identity;

    fn member(name: &str, registered: i64, beat: u64) -> Member {
        let identity = Identity { name: name.to_owned(), follows: true, ..Identity::default() };
        Member { identity, registered, beat, ..Member::default() }
    }

    fn names(members: &[Member]) -> Vec<&str> {
        members.iter().map(|member| member.identity.name.as_str()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_member_lives_as_long_as_it_says_something_new() {
        let mut fleet = Fleet::new(Duration::from_secs(10));
        // A clock that is wrong by days changes nothing: only the beat counts.
        let (living, silent) = fleet.look(vec![member("a", 1, 1), member("b", 2, 1)]);
        assert_eq!((names(&living), names(&silent)), (vec!["a", "b"], vec![]));
        tokio::time::advance(Duration::from_secs(6)).await;
        let (living, _) = fleet.look(vec![member("a", 1, 2), member("b", 2, 1)]);
        assert_eq!(living.len(), 2);
        tokio::time::advance(Duration::from_secs(6)).await;
        let (living, silent) = fleet.look(vec![member("a", 1, 2), member("b", 2, 1)]);
        assert_eq!((names(&living), names(&silent)), (vec!["a"], vec!["b"]));
        let (living, _) = fleet.look(vec![member("a", 1, 2), member("b", 2, 2)]);
        assert_eq!(living.len(), 2, "it was only slow");
        fleet.look(vec![member("a", 1, 2)]);
        tokio::time::advance(Duration::from_secs(6)).await;
        let (living, _) = fleet.look(vec![member("b", 2, 2)]);
        assert_eq!(names(&living), ["b"], "one that was gone is looked at anew");
    }

    #[test]
    fn the_first_to_register_come_first_and_only_those_that_follow_count() {
        let mut other = member("by-hand", 3, 1);
        other.identity.follows = false;
        let living = [member("new", 0, 1), member("a", 5, 1), other, member("b", 9, 1)];
        assert_eq!((rank(&living, 5), rank(&living, 9), rank(&living, 12)), (0, 1, 2));
    }
}
