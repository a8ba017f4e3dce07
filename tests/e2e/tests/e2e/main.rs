//! End-to-end tests: the product's binaries between official clients and real clusters and brokers.

mod crash;
mod failures;
mod gates;
mod lifecycle;
mod memory;
mod outage;
mod policies;
mod replay;
mod rewriting;
mod tls;
mod transparency;
