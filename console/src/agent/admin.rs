//! The agent's admin pages, asked without a client of our own making: one request, one answer, short limits, so that a
//! process that hangs is told from one that works.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

/// A page is shorter than this: 100 gaps with their indices.
const MAX_PAGE_BYTES: u64 = 4 * 1024 * 1024;
/// Of a page for people.
const STATUS_TIMEOUT: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(100);

/// Whether `/healthz` says that all is well, within a limit.
pub(super) fn is_healthy(admin: SocketAddr, limit: Duration) -> bool {
    get(admin, "/healthz", limit).is_ok()
}

/// Whether nothing accepts connections there. That it takes too long is no proof.
pub(super) fn refuses(address: SocketAddr, limit: Duration) -> bool {
    TcpStream::connect_timeout(&address, limit)
        .is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

/// The page `/status`.
pub(super) fn status(admin: SocketAddr) -> Result<Value> {
    let page = get(admin, "/status", STATUS_TIMEOUT)
        .with_context(|| format!("the agent's page http://{admin}/status"))?;
    serde_json::from_slice(&page).with_context(|| format!("http://{admin}/status is no JSON"))
}

/// Waits until the agent captures.
pub(super) fn wait_until_capturing(admin: SocketAddr, limit: Duration) -> Result<()> {
    let until = Instant::now() + limit;
    loop {
        let lacks = match status(admin) {
            Ok(page) if page["state"] == "capturing" => return Ok(()),
            Ok(page) => {
                let text = |key: &str| page[key].as_str().unwrap_or("unknown").to_owned();
                anyhow!("the agent is {}: {}", text("state"), text("reason"))
            }
            Err(error) => error,
        };
        if Instant::now() > until {
            return Err(lacks.context(format!("the agent does not capture after {} s", limit.as_secs())));
        }
        thread::sleep(POLL);
    }
}

/// The body of a page.
fn get(admin: SocketAddr, path: &str, limit: Duration) -> Result<Vec<u8>> {
    let until = Instant::now() + limit;
    let mut stream = TcpStream::connect_timeout(&admin, limit)?;
    stream.set_write_timeout(Some(limit))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n")?;
    let (mut answer, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            bail!("no answer within {} ms", limit.as_millis());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut chunk)? {
            0 => break,
            length => answer.extend(chunk.get(..length).unwrap_or_default()),
        }
        if answer.len() as u64 > MAX_PAGE_BYTES {
            bail!("the answer is too long");
        }
    }
    let body = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").context("no HTTP answer")?;
    if !answer.starts_with(b"HTTP/1.1 200 ") {
        bail!(
            "answered {}",
            String::from_utf8_lossy(answer.split(|b| *b == b'\r').next().unwrap_or_default())
        );
    }
    Ok(answer.split_off(body + 4))
}
