//! Threads that carry traffic. Each runs its own single-threaded runtime, so that a connection lives on one thread and
//! needs no locks for its own state. Connections are dealt out in turn.

use crate::handover::Connection;
use crate::relay::Relay;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::LocalSet;
use tokio_util::task::TaskTracker;

/// Accepted connections that wait for their worker to take them over.
const HANDOVER_CONNECTIONS: usize = 1024;

/// A connection on its way to a worker, with its place in the connection limit.
#[derive(Debug)]
pub struct Accepted {
    /// From the client; to the node too when another program began it.
    pub connection: Connection,
    /// Its place.
    pub place: OwnedSemaphorePermit,
}

/// One traffic thread.
#[derive(Debug)]
pub struct Worker {
    connections: mpsc::Sender<Accepted>,
    thread: JoinHandle<Ended>,
    /// Counts up while the thread moves, when it was asked to.
    pub beat: Arc<AtomicU64>,
}

/// How a worker's connections ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// How many were cut.
    pub cut: usize,
    /// Those that a new program goes on with.
    pub handed_over: Vec<Connection>,
}

impl Worker {
    /// Starts a thread; `relay` is built on it. With a `beat_interval` the thread shows that it moves.
    ///
    /// # Errors
    /// When the system gives no thread or no runtime.
    pub fn start(
        number: u8,
        drain_timeout: Duration,
        beat_interval: Option<Duration>,
        relay: impl FnOnce() -> Relay + Send + 'static,
    ) -> io::Result<Self> {
        let (connections, accepted) = mpsc::channel(HANDOVER_CONNECTIONS);
        let beat = Arc::new(AtomicU64::new(0));
        let beating = beat_interval.map(|interval| beats(Arc::clone(&beat), interval));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name(format!("traffic-{number}")).spawn(move || {
            let local = LocalSet::new();
            beating.into_iter().for_each(|beating| drop(local.spawn_local(beating)));
            local.block_on(&runtime, serve(accepted, Rc::new(relay()), drain_timeout))
        })?;
        Ok(Self { connections, thread, beat })
    }

    /// Hands a connection over.
    ///
    /// # Errors
    /// When the worker is gone.
    pub async fn take(&self, accepted: Accepted) -> io::Result<()> {
        self.connections.send(accepted).await.map_err(|_| io::Error::other("a traffic thread has died"))
    }

    /// Waits until the connections are finished or the drain timeout has passed.
    #[must_use]
    pub fn finish(self) -> Ended {
        drop(self.connections);
        self.thread.join().unwrap_or_else(|_| {
            tracing::error!("a traffic thread had died");
            Ended::default()
        })
    }
}

async fn beats(beat: Arc<AtomicU64>, interval: Duration) {
    loop {
        beat.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(interval).await;
    }
}

async fn serve(mut accepted: mpsc::Receiver<Accepted>, relay: Rc<Relay>, drain_timeout: Duration) -> Ended {
    let flusher = Rc::clone(&relay.flusher);
    tokio::task::spawn_local(async move { flusher.run().await });
    let tasks = TaskTracker::new();
    while let Some(Accepted { connection, place }) = accepted.recv().await {
        let relay = Rc::clone(&relay);
        tasks.spawn_local(async move {
            relay.counters.connections.add(1);
            if let Err(error) = serve_one(&relay, connection).await {
                tracing::warn!(%error, "cannot watch an accepted connection");
            }
            relay.counters.connections_ended.add(1);
            drop(place);
        });
    }
    tasks.close();
    let finished = tokio::time::timeout(drain_timeout, tasks.wait()).await;
    let cut = if finished.is_ok() { 0 } else { tasks.len() };
    Ended { cut, handed_over: relay.handed_over.take() }
}

async fn serve_one(relay: &Rc<Relay>, connection: Connection) -> io::Result<()> {
    let client = TcpStream::from_std(connection.client)?;
    match connection.node {
        None => relay.serve(client).await,
        Some(node) => relay.resume(client, TcpStream::from_std(node)?).await,
    }
    Ok(())
}
