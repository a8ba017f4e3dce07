//! Where documents of a snapshot go on the target, and what users' rules make of them on the way.
//!
//! Who loads them, who compares them and who sends refused ones again must agree on both: they ask here.

mod placement;

pub use self::placement::{Foresight, Placed, Placement, SeveralTypes};
pub use switchover_rewrite::args::{OnTransformError, RuleArgs, RuleArgsError};
pub use switchover_rewrite::documents::Document;
pub use switchover_rewrite::outcome::Stop;
pub use switchover_snapshot::Destination;
