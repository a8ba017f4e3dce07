//! Names of indices in request lines, of which a server takes 4,096 bytes by default.

use switchover_cluster::path_part;

/// Bytes of names in one request: room for a query beside them.
const MAX_NAME_BYTES: usize = 2_500;

/// Names as parts of a path, as many as fit into each; one at least.
pub(super) fn lists(names: &[String]) -> Vec<String> {
    let mut lists: Vec<String> = Vec::new();
    for name in names {
        let name = path_part(name);
        match lists.last_mut().filter(|list| list.len() + name.len() < MAX_NAME_BYTES) {
            Some(list) => list.extend([",", &name]),
            None => lists.push(name),
        }
    }
    lists
}
