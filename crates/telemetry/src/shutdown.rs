//! The end of a daemon as its service manager asks for it.

use tokio::signal::unix::{SignalKind, signal};

/// From now on this process is not killed when it is asked to end (SIGTERM, or SIGINT from a terminal); what is returned
/// completes then. To be called before anybody can know of the process.
///
/// # Errors
/// When the signal handlers can't be installed.
pub fn terminated() -> std::io::Result<impl Future<Output = ()> + Send> {
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
