//! What the end-to-end tests share: what a cluster holds, what a topic and a capture log hold, and traffic to make
//! them hold something. Judged with code of its own, not with the product's comparison.

pub mod documents;
pub mod records;
pub mod scripted;
pub mod traffic;
