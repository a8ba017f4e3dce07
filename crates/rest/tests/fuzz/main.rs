//! The fuzz targets on random inputs; `make fuzz` runs them longer, and with cargo-fuzz where it is installed.

#[path = "../../../../tests/fuzz/random.rs"]
mod random;
mod secrets;

const WORDS: [&[u8]; 14] = [
    b"{",
    b"}",
    b"[",
    b"\"password\":",
    b"\"remote\":",
    b"\"a\":",
    b",",
    b"\"http://u:p@h/?token=t\"",
    b"?token=",
    b"&",
    b"%5f",
    b"://u@",
    b"/_security",
    b"\\u0070",
];

#[test]
fn secrets_of_any_bytes() {
    let samples: [&[u8]; 5] = [
        b"{\"a\":[1,2.50,{\"password\":\"x\"}],\"remote\":{\"host\":\"http://u:p@h\"}}",
        b"/_security/user/bob?token=x&a=1",
        b"http://u:p@h:9200/a?api_key=b;c=d#access_token=e",
        b"/%5Fplugins/_security/api",
        b" [\"text\"] ",
    ];
    random::run(secrets::run, &samples.map(<[u8]>::to_vec), &WORDS);
}
