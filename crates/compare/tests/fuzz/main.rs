//! The fuzz targets on random inputs; `make fuzz` runs them longer, and with cargo-fuzz where it is installed.

mod answers;
#[path = "../../../../tests/fuzz/random.rs"]
mod random;
mod tuple;

const WORDS: [&[u8]; 8] = [b"\xff", b"\"", b"{", b"}", b"[", b"]", b",", b"\\u00e4"];

#[test]
fn any_two_answers() {
    let hits = br#"{"hits":{"total":{"value":2},"max_score":1.0,"hits":[{"_id":"1","_score":2.0,"_source":{"a":1}},{"_id":"2","_score":1.5,"sort":[1]}]}}"#;
    let buckets = br#"{"aggregations":{"a":{"buckets":[{"key":"x","doc_count":3},{"key":1,"from":2,"doc_count":1}],"values":{"50.0":1.5}}},"error":{"type":"x","root_cause":[{"type":"y"}]}}"#;
    let rows = b"green open a uuid 1 0 7 0 1kb 1kb\n";
    let request = br#"{"from":3,"sort":["_doc"],"aggs":{"a":{"percentiles":{"field":"now"}}}}"#;
    let samples: Vec<Vec<u8>> = [&hits[..], buckets, rows, b"{}"]
        .iter()
        .map(|body| [&request[..], b"\xff", body, b"\xff", body].concat())
        .collect();
    random::run(answers::run, &samples, &WORDS);
}

#[test]
fn any_tuple() {
    let sample = br#"{"sourceRequest":{"Host":["s"],"Authorization":"x","Request-URI":"/a/_doc/1","Method":"GET","HTTP-Version":{"k":1},"payload":{"inlinedJsonBody":{"n":1.10}}},"sourceResponse":{"Status-Code":200,"response_time_ms":7,"payload":{"inlinedJsonSequenceBodies":[1,{}]}},"targetResponses":[{"Exception":"x"},{"Status-Code":200,"body":"e30="},{"Status-Code":200,"payload":{"inlinedBase64Body":"/wA="}}],"connectionId":"c.1","sourceTimestamp":"2026-11-21T18:24:26.5Z","comparison":{"verdict":"same"}}"#;
    random::run(tuple::run, &[sample.to_vec()], &WORDS);
}
