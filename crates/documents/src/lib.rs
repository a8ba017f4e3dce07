//! Where documents of a snapshot go on the target, and what users' rules make of them on the way.
//!
//! Who loads them, who compares them and who sends refused ones again must agree on both: they ask here.

mod origin;
mod placement;

pub use self::origin::Origin;
pub use self::placement::{Foresight, Placed, Placement, PlacementArgs, SeveralTypes};
pub use switchover_rewrite::args::RuleArgsError;
pub use switchover_rewrite::outcome::Stop;
pub use switchover_snapshot::Destination;
