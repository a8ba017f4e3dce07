//! The client port: IPv6 and IPv4 on one socket unless an address is given.

use crate::worker::Worker;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Connections served at once; more wait in the backlog of the socket.
const MAX_CONNECTIONS: usize = 20_000;
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
    draining: &CancellationToken,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    for worker in workers.iter().cycle() {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        let stream = loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = draining.cancelled() => return Ok(()),
            };
            match accepted {
                Ok((stream, _)) => break stream.into_std()?,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            }
        };
        worker.take((stream, place)).await?;
    }
    Ok(())
}
