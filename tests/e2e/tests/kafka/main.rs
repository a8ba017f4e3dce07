//! Producer and consumers on real brokers: every way to log in, and what goes wrong; and the agent among brokers and
//! networks that fail.

mod brokers;
mod chaos;
mod compression;
mod console;
mod fleet;
mod login;
mod network;
mod rebalance;
mod refused;
mod support;
mod too_large;
mod writers;
