//! What records of JSON traffic take on the broker's disk, against the bytes that went over the wire.

use crate::support::{by_flags, noise, producer, send, topic};
use std::path::Path;
use std::time::Duration;
use switchover_capture::timestamp::Timestamp;
use switchover_capture::{MAX_RECORD_BYTES, StreamEncoder};
use switchover_kafka::KafkaOptions;
use switchover_testkit::lab::Lab;

/// The most that is accepted of lz4, the default.
const TARGET: f64 = 0.35;
const CONNECTIONS: usize = 16;
const REQUESTS: usize = 40;

/// A line of an access log: some fields repeat, some are random, as real ones.
fn document(seed: u64) -> String {
    let pick = noise(40, seed);
    let hex = |range: std::ops::Range<usize>| {
        pick[range].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let methods = ["GET", "POST", "PUT", "DELETE"];
    let agents =
        ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0", "curl/8.9.1", "okhttp/4.12.0"];
    format!(
        r#"{{"@timestamp":"2026-11-21T{:02}:{:02}:{:02}.{:03}Z","client":{{"ip":"10.{}.{}.{}","port":{}}},"http":{{"method":"{}","path":"/api/v2/customers/{}/orders/{}","status":{},"bytes":{}}},"trace":{{"id":"{}","span":"{}"}},"user_agent":"{}","service":"checkout-{}","message":"request served in {} ms by node {}"}}"#,
        pick[0] % 24,
        pick[1] % 60,
        pick[2] % 60,
        u16::from(pick[3]) * 3,
        pick[4],
        pick[5],
        pick[6],
        30_000 + u32::from(pick[7]) * 9,
        methods[usize::from(pick[8] % 4)],
        u32::from(pick[9]) * 7919,
        u32::from(pick[10]) * 104_729,
        [200, 201, 404, 500][usize::from(pick[11] % 4)],
        u32::from(pick[12]) * 37,
        hex(13..29),
        hex(29..37),
        agents[usize::from(pick[37] % 3)],
        pick[38] % 5,
        pick[39],
        pick[38] % 12,
    )
}

/// Requests and answers of one kind, encoded; wire bytes and records.
fn traffic(documents_each: usize) -> (usize, Vec<(String, Vec<u8>)>) {
    let (mut wire, mut all) = (0, Vec::new());
    for connection in 0..CONNECTIONS {
        let id = format!("0a0000{connection:02x}.{connection:08x}");
        let mut encoder = StreamEncoder::new(&id, "6f1c2a3b-4d5e-4f60-8a7b-9c0d1e2f3a4b", MAX_RECORD_BYTES);
        let mut records: Vec<Vec<u8>> = Vec::new();
        for request in 0..REQUESTS {
            let seed = |document: usize| ((connection * REQUESTS + request) * 1000 + document + 1) as u64;
            let (path, body, answer) = if documents_each == 1 {
                let name = format!("{:x}", seed(0));
                let answer = format!(
                    r#"{{"_index":"logs-2026.11.21","_type":"_doc","_id":"{name}","_version":1,"result":"created","_shards":{{"total":2,"successful":1,"failed":0}},"_seq_no":{request},"_primary_term":1}}"#
                );
                (format!("/logs-2026.11.21/_doc/{name}"), document(seed(0)), answer)
            } else {
                let lines = (0..documents_each).map(|n| {
                    format!("{{\"index\":{{\"_index\":\"logs-2026.11.21\"}}}}\n{}\n", document(seed(n)))
                });
                let items = (0..documents_each).map(|n| format!(r#"{{"index":{{"_index":"logs-2026.11.21","_type":"_doc","_id":"{}","_version":1,"result":"created","_shards":{{"total":2,"successful":1,"failed":0}},"_seq_no":{n},"_primary_term":1,"status":201}}}}"#, noise(10, seed(n)).iter().map(|b| format!("{b:02x}")).collect::<String>()));
                (
                    "/_bulk".to_owned(),
                    lines.collect(),
                    format!(
                        r#"{{"took":7,"errors":false,"items":[{}]}}"#,
                        items.collect::<Vec<_>>().join(",")
                    ),
                )
            };
            let asked = format!(
                "POST {path} HTTP/1.1\r\nHost: es.example.com:9200\r\nContent-Type: application/json\r\nUser-Agent: elasticsearch-py/7.10.1 (Python 3.11)\r\nAccept-Encoding: identity\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let answered = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: {}\r\n\r\n{answer}",
                answer.len()
            );
            wire += asked.len() + answered.len();
            let now = Timestamp::now();
            encoder.read(now, asked.as_bytes(), &mut records);
            encoder.end_of_message(now, -1, -1, &mut records);
            encoder.flush(&mut records);
            encoder.write(now, answered.as_bytes(), &mut records);
            encoder.flush(&mut records);
        }
        all.extend(records.into_iter().map(|record| (id.clone(), record)));
    }
    (wire, all)
}

/// Bytes of a topic's log segments.
fn on_disk(lab: &Lab, topic: &str) -> u64 {
    let files = |directory: &Path| {
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap()).collect::<Vec<_>>()
    };
    let partitions = files(&lab.directory().join("data"));
    let ours = partitions.iter().filter(|entry| {
        entry.file_name().to_string_lossy().rsplit_once('-').is_some_and(|(name, _)| name == topic)
    });
    ours.flat_map(|entry| files(&entry.path()))
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "log"))
        .map(|entry| entry.metadata().unwrap().len())
        .sum()
}

/// `together`: as fast as the producer takes them, so that batches are large; else each is alone in its batch.
fn ratio(lab: &Lab, documents_each: usize, kind: &str, together: bool) -> f64 {
    let mut options: KafkaOptions = by_flags(&["--kafkaConnection", lab.bootstrap()]);
    options.tuning.producer.push(("compression.type".to_owned(), kind.to_owned()));
    let topic = topic(&format!("bytes-{kind}-{documents_each}"));
    let (wire, records) = traffic(documents_each);
    let (producer, events) = producer(&options, &topic);
    for (token, (key, record)) in records.iter().enumerate() {
        send(&producer, key, record, token);
        if !together {
            events.await_at_once(token + 1);
        }
    }
    assert!(producer.flush(Duration::from_secs(60)));
    events.await_delivered(records.len());
    let ratio = on_disk(lab, &topic) as f64 / wire as f64;
    let how = if together { "at full speed" } else { "one by one" };
    println!("{documents_each} documents a request, {wire} bytes on the wire, {kind}, {how}: {ratio:.3}");
    ratio
}

#[test]
fn json_takes_a_third_on_the_broker() {
    let lab = Lab::kafka();
    for documents_each in [1, 100] {
        let lz4 = ratio(&lab, documents_each, "lz4", true);
        let zstd = ratio(&lab, documents_each, "zstd", true);
        let none = ratio(&lab, documents_each, "none", true);
        assert!(lz4 <= TARGET && zstd <= lz4 && none > 1.0, "lz4 {lz4}, zstd {zstd}, none {none}");
    }
    // Bulk requests are long enough to be compressed alone; single documents are not, and take what they take.
    let bulk = ratio(&lab, 100, "lz4", false);
    assert!(bulk <= TARGET, "lz4, one by one: {bulk}");
    ratio(&lab, 1, "lz4", false);
}
