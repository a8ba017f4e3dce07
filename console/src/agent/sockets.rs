//! The kernel's TCP sockets: who listens on a port, and which connections reach the node past the agent. Read from
//! `/proc/net/tcp` and `tcp6` (proc(5)), which every kernel has and which need no tool.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io, thread};

/// States of a socket, as the kernel numbers them (include/net/tcp_states.h).
const ESTABLISHED: u8 = 0x01;
const SYN_RECEIVED: u8 = 0x03;
const LISTEN: u8 = 0x0a;
/// Two looks are this far apart: both ends of a connection are not listed at one instant.
const SECOND_LOOK: Duration = Duration::from_millis(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Socket {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    state: u8,
    /// Of the process that made it.
    pub(super) uid: u32,
    inode: u64,
}

/// A connection by its ends: the node's, the client's.
pub(super) type Ends = (SocketAddr, SocketAddr);

/// All sockets of this network namespace.
pub(super) fn all() -> io::Result<Vec<Socket>> {
    let mut sockets = parse(&fs::read_to_string("/proc/self/net/tcp")?);
    match fs::read_to_string("/proc/self/net/tcp6") {
        Ok(text) => sockets.extend(parse(&text)),
        // A kernel without IPv6.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(sockets)
}

/// Those that wait for connections on a port.
pub(super) fn listening(sockets: &[Socket], port: u16) -> Vec<Socket> {
    sockets.iter().filter(|socket| socket.state == LISTEN && socket.local.port() == port).copied().collect()
}

/// Connections to the node that do not come from the agent, and so are not captured.
pub(super) fn past_the_agent(sockets: &[Socket], node_port: u16, agent_uid: u32) -> HashSet<Ends> {
    let owners: HashMap<Ends, u32> =
        sockets.iter().map(|socket| ((socket.local, socket.remote), socket.uid)).collect();
    sockets
        .iter()
        .filter(|socket| matches!(socket.state, ESTABLISHED | SYN_RECEIVED))
        .filter(|socket| socket.local.port() == node_port)
        .filter(|socket| owners.get(&(socket.remote, socket.local)) != Some(&agent_uid))
        .map(|socket| (socket.local, socket.remote))
        .collect()
}

/// The same of now. The lists of both protocols are read one after the other, so that a young connection of the agent may
/// show only one end: what counts is what two looks show.
pub(super) fn past_the_agent_now(node_port: u16, agent_uid: u32) -> io::Result<HashSet<Ends>> {
    let first = past_the_agent(&all()?, node_port, agent_uid);
    if first.is_empty() {
        return Ok(first);
    }
    thread::sleep(SECOND_LOOK);
    let second = past_the_agent(&all()?, node_port, agent_uid);
    Ok(first.intersection(&second).copied().collect())
}

/// The clients of connections, each once, with how many it has.
pub(super) fn clients(connections: &HashSet<Ends>) -> Vec<(IpAddr, usize)> {
    let hosts: BTreeSet<IpAddr> = connections.iter().map(|(_, client)| client.ip()).collect();
    let count = |host| connections.iter().filter(|(_, client)| client.ip() == host).count();
    hosts.into_iter().map(|host| (host, count(host))).collect()
}

/// The process that holds one of these sockets; of several (inherited by children) the one with the lowest number.
pub(super) fn holder(sockets: &[Socket]) -> Option<u32> {
    let wanted: HashSet<PathBuf> =
        sockets.iter().map(|socket| PathBuf::from(format!("socket:[{}]", socket.inode))).collect();
    let pids = fs::read_dir("/proc").ok()?.flatten();
    let mut pids: Vec<u32> = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    pids.into_iter().find(|pid| {
        let Ok(descriptors) = fs::read_dir(Path::new("/proc").join(pid.to_string()).join("fd")) else {
            return false;
        };
        descriptors
            .flatten()
            .any(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|to| wanted.contains(&to)))
    })
}

fn parse(text: &str) -> Vec<Socket> {
    text.lines().skip(1).filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Socket> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (local, remote) = (address(words.next()?)?, address(words.next()?)?);
    let state = u8::from_str_radix(words.next()?, 16).ok()?;
    // Queues, timer and retransmissions stand before the user, a timeout behind it.
    let uid = words.nth(3)?.parse().ok()?;
    let inode = words.nth(1)?.parse().ok()?;
    Some(Socket { local, remote, state, uid, inode })
}

/// `0100007F:23F0`: words of 32 bits in the host's byte order, the port as people write it. An IPv4 address in an IPv6
/// socket is shown as what it is.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    for at in (0..host.len()).step_by(8) {
        bytes.extend(u32::from_str_radix(host.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    }
    let ip = match bytes.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)).to_canonical(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:9C40 0100007F:23F0 01 00000000:00000000 00:00000000 00000000   998        0 51 1 0 20 4 30 10 -1
   1: 0100007F:9C41 0100007F:23F0 01 00000000:00000000 00:00000000 00000000  1000        0 52 1 0 20 4 30 10 -1
   2: 00000000:4B00 00000000:0000 0A 00000000:00000000 00:00000000 00000000   998        0 53 1 0 100 0 0 10 0
";
    const TCP6: &str = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:23F0 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   104        0 61 1 0 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:23F0 0000000000000000FFFF00000100007F:9C40 01 00000000:00000000 00:00000000 00000000   104        0 62 1 0 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:23F0 0000000000000000FFFF00000100007F:9C41 01 00000000:00000000 00:00000000 00000000   104        0 63 1 0 100 0 0 10 0
   3: 0000000000000000FFFF00000500000A:23F0 0000000000000000FFFF00000600000A:9C41 01 00000000:00000000 00:00000000 00000000   104        0 64 1 0 100 0 0 10 0
   4: 0000000000000000FFFF00000500000A:23F0 0000000000000000FFFF00000600000A:9C42 08 00000000:00000000 00:00000000 00000000   104        0 65 1 0 100 0 0 10 0
broken line
   5: 00:23F0
";

    #[test]
    fn connections_that_do_not_come_from_the_agent() {
        let mut sockets = parse(TCP);
        sockets.extend(parse(TCP6));
        assert_eq!(sockets.len(), 8);
        let listening = listening(&sockets, 9200);
        assert_eq!((listening.len(), listening[0].uid, listening[0].inode), (1, 104, 61));
        let past = past_the_agent(&sockets, 9200, 998);
        let hosts: Vec<_> = clients(&past).into_iter().map(|(host, n)| (host.to_string(), n)).collect();
        assert_eq!(hosts, [("10.0.0.6".to_owned(), 1), ("127.0.0.1".to_owned(), 1)]);
    }

    #[test]
    fn the_holder_of_a_socket_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let sockets = listening(&all().unwrap(), port);
        assert_eq!(holder(&sockets), Some(std::process::id()));
    }
}
