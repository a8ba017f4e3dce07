//! The fuzz targets on random inputs; `make fuzz` runs them longer, and with cargo-fuzz where it is installed.

mod log;
#[path = "../../../../tests/fuzz/random.rs"]
mod random;
mod record;

use switchover_capture::{StreamEncoder, Timestamp};

#[test]
fn log_of_any_bytes() {
    let damage: Vec<u8> = (0..80u8).map(|n| n.wrapping_mul(37)).collect();
    let header = [&[0][..], b"SWCAPLOG\x01\0\0\0", &[0; 16]].concat();
    random::run(
        log::run,
        &[[&[1][..], &damage].concat(), header, vec![1]],
        &[b"\0\0\0\0", b"\xff\xff\xff\xff"],
    );
}

#[test]
fn records_of_any_bytes() {
    let mut records: Vec<Vec<u8>> = Vec::new();
    for limit in [200, 4096] {
        let mut encoder = StreamEncoder::new("connection", "node", limit);
        let at = Timestamp { seconds: 1, nanos: 2 };
        for _ in 0..3 {
            encoder.read(at, b"PUT /i/_doc/1 HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}", &mut records);
            encoder.end_of_message(at, 22, 17, &mut records);
            encoder.write(at, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", &mut records);
            encoder.flush(&mut records);
        }
        encoder.close(at, &mut records);
    }
    let whole = records.join(&b"\xff\xfe"[..]);
    records.push(whole);
    random::run(record::run, &records, &[b"\xff\xfe", b"\x0a", b"\x12", b"\r\n"]);
}
