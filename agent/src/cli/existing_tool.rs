//! Options of the existing tool (opensearch-migrations) that have no use here. They are taken, so that its scripts and
//! its JSON settings work as they are, and each that would have changed something says why it does not.

use clap::Args;

/// What is accepted and not used.
#[derive(Debug, Clone, Default, Args)]
#[command(rename_all = "camelCase")]
pub struct ExistingTool {
    /// Accepted for compatibility, without a use.
    #[arg(long, hide = true, value_name = "DIR")]
    pub trace_directory: Option<String>,
    /// Accepted for compatibility, without a use.
    #[arg(long, hide = true, value_name = "BYTES")]
    pub max_traffic_buffer_size: Option<String>,
    /// Accepted for compatibility, without a use.
    #[arg(long, hide = true, value_name = "N")]
    pub destination_connection_pool_size: Option<String>,
    /// Accepted for compatibility, without a use.
    #[arg(long, hide = true, value_name = "DURATION")]
    pub destination_connection_pool_timeout: Option<String>,
}

impl ExistingTool {
    /// A sentence for each that the user might rely on.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let Self { trace_directory, max_traffic_buffer_size, .. } = self;
        let pool = self.destination_connection_pool_size.as_deref().filter(|size| *size != "0");
        let timeout = self.destination_connection_pool_timeout.as_deref();
        [
            trace_directory.as_ref().map(|_| {
                "--traceDirectory is not used: traffic is captured in --captureLogDir, and `switchover capture cat` shows it"
            }),
            max_traffic_buffer_size.as_ref().map(|_| {
                "--maxTrafficBufferSize is not used: buffers are as large as what they hold, and the topic says how long its records may be"
            }),
            pool.map(|_| {
                "--destinationConnectionPoolSize is not used: each client connection has one to the node, opened with its first byte"
            }),
            timeout.map(|_| {
                "--destinationConnectionPoolTimeout is not used: there are no connections to the node without a client"
            }),
        ]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect()
    }
}
