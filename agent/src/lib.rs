//! The agent: takes a node's client port, forwards every byte to the relocated node, records all of it.
//!
//! `run` wires the parts; `relay` carries bytes, `tap` understands them, `recorder` and `journal` keep them,
//! `durability` decides when a response may go, `syncer` and `shipper` make records durable on disk and in Kafka.

pub mod buffers;
pub mod capture;
pub mod cli;
pub mod clock;
pub mod counters;
pub mod durability;
pub mod flusher;
pub mod handover;
pub mod header_edit;
pub mod identity;
pub mod journal;
pub mod limits;
pub mod listener;
pub mod metrics;
pub mod node;
pub mod product_check;
pub mod record_view;
pub mod recorder;
pub mod redaction;
pub mod relay;
pub mod routing;
pub mod rules;
pub mod run;
pub mod service_manager;
pub mod settings;
pub mod shipper;
pub mod spans;
pub mod status;
pub mod suppression;
pub mod syncer;
pub mod tap;
pub mod target;
pub mod tls;
pub mod wake;
pub mod worker;
