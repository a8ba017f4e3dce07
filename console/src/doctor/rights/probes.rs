//! The requests. None may be carried out by any server, whoever asks.

use switchover_cluster::Method;

use crate::doctor::Severity;

/// One right, and how to ask for it.
pub(super) struct Probe {
    /// For a person, behind "may".
    pub(super) what: &'static str,
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) body: Option<&'static str>,
    /// What is missing where the refusal does not say it.
    pub(super) right: &'static str,
    /// What it means to lack it.
    pub(super) severity: Severity,
    /// It changes nothing where it is answered.
    pub(super) reads: bool,
}

fn must(what: &'static str, path: &'static str, body: &'static str, right: &'static str) -> Probe {
    Probe {
        what,
        method: Method::PUT,
        path,
        body: Some(body),
        right,
        severity: Severity::Error,
        reads: false,
    }
}

/// Only those who have such things need it.
fn should(what: &'static str, path: &'static str, body: &'static str, right: &'static str) -> Probe {
    Probe { severity: Severity::Warning, ..must(what, path, body, right) }
}

/// `#` is not allowed in names of repositories, and the repository of the others is not there.
pub(super) fn source() -> [Probe; 4] {
    [
        must(
            "register a repository",
            "/_snapshot/switchover%23doctor",
            r#"{"type":"fs","settings":{"location":"switchover-doctor"}}"#,
            "cluster:admin/repository/put",
        ),
        must(
            "take snapshots",
            "/_snapshot/switchover-doctor-none/Switchover%23Doctor",
            "{}",
            "cluster:admin/snapshot/create",
        ),
        Probe {
            what: "see snapshots",
            method: Method::GET,
            path: "/_snapshot/switchover-doctor-none/switchover-doctor",
            body: None,
            right: "cluster:admin/snapshot/get",
            severity: Severity::Error,
            reads: true,
        },
        Probe {
            what: "delete snapshots",
            method: Method::DELETE,
            path: "/_snapshot/switchover-doctor-none/Switchover%23Doctor",
            body: None,
            right: "cluster:admin/snapshot/delete",
            severity: Severity::Warning,
            reads: false,
        },
    ]
}

/// Upper case is not allowed in names of indices, `#` not in those of templates; no server has such a processor or
/// language.
pub(super) fn target() -> [Probe; 10] {
    [
        must("make indices", "/Switchover-Doctor", "{}", "indices:admin/create"),
        Probe {
            method: Method::POST,
            ..must(
                "write documents",
                "/_bulk",
                "{\"index\":{\"_index\":\"Switchover-Doctor\",\"_id\":\"1\"}}\n{}\n",
                "indices:data/write/bulk",
            )
        },
        must(
            "keep the backfill's state (an index .switchover_backfill*)",
            "/.switchover_backfill-Doctor",
            "{}",
            "indices:admin/create",
        ),
        should(
            "change settings of indices",
            "/switchover-doctor-none/_settings",
            r#"{"index.refresh_interval":"1s"}"#,
            "indices:admin/settings/update",
        ),
        Probe {
            method: Method::POST,
            ..should(
                "set aliases",
                "/_aliases",
                r#"{"actions":[{"add":{"index":"Switchover-Doctor","alias":"switchover-doctor"}}]}"#,
                "indices:admin/aliases",
            )
        },
        should(
            "make index templates",
            "/_index_template/switchover%23doctor",
            r#"{"index_patterns":["switchover-doctor"]}"#,
            "indices:admin/index_template/put",
        ),
        should(
            "make legacy templates",
            "/_template/switchover%23doctor",
            r#"{"index_patterns":["switchover-doctor"]}"#,
            "indices:admin/template/put",
        ),
        should(
            "make component templates",
            "/_component_template/switchover%23doctor",
            r#"{"template":{}}"#,
            "cluster:admin/component_template/put",
        ),
        should(
            "make ingest pipelines",
            "/_ingest/pipeline/switchover-doctor",
            r#"{"processors":[{"switchover_no_such_processor":{}}]}"#,
            "cluster:admin/ingest/pipeline/put",
        ),
        should(
            "store scripts",
            "/_scripts/switchover-doctor",
            r#"{"script":{"lang":"switchover_no_such_language","source":"1"}}"#,
            "cluster:admin/script/put",
        ),
    ]
}
