//! Any bytes from a client, in any split: no panic, and the same events as in one piece.
//!
//! The input is the number of cuts, one byte each for the piece's size, then the stream.

use super::driver;
use switchover_http1::message;

pub(crate) fn run(input: &[u8]) {
    let Some((&cuts, rest)) = input.split_first() else { return };
    let (cuts, stream) = rest.split_at(usize::from(cuts).min(rest.len()));
    let sizes: Vec<usize> = cuts.iter().copied().map(usize::from).collect();
    let whole = driver::requests(&[stream]);
    assert_eq!(driver::requests(&driver::pieces(stream, &sizes)), whole);

    let mut start = 0;
    for (at, seen) in whole {
        if seen == driver::Seen::End {
            assert!(message::parse_request(&stream[start..at]).is_ok());
            start = at;
        }
    }
}
