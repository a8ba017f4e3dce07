//! End-to-end tests: the product's binaries between official clients and real clusters and brokers.

mod away;
mod console_snapshot;
mod crash;
mod existing_tool;
mod failures;
mod gates;
mod go_clients;
mod hanging;
mod lifecycle;
mod memory;
mod old_sources;
mod otlp;
mod outage;
mod policies;
mod replay;
mod replay_memory;
mod rewriting;
mod routing;
mod secrets;
mod sending;
mod tls;
mod transparency;
