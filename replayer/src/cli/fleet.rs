//! Flags that make a replayer a member of a fleet.

/// A replayer is a member when one of these is given; else it begins at once and asks nobody.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Fleet")]
pub(super) struct FleetArgs {
    /// Do what `switchover replay` says: wait for its start, follow its scale, end with its stop. The cluster that holds the
    /// coordination index, with the target's credentials [default: none, with --sessionName the target]
    #[arg(long, value_name = "URI")]
    coordinator_uri: Option<String>,
    /// The same, in a session of this name; replayers of one name share their orders, and only one input can have it
    #[arg(long, value_name = "NAME")]
    session_name: Option<String>,
}

impl FleetArgs {
    /// Where the coordination index is, unless on the target, and the session's name.
    pub(super) fn session(&self) -> Option<(Option<String>, String)> {
        let given = self.coordinator_uri.is_some() || self.session_name.is_some();
        given.then(|| (self.coordinator_uri.clone(), self.session_name.clone().unwrap_or_default()))
    }
}
