//! TLS settings from files, for all programs: who is trusted, which certificate is shown.
//!
//! Everything is checked when it is loaded (does the key belong to the certificate, is the certificate still valid), so
//! that a mistake is an error with a file's name at the start, and not a handshake that fails at night. What is reloaded
//! replaces the old only when it has passed the same checks.

mod advice;
mod any_certificate;
mod client;
mod error;
mod pem;
mod reloading;
mod server;

pub use advice::{advice, cause};
pub use client::ClientOptions;
pub use error::TlsError;
pub use reloading::Reloading;
pub use server::{ClientCa, ServerOptions};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use std::sync::Arc;

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
