//! One client connection and its own connection to the node: raw bytes both ways, with the tap beside them.
//!
//! Both directions run in one task. Back-pressure is end to end: a direction reads again only when what it read is
//! written, so a slow reader slows its own connection and costs one buffer.

use crate::buffers::Buffers;
use crate::cli::Destination;
use crate::counters::Counters;
use crate::flusher::Flusher;
use crate::journal::Journal;
use crate::recorder::Recorder;
use crate::tap::{Region, Tap};
use crate::{clock::Clock, identity::Identity};
use std::cell::{Cell, RefCell};
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio_util::sync::CancellationToken;

/// After the node closed, the client may take this long to read the rest before its connection is cut.
const LINGER: Duration = Duration::from_secs(2);

/// What the connections of one worker share.
#[derive(Debug)]
pub struct Relay {
    /// Where to.
    pub destination: Destination,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// Where records go.
    pub journal: Arc<Journal>,
    /// Names for nodes and connections.
    pub identity: Identity,
    /// Time stamps.
    pub clock: Clock,
    /// Figures.
    pub counters: Arc<Counters>,
    /// Read buffers.
    pub buffers: Rc<Buffers>,
    /// Appends what stays pending.
    pub flusher: Rc<Flusher>,
    /// Set when the process is asked to end.
    pub draining: CancellationToken,
}

/// Why one direction ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Closed,
    Drained,
}

impl Relay {
    /// Serves one client connection to its end.
    pub async fn serve(self: Rc<Self>, mut client: TcpStream) {
        // A port probe that sends nothing costs no connection to the node and no record.
        let mut probe = [0; 1];
        let spoke = tokio::select! {
            peeked = client.peek(&mut probe) => peeked.is_ok_and(|bytes| bytes > 0),
            () = self.draining.cancelled() => false,
        };
        if !spoke {
            return;
        }
        let mut node = match self.connect().await {
            Ok(node) => node,
            Err(error) => return self.refuse(client, &error).await,
        };
        let ready = client.set_nodelay(true).and_then(|()| node.set_nodelay(true));
        if let Err(error) = ready {
            tracing::debug!(%error, "client connection was gone at once");
            return;
        }
        let recorder = Recorder::new(
            Arc::clone(&self.journal),
            self.identity.node_id(),
            &self.identity.next_connection_id(),
        );
        let tap = Rc::new(RefCell::new(Tap::new(recorder, self.clock, Arc::clone(&self.counters))));
        if let Err(error) = self.both_ways(&mut client, &mut node, &tap).await {
            tap.borrow_mut().exception(&error.to_string());
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let Destination { host, port } = &self.destination;
        let connecting = TcpStream::connect((host.as_str(), *port));
        tokio::time::timeout(self.connect_timeout, connecting)
            .await
            .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "connecting took too long")))
    }

    /// Answers for a node that can't be reached, so that the client knows whom to blame. Nothing is recorded: the
    /// request did not reach the cluster.
    async fn refuse(&self, mut client: TcpStream, error: &io::Error) {
        let count = self.counters.node_connect_failures.add(1);
        let Destination { host, port } = &self.destination;
        if count.is_power_of_two() {
            tracing::warn!(%error, host, port, count, "the node can't be reached, clients get 502");
        }
        let body = serde_json::json!({
            "error": {
                "type": "node_unreachable",
                "reason": format!("switchover-agent cannot reach the node at {host}:{port}: {error}"),
            },
            "status": 502,
        })
        .to_string();
        let answer = format!(
            "HTTP/1.1 502 Bad Gateway\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        if client.write_all(answer.as_bytes()).await.is_ok() {
            let (mut from_client, mut to_client) = client.split();
            if to_client.shutdown().await.is_ok() {
                self.discard(&mut from_client).await;
            }
        }
    }

    async fn both_ways(
        &self,
        client: &mut TcpStream,
        node: &mut TcpStream,
        tap: &Rc<RefCell<Tap>>,
    ) -> io::Result<()> {
        let (mut from_client, mut to_client) = client.split();
        let (mut from_node, mut to_node) = node.split();
        let draining = Cell::new(false);
        {
            let mut up = pin!(self.upstream(&mut from_client, &mut to_node, tap, &draining));
            let mut down = pin!(self.downstream(&mut from_node, &mut to_client, tap, &draining));
            let up_first = tokio::select! {
                ended = &mut up => Some(ended?),
                ended = &mut down => {
                    ended?;
                    None
                }
            };
            match up_first {
                // A client that only closed its sending side still gets its answers.
                Some(Ended::Closed) => return down.await.map(|_| ()),
                Some(Ended::Drained) => return Ok(()),
                None => {}
            }
        }
        self.discard(&mut from_client).await;
        Ok(())
    }

    async fn upstream(
        &self,
        from_client: &mut ReadHalf<'_>,
        to_node: &mut WriteHalf<'_>,
        tap: &Rc<RefCell<Tap>>,
        draining: &Cell<bool>,
    ) -> io::Result<Ended> {
        let mut drain = pin!(self.draining.cancelled());
        loop {
            if draining.get() {
                from_client.readable().await?;
            } else {
                tokio::select! {
                    biased;
                    ready = from_client.readable() => ready?,
                    () = &mut drain => {
                        draining.set(true);
                        if tap.borrow().is_idle() {
                            return Ok(Ended::Drained);
                        }
                        continue;
                    }
                }
            }
            let mut buffer = self.buffers.take();
            let length = from_client.read(&mut buffer).await?;
            if length == 0 {
                to_node.shutdown().await?;
                return Ok(Ended::Closed);
            }
            let chunk = &buffer[..length];
            tap.borrow_mut().from_client(chunk);
            self.flusher.watch(tap);
            to_node.write_all(chunk).await?;
        }
    }

    async fn downstream(
        &self,
        from_node: &mut ReadHalf<'_>,
        to_client: &mut WriteHalf<'_>,
        tap: &Rc<RefCell<Tap>>,
        draining: &Cell<bool>,
    ) -> io::Result<Ended> {
        let mut regions: Vec<Region> = Vec::new();
        loop {
            from_node.readable().await?;
            let mut buffer = self.buffers.take();
            let length = from_node.read(&mut buffer).await?;
            if length == 0 {
                tap.borrow_mut().node_closed();
                to_client.shutdown().await?;
                return Ok(Ended::Closed);
            }
            tap.borrow_mut().from_node(&buffer[..length], &mut regions);
            self.flusher.watch(tap);
            let mut start = 0;
            for region in &regions {
                self.durable(region.gate).await;
                to_client.write_all(&buffer[start..region.end]).await?;
                start = region.end;
            }
            if draining.get() && tap.borrow().is_idle() {
                to_client.shutdown().await?;
                return Ok(Ended::Drained);
            }
        }
    }

    /// Waits until a log entry is durable.
    async fn durable(&self, entry: Option<u64>) {
        let Some(wait) = entry.and_then(|entry| self.journal.gate().wait_for(entry)) else { return };
        let since = Instant::now();
        // An error would mean that the gate is gone, and with it the process.
        let _ = wait.await;
        self.counters.gated_responses.add(1);
        self.counters.gate_wait_micros.add(since.elapsed().as_micros() as u64);
    }

    /// Reads and drops what a client still sends, for a bounded time: closing with unread bytes would reset the
    /// connection and could take the end of the last response with it.
    async fn discard(&self, from_client: &mut ReadHalf<'_>) {
        let mut buffer = self.buffers.take();
        let all = async { while from_client.read(&mut buffer).await.is_ok_and(|length| length > 0) {} };
        if tokio::time::timeout(LINGER, all).await.is_err() {
            tracing::debug!("client kept its connection open after the node had closed");
        }
    }
}
