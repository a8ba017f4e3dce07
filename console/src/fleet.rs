//! Processes on any number of hosts that work for the operator: loading a snapshot, replaying traffic. What is wanted of them
//! goes through an index that all of them read; on this host the console also starts them.

pub(crate) mod counts;
pub(crate) mod files;
pub(crate) mod launch;
pub(crate) mod living;
pub(crate) mod place;
pub(crate) mod target_keys;
