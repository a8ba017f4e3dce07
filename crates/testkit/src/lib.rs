//! Support for tests on real servers: the lab's clusters and brokers, the product's binaries as child processes, a raw
//! HTTP/1.1 client, and doubles of what the lab has not. A dev-dependency only; it panics where a test would, with what is needed to see why.

pub mod agent;
pub mod brokers;
pub mod collector;
pub mod faults;
pub mod http;
pub mod lab;
pub mod program;
