//! The key `agents`: where the agents on the source's nodes tell how they are.

use serde::Deserialize;

/// Agents of one source.
pub(crate) const MAX_AGENTS: usize = 500;

/// Addresses of admin pages, `http://host:port`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Vec<String>", expecting = "a list of addresses, http://host:port")]
pub(super) struct Agents(pub(super) Vec<String>);

impl TryFrom<Vec<String>> for Agents {
    type Error = String;

    fn try_from(addresses: Vec<String>) -> Result<Self, String> {
        if addresses.len() > MAX_AGENTS {
            return Err(format!("at most {MAX_AGENTS} agents"));
        }
        let addresses: Vec<_> =
            addresses.into_iter().map(|address| address.trim_end_matches('/').to_owned()).collect();
        for (number, address) in addresses.iter().enumerate() {
            // The addresses of bad entries may hold what somebody pasted: only the place is told.
            let host = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"));
            if host.is_none_or(|host| host.is_empty() || host.contains(['/', '@', '?', '#', ' '])) {
                let place = number + 1;
                return Err(format!("entry {place} must be http://host:port, of the agent's --adminAddress"));
            }
            if addresses[..number].contains(address) {
                return Err(format!("entry {} is there twice", number + 1));
            }
        }
        Ok(Self(addresses))
    }
}
