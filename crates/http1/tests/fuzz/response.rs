//! Any bytes from a server, in any split: no panic, and the same events as in one piece.
//!
//! The input is a byte for the kind of the requests, the number of cuts, one byte each for the piece's size, then
//! the stream.

use super::driver;
use switchover_http1::RequestKind::{Connect, Head, HeadUpgrade, Other, Upgrade};

const KINDS: [switchover_http1::RequestKind; 5] = [Other, Head, Upgrade, HeadUpgrade, Connect];

/// Requests waiting for an answer; responses beyond them are unsolicited.
const WAITING: usize = 4;

pub(crate) fn run(input: &[u8]) {
    let [kind, cuts, rest @ ..] = input else { return };
    let kinds: Vec<_> = KINDS.into_iter().cycle().skip(usize::from(*kind)).take(WAITING).collect();
    let (cuts, stream) = rest.split_at(usize::from(*cuts).min(rest.len()));
    let sizes: Vec<usize> = cuts.iter().copied().map(usize::from).collect();
    let whole = driver::responses(&[stream], &kinds);
    assert_eq!(driver::responses(&driver::pieces(stream, &sizes), &kinds), whole);
}
