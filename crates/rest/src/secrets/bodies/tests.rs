//! Requests as the REST specifications of the versions have them.

use super::{Bodies, IN_REMOTE, MIXED, bodies};

const SECRET: &[(&str, &str)] = &[
    ("1 and 2", "/_shield/user/bob"),
    ("1 and 2", "/_shield/authenticate"),
    ("1 and 2", "/_watcher/watch/w"),
    ("5 and 6", "/_xpack/security/user/bob/_password"),
    ("5 and 6", "/_xpack/security/oauth2/token"),
    ("5 and 6", "/_xpack/watcher/watch/w/_execute"),
    ("6 on", "/_nodes/reload_secure_settings"),
    ("6 on", "/_nodes/n1,n2/reload_secure_settings?timeout=1m"),
    ("7 on", "/_security/user/bob"),
    ("7 on", "/_security/_authenticate"),
    ("7 on", "/_security/api_key?refresh=true"),
    ("7 on", "/_security/oauth2/token"),
    ("7 on", "/_security/service/elastic/fleet-server/credential/token/t"),
    ("8 on", "/_security/cross_cluster/api_key"),
    ("7 on", "/_ssl/certificates"),
    ("8 on", "/_connector/c/_configuration"),
    ("8 on", "/_logstash/pipeline/p"),
    ("9", "/_fleet/secret"),
    ("all", "/.security/_search"),
    ("all", "/.security-7/_doc/user-bob"),
    ("all", "/a,.security-6/_search"),
    ("all", "/.sec*/_search"),
    ("all", "/.*/_search"),
    ("all", "/searchguard/sg/internalusers"),
    ("all", "/.watches/_doc/w"),
    ("Search Guard", "/_searchguard/api/internalusers/bob"),
    ("Search Guard", "/_signals/account/email/a"),
    ("Open Distro", "/_opendistro/_security/api/internalusers/bob"),
    ("Open Distro", "/_opendistro/_alerting/destinations/email_accounts"),
    ("OpenSearch", "/_plugins/_security/api/internalusers/bob"),
    ("OpenSearch", "/_plugins/_security/api/account"),
    ("OpenSearch", "/_plugins/_notifications/configs/c"),
    ("OpenSearch", "/.opendistro_security/_doc/internalusers"),
    ("in other forms", "http://bob:pw@host:9200/_security/user/bob"),
    ("in other forms", "//_security//user/bob"),
    ("in other forms", "/%5Fsecurity/user/bob"),
    ("in other forms", "/_security%2Fuser/bob"),
];

const MIXED_ONES: &[(&str, &str)] = &[
    ("1 on", "/_snapshot/s3"),
    ("1 on", "/_snapshot"),
    ("1 on", "/_cluster/settings?flat_settings"),
    ("1 on", "/_cluster/state/metadata"),
    ("8 on", "/_inference/text_embedding/e"),
    ("OpenSearch", "/_plugins/_ml/connectors/_create"),
    ("OpenSearch", "/_plugins/_query/_datasources"),
];

const OPEN: &[(&str, &str)] = &[
    ("all", "/"),
    ("all", "*"),
    ("all", ""),
    ("all", "http://host:9200"),
    ("all", "/_bulk"),
    ("all", "/i/_search"),
    ("all", "/security/_doc/1"),
    ("all", "/i/_security"),
    ("all", "/_security_x/a"),
    ("all", "/searchguards/_search"),
    ("all", "/*/_search"),
    ("all", "/a*,b/_search"),
    ("all", "/.kibana/_search"),
    ("all", "/_snapshot/r/s"),
    ("all", "/_snapshot/r/s/_restore"),
    ("all", "/_nodes/stats"),
    ("all", "/_cluster/health"),
    ("5 on", "/_reindex/r:1/_rethrottle"),
    ("OpenSearch", "/_plugins/_ism/policies/p"),
    ("OpenSearch", "/_plugins/_alerting/monitors"),
];

fn all(requests: &[(&str, &str)], expected: Bodies) {
    for (versions, target) in requests {
        assert_eq!(bodies(target.as_bytes()), expected, "{target} ({versions})");
    }
}

#[test]
fn requests_of_all_versions() {
    all(SECRET, Bodies::Secret);
    all(MIXED_ONES, MIXED);
    all(&[("5 on", "/_reindex?wait_for_completion=false")], IN_REMOTE);
    all(OPEN, Bodies::Open);
}

#[test]
fn what_is_no_text_is_looked_at_too() {
    assert_eq!(bodies(b"/_security/user/\xff"), Bodies::Secret);
    assert_eq!(bodies(b"/\xff/_search"), Bodies::Open);
    assert_eq!(bodies(b"/%ff/_search"), Bodies::Open);
}

#[test]
fn every_line_of_the_table_is_in_reach() {
    for (pattern, expected) in super::TABLE {
        let path = format!("/{}", pattern.replace("**", "x").replace('*', "y"));
        assert_eq!(bodies(path.as_bytes()), expected, "{pattern}");
    }
}
