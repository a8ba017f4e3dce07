//! Producer and consumers on real brokers: every way to log in, and what goes wrong.

mod login;
mod refused;
mod support;
