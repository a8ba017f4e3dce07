//! Mixed traffic from many connections, in rounds: within a round each connection works on documents of its own, and
//! from round to round the documents are handed on to the next connection. So the outcome is defined by order alone,
//! within connections and across them, and a replay that breaks either shows in the documents.

use serde_json::json;
use std::io;
use std::sync::{Arc, Barrier};
use switchover_testkit::http::Connection;

/// How much traffic.
#[derive(Debug, Clone, Copy)]
pub struct Mix {
    /// Connections at once.
    pub connections: usize,
    /// Rounds, after each of which documents change hands.
    pub rounds: usize,
    /// Requests of each connection in a round.
    pub requests: usize,
}

impl Mix {
    /// Requests in all.
    #[must_use]
    pub fn total(&self) -> usize {
        self.connections * self.rounds * self.requests
    }
}

/// A small generator of numbers, the same for the same seed (xorshift64*).
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % limit
    }
}

/// Documents of one owner.
const DOCUMENTS: u64 = 40;

/// Sends the mix to `address`, into `index`, which must exist. Every answer must be one that the request can have.
///
/// # Panics
/// When a request fails.
pub fn send(address: &str, index: &str, mix: Mix, seed: u64) {
    let barrier = Arc::new(Barrier::new(mix.connections));
    let senders: Vec<_> = (0..mix.connections)
        .map(|number| {
            let (address, index, barrier) = (address.to_owned(), index.to_owned(), Arc::clone(&barrier));
            std::thread::spawn(move || {
                let mut connection = Connection::open(&address).expect("a connection");
                let mut numbers = Numbers::new(seed * 1000 + number as u64);
                for round in 0..mix.rounds {
                    let owner = (number + round) % mix.connections;
                    for step in 0..mix.requests {
                        let tag = format!("{number}-{round}-{step}");
                        one(&mut connection, &index, owner, &tag, &mut numbers)
                            .unwrap_or_else(|error| panic!("request {tag}: {error}"));
                    }
                    barrier.wait();
                }
            })
        })
        .collect();
    for sender in senders {
        sender.join().expect("a sender");
    }
}

fn one(
    connection: &mut Connection,
    index: &str,
    owner: usize,
    tag: &str,
    numbers: &mut Numbers,
) -> io::Result<()> {
    let id = format!("{owner}-{}", numbers.below(DOCUMENTS));
    let document =
        json!({ "tag": tag, "owner": owner, "n": numbers.below(1000), "price": "1.10", "log": [tag] });
    let append = json!({
        "script": { "source": "ctx._source.log.add(params.tag); ctx._source.n += params.n", "params": { "tag": tag, "n": 3 } },
        "upsert": document,
    });
    let (method, path, body, accepted): (_, String, String, &[u16]) = match numbers.below(20) {
        0..=3 => ("PUT", format!("/{index}/_doc/{id}"), document.to_string(), &[200, 201]),
        4..=5 => ("POST", format!("/{index}/_doc"), document.to_string(), &[201]),
        6..=8 => ("POST", format!("/{index}/_update/{id}"), append.to_string(), &[200, 201]),
        9 => ("DELETE", format!("/{index}/_doc/{id}"), String::new(), &[200, 404]),
        10 => ("PUT", format!("/{index}/_create/{id}"), document.to_string(), &[201, 409]),
        11..=13 => ("POST", "/_bulk".to_owned(), bulk(index, owner, tag, numbers), &[200]),
        14..=15 => ("GET", format!("/{index}/_doc/{id}"), String::new(), &[200, 404]),
        16 => ("HEAD", format!("/{index}/_doc/{id}"), String::new(), &[200, 404]),
        17 => {
            let query = json!({ "query": { "term": { "owner": owner } }, "size": 3 }).to_string();
            ("POST", format!("/{index}/_search"), query, &[200])
        }
        18 => {
            let ids = json!({ "ids": [id, "nowhere"] }).to_string();
            ("POST", format!("/{index}/_mget"), ids, &[200])
        }
        _ => ("GET", format!("/{index}/_count"), String::new(), &[200]),
    };
    let answer = connection.send(method, &path, &body)?;
    if accepted.contains(&answer.status) {
        return Ok(());
    }
    Err(io::Error::other(format!("{method} {path}: {}", String::from_utf8_lossy(&answer.raw))))
}

/// A bulk of every kind of action, with and without ids.
fn bulk(index: &str, owner: usize, tag: &str, numbers: &mut Numbers) -> String {
    let mut lines = String::new();
    for item in 0..5 {
        let id = format!("{owner}-{}", numbers.below(DOCUMENTS));
        let document = json!({ "tag": format!("{tag}/{item}"), "owner": owner, "n": item, "log": [] });
        let parts = match numbers.below(5) {
            0 => vec![json!({ "index": { "_index": index, "_id": id } }), document],
            1 => vec![json!({ "index": { "_index": index } }), document],
            2 => vec![json!({ "create": { "_index": index } }), document],
            3 => {
                let update = json!({ "doc": { "n": item, "tag": tag, "log": [] }, "doc_as_upsert": true });
                vec![json!({ "update": { "_index": index, "_id": id } }), update]
            }
            _ => vec![json!({ "delete": { "_index": index, "_id": id } })],
        };
        for part in parts {
            lines.push_str(&part.to_string());
            lines.push('\n');
        }
    }
    lines
}
