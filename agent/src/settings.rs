//! The flags, read together and checked: what depends on several of them, and what is in files.

use crate::cli::{Cli, Durability, Redact};
use crate::header_edit::HeaderEdit;
use crate::limits::Limits;
use crate::node::Node;
use crate::redaction::{Redacted, Redaction};
use crate::rules::Rules;
use crate::suppression::Suppression;
use crate::target::Target;
use crate::tls::{self, Tls};
use anyhow::{Context as _, Result, anyhow, bail};
use std::path::Path;
use std::sync::Arc;
use switchover_kafka::Resolved;
use switchover_rest::secrets::SECRET_HEADERS;
use switchover_tls::{ClientCa, ClientOptions, Reloading, ServerOptions};

/// The name that brokers see unless the operator says otherwise.
const KAFKA_CLIENT_ID: &str = "switchover-agent";
/// Says that no header is redacted.
const NO_HEADER: &str = "none";
const REDACTION_KEY_FILE: &str = "redaction-key";
const REDACTION_KEY_BYTES: usize = 32;

/// What the agent runs with.
#[derive(Debug)]
pub struct Settings {
    /// When a write counts as durable.
    pub durability: Durability,
    /// The node.
    pub node: Node,
    /// The target, if clients may be routed to it.
    pub target: Option<Target>,
    /// TLS of all sides.
    pub tls: Tls,
    /// Capture and gates.
    pub rules: Arc<Rules>,
    /// Time limits.
    pub limits: Limits,
    /// Where to ship, if anywhere.
    pub kafka: Option<Resolved>,
    /// What the user should hear, each a sentence for the log.
    pub warnings: Vec<String>,
}

impl Settings {
    /// Checks the flags. With `--checkConfig` nothing is created.
    ///
    /// # Errors
    /// What is wrong and with which flag, for a usage error.
    pub fn new(cli: &Cli) -> Result<Self> {
        let durability = cli.effective_durability().map_err(|reason| anyhow!(reason))?;
        let mut tls = both_sides(cli)?;
        let node = Node::new(cli.destination_uri.clone(), tls.node.clone(), "--destinationUri")
            .map_err(|reason| anyhow!(reason))?;
        let suppression = Suppression::new(
            cli.suppress_capture_for_method.as_deref(),
            cli.suppress_capture_for_uri_path.as_deref(),
            cli.suppress_method_and_path.as_deref(),
            &pairs("--suppressCaptureForHeaderMatch", &cli.suppress_capture_for_header_match)?,
        )
        .map_err(|reason| anyhow!(reason))?;
        let headers = pairs("--setHeader", &cli.set_header)?;
        let edit = HeaderEdit::new(&headers).map_err(|reason| anyhow!(reason))?;
        let rules = Rules {
            ack_policy: cli.ack_policy,
            suppression,
            redaction: redaction(cli)?,
            edit,
            refuse_writes: false,
        };
        let target = Target::new(cli, &rules, &headers)?;
        tls.target = target.as_ref().and_then(|target| target.tls.clone());
        let rules = Arc::new(rules);
        let kafka = cli.kafka.resolve(KAFKA_CLIENT_ID)?;
        let limits = Limits::new(cli.connect_timeout, cli.idle_timeout);
        let mut warnings = cli.existing_tool.warnings();
        if cli.insecure_destination && !cli.destination_uri.tls {
            warnings
                .push("--insecureDestination has nothing to do: --destinationUri is without TLS".to_owned());
        }
        Ok(Self { durability, node, target, tls, rules, limits, kafka, warnings })
    }
}

fn both_sides(cli: &Cli) -> Result<Tls> {
    let to_node = ClientOptions {
        ca_file: cli.destination_ca_file.clone(),
        insecure: cli.insecure_destination,
        cert_file: cli.destination_cert_file.clone(),
        key_file: cli.destination_key_file.clone(),
    };
    let flags_of_tls = "--destination...File";
    let node = tls::to_node(&cli.destination_uri, to_node, "--destinationUri", flags_of_tls)?;
    let client_ca = match (&cli.ssl_trust_cert_file, &cli.ssl_trust_cert_pem_env_var) {
        (Some(_), Some(_)) => bail!("--sslTrustCertFile and --sslTrustCertPemEnvVar: give one of them"),
        (Some(file), None) => Some(ClientCa::File(file.clone())),
        (None, Some(name)) => Some(ClientCa::Variable(name.clone())),
        (None, None) => None,
    };
    let server = match (&cli.ssl_cert_chain_file, &cli.ssl_key_file) {
        (Some(chain), Some(key)) => {
            let options = ServerOptions {
                cert_chain_file: chain.clone(),
                key_file: key.clone(),
                client_ca,
                require_client_auth: cli.require_client_auth,
            };
            Some(Arc::new(Reloading::new(options.files(), move || options.load())?))
        }
        // Never quietly without TLS. Values of a file and of variables come here too, which clap does not compare.
        (Some(_), None) => bail!("--sslCertChainFile needs --sslKeyFile"),
        (None, Some(_)) => bail!("--sslKeyFile needs --sslCertChainFile"),
        (None, None) if cli.require_client_auth || client_ca.is_some() => {
            bail!("client certificates need TLS for clients: give --sslCertChainFile and --sslKeyFile")
        }
        (None, None) => None,
    };
    Ok(Tls { server, node, target: None })
}

fn pairs(flag: &str, flat: &[String]) -> Result<Vec<(String, String)>> {
    let (pairs, rest) = flat.as_chunks::<2>();
    if !rest.is_empty() {
        bail!("{flag} takes a name and a value, each time");
    }
    Ok(pairs.iter().map(|[name, value]| (name.clone(), value.clone())).collect())
}

fn redaction(cli: &Cli) -> Result<Option<Redaction>> {
    let headers: Vec<String> = match cli.redact_header.as_slice() {
        [] => SECRET_HEADERS.iter().map(|&name| name.to_owned()).collect(),
        [only] if only == NO_HEADER => Vec::new(),
        names if names.iter().any(|name| name == NO_HEADER) => {
            bail!("--redactHeader none goes with no other --redactHeader")
        }
        names => names.to_vec(),
    };
    let redacted = Redacted {
        headers,
        urls: cli.redact_url == Redact::Secrets,
        bodies: cli.redact_body == Redact::Secrets,
    };
    if cli.no_capture || redacted == Redacted::default() {
        return Ok(None);
    }
    let key = match &cli.redaction_key_file {
        Some(file) => {
            std::fs::read(file).with_context(|| format!("--redactionKeyFile {}", file.display()))?
        }
        None if cli.check_config => vec![0; REDACTION_KEY_BYTES],
        None => own_key(&cli.log_directory())?,
    };
    if key.is_empty() {
        bail!("--redactionKeyFile: the file is empty, so that anybody could guess the key");
    }
    Ok(Some(Redaction::new(&redacted, &key)))
}

/// The key beside the capture log, made when there is none: hashes stay comparable over restarts.
fn own_key(directory: &Path) -> Result<Vec<u8>> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = directory.join(REDACTION_KEY_FILE);
    let failed = || format!("the key for hashes of secrets, {}", path.display());
    match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        read => return read.with_context(failed),
    }
    let mut key = [0; REDACTION_KEY_BYTES];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| anyhow!("the system has no randomness for a key"))?;
    std::fs::create_dir_all(directory).with_context(failed)?;
    let mut options = std::fs::OpenOptions::new();
    let written = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(&key));
    if let Err(error) = written {
        // Not to serve the node's clients would be worse.
        eprintln!("warning: {}: {error}; hashes of secrets will change at the next start", path.display());
    }
    Ok(key.to_vec())
}
