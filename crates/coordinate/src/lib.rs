//! Shares work among workers on any number of hosts, through one small index of a cluster that they all reach.
//!
//! An item of work is a document. A worker leases it by a compare-and-set on its sequence number, and renews the lease
//! by writing how far it got: the cursor is never apart from the lease. No clock is compared with another host's: a
//! worker takes an item over when it has seen, by its own clock, that its document did not change for a whole lease.
//! A holder that could not renew knows by its own clock that its lease is over, and stops.
//!
//! Processes register as members, and follow what the operator wants of them: [`Desired`]. Those of a replay do so too,
//! in an index of their own ([`Job`]); what they do is divided by their input, not by items.
//!
//! What must be done before something else is in an earlier phase: items of a phase are given out when all those of the
//! phases before are ended. An item may post others of its own phase before it is ended itself.

mod archive;
mod board;
mod claim;
mod clock;
mod desired;
mod error;
mod fleet;
mod follower;
mod item;
mod lease;
mod member;
mod orders;
mod overview;
mod parts;
mod replay;
mod start;
mod store;

pub use archive::Page;
pub use board::{Board, Job, Subject};
pub use claim::{Claim, Claims};
pub use clock::unix_ms;
pub use desired::{Desired, DesiredState};
pub use error::CoordinationError;
pub use fleet::{Fleet, rank};
pub use follower::{Account, Follower, Manner};
pub use item::{Ended, Item, NewItem, Progress};
pub use lease::{LEASE, Lease};
pub use member::{Identity, Member, MemberState, Membership, Said, host_name, process_name};
pub use orders::{End, Order, Orders, Rest};
pub use overview::{GroupOverview, Overview};
pub use parts::Parts;
pub use replay::{
    Differences, OldestRequest, PartitionFigures, ReplayCounts, ReplayEnds, ReplayOutcome, ReplayOverview,
    ReplaySaid,
};
pub use start::Start;
pub use store::BEHIND_SUFFIX;
