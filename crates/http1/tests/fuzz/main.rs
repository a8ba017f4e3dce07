//! The fuzz targets on random inputs; `make fuzz` runs them longer, and with cargo-fuzz where it is installed.

#[path = "../framing/driver.rs"]
mod driver;
#[path = "../../../../tests/fuzz/random.rs"]
mod random;
mod request;
mod response;

const WORDS: [&[u8]; 14] = [
    b"\r\n",
    b"\n",
    b"\r\n\r\n",
    b" HTTP/1.1",
    b" HTTP/1.0",
    b"Content-Length: 5",
    b"Transfer-Encoding: chunked",
    b"Connection: upgrade",
    b"5\r\nabcde\r\n",
    b"0\r\n\r\n",
    b"GET / ",
    b"HTTP/1.1 100 Continue",
    b"HTTP/1.1 101 x",
    b"Expect: 100-continue",
];

#[test]
fn requests_of_any_bytes() {
    let streams: [&[u8]; 3] = [
        b"PUT /i/_doc/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /_bulk HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nTrailer: x\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\nanything",
    ];
    let samples: Vec<_> = streams.iter().map(|stream| [&[3, 1, 7, 20][..], stream].concat()).collect();
    random::run(request::run, &samples, &WORDS);
}

#[test]
fn responses_of_any_bytes() {
    let streams: [&[u8]; 3] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 204 x\r\n\r\nHTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    ];
    let samples = streams.iter().zip(0u8..).map(|(stream, kind)| [&[kind, 3, 1, 7, 20][..], stream].concat());
    random::run(response::run, &samples.collect::<Vec<_>>(), &WORDS);
}
