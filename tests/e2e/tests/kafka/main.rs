//! Producer and consumers on real brokers: every way to log in, and what goes wrong.

mod brokers;
mod compression;
mod login;
mod refused;
mod support;
mod too_large;
