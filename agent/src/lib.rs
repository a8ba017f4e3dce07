//! The agent: takes a node's client port, forwards every byte to the relocated node, records all of it.
//!
//! `run` wires the parts; `relay` carries bytes, `tap` understands them, `recorder` and `journal` keep them,
//! `durability` decides when a response may go, `syncer` and `shipper` make records durable on disk and in Kafka.

pub mod buffers;
pub mod cli;
pub mod clock;
pub mod counters;
pub mod durability;
pub mod flusher;
pub mod identity;
pub mod journal;
pub mod listener;
pub mod mutating;
pub mod record_view;
pub mod recorder;
pub mod relay;
pub mod run;
pub mod shipper;
pub mod status;
pub mod syncer;
pub mod tap;
pub mod worker;
