//! What every daemon shows of itself: logs on stderr, and `/healthz`, `/readyz`, `/status`, `/metrics` on an admin
//! address of its own, so that a probe is never mistaken for traffic; figures and spans for an OpenTelemetry collector.

mod admin;
pub mod figures;
pub mod otlp;
mod shutdown;
pub mod status_line;

pub use admin::{AdminPages, serve_admin};
pub use shutdown::terminated;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// Logs to stderr at `info`, or as the environment variable `RUST_LOG` says.
pub fn init_logging(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let builder =
        tracing_subscriber::fmt().with_writer(|| status_line::Above).with_ansi(ansi).with_env_filter(filter);
    let set = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if set.is_err() {
        tracing::debug!("logging was already set up");
    }
}
