//! The folders of shards.
//!
//! OpenSearch (2.17 and later) can put a hash into the path of a shard, so that S3 spreads the load
//! (`shard_path_type`): before the repository's base path, outside of what the user named, or after it. The hash
//! may begin with a prefix that is a setting of the cluster, so the paths that the server wrote down beside the
//! snapshot (`snapshot_shard_paths`) are believed first. Computed is what OpenSearch itself computes to read them.

use serde::Deserialize;

/// `shard_path_type` in `index-N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathType {
    /// `BASE/indices/ID/SHARD`, everywhere but in OpenSearch and there by default.
    Fixed,
    /// `HASH/BASE/indices/ID/SHARD`.
    HashedPrefix,
    /// `BASE/HASH/indices/ID/SHARD`.
    HashedInfix,
}

impl PathType {
    pub(crate) fn of(code: u32) -> Option<Self> {
        match code {
            0 => Some(Self::Fixed),
            1 => Some(Self::HashedPrefix),
            2 => Some(Self::HashedInfix),
            _ => None,
        }
    }
}

/// Folders where a shard may be, in the order to look in them.
pub(crate) fn computed(path_type: PathType, base: &str, index_id: &str, shard: u32) -> Vec<String> {
    let shard_of_index = format!("indices/{index_id}/{shard}");
    let hash = hash(index_id, shard);
    match path_type {
        PathType::Fixed => vec![join(base, &shard_of_index)],
        PathType::HashedInfix => vec![join(base, &format!("{hash}/{shard_of_index}"))],
        // Where the base path begins is only known to the server: all of what the user named (S3), or nothing of it.
        PathType::HashedPrefix => {
            vec![
                format!("{hash}/{}", join(base, &shard_of_index)),
                join(base, &format!("{hash}/{shard_of_index}")),
            ]
        }
    }
}

/// The folder in a file of `snapshot_shard_paths`, of which `base` is the repository's.
pub(crate) fn written(json: &[u8], base: &str, index_id: &str, shard: u32) -> Option<String> {
    #[derive(Deserialize)]
    struct File {
        paths: Vec<String>,
    }
    let file: File = serde_json::from_slice(json).ok()?;
    let end = format!("indices/{index_id}/{shard}");
    let path = file.paths.iter().map(|path| path.trim_matches('/')).find(|path| path.ends_with(&end))?;
    // The path is relative to the bucket or location, and holds the base path; what the user named ends with it.
    let before = path.strip_suffix(&end)?.trim_matches('/');
    let parts: Vec<&str> = before.split('/').collect();
    let base_parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    let without_hash = |at: usize| {
        let rest = parts.iter().enumerate().filter(|(part, _)| *part != at).map(|(_, part)| *part);
        rest.collect::<Vec<_>>()
    };
    // The hash is the first part or the last.
    for at in [0, parts.len().saturating_sub(1)] {
        let base_path = without_hash(at);
        if base_parts.ends_with(&base_path) {
            let root = base_parts.get(..base_parts.len() - base_path.len())?.join("/");
            return Some(join(&root, path));
        }
    }
    None
}

/// `FNV_1A_COMPOSITE_1`: of the 64 bits of FNV-1a, six as a digit of base 64 and fourteen as they are.
fn hash(index_id: &str, shard: u32) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in format!("{shard}{index_id}").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let digit = usize::try_from(hash >> 58).ok().and_then(|at| DIGITS.get(at)).copied().unwrap_or_default();
    format!("{}{:014b}", char::from(digit), hash >> 44 & 0x3fff)
}

/// `base` may be empty: a bucket's root.
pub(crate) fn join(base: &str, rest: &str) -> String {
    if base.is_empty() { rest.to_owned() } else { format!("{base}/{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths that OpenSearch 2.19.4 wrote.
    #[test]
    fn hashes_of_a_real_server() {
        let id = "QUorE5X2T_2i_3aJjPKwpA";
        assert_eq!(
            computed(PathType::HashedPrefix, "a/b", id, 0),
            [format!("210000010001101/a/b/indices/{id}/0"), format!("a/b/210000010001101/indices/{id}/0")]
        );
        assert_eq!(hash(id, 1), "r10011011111110");
        let id = "6zx0T5lgT6CDWA2z_Xi0qA";
        let infix = computed(PathType::HashedInfix, "repo", id, 1);
        assert_eq!(infix, [format!("repo/L10001110000011/indices/{id}/1")]);
        assert_eq!(computed(PathType::Fixed, "", id, 1), [format!("indices/{id}/1")]);
    }

    #[test]
    fn written_paths_begin_where_the_base_path_does() {
        let prefix = br#"{"paths":["h0/a/b/indices/ID/0/","h1/a/b/indices/ID/1/"]}"#;
        assert_eq!(written(prefix, "a/b", "ID", 1).unwrap(), "h1/a/b/indices/ID/1");
        assert_eq!(written(prefix, "mnt/repo/a/b", "ID", 0).unwrap(), "mnt/repo/h0/a/b/indices/ID/0");
        assert_eq!(written(prefix, "mnt/repo", "ID", 0), None, "another base path");
        assert_eq!(written(prefix, "a/b", "ID", 2), None);
        let infix = br#"{"paths":["a/b/h0/indices/ID/0/"]}"#;
        assert_eq!(written(infix, "mnt/a/b", "ID", 0).unwrap(), "mnt/a/b/h0/indices/ID/0");
        let without_base = br#"{"paths":["h0/indices/ID/0/"]}"#;
        assert_eq!(written(without_base, "", "ID", 0).unwrap(), "h0/indices/ID/0");
        assert_eq!(written(without_base, "mnt", "ID", 0).unwrap(), "mnt/h0/indices/ID/0");
        assert_eq!(written(b"no JSON", "mnt", "ID", 0), None);
    }
}
