//! The target's flags, read together and checked.

use crate::cli::{Cli, TargetFlags};
use crate::header_edit::HeaderEdit;
use crate::node::Node;
use crate::product_check::ProductCheck;
use crate::routing::{Routing, StateFile};
use crate::rules::Rules;
use crate::tls::{self, NodeTls};
use anyhow::{Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::path::Path;
use std::sync::Arc;
use switchover_settings::secret;
use switchover_tls::ClientOptions;

/// How the target is spoken to, and what it serves at first.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where.
    pub node: Node,
    /// TLS to it, if it speaks it.
    pub tls: Option<Arc<NodeTls>>,
    /// What holds of requests to it: the rules of all requests, but for the headers that it gets.
    pub rules: Arc<Rules>,
    /// What clients are shown in its answers.
    pub product_check: Option<ProductCheck>,
    /// What it serves until somebody says otherwise.
    pub routing: Routing,
    /// Where what was said is kept.
    pub file: StateFile,
    /// Percent of requests that it may fail.
    pub max_errors_percent: u8,
}

impl Target {
    /// Checks the flags; `None` without `--targetUri`. `headers` are those of `--setHeader`.
    ///
    /// # Errors
    /// What is wrong and with which flag.
    pub fn new(cli: &Cli, rules: &Rules, headers: &[(String, String)]) -> Result<Option<Self>> {
        let flags = &cli.target;
        let to_target = ClientOptions {
            ca_file: flags.target_ca_file.clone(),
            insecure: flags.insecure_target,
            cert_file: flags.target_cert_file.clone(),
            key_file: flags.target_key_file.clone(),
        };
        let routing = Routing { mode: flags.routing, weight: flags.target_weight, route_by: flags.route_by };
        let routing = routing.check().map_err(|reason| anyhow!("--routing, --targetWeight: {reason}"))?;
        let authorization = authorization(flags)?;
        let Some(uri) = &flags.target_uri else {
            let given =
                authorization.is_some() || flags.product_check.is_some() || routing != Routing::SOURCE;
            if given || to_target != ClientOptions::default() {
                bail!("--routing, --productCheck and the flags of the target need --targetUri");
            }
            return Ok(None);
        };
        if flags.insecure_target && !uri.tls {
            bail!("--insecureTarget is for TLS; --targetUri is {uri}");
        }
        let tls = tls::to_node(uri, to_target, "--targetUri", "--target...File")?;
        let node = Node::new(uri.clone(), tls.clone(), "--targetUri").map_err(|reason| anyhow!(reason))?;
        let mut set = headers.to_vec();
        set.push(("host".to_owned(), uri.authority()));
        set.extend(authorization.map(|value| ("authorization".to_owned(), value)));
        let edit = HeaderEdit::new(&set).map_err(|reason| anyhow!(reason))?;
        let edit = edit.for_target(flags.product_check.is_some());
        let file = StateFile::new(&cli.log_directory());
        file.check()?;
        Ok(Some(Self {
            node,
            tls,
            rules: Arc::new(Rules { edit, ..rules.clone() }),
            product_check: flags.product_check.clone(),
            routing,
            file,
            max_errors_percent: flags.max_target_errors,
        }))
    }
}

/// The value of `Authorization`; `None` leaves the client's.
fn authorization(flags: &TargetFlags) -> Result<Option<String>> {
    match (&flags.target_username, &flags.target_password_file, &flags.target_api_key_file) {
        (None, None, None) => Ok(None),
        (Some(name), Some(file), None) => {
            if name.contains(':') {
                bail!("--targetUsername: a name with a colon can't be sent");
            }
            let password = read("--targetPasswordFile", file)?;
            Ok(Some(format!("Basic {}", BASE64.encode(format!("{name}:{password}")))))
        }
        (None, None, Some(file)) => {
            let key = read("--targetApiKeyFile", file)?;
            let key = if key.contains(':') { BASE64.encode(&key) } else { key };
            Ok(Some(format!("ApiKey {key}")))
        }
        (_, _, Some(_)) => bail!("--targetApiKeyFile and --targetUsername: give one of them"),
        (Some(_), None, None) => bail!("--targetUsername needs --targetPasswordFile"),
        (None, Some(_), None) => bail!("--targetPasswordFile needs --targetUsername"),
    }
}

fn read(flag: &str, file: &Path) -> Result<String> {
    let secret = secret::read_file(file).map_err(|error| anyhow!("{flag}: {error}"))?;
    if secret.is_empty() || secret.contains(['\r', '\n']) {
        bail!("{flag}: the secret must be one line");
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn target(more: &[&str]) -> Result<Option<Target>> {
        let base = ["agent", "--destinationUri", "http://h:1", "--noCapture"];
        let cli = Cli::try_parse_from(base.iter().chain(more))?;
        Target::new(&cli, &Rules::default(), &[])
    }

    #[test]
    fn flags_that_do_not_go_together_are_named() {
        assert!(target(&[]).unwrap().is_none());
        for (flags, named) in [
            (&["--targetUsername", "u"][..], "--targetPasswordFile"),
            (&["--targetUri", "http://t:1", "--targetWeight", "5"], "--targetWeight"),
            (&["--targetUri", "http://t:1", "--insecureTarget"], "--insecureTarget"),
            (&["--productCheck", "7.10.2"], "--targetUri"),
            (&["--routing", "target"], "--targetUri"),
            (&["--targetUri", "http://t:1", "--routing", "all", "--targetWeight", "101"], "--targetWeight"),
            (&["--targetUri", "http://t:1", "--productCheck", "latest"], "--productCheck"),
        ] {
            let error = target(flags).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(named), "{flags:?}: {error}");
        }
    }

    #[test]
    fn the_target_gets_its_name_and_credentials() {
        let directory = tempfile::tempdir().unwrap();
        let secret = directory.path().join("secret");
        std::fs::write(&secret, "id:key\n").unwrap();
        let file = secret.to_str().unwrap();
        let head = b"GET /a HTTP/1.1\r\nHost: mine\r\nAuthorization: Basic mine\r\n\r\n";
        let sent = |more: &[&str]| {
            let flags = [&["--targetUri", "http://t:1"], more].concat();
            String::from_utf8(target(&flags).unwrap().unwrap().rules.edit.apply(head)).unwrap()
        };
        assert_eq!(sent(&[]), "GET /a HTTP/1.1\r\nhost: t:1\r\nAuthorization: Basic mine\r\n\r\n");
        let basic = "GET /a HTTP/1.1\r\nhost: t:1\r\nauthorization: Basic dTppZDprZXk=\r\n\r\n";
        assert_eq!(sent(&["--targetUsername", "u", "--targetPasswordFile", file]), basic);
        assert!(sent(&["--targetApiKeyFile", file]).contains("authorization: ApiKey aWQ6a2V5\r\n"));
    }
}
