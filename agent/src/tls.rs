//! TLS of both sides, reloaded when a file changes and on SIGHUP. A certificate that does not pass its checks is
//! refused, said so, and the old one stays.

use crate::cli::Destination;
use rustls::{ClientConfig, ServerConfig};
use std::sync::Arc;
use std::time::Duration;
use switchover_tls::{ClientOptions, Reloading, TlsError};
use tokio::signal::unix::{SignalKind, signal};

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// Towards clients.
pub type ServerTls = Reloading<ServerConfig>;
/// Towards the node.
pub type NodeTls = Reloading<ClientConfig>;

/// Both sides, where they speak TLS.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Towards clients.
    pub server: Option<Arc<ServerTls>>,
    /// Towards the node.
    pub node: Option<Arc<NodeTls>>,
    /// Towards the target.
    pub target: Option<Arc<NodeTls>>,
}

/// TLS to a server at a destination that `flag` gave; `None` when it speaks none. `options_are` names the flags that
/// are for TLS only.
///
/// # Errors
/// When a file can't be used, or there are options and no TLS.
pub fn to_node(
    destination: &Destination,
    options: ClientOptions,
    flag: &str,
    options_are: &str,
) -> anyhow::Result<Option<Arc<NodeTls>>> {
    let files = options.files();
    if !destination.tls {
        // The field's documents give --insecureDestination also without TLS; a file would be a wish ignored.
        if !files.is_empty() {
            anyhow::bail!("{options_are} are for TLS; {flag} is {destination}");
        }
        return Ok(None);
    }
    let load = move || {
        let mut config = options.load()?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    };
    Ok(Some(Arc::new(Reloading::new(files, load)?)))
}

impl Tls {
    /// Keeps both fresh for as long as the process lives.
    ///
    /// # Errors
    /// When the signal handler can't be installed.
    pub async fn keep_fresh(self) -> std::io::Result<()> {
        let mut hangup = signal(SignalKind::hangup())?;
        loop {
            let asked = tokio::select! {
                _ = hangup.recv() => true,
                () = tokio::time::sleep(LOOK_INTERVAL) => false,
            };
            self.reload(asked);
        }
    }

    fn reload(&self, asked: bool) {
        if let Some(server) = &self.server {
            tell("clients", refreshed(server, asked));
        }
        if let Some(node) = &self.node {
            tell("the node", refreshed(node, asked));
        }
        if let Some(target) = &self.target {
            tell("the target", refreshed(target, asked));
        }
    }
}

fn refreshed<C>(tls: &Reloading<C>, asked: bool) -> Result<bool, TlsError> {
    if asked { tls.reload().map(|()| true) } else { tls.reload_if_changed() }
}

fn tell(side: &str, reloaded: Result<bool, TlsError>) {
    match reloaded {
        Ok(true) => tracing::info!("TLS files towards {side} loaded again, new connections use them"),
        Ok(false) => {}
        Err(error) => {
            tracing::error!(%error, "new TLS files towards {side} are refused, the old ones stay in use");
        }
    }
}
