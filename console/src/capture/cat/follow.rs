//! `capture cat --follow`: the log has no way to tell that it grew, so it is asked again and again.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::super::log::CaptureLog;
use super::printer::Printer;
use crate::failure::Failure;

/// How long after a pair is complete it may be shown.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Until SIGINT or SIGTERM.
pub(super) fn follow(log: &mut CaptureLog<'_>, printer: &mut Printer) -> Result<(), Failure> {
    let interrupted = interrupted().context("cannot wait for signals")?;
    while !log.is_over() {
        let stop = match log.next().map_err(anyhow::Error::from)? {
            Some(found) => {
                printer.found(found)?;
                interrupted.try_recv().is_ok()
            }
            None => {
                printer.flush()?;
                interrupted.recv_timeout(POLL_INTERVAL) != Err(RecvTimeoutError::Timeout)
            }
        };
        if stop {
            break;
        }
    }
    Ok(())
}

/// Receives once when this process is told to stop. The signals are caught when this returns.
fn interrupted() -> std::io::Result<Receiver<()>> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let entered = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    drop(entered);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        // Whoever waited may have ended by itself.
        let _ = sender.send(());
    });
    Ok(receiver)
}
