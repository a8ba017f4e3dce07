//! Any line as a tuple: judged and converted it ends, and what is written is JSON again.

use switchover_compare::compare::Comparer;
use switchover_compare::json::Tape;
use switchover_compare::tuple::{Shape, Tuple, convert, judge, learn};

pub(crate) fn run(data: &[u8]) {
    let mut tape = Tape::default();
    let Some(tuple) = tape.parse(data).and_then(Tuple::new) else { return };
    let mut comparer = Comparer::default();
    learn(&mut comparer, &tuple);
    let _ = judge(&mut comparer, &tuple);
    for shape in [Shape::Switchover, Shape::OpensearchMigrations, Shape::Base64Body] {
        let mut out = Vec::new();
        convert(&mut out, &tuple, shape, &mut comparer);
        assert!(Tape::default().parse(&out).is_some(), "{}", out.escape_ascii());
    }
}
