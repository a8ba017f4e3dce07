//! The fuzz targets on random inputs; `make fuzz` runs them longer, and with cargo-fuzz where it is installed.

mod blob;
#[path = "../../../../tests/fuzz/random.rs"]
mod random;
mod smile;

#[test]
fn smile_of_any_bytes() {
    let words: [&[u8]; 10] = [
        b":)\n\x07",
        b"\xfa",
        b"\xfb",
        b"\xf8",
        b"\xf9",
        b"\xfd\x82ab",
        b"\xe8\x82\x00\x40\x01",
        b"\x40",
        b"\x2a\x84\x81",
        b"\xec\x01",
    ];
    let samples = [
        b":)\n\x07\xfa\x80a\xf8\xc2\x41ab\x01\xf9\x40\x29\x00\x3f\x78\0\0\0\0\0\0\0\xfb".to_vec(),
        b":)\n\x05\xfa\x34name\xfc\xe4text\xfc\x40\x26\x81\x7f\x01\xfb\xff".to_vec(),
    ];
    random::run(smile::run, &samples, &words);
}

#[test]
fn metadata_of_any_bytes() {
    let words: [&[u8]; 6] =
        [b"DFL\0", b"ZSTD\0", b"ZV\x01", b"\x3f\xd7\x6c\x17\x08snapshot\0\0\0\x01", b"{", b"}"];
    let samples = [
        b"{\"snapshots\":[\"a\"]}".to_vec(),
        b"ZV\x01\x00\x05\x00\x0a\x00{\xe0\x00\x00".to_vec(),
        b"DFL\0\xab\x56\x4a\x54\xb2\x32\xac\x05\x00".to_vec(),
    ];
    random::run(blob::run, &samples, &words);
}
