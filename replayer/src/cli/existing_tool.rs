//! Options of the existing tool (opensearch-migrations) that have no use here. They are taken, so that its scripts work as
//! they are, and each says why it does nothing.

/// What is accepted and not used.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ExistingTool {
    /// Accepted for compatibility, without a use.
    #[arg(long, hide = true, alias = "lookaheadTimeSeconds", value_name = "SECONDS")]
    lookahead_time_window: Option<String>,
    /// Accepted for compatibility, without a use.
    #[arg(long, hide = true, value_name = "N")]
    num_client_threads: Option<String>,
    /// Accepted for compatibility, without a use.
    #[arg(long, hide = true, value_name = "MILLISECONDS")]
    quiescent_period_ms: Option<String>,
}

impl ExistingTool {
    /// A sentence for each.
    pub(super) fn warnings(&self) -> impl Iterator<Item = &'static str> {
        let Self { lookahead_time_window, num_client_threads, quiescent_period_ms } = self;
        [
            lookahead_time_window
                .as_ref()
                .map(|_| "--lookaheadTimeWindow is not used: what is read ahead is bounded by --maxMemory, whatever its time"),
            num_client_threads.as_ref().map(|_| "--numClientThreads is not used: there is a thread for each processor"),
            quiescent_period_ms.as_ref().map(|_| {
                "--quiescentPeriodMs is not used: connections go on after a rebalance with what is not finished yet"
            }),
        ]
        .into_iter()
        .flatten()
    }
}
