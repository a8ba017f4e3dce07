//! The client port: IPv6 and IPv4 on one socket unless an address is given.

use crate::counters::Counters;
use crate::handover::Connection;
use crate::relay::Refusal;
use crate::worker::{Accepted, Worker};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Connections that are told at once that there are too many; more than these are closed without a word.
const MAX_TURNED_AWAY: usize = 256;
/// How long one that is told so may take to hear it.
const TURN_AWAY_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections that the kernel keeps for us between accepts.
const BACKLOG: i32 = 4096;
/// Pause after a failed accept (out of file descriptors): trying again at once would only burn a processor.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Binds the client port.
///
/// # Errors
/// When the address can't be bound; names it and what to do.
pub fn bind(address: Option<IpAddr>, port: u16) -> io::Result<TcpListener> {
    let wanted = SocketAddr::new(address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)), port);
    let bound = match bind_to(wanted) {
        // Hosts without IPv6.
        Err(error) if address.is_none() && error.kind() != io::ErrorKind::AddrInUse => {
            bind_to(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port))
        }
        bound => bound,
    };
    bound.map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "; another process has the port: has the node been moved to its new port (http.port)?"
            }
            io::ErrorKind::PermissionDenied => "; ports below 1024 need CAP_NET_BIND_SERVICE",
            _ => "",
        };
        io::Error::new(error.kind(), format!("cannot listen on {wanted}: {error}{hint}"))
    })
}

fn bind_to(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// A client port that is open already.
///
/// # Errors
/// When it can't be watched.
pub fn adopt(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Deals connections out to the traffic threads in turn.
#[derive(Debug)]
pub struct Acceptor<'a> {
    workers: std::iter::Cycle<std::slice::Iter<'a, Worker>>,
    max_connections: usize,
    places: Arc<Semaphore>,
    told: Arc<Semaphore>,
    counters: &'a Counters,
}

impl<'a> Acceptor<'a> {
    /// For at most `max_connections` at once.
    #[must_use]
    pub fn new(workers: &'a [Worker], max_connections: u32, counters: &'a Counters) -> Self {
        let max_connections = max_connections as usize;
        Self {
            workers: workers.iter().cycle(),
            max_connections,
            places: Arc::new(Semaphore::new(max_connections)),
            told: Arc::new(Semaphore::new(MAX_TURNED_AWAY)),
            counters,
        }
    }

    /// Goes on with connections of the program before.
    ///
    /// # Errors
    /// When a traffic thread has died.
    pub async fn resume(&mut self, connections: Vec<Connection>) -> io::Result<()> {
        for connection in connections {
            match Arc::clone(&self.places).try_acquire_owned() {
                Ok(place) => self.give(Accepted { connection, place }).await?,
                Err(_) => {
                    tracing::warn!("a connection that was handed over is beyond --maxConnections, closed")
                }
            }
        }
        Ok(())
    }

    /// Accepts for as long as the traffic threads live.
    ///
    /// # Errors
    /// When one of them has died.
    pub async fn accept(&mut self, listener: &TcpListener) -> io::Result<()> {
        loop {
            match (listener.accept().await, Arc::clone(&self.places).try_acquire_owned()) {
                (Ok((stream, _)), Ok(place)) => {
                    let connection = Connection { client: stream.into_std()?, node: None };
                    self.give(Accepted { connection, place }).await?;
                }
                (Ok((stream, _)), Err(_)) => self.reject(stream),
                (Err(error), _) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            }
        }
    }

    async fn give(&mut self, accepted: Accepted) -> io::Result<()> {
        match self.workers.next() {
            Some(worker) => worker.take(accepted).await,
            None => Err(io::Error::other("there are no traffic threads")),
        }
    }

    fn reject(&self, stream: TcpStream) {
        let limit = self.max_connections;
        let count = self.counters.rejected_connections.add(1);
        if count.is_power_of_two() {
            tracing::warn!(count, limit, "turning clients away (--maxConnections)");
        }
        let Ok(told) = Arc::clone(&self.told).try_acquire_owned() else { return };
        tokio::spawn(async move {
            if tokio::time::timeout(TURN_AWAY_TIMEOUT, turn_away(stream, limit)).await.is_err() {
                tracing::debug!("a client that was turned away did not go");
            }
            drop(told);
        });
    }
}

/// Says so and waits until the client is gone: closing with unread bytes would take the answer with it.
async fn turn_away(mut stream: TcpStream, limit: usize) -> io::Result<()> {
    let mut request = [0; 1024];
    if stream.read(&mut request).await? == 0 {
        return Ok(());
    }
    stream.write_all(Refusal::too_many_connections(limit).as_bytes()).await?;
    stream.shutdown().await?;
    while stream.read(&mut request).await? > 0 {}
    Ok(())
}
