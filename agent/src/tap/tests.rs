//! Whatever the split, the same bytes go on, the same is recorded, and the same waits.

mod secrets;

use super::{Gate, Outgoing, Source, Tap};
use crate::cli::Durability;
use crate::clock::Clock;
use crate::counters::Counters;
use crate::durability;
use crate::header_edit::HeaderEdit;
use crate::journal::Journal;
use crate::recorder::Recorder;
use crate::redaction::{Redacted, Redaction};
use crate::rules::{AckPolicy, OnFull, Rules};
use crate::suppression::Suppression;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use switchover_capture::log::{EntryKind, LogReader, Start};
use switchover_capture::reassembly::{Reassembled, Reassembler, Transaction};
use switchover_capture::record::TrafficStream;
use switchover_capture::{LogOptions, LogWriter};
use switchover_rest::secrets::SECRET_HEADERS;

const GET: &str = "GET /i/_search HTTP/1.1\r\nHost: a\r\nAuthorization: Basic c2VjcmV0\r\n\r\n";
const QUIET: &str = "GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n";
const DELETE: &str = "DELETE /i HTTP/1.1\r\nX-Proxy: off\r\n\r\n";
const BULK: &str = "POST /_bulk HTTP/1.1\r\nContent-Length: 25\r\n\r\n{\"index\":{}}\n{\"a\":\"b\"}\n\n\n";
const CHUNKED: &str = "PUT /i/_doc/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\nT: t\r\n\r\n";
const REQUESTS: [&str; 5] = [GET, QUIET, DELETE, BULK, CHUNKED];

const EMPTY: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const LENGTH: &str = "HTTP/1.1 200 OK\r\nSet-Cookie: s=c2VjcmV0\r\nContent-Length: 8\r\n\r\n{\"a\":1}\n";
const INTERIM: &str = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
const RESPONSES: [&str; 3] = [EMPTY, LENGTH, INTERIM];

/// A tap over a log of its own.
struct Bench {
    directory: tempfile::TempDir,
    tap: Option<Tap>,
}

impl Bench {
    fn new(rules: Rules) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options =
            LogOptions { dir: directory.path().to_owned(), segment_bytes: 1 << 20, max_bytes: 1 << 24 };
        let (writer, _) = LogWriter::open(options).unwrap();
        let clock = Clock::start();
        let on_full = OnFull::Pass;
        let gate = durability::Gate::new(Durability::Disk, Duration::from_secs(1), on_full, clock, 0, 0);
        let journal =
            Arc::new(Journal::new(writer, directory.path().to_owned(), Arc::new(gate), on_full, clock));
        let recorder = Recorder::new(journal, "node", "connection");
        let tap = Tap::new(Some(recorder), clock, Arc::new(Counters::default()), Arc::new(rules));
        Self { directory, tap: Some(tap) }
    }

    fn tap(&mut self) -> &mut Tap {
        self.tap.as_mut().unwrap()
    }

    /// What is in the log when the connection is over.
    fn transactions(self) -> Vec<Transaction<()>> {
        self.finish(false).1
    }

    /// What is in the log when the connection is over: the records' bytes, and what they mean. A `torn` connection may
    /// end with parts of messages.
    fn finish(mut self, torn: bool) -> (Vec<u8>, Vec<Transaction<()>>) {
        self.tap = None;
        let mut bytes = Vec::new();
        let mut reader = LogReader::open(self.directory.path(), Start::Oldest).unwrap();
        let (mut reassembler, mut out) = (Reassembler::default(), Vec::new());
        while let Some(entry) = reader.next().unwrap() {
            assert_eq!(entry.kind, EntryKind::Record);
            bytes.extend_from_slice(&entry.payload);
            reassembler.push(TrafficStream::decode_record(entry.payload).unwrap(), (), &mut out);
        }
        reassembler.finish(&mut out);
        let transactions = out.into_iter().filter_map(|part| match part {
            Reassembled::Transaction(transaction) => Some(transaction),
            Reassembled::ConnectionClosed { .. } => None,
            _ if torn => None,
            other => panic!("{other:?}"),
        });
        (bytes, transactions.collect())
    }
}

fn rules(ack_policy: AckPolicy, edits: bool) -> Rules {
    let names: Vec<String> = SECRET_HEADERS.iter().map(|&name| name.to_owned()).collect();
    let set = [("x-proxy".to_owned(), "on".to_owned())];
    Rules {
        ack_policy,
        suppression: Suppression::new(None, Some("/quiet"), None, &[]).unwrap(),
        redaction: Some(Redaction::new(&Redacted { headers: names, urls: true, bodies: true }, b"key")),
        edit: HeaderEdit::new(if edits { &set } else { &[] }).unwrap(),
        refuse_writes: false,
    }
}

/// Cuts `bytes` at the given places (taken modulo its length).
fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut % bytes.len().max(1)).collect();
    at.sort_unstable();
    at.dedup();
    let mut start = 0;
    let mut pieces = Vec::new();
    for end in at.into_iter().chain([bytes.len()]) {
        pieces.push(&bytes[start..end]);
        start = end;
    }
    pieces
}

/// The bytes that go on, and the gate of each of them.
fn sent(out: &Outgoing, chunk: &[u8], bytes: &mut Vec<u8>, gates: &mut Vec<Gate>) {
    for piece in out.pieces() {
        match &piece.source {
            Source::Chunk(range) => bytes.extend_from_slice(&chunk[range.clone()]),
            Source::Own(own) => bytes.extend_from_slice(own),
        }
        gates.resize(bytes.len(), piece.gate);
    }
}

fn edited(request: &str) -> String {
    request.replace("X-Proxy: off\r\n", "").replacen("\r\n", "\r\nx-proxy: on\r\n", 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_split_gives_the_same(
        kinds in prop::collection::vec((0..REQUESTS.len(), 0..RESPONSES.len()), 1..6),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        answer_cuts in prop::collection::vec(any::<usize>(), 0..12),
        policy in prop::sample::select(vec![AckPolicy::Response, AckPolicy::Request, AckPolicy::None]),
        edits: bool,
    ) {
        let requests: Vec<&str> = kinds.iter().map(|(kind, _)| REQUESTS[*kind]).collect();
        let responses: Vec<&str> = kinds.iter().map(|(_, kind)| RESPONSES[*kind]).collect();
        let mut bench = Bench::new(rules(policy, edits));
        let (mut out, mut bytes, mut gates) = (Outgoing::default(), Vec::new(), Vec::new());
        for chunk in cut(requests.concat().as_bytes(), &cuts) {
            bench.tap().from_client(chunk, &mut out);
            sent(&out, chunk, &mut bytes, &mut gates);
        }
        let as_sent = |request: &&str| if edits { edited(request) } else { (*request).to_owned() };
        let expected: Vec<String> = requests.iter().map(as_sent).collect();
        prop_assert_eq!(String::from_utf8(bytes).unwrap(), expected.concat());
        // With `request`, each write's last byte waits and nothing of a read does.
        let mut end = 0;
        for (request, kind) in expected.iter().zip(&kinds) {
            let first = end;
            end += request.len();
            let writes = kind.0 >= 2 && policy == AckPolicy::Request;
            prop_assert_eq!(matches!(gates[end - 1], Gate::Entry(_)), writes);
            if !writes {
                prop_assert!(gates[first..end].iter().all(|gate| *gate == Gate::Open));
            }
        }

        let (mut answers, mut gates) = (Vec::new(), Vec::new());
        for chunk in cut(responses.concat().as_bytes(), &answer_cuts) {
            bench.tap().from_node(chunk, &mut out);
            sent(&out, chunk, &mut answers, &mut gates);
        }
        prop_assert_eq!(String::from_utf8(answers).unwrap(), responses.concat());
        let mut end = 0;
        for (response, (kind, _)) in responses.iter().zip(&kinds) {
            let first = end;
            end += response.len();
            let waits = *kind >= 2 && policy == AckPolicy::Response;
            prop_assert!(gates[first..end].iter().all(|gate| matches!(gate, Gate::Entry(_)) == waits));
        }
        prop_assert!(bench.tap().is_idle());

        let captured = bench.transactions();
        let kept: Vec<usize> = (0..kinds.len()).filter(|i| kinds[*i].0 != 1).collect();
        prop_assert_eq!(captured.len(), kept.len());
        for (transaction, i) in captured.iter().zip(kept) {
            let request = String::from_utf8(transaction.request.bytes.to_vec()).unwrap();
            let response = String::from_utf8(transaction.response.as_ref().unwrap().bytes.to_vec()).unwrap();
            prop_assert!(!request.contains("c2VjcmV0") && !response.contains("c2VjcmV0"));
            prop_assert_eq!(without_hashes(&request), requests[i].replace("Basic c2VjcmV0", "#"));
            // Reassembly leaves interim responses out.
            let last = responses[i].split("Processing\r\n\r\n").last().unwrap();
            prop_assert_eq!(without_hashes(&response), last.replace("s=c2VjcmV0", "#"));
        }
    }
}

/// With `#` for each hash of a secret.
fn without_hashes(text: &str) -> String {
    let mut parts = text.split(switchover_capture::REDACTED_PREFIX);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, rest| format!("{text}#{}", &rest[32..]))
}

#[test]
fn a_stream_that_is_no_http_is_forwarded_recorded_and_gated_as_a_whole() {
    for split in [1, 5, 1000] {
        let mut bench = Bench::new(rules(AckPolicy::Response, true));
        let (mut out, mut bytes, mut gates) = (Outgoing::default(), Vec::new(), Vec::new());
        let junk = b"PUT /i HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx";
        for chunk in junk.chunks(split) {
            bench.tap().from_client(chunk, &mut out);
            sent(&out, chunk, &mut bytes, &mut gates);
        }
        assert_eq!(bytes, junk, "nothing is edited that is not understood");
        let answer = b"whatever";
        bench.tap().from_node(answer, &mut out);
        assert!(out.pieces().iter().all(|piece| matches!(piece.gate, Gate::Entry(_))), "{out:?}");
    }
}

#[test]
fn the_longest_head_is_held_and_then_given_up() {
    let mut bench = Bench::new(rules(AckPolicy::Response, true));
    let (mut out, mut bytes, mut gates) = (Outgoing::default(), Vec::new(), Vec::new());
    let endless = format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(20_000));
    for chunk in endless.as_bytes().chunks(1500) {
        bench.tap().from_client(chunk, &mut out);
        sent(&out, chunk, &mut bytes, &mut gates);
        assert!(bench.tap().request_head.bytes.len() <= switchover_http1::MAX_HEAD_BYTES);
    }
    assert_eq!(bytes.len(), endless.len());
}
