//! Whatever the split of the bytes and whenever routing changes: answers come in order, each request reaches exactly
//! one cluster, once, and the capture says which.

use super::{Relay, Routes};
use crate::buffers::Buffers;
use crate::cli::{Cli, Durability};
use crate::clock::Clock;
use crate::counters::Counters;
use crate::durability::Gate;
use crate::flusher::Flusher;
use crate::identity::Identity;
use crate::journal::Journal;
use crate::routing::{Control, Lots, Mode, RouteBy, Routing};
use crate::rules::OnFull;
use crate::settings::Settings;
use clap::Parser as _;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use switchover_capture::log::{LogReader, Start};
use switchover_capture::reassembly::{Reassembled, Reassembler};
use switchover_capture::record::TrafficStream;
use switchover_capture::{LogOptions, LogWriter, ServedBy};
use switchover_http1::{RequestEvent, RequestFramer, RequestKind, ResponseEvent, ResponseFramer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use tokio_util::sync::CancellationToken;

/// A cluster that answers each request with its own name and the request's path, and remembers it.
#[derive(Debug, Clone)]
struct Cluster {
    name: &'static str,
    address: String,
    seen: Rc<RefCell<Vec<String>>>,
    /// Connections end, without an answer, at a path that holds this.
    dies_at: &'static str,
}

impl Cluster {
    async fn start(name: &'static str, dies_at: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let cluster = Self { name, address, seen: Rc::default(), dies_at };
        let serving = cluster.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn_local(serving.clone().serve(stream));
            }
        });
        cluster
    }

    async fn serve(self, mut stream: TcpStream) {
        let (mut framer, mut buffer, mut path) = (RequestFramer::new(), [0; 64], String::new());
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            let mut at = 0;
            loop {
                let (consumed, event) = framer.step(&buffer[at..length]);
                at += consumed;
                match event {
                    None => break,
                    Some(RequestEvent::Head(head)) => {
                        path = String::from_utf8_lossy(head.target).into_owned()
                    }
                    Some(RequestEvent::End) => {
                        self.seen.borrow_mut().push(path.clone());
                        if path.contains("hangs") {
                            std::future::pending::<()>().await;
                        }
                        if !self.dies_at.is_empty() && path.contains(self.dies_at) {
                            return;
                        }
                        let body = format!("{} {path}", self.name);
                        let answer = if path.len() % 2 == 0 {
                            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
                        } else {
                            format!(
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
                                body.len()
                            )
                        };
                        for piece in answer.as_bytes().chunks(25) {
                            if stream.write_all(piece).await.is_err() {
                                return;
                            }
                            tokio::task::yield_now().await;
                        }
                    }
                    Some(RequestEvent::Tunnel(reason)) => panic!("{reason}"),
                }
            }
        }
    }
}

/// A relay between a client and two clusters.
struct Bench {
    relay: Rc<Relay>,
    routes: Arc<Routes>,
    clusters: [Cluster; 2],
    listener: TcpListener,
}

impl Bench {
    async fn new(directory: &Path, more: &[&str], dies_at: &'static str) -> Self {
        let clusters = [Cluster::start("source", "").await, Cluster::start("target", dies_at).await];
        let [source, target] = clusters.each_ref().map(|cluster| format!("http://{}", cluster.address));
        let log = directory.join("log");
        std::fs::create_dir_all(&log).unwrap();
        let log_dir = log.to_str().unwrap();
        let mut flags = vec!["agent", "--captureLogDir", log_dir];
        for (flag, uri) in [("--destinationUri", &source), ("--targetUri", &target)] {
            if !more.contains(&flag) {
                flags.extend([flag, uri]);
            }
        }
        flags.extend(more);
        let settings = Settings::new(&Cli::try_parse_from(flags).unwrap()).unwrap();
        let (clock, counters, draining) =
            (Clock::start(), Arc::new(Counters::default()), CancellationToken::new());
        let options = LogOptions { dir: log.clone(), segment_bytes: 1 << 20, max_bytes: 1 << 24 };
        let (writer, _) = LogWriter::open(options).unwrap();
        let gate = Gate::new(Durability::Append, Duration::from_secs(1), OnFull::Pass, clock, 0, 0);
        let journal = Arc::new(Journal::new(writer, log.clone(), Arc::new(gate), OnFull::Pass, clock));
        let target = settings.target.unwrap();
        let (file, seen) = (target.file.clone(), Arc::clone(&counters));
        let control = Control::start(target.routing, file, 100, clock, seen, draining.clone()).unwrap();
        let routes = Arc::new(Routes { control: Arc::new(control), lots: Lots::default(), target });
        let relay = Relay {
            node: settings.node,
            routes: Some(Arc::clone(&routes)),
            server_tls: None,
            limits: settings.limits,
            journal: Some(journal),
            rules: settings.rules,
            identity: Identity::load(&log).unwrap(),
            clock,
            counters,
            spans: None,
            buffers: Rc::new(Buffers::default()),
            flusher: Rc::new(Flusher::default()),
            draining,
            handing_over: Arc::default(),
            handed_over: RefCell::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { relay: Rc::new(relay), routes, clusters, listener }
    }

    async fn client(&self) -> TcpStream {
        let client = TcpStream::connect(self.listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = self.listener.accept().await.unwrap();
        let relay = Rc::clone(&self.relay);
        tokio::task::spawn_local(async move { relay.serve(accepted).await });
        client
    }

    fn route(&self, mode: Mode, weight: u8) {
        self.routes.control.set(Routing { mode, weight, route_by: RouteBy::Connection }).unwrap();
    }

    /// Records are complete then.
    async fn has_seen_clients_go(&self) {
        while Rc::strong_count(&self.relay) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn seen(&self) -> HashMap<String, Vec<&'static str>> {
        let mut seen: HashMap<String, Vec<&'static str>> = HashMap::new();
        for cluster in &self.clusters {
            for path in cluster.seen.borrow().iter() {
                seen.entry(path.clone()).or_default().push(cluster.name);
            }
        }
        seen
    }
}

/// What the capture says of each path: who served it, and the body of the answer.
fn captured(directory: &Path) -> Vec<(String, ServedBy, String)> {
    let mut reader = LogReader::open(&directory.join("log"), Start::Oldest).unwrap();
    let (mut reassembler, mut out) = (Reassembler::default(), Vec::new());
    while let Some(entry) = reader.next().unwrap() {
        reassembler.push(TrafficStream::decode_record(entry.payload).unwrap(), (), &mut out);
    }
    reassembler.finish(&mut out);
    out.into_iter()
        .filter_map(|found| match found {
            Reassembled::Transaction(found) => {
                let request = String::from_utf8_lossy(&found.request.bytes).into_owned();
                let path = request.split(' ').nth(1).unwrap().to_owned();
                let answer =
                    found.response.map(|response| String::from_utf8_lossy(&response.bytes).into_owned());
                Some((path, found.served_by, answer.unwrap_or_default()))
            }
            Reassembled::ConnectionClosed { .. } => None,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Reads this many answers: their bodies.
async fn answers(client: &mut (impl tokio::io::AsyncRead + Unpin), many: usize) -> Vec<String> {
    let (mut framer, mut all, mut buffer) = (ResponseFramer::new(), Vec::new(), [0; 64]);
    let mut body = Vec::new();
    while all.len() < many {
        let length = client.read(&mut buffer).await.unwrap();
        assert!(length > 0, "closed after {} answers: {all:?}", all.len());
        let mut at = 0;
        loop {
            let in_body = framer.in_body();
            let (consumed, event) = framer.step(&buffer[at..length], Some(RequestKind::Other));
            if in_body {
                body.extend_from_slice(&buffer[at..at + consumed]);
            }
            at += consumed;
            match event {
                None => break,
                Some(ResponseEvent::End) => {
                    all.push(String::from_utf8(std::mem::take(&mut body)).unwrap());
                }
                Some(ResponseEvent::Head(head)) => assert_eq!(head.status, 200),
                Some(other) => panic!("{other:?}"),
            }
        }
    }
    all
}

fn request(number: usize, kind: u8) -> String {
    match kind {
        0 => format!("GET /i/_doc/{number} HTTP/1.1\r\nHost: a\r\n\r\n"),
        1 => format!("PUT /i/_doc/{number} HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n{{\"a\":1}}"),
        _ => format!(
            "POST /i/_update/{number} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{{\"a\":\r\n2\r\n1}}\r\n0\r\n\r\n"
        ),
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let limited = async { tokio::time::timeout(Duration::from_secs(30), test).await.expect("it hangs") };
    LocalSet::new().block_on(&runtime, limited);
}

fn routings() -> impl Strategy<Value = Routing> {
    let by_weight = (prop::sample::select(vec![Mode::Reads, Mode::All]), 0..=100_u8, any::<bool>());
    prop_oneof![
        Just(Routing::SOURCE),
        Just(Routing { mode: Mode::Target, ..Routing::SOURCE }),
        by_weight.prop_map(|(mode, weight, each)| Routing {
            mode,
            weight,
            route_by: if each { RouteBy::Request } else { RouteBy::Connection },
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_request_is_answered_in_order_by_the_one_cluster_that_got_it(
        kinds in prop::collection::vec(0..3_u8, 1..12),
        first in routings(),
        changes in prop::collection::vec((1..60_usize, routings()), 0..12),
        pipelined: bool,
    ) {
        let directory = tempfile::tempdir().unwrap();
        run(async {
            let bench = Bench::new(directory.path(), &[], "").await;
            bench.routes.control.set(first).unwrap();
            let only_reads_move = [first].iter().chain(changes.iter().map(|(_, routing)| routing))
                .all(|routing| routing.mode == Mode::Reads || routing.is_source_only());
            let client = bench.client().await;
            client.set_nodelay(true).unwrap();
            let (mut from, mut to) = client.into_split();
            let mut changes = changes.into_iter();
            let mut got = Vec::new();
            let mut until_change = changes.next();
            for (number, kind) in kinds.iter().enumerate() {
                for byte_run in request(number, *kind).as_bytes().chunks(until_change.as_ref().map_or(1000, |it| it.0)) {
                    to.write_all(byte_run).await.unwrap();
                    if let Some((_, routing)) = until_change {
                        tokio::task::yield_now().await;
                        bench.routes.control.set(routing).unwrap();
                        until_change = changes.next();
                    }
                }
                if !pipelined {
                    got.extend(answers(&mut from, 1).await);
                }
            }
            if pipelined {
                got = answers(&mut from, kinds.len()).await;
            }
            drop((from, to));
            let seen = bench.seen();
            assert_eq!(seen.len(), kinds.len());
            let mut served = HashMap::new();
            for (number, (answer, kind)) in got.iter().zip(&kinds).enumerate() {
                let path = request(number, *kind).split(' ').nth(1).unwrap().to_owned();
                let by = &seen[&path];
                assert_eq!(by.len(), 1, "{path} went to {by:?}");
                assert!(answer.contains(&format!("{} {path}", by[0])), "{answer} for {path}, which {by:?} got");
                if only_reads_move && *kind > 0 {
                    assert_eq!(by[0], "source", "a write to {path}");
                }
                served.insert(path, by[0]);
            }
            bench.has_seen_clients_go().await;
            let captured = captured(directory.path());
            assert_eq!(captured.len(), kinds.len());
            for (path, by, answer) in captured {
                let name = if by == ServedBy::Target { "target" } else { "source" };
                assert_eq!(name, served[&path]);
                assert!(answer.contains(&format!("{name} {path}")), "{answer}");
            }
        });
    }
}

#[test]
fn a_request_that_the_target_does_not_answer_is_a_502_and_is_not_sent_again() {
    let directory = tempfile::tempdir().unwrap();
    run(async {
        let bench =
            Bench::new(directory.path(), &["--routing", "all", "--targetWeight", "100"], "dies").await;
        for path in ["/i/_doc/dies", "/i/_search/dies"] {
            let mut client = bench.client().await;
            let method = if path.contains("_doc") { "PUT" } else { "GET" };
            client.write_all(format!("{method} {path} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 502") && answer.contains("not sent again"), "{answer}");
            assert_eq!(bench.seen()[path], ["target"]);
        }
        assert_eq!(bench.relay.counters.target_errors.get(), 2);
    });
}

#[test]
fn what_a_silent_target_was_asked_is_a_502_once_it_can_not_be_reached() {
    let directory = tempfile::tempdir().unwrap();
    run(async {
        let bench = Bench::new(directory.path(), &["--routing", "all", "--targetWeight", "100"], "").await;
        let mut client = bench.client().await;
        client.write_all(b"PUT /hangs HTTP/1.1\r\n\r\nGET /behind-it HTTP/1.1\r\n\r\n").await.unwrap();
        while bench.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let epoch = bench.routes.control.current();
        (0..2).for_each(|_| bench.routes.control.target_connected(&epoch, false));
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 502") && answer.matches("HTTP/1.1").count() == 1, "{answer}");
        assert_eq!(bench.seen(), HashMap::from([("/hangs".to_owned(), vec!["target"])]));
    });
}

#[test]
fn a_target_that_can_not_be_reached_gets_nothing_and_the_source_serves() {
    let directory = tempfile::tempdir().unwrap();
    run(async {
        let bench = Bench::new(directory.path(), &["--targetUri", "http://127.0.0.1:1"], "").await;
        bench.route(Mode::All, 100);
        let mut client = bench.client().await;
        for number in 0..5 {
            client.write_all(request(number, 1).as_bytes()).await.unwrap();
            assert!(answers(&mut client, 1).await[0].contains("source"));
        }
        let epoch = bench.routes.control.current();
        assert!(epoch.fallback.is_some() && epoch.in_force().is_source_only());
        assert_eq!(bench.relay.counters.diverted_requests.get(), 2, "two in a row are enough");
        // Told again, it tries again; in mode `target` nothing goes back.
        bench.route(Mode::Target, 0);
        client.write_all(request(9, 1).as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
        assert!(!bench.seen().contains_key("/i/_doc/9") && bench.routes.control.current().fallback.is_none());
    });
}

#[test]
fn what_can_not_be_framed_goes_to_the_source_whatever_the_weight() {
    let directory = tempfile::tempdir().unwrap();
    run(async {
        let source = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", source.local_addr().unwrap());
        let bench =
            Bench::new(directory.path(), &["--routing", "target", "--destinationUri", &uri], "").await;
        let mut client = bench.client().await;
        let junk = b"PUT /i HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx";
        client.write_all(junk).await.unwrap();
        let (mut node, _) = source.accept().await.unwrap();
        let mut got = vec![0; junk.len()];
        node.read_exact(&mut got).await.unwrap();
        assert_eq!(got, junk);
        node.write_all(b"whatever").await.unwrap();
        let mut answer = [0; 8];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"whatever");
    });
}

#[test]
fn clients_are_shown_the_version_of_the_product_check() {
    let directory = tempfile::tempdir().unwrap();
    run(async {
        let flags = ["--routing", "target", "--productCheck", "7.10.2"];
        let bench = Bench::new(directory.path(), &flags, "").await;
        let mut client = bench.client().await;
        let mut raw = [0; 1024];
        client.write_all(b"GET /i/_doc/1 HTTP/1.1\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut all = Vec::new();
        while let Ok(length @ 1..) = client.read(&mut raw).await {
            all.extend_from_slice(&raw[..length]);
        }
        let text = String::from_utf8(all).unwrap();
        assert!(
            text.contains("X-Elastic-Product: Elasticsearch\r\n") && text.contains("target /i/_doc/1"),
            "{text}"
        );
        drop(client);
        bench.has_seen_clients_go().await;
        let captured = captured(directory.path());
        let [(_, by, answer)] = captured.as_slice() else { panic!("one request: {captured:?}") };
        assert!(*by == ServedBy::Target && !answer.contains("X-Elastic-Product"), "{answer}");
    });
}
