//! Framing of requests and responses through the public interface: any split, hostile bytes, both limits.

mod driver;
mod generated;
mod heads;
mod limits;
mod messages;
mod requests;
mod responses;
mod smuggling;
mod soup;
