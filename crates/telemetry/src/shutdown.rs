//! The end of a daemon as its service manager asks for it.

use tokio::signal::unix::{SignalKind, signal};

/// Completes when this process is asked to end (SIGTERM, or SIGINT from a terminal).
///
/// # Errors
/// When the signal handlers can't be installed.
pub async fn terminated() -> std::io::Result<()> {
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
