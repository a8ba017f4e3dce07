//! By which names browsers may ask. A page of somebody else can have its own name lead to this address (DNS rebinding) and
//! then read the answers; it can't choose the name in `Host`, so a name that is not ours is refused. An IP address can't
//! be rebound.

use std::net::IpAddr;

use switchover_coordinate::host_name;

/// Names of this page's host.
#[derive(Debug)]
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn new(allowed: &[String]) -> Self {
        let own = ["localhost".to_owned(), host_name()];
        Self(own.iter().chain(allowed).map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Whether a `Host` header, with or without a port, is one of ours.
    pub(super) fn has(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => {
                rest.split_once(']').map(|(name, port)| (name, port.strip_prefix(':').unwrap_or(port)))
            }
            None => Some(host.rsplit_once(':').unwrap_or((host, ""))),
        };
        let Some((name, port)) = name else { return false };
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        name.parse::<IpAddr>().is_ok() || self.0.contains(&name.trim_end_matches('.').to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_nobody_can_rebind() {
        let names = Names::new(&["console.example".to_owned()]);
        for ours in [
            "localhost",
            "LOCALHOST:9190",
            "127.0.0.1:1",
            "[::1]:9190",
            "[::1]",
            "10.0.0.7",
            "console.example:80",
            "localhost.",
        ] {
            assert!(names.has(ours), "{ours}");
        }
        for foreign in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:9190",
            "[::1",
            "[x]",
            "localhost:x",
            "localhost@evil",
        ] {
            assert!(!names.has(foreign), "{foreign}");
        }
        assert!(names.has(&host_name()));
    }
}
