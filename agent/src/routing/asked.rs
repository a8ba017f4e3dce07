//! What of a request decides who may serve it.

use switchover_rest::{Call, is_mutating};

/// Segments of paths under which one cluster keeps something for a client from one request to the next: the other
/// cluster would answer that it does not know it. Cursors of SQL stand in bodies, so all of SQL counts.
const HELD_OPEN: [&str; 8] =
    ["_pit", "point_in_time", "_async_search", "_asynchronous_search", "_sql", "_ppl", "sql", "_tasks"];

/// A request, as routing sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// It may change the cluster.
    pub mutating: bool,
    /// It begins or goes on with something that one cluster holds open.
    pub held_open: bool,
}

impl Asked {
    /// By the method and target of its first line.
    #[must_use]
    pub fn of(method: &str, target: &[u8]) -> Self {
        let mutating = is_mutating(method, target);
        let held_open = !mutating && Call::parse(method, target).is_none_or(|call| is_held_open(&call));
        Self { mutating, held_open }
    }
}

fn is_held_open(call: &Call<'_>) -> bool {
    // With a point in time the body names it, and the path no index.
    let may_name_a_point_in_time = call.segments().eq(["_search"]);
    call.is_scroll()
        || may_name_a_point_in_time
        || call.segments().any(|segment| HELD_OPEN.contains(&segment))
}
