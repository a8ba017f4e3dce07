//! A TCP proxy that does what networks do: it stalls, delays, refuses, closes and resets. What it holds while it stalls
//! goes on when it does, as after a partition that heals.

use socket2::SockRef;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// How often a connection looks whether it is to go on.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);
/// What is in the proxy's hands of each direction, beside the kernel's buffers.
const CHUNK_BYTES: usize = 16 * 1024;

/// What becomes of bytes and of new connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fault {
    /// They pass.
    #[default]
    None,
    /// Connections open, and nothing passes.
    Stalled,
    /// Each chunk passes so much later.
    Delayed(Duration),
    /// New connections are closed at once; open ones go on.
    Refusing,
}

/// A proxy on a port of 127.0.0.1. Its threads end with the test's process.
#[derive(Debug)]
pub struct FaultProxy {
    /// `127.0.0.1:port`.
    pub address: String,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    target: Mutex<Option<String>>,
    fault: Mutex<Fault>,
    open: Mutex<Vec<Arc<Connection>>>,
    accepted: AtomicUsize,
}

#[derive(Debug)]
struct Connection {
    client: TcpStream,
    server: TcpStream,
    over: AtomicBool,
}

impl FaultProxy {
    /// A proxy that leads nowhere yet.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                theirs.accepted.fetch_add(1, Ordering::Relaxed);
                // A target that is away closes the client's connection, as it does itself.
                drop(serve(client, &theirs));
            }
        });
        Self { address, shared }
    }

    /// A proxy to `host:port`.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn to(target: &str) -> Self {
        let proxy = Self::start();
        proxy.lead_to(target);
        proxy
    }

    /// New connections go to `host:port`.
    pub fn lead_to(&self, target: &str) {
        *locked(&self.shared.target) = Some(target.to_owned());
    }

    /// From now on it does this.
    pub fn be(&self, fault: Fault) {
        *locked(&self.shared.fault) = fault;
    }

    /// Closes all open connections.
    pub fn cut(&self) {
        for connection in locked(&self.shared.open).drain(..) {
            connection.over.store(true, Ordering::Release);
        }
    }

    /// Resets all open connections (RST).
    pub fn reset(&self) {
        for connection in locked(&self.shared.open).iter() {
            for stream in [&connection.client, &connection.server] {
                // A connection that ended meanwhile needs none.
                let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
            }
        }
        self.cut();
    }

    /// Connections that were opened so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::Relaxed)
    }
}

fn serve(client: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    let target = locked(&shared.target).clone().ok_or(ErrorKind::NotConnected)?;
    if *locked(&shared.fault) == Fault::Refusing {
        return Ok(());
    }
    let server = TcpStream::connect(target)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK_INTERVAL))?;
        stream.set_write_timeout(Some(LOOK_INTERVAL))?;
    }
    let connection = Arc::new(Connection { client, server, over: AtomicBool::new(false) });
    locked(&shared.open).push(Arc::clone(&connection));
    for up in [true, false] {
        let (connection, shared) = (Arc::clone(&connection), Arc::clone(shared));
        std::thread::spawn(move || {
            let (from, to) = match up {
                true => (&connection.client, &connection.server),
                false => (&connection.server, &connection.client),
            };
            if pump(from, to, &connection.over, &shared).is_err() {
                connection.over.store(true, Ordering::Release);
                locked(&shared.open).retain(|open| !Arc::ptr_eq(open, &connection));
            }
        });
    }
    Ok(())
}

/// Carries one direction to its end.
fn pump(mut from: &TcpStream, to: &TcpStream, over: &AtomicBool, shared: &Shared) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = patiently(over, || from.read(&mut chunk))?;
        loop {
            match *locked(&shared.fault) {
                Fault::Stalled => std::thread::sleep(LOOK_INTERVAL),
                Fault::Delayed(delay) => break std::thread::sleep(delay),
                Fault::None | Fault::Refusing => break,
            }
            if over.load(Ordering::Acquire) {
                return Err(ErrorKind::ConnectionAborted.into());
            }
        }
        if length == 0 {
            return to.shutdown(Shutdown::Write);
        }
        let mut left = &chunk[..length];
        while !left.is_empty() {
            let mut to = to;
            let written = patiently(over, || to.write(left))?;
            left = &left[written..];
        }
    }
}

/// Repeats a call that found nothing to do, until the connection is over.
fn patiently(over: &AtomicBool, mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        if over.load(Ordering::Acquire) {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        match call() {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            done => return done,
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread panicked")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// A server that sends back what it gets, and a proxy to it.
    fn echo() -> FaultProxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = FaultProxy::to(&listener.local_addr().unwrap().to_string());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        proxy
    }

    fn connected(proxy: &FaultProxy) -> TcpStream {
        let stream = TcpStream::connect(&proxy.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    fn echoed(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<Vec<u8>> {
        stream.write_all(bytes)?;
        let mut back = vec![0; bytes.len()];
        stream.read_exact(&mut back)?;
        Ok(back)
    }

    #[test]
    fn bytes_and_the_end_pass() {
        let proxy = echo();
        let mut stream = connected(&proxy);
        let bytes: Vec<u8> = (0..100_000u32).map(|number| number as u8).collect();
        assert_eq!(echoed(&stream, &bytes).unwrap(), bytes);
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    }

    #[test]
    fn what_a_stall_holds_goes_on_afterwards() {
        let proxy = echo();
        let stream = connected(&proxy);
        echoed(&stream, b"before").unwrap();
        proxy.be(Fault::Stalled);
        let late = connected(&proxy);
        for mut stream in [&stream, &late] {
            stream.write_all(b"held").unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
            assert!(stream.read(&mut [0; 1]).is_err());
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        }
        proxy.be(Fault::None);
        for mut stream in [&stream, &late] {
            let mut back = [0; 4];
            stream.read_exact(&mut back).unwrap();
            assert_eq!(&back, b"held");
        }
    }

    #[test]
    fn a_delay_a_refusal_a_cut_and_a_reset() {
        let proxy = echo();
        let stream = connected(&proxy);
        proxy.be(Fault::Delayed(Duration::from_millis(100)));
        let begun = Instant::now();
        echoed(&stream, b"slow").unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(200));
        proxy.be(Fault::Refusing);
        echoed(&stream, b"open").unwrap();
        assert!(echoed(&connected(&proxy), b"new").is_err());
        proxy.be(Fault::None);
        proxy.cut();
        assert_eq!((&stream).read(&mut [0; 1]).unwrap(), 0, "it is closed");
        let stream = connected(&proxy);
        echoed(&stream, b"again").unwrap();
        proxy.reset();
        assert_eq!((&stream).read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(proxy.accepted(), 3);
    }
}
