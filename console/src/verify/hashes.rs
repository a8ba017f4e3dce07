//! Hashes in a file of JSON: their bytes in base64, a third of what digits would take.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::Serializer;

const HASH_BYTES: usize = size_of::<u64>();

pub(super) fn serialize<S: Serializer>(hashes: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
    serializer.serialize_str(&STANDARD.encode(bytes))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
    let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
    match rest.is_empty() {
        true => Ok(hashes.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect()),
        false => Err(D::Error::custom("half a hash")),
    }
}
