//! The fuzz targets on random inputs; `make fuzz` runs them longer, and with cargo-fuzz where it is installed.

mod bulk;
mod json;
#[path = "../../../../tests/fuzz/random.rs"]
mod random;
mod request;

const WORDS: [&[u8]; 12] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"\"a\":",
    b"\"a\"",
    b"\\u00e9",
    b"1.10e-7",
    b"null",
    b"\n",
    b"\"_type\":\"t\"",
];

#[test]
fn json_of_any_bytes() {
    let texts: [&[u8]; 3] =
        [b"{\"a\":{\"a\":[1,2.50,{\"a\":null}]},\"a\":\"\\u00e9\"}", b"[[],{},[1, 2]]", b" \"text\" "];
    let samples = texts.iter().map(|text| [&[9][..], text, b"{\"a\":1}"].concat());
    random::run(json::run, &samples.collect::<Vec<_>>(), &WORDS);
}

#[test]
fn bulks_of_any_bytes() {
    let samples = [
        "{\"index\":{\"_index\":\"a\",\"_type\":\"t\"}}\n{\"n\":1.10}\n{\"delete\":{\"_id\":\"1\"}}\n",
        "\r\n{\"create\":{\"_index\":\"a\",\"_type\":\"u\"}}\r\n{}\r\n\n{\"update\":{\"_type\":\"t\"}}\n{\"doc\":{}}",
        "{\"delete\":{\"_index\":\"a\",\"_type\":\"u\"}}\n{\"delete\":{\"_index\":\"a\",\"_type\":\"t\"}}\n",
    ];
    let samples = samples.map(|sample| sample.as_bytes().to_vec());
    random::run(bulk::run, &samples, &WORDS);
}

#[test]
fn bodies_of_any_bytes() {
    let bodies: [&[u8]; 5] = [
        b"{\"index\":{\"_index\":\"a\",\"_type\":\"t\"}}\n{\"n\":1.10}\n{\"delete\":{\"_id\":\"1\"}}\n",
        b"{\"docs\":[{\"_type\":\"t\",\"_parent\":\"p\"}]}",
        b"{\"mappings\":{\"t\":{\"properties\":{\"f\":{\"type\":\"long\"}}},\"u\":{}}}",
        b"{\"source\":{\"index\":\"a\"},\"dest\":{\"type\":\"t\"}}",
        b"DXF1ZXJ5==",
    ];
    let samples: Vec<_> = bodies.iter().zip(0u8..).map(|(body, call)| [&[call][..], body].concat()).collect();
    random::run(request::run, &samples, &WORDS);
}
