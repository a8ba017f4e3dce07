//! The client port: IPv6 and IPv4 on one socket unless an address is given.

use crate::counters::Counters;
use crate::relay::Refusal;
use crate::worker::Worker;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

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

/// Accepts and deals out connections until `draining`.
///
/// # Errors
/// When a traffic thread has died.
pub async fn accept(
    listener: TcpListener,
    workers: &[Worker],
    max_connections: u32,
    counters: &Counters,
    draining: &CancellationToken,
) -> io::Result<()> {
    let max_connections = max_connections as usize;
    let places = Arc::new(Semaphore::new(max_connections));
    let told = Arc::new(Semaphore::new(MAX_TURNED_AWAY));
    let mut workers = workers.iter().cycle();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = draining.cancelled() => return Ok(()),
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            let count = counters.rejected_connections.add(1);
            if count.is_power_of_two() {
                tracing::warn!(count, max_connections, "turning clients away (--maxConnections)");
            }
            if let Ok(told) = Arc::clone(&told).try_acquire_owned() {
                tokio::spawn(async move {
                    let answer = turn_away(stream, max_connections);
                    if tokio::time::timeout(TURN_AWAY_TIMEOUT, answer).await.is_err() {
                        tracing::debug!("a client that was turned away did not go");
                    }
                    drop(told);
                });
            }
            continue;
        };
        let Some(worker) = workers.next() else { return Ok(()) };
        worker.take((stream.into_std()?, place)).await?;
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
