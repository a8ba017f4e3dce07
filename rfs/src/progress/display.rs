//! Progress on stderr: a line that is always new on a terminal, else a line of the log now and then.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use switchover_telemetry::status_line;
use tokio_util::sync::CancellationToken;

use super::Progress;

/// Between two lines of the log.
const LOG_INTERVAL: Duration = Duration::from_secs(10);
/// Between two looks of the terminal's line.
const TERMINAL_INTERVAL: Duration = Duration::from_secs(1);

/// Shows it until `over`.
pub async fn run(progress: Arc<Progress>, over: CancellationToken) {
    let terminal = std::io::stderr().is_terminal();
    let interval = if terminal { TERMINAL_INTERVAL } else { LOG_INTERVAL };
    loop {
        tokio::select! {
            () = over.cancelled() => break,
            () = tokio::time::sleep(interval) => {}
        }
        if terminal {
            status_line::show(&progress.line());
        } else {
            tracing::info!("{}", progress.line());
        }
    }
    if terminal {
        status_line::clear();
    }
}
