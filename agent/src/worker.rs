//! Threads that carry traffic. Each runs its own single-threaded runtime, so that a connection lives on one thread and
//! needs no locks for its own state. Connections are dealt out in turn.

use crate::relay::Relay;
use std::io;
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::LocalSet;
use tokio_util::task::TaskTracker;

/// Accepted connections that wait for their worker to take them over.
const HANDOVER_CONNECTIONS: usize = 1024;

/// A connection on its way to a worker, with its place in the connection limit.
pub type Accepted = (std::net::TcpStream, OwnedSemaphorePermit);

/// One traffic thread.
#[derive(Debug)]
pub struct Worker {
    connections: mpsc::Sender<Accepted>,
    thread: JoinHandle<usize>,
}

impl Worker {
    /// Starts a thread; `relay` is built on it.
    ///
    /// # Errors
    /// When the system gives no thread or no runtime.
    pub fn start(
        number: u8,
        drain_timeout: Duration,
        relay: impl FnOnce() -> Relay + Send + 'static,
    ) -> io::Result<Self> {
        let (connections, accepted) = mpsc::channel(HANDOVER_CONNECTIONS);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name(format!("traffic-{number}")).spawn(move || {
            let local = LocalSet::new();
            local.block_on(&runtime, serve(accepted, Rc::new(relay()), drain_timeout))
        })?;
        Ok(Self { connections, thread })
    }

    /// Hands a connection over.
    ///
    /// # Errors
    /// When the worker is gone.
    pub async fn take(&self, accepted: Accepted) -> io::Result<()> {
        self.connections.send(accepted).await.map_err(|_| io::Error::other("a traffic thread has died"))
    }

    /// Waits until the connections are finished or the drain timeout has passed. How many had to be cut.
    #[must_use]
    pub fn finish(self) -> usize {
        drop(self.connections);
        self.thread.join().unwrap_or_else(|_| {
            tracing::error!("a traffic thread had died");
            0
        })
    }
}

async fn serve(mut accepted: mpsc::Receiver<Accepted>, relay: Rc<Relay>, drain_timeout: Duration) -> usize {
    let flusher = Rc::clone(&relay.flusher);
    tokio::task::spawn_local(async move { flusher.run().await });
    let tasks = TaskTracker::new();
    while let Some((stream, place)) = accepted.recv().await {
        let relay = Rc::clone(&relay);
        tasks.spawn_local(async move {
            relay.counters.connections.add(1);
            match TcpStream::from_std(stream) {
                Ok(client) => Rc::clone(&relay).serve(client).await,
                Err(error) => tracing::warn!(%error, "cannot watch an accepted connection"),
            }
            relay.counters.connections_ended.add(1);
            drop(place);
        });
    }
    tasks.close();
    match tokio::time::timeout(drain_timeout, tasks.wait()).await {
        Ok(()) => 0,
        Err(_) => tasks.len(),
    }
}
