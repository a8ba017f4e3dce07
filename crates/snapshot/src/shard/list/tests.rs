use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A file with a footer, and its checksum as the list has it.
fn intact(content: &[u8]) -> (Vec<u8>, String) {
    let mut file = content.to_vec();
    file.extend_from_slice(&FOOTER_MAGIC);
    let sum = u64::from(crc32fast::hash(&file));
    file.extend_from_slice(&sum.to_be_bytes());
    let mut digits = Vec::new();
    let mut rest = sum;
    while rest > 0 {
        digits.push(char::from_digit((rest % 36) as u32, 36).unwrap());
        rest /= 36;
    }
    (file, digits.iter().rev().collect())
}

fn listed(file: serde_json::Value) -> Result<ShardFile, String> {
    let files = ShardFile::parse_list(json!({"files": [file]}).to_string().as_bytes())?;
    Ok(files.into_values().next().unwrap())
}

fn blobs(part_size: i64, length: u64) -> ShardFile {
    listed(json!({"name": "__a", "physical_name": "_0.fdt", "length": length, "part_size": part_size}))
        .unwrap()
}

#[test]
fn a_file_inside_of_the_list() {
    let (file, checksum) = intact(b"a commit");
    for name in ["v__a", "__a"] {
        let entry = json!({"name": name, "physical_name": "segments_2", "length": file.len(), "checksum": checksum,
            "part_size": i64::MAX, "meta_hash": STANDARD.encode(&file)});
        assert_eq!(listed(entry).unwrap().content, Content::Inline(file.clone().into()));
    }
}

#[test]
fn a_hash_that_is_not_the_file() {
    let (file, checksum) = intact(b"a commit");
    let mut flipped = file.clone();
    flipped[3] ^= 1;
    for (hash, checksum) in [(&flipped, &*checksum), (&file, "zzz"), (&file[1..].to_vec(), &checksum)] {
        let entry = |name: &str| {
            json!({"name": name, "physical_name": "segments_2", "length": file.len(), "checksum": checksum,
                "meta_hash": STANDARD.encode(hash)})
        };
        // Where there is a blob it is read; where there is none the file is lost.
        let blob = Content::Blobs { name: "__a".into(), part_bytes: None };
        assert_eq!(listed(entry("__a")).unwrap().content, blob);
        assert!(listed(entry("v__a")).unwrap_err().contains("segments_2"));
    }
}

#[test]
fn ranges_over_parts() {
    let pieces = |file: &ShardFile, range| file.pieces(range).collect::<Vec<_>>();
    let file = blobs(10, 25);
    assert_eq!(pieces(&file, 3..7), [("__a.part0".into(), 3..7)]);
    assert_eq!(
        pieces(&file, 9..25),
        [("__a.part0".into(), 9..10), ("__a.part1".into(), 0..10), ("__a.part2".into(), 0..5)]
    );
    assert!(pieces(&file, 10..10).is_empty());
    // As long as a part is, a file has no parts.
    for file in [blobs(25, 25), blobs(i64::MAX, 25)] {
        assert_eq!(pieces(&file, 0..25), [("__a".into(), 0..25)]);
    }
}

#[test]
fn lists_that_can_not_be() {
    for (entry, told) in [
        (json!({"name": "__a", "length": 1, "part_size": 0}), "part_size"),
        (json!({"name": "__a", "length": 1, "part_size": -5}), "part_size"),
        (json!({"name": "__a", "length": -1}), "invalid value"),
        (json!({"name": "__a"}), "length"),
        (json!({"name": "v__a", "length": 1}), "should be in this list"),
        (json!({"name": "__a", "length": 1, "meta_hash": "!"}), "meta_hash"),
    ] {
        let error = listed(entry).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
    let twice = json!({"files": [{"name": "__a", "physical_name": "x", "length": 1}, {"name": "__b", "physical_name": "x", "length": 1}]});
    assert!(ShardFile::parse_list(twice.to_string().as_bytes()).unwrap_err().contains("twice"));
}

proptest! {
    #[test]
    fn pieces_are_the_range_and_nothing_else(length in 1u64..500, size in 1i64..600, a in 0u64..500, b in 0u64..500) {
        let (start, end) = (a.min(b).min(length), a.max(b).min(length));
        let mut at = start;
        let size_of_part = size as u64;
        for (blob, range) in blobs(size, length).pieces(start..end) {
            let part = blob.strip_prefix("__a.part").map_or(0, |part| part.parse().unwrap());
            prop_assert_eq!(part * size_of_part + range.start, at);
            prop_assert!(range.start < range.end && (range.end <= size_of_part || size_of_part >= length));
            at += range.end - range.start;
        }
        prop_assert_eq!(at, end);
    }
}
