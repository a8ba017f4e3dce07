//! What a cluster says of the right that is missing: `no permissions for [RIGHT] and User [...]` (OpenSearch, Open Distro,
//! Search Guard), `action [RIGHT] is unauthorized for user [...], this action is granted by the index privileges
//! [PRIVILEGE,...]` (Elasticsearch; the second half since 7.9).

use serde_json::Value;

/// A right that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// As the cluster names it.
    pub(super) right: String,
    pub(super) granted_by: Option<Granted>,
}

/// What Elasticsearch calls what includes the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Granted {
    /// The smallest.
    pub(super) privilege: String,
    pub(super) of_cluster: bool,
}

/// Reads a refusal; `otherwise` where it does not say what is missing.
pub(super) fn missing(body: &[u8], otherwise: &str) -> Missing {
    let text = String::from_utf8_lossy(body);
    let right =
        bracketed(&text).find(|inside| inside.starts_with("indices:") || inside.starts_with("cluster:"));
    let granted = ["cluster", "index"].into_iter().find_map(|of| {
        let (_, list) = text.split_once(&format!("is granted by the {of} privileges "))?;
        let privilege = bracketed(list).next()?.split(',').next()?.to_owned();
        Some(Granted { privilege, of_cluster: of == "cluster" })
    });
    Missing { right: right.unwrap_or(otherwise).to_owned(), granted_by: granted }
}

/// What stands in square brackets.
fn bracketed(text: &str) -> impl Iterator<Item = &str> {
    text.split('[').skip(1).filter_map(|rest| rest.split_once(']').map(|(inside, _)| inside))
}

/// The status of a bulk request's first item.
pub(super) fn of_item(answer: &Value) -> Option<u16> {
    let item = answer["items"].get(0)?.as_object()?.values().next()?;
    u16::try_from(item["status"].as_u64()?).ok()
}

/// Whether OpenSearch wants it among a role's cluster permissions.
pub(super) fn is_of_cluster(right: &str) -> bool {
    ["cluster:", "indices:admin/template/", "indices:admin/index_template/"]
        .iter()
        .any(|prefix| right.starts_with(prefix))
        || right == "indices:data/write/bulk"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_product_says_it_its_way() {
        let read = |reason: &str| {
            missing(json!({"error": {"reason": reason}}).to_string().as_bytes(), "indices:otherwise")
        };
        let lacks = |right: &str| Missing { right: right.to_owned(), granted_by: None };
        let opensearch = read(
            "no permissions for [indices:admin/create] and User [name=reader, backend_roles=[cluster:x]]",
        );
        assert_eq!(opensearch, lacks("indices:admin/create"));
        assert_eq!(
            read("action [cluster:admin/script/put] is unauthorized for user [reader]"),
            lacks("cluster:admin/script/put")
        );
        let granted = read(
            "action [indices:admin/create] is unauthorized for user [reader] with roles [r], this action is granted by the index privileges [create_index,manage,all]",
        );
        let by = granted.granted_by.unwrap();
        assert_eq!((by.privilege.as_str(), by.of_cluster), ("create_index", false));
        for other in ["", "[", "no", "user [x] [y"] {
            assert_eq!(read(other), lacks("indices:otherwise"), "{other}");
        }
        assert_eq!(missing(b"\xff[", "cluster:o"), lacks("cluster:o"));
    }

    #[test]
    fn a_bulk_request_is_judged_by_its_item() {
        assert_eq!(of_item(&json!({"items": [{"index": {"status": 403}}]})), Some(403));
        for other in [json!({}), json!({"items": []}), json!({"items": [{}]}), json!([1])] {
            assert_eq!(of_item(&other), None);
        }
    }
}
