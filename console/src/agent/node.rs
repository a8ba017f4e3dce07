//! Finding the node behind a client port: which process listens, which unit of systemd it belongs to, which file configures
//! it. Taken from the running process, not from where packages usually put things, so that it holds for any installation.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::journal::Node;
use super::sockets;
use super::yaml::{self, Flat};

/// Where the process is told the folder of its configuration: Java properties and settings of all versions.
const PATH_FLAGS: [&str; 7] = [
    "-Des.path.conf=",
    "-Dopensearch.path.conf=",
    "-Epath.conf=",
    "-Edefault.path.conf=",
    "-Des.default.path.conf=",
    "-Ees.path.conf=",
    "-Dpath.conf=",
];
const PATH_VARIABLES: [&str; 3] = ["ES_PATH_CONF=", "OPENSEARCH_PATH_CONF=", "CONF_DIR="];
const HOME_FLAGS: [&str; 2] = ["-Des.path.home=", "-Dopensearch.path.home="];
const CONFIG_FILES: [&str; 2] = ["elasticsearch.yml", "opensearch.yml"];
/// Prefixes of the settings for TLS towards clients, of each product.
const TLS_PREFIXES: [&str; 4] = [
    "xpack.security.http.ssl",
    "plugins.security.ssl.http",
    "opendistro_security.ssl.http",
    "searchguard.ssl.http",
];

/// The node and what its file says.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) node: Node,
    pub(super) settings: Flat,
    /// The port is an argument of the process, which wins over the file.
    pub(super) port_is_argument: bool,
    pub(super) tls: Tls,
}

/// PEM files that the node's settings name for its clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tls {
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) authorities: Option<PathBuf>,
}

/// What the operator says instead of having it found.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) unit: Option<String>,
    pub(super) config: Option<PathBuf>,
}

pub(super) fn find(port: u16, known: &Known) -> Result<Found> {
    let listening = sockets::listening(&sockets::all().context("cannot read /proc/net/tcp")?, port);
    if listening.is_empty() {
        bail!("nothing listens on port {port}; is the node running? --port names another one");
    }
    let Some(pid) = sockets::holder(&listening) else {
        bail!(
            "the process that listens on port {port} can't be seen; are you root, and in the node's network namespace?"
        );
    };
    let folder = Path::new("/proc").join(pid.to_string());
    let words = |name| Ok::<_, anyhow::Error>(words(&fs::read(folder.join(name))?));
    let told = || format!("cannot look at process {pid}, which listens on port {port}");
    let arguments = words("cmdline").with_context(told)?;
    let environment = words("environ").with_context(told)?;
    let unit = match &known.unit {
        Some(unit) => unit.clone(),
        None => unit_of(&fs::read_to_string(folder.join("cgroup")).with_context(told)?).with_context(|| {
            format!("process {pid}, which listens on port {port}, is no service of systemd; --service names the one that starts it")
        })?,
    };
    let config = match &known.config {
        Some(config) => config.clone(),
        None => config_of(&arguments, &environment).with_context(|| {
            format!("the configuration of process {pid} ({unit}) was not found; --nodeConfig names its file")
        })?,
    };
    let text = fs::read_to_string(&config).with_context(|| format!("cannot read {}", config.display()))?;
    let settings = yaml::flatten(&text).with_context(|| config.display().to_string())?;
    let (tls, files) = tls_of(&settings, &config);
    let addresses = addresses_of(listening.iter().map(|socket| socket.local.ip()));
    let host = host_of(&addresses, tls);
    Ok(Found {
        node: Node { unit, config, version: String::new(), client_port: port, addresses, tls, host },
        settings,
        port_is_argument: arguments.windows(2).any(|pair| is_port(&pair[0], &pair[1])),
        tls: files,
    })
}

fn words(bytes: &[u8]) -> Vec<String> {
    bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// `0::/system.slice/elasticsearch.service`, or the line of systemd's own hierarchy of the first version.
fn unit_of(cgroup: &str) -> Option<String> {
    let paths = cgroup.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let services = paths.flat_map(|path| path.rsplit('/')).filter(|part| part.ends_with(".service"));
    services.into_iter().find(|name| !name.starts_with("user@")).map(str::to_owned)
}

fn config_of(arguments: &[String], environment: &[String]) -> Option<PathBuf> {
    let after = |words: &[String], prefixes: &[&str]| -> Option<PathBuf> {
        let values = words.iter().flat_map(|word| prefixes.iter().map(|prefix| word.strip_prefix(prefix)));
        values.flatten().next().map(PathBuf::from)
    };
    let folders = [
        after(arguments, &PATH_FLAGS),
        after(environment, &PATH_VARIABLES),
        after(arguments, &HOME_FLAGS).map(|home| home.join("config")),
    ];
    let files = folders.into_iter().flatten().flat_map(|folder| CONFIG_FILES.map(|name| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}

/// `-Ehttp.port=1`, `-E http.port=1`, `-Des.http.port=1`.
fn is_port(word: &str, next: &str) -> bool {
    let setting = match word {
        "-E" => Some(next),
        word => word.strip_prefix("-Des.").or_else(|| word.strip_prefix("-E")),
    };
    setting.is_some_and(|setting| setting.starts_with("http.port="))
}

fn addresses_of(listening: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = listening.collect();
    if addresses.iter().any(IpAddr::is_unspecified) {
        return Vec::new();
    }
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// The name by which the node is reached from its own host.
fn host_of(addresses: &[IpAddr], tls: bool) -> String {
    let local = addresses.is_empty() || addresses.iter().any(|ip| ip.is_loopback() && ip.is_ipv4());
    match (addresses.first(), local) {
        // Certificates of nodes that are made for tests and for one host carry this name.
        _ if local && tls => "localhost".to_owned(),
        (Some(IpAddr::V6(ip)), false) => format!("[{ip}]"),
        (Some(ip), false) => ip.to_string(),
        _ => "127.0.0.1".to_owned(),
    }
}

fn tls_of(settings: &Flat, config: &Path) -> (bool, Tls) {
    let Some(prefix) = TLS_PREFIXES
        .into_iter()
        .find(|prefix| settings.get(&format!("{prefix}.enabled")).map(String::as_str) == Some("true"))
    else {
        return (false, Tls::default());
    };
    let file = |names: [&str; 3]| {
        let value = names.iter().find_map(|name| settings.get(&format!("{prefix}.{name}")))?;
        // Relative to the file's folder; joining leaves what is absolute.
        Some(config.parent().unwrap_or(Path::new("/")).join(value))
    };
    let files = Tls {
        certificate: file(["certificate", "pemcert_filepath", "pemcert"]),
        key: file(["key", "pemkey_filepath", "pemkey"]),
        authorities: file(["certificate_authorities.0", "certificate_authorities", "pemtrustedcas_filepath"]),
    };
    (true, files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, unit) in [
            ("0::/system.slice/elasticsearch.service\n", Some("elasticsearch.service")),
            (
                "12:pids:/x\n1:name=systemd:/system.slice/system-es.slice/es@a.service\n0::/\n",
                Some("es@a.service"),
            ),
            ("0::/user.slice/user-0.slice/user@0.service/app.slice/x.scope\n", None),
            ("0::/system.slice/es.service/sub\n", Some("es.service")),
            ("0::/\n", None),
            ("", None),
        ] {
            assert_eq!(unit_of(text).as_deref(), unit, "{text}");
        }
    }

    #[test]
    fn the_file_is_the_one_that_the_process_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config/opensearch.yml");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        let (home, conf) = (folder.path().display(), path.parent().unwrap().display().to_string());
        let config = |arguments: &[String], environment: &[String]| config_of(arguments, environment);
        assert_eq!(config(&[format!("-Dopensearch.path.conf={conf}")], &[]), Some(path.clone()));
        assert_eq!(config(&[], &[format!("ES_PATH_CONF={conf}")]), Some(path.clone()));
        assert_eq!(
            config(&[format!("-Des.path.home={home}")], &["ES_PATH_CONF=/nowhere".into()]),
            Some(path)
        );
        assert_eq!(config(&["-Des.path.conf=/nowhere".into()], &[]), None);
    }

    #[test]
    fn a_port_among_the_arguments() {
        assert!(
            is_port("-Ehttp.port=9200", "x")
                && is_port("-E", "http.port=1")
                && is_port("-Des.http.port=1", "")
        );
        assert!(
            !is_port("http.port=1", "")
                && !is_port("-E", "node.name=http.port=1")
                && !is_port("-Ehttp.host=a", "-E")
        );
    }

    #[test]
    fn addresses_and_the_name_of_the_host() {
        let addresses = |list: &[&str]| addresses_of(list.iter().map(|ip| ip.parse().unwrap()));
        assert_eq!(host_of(&addresses(&["::"]), false), "127.0.0.1");
        assert_eq!(host_of(&addresses(&["::1", "127.0.0.1"]), false), "127.0.0.1");
        assert_eq!(host_of(&addresses(&["::1", "127.0.0.1"]), true), "localhost");
        assert_eq!(host_of(&addresses(&["10.0.0.5"]), true), "10.0.0.5");
        assert_eq!(host_of(&addresses(&["fd00::5"]), false), "[fd00::5]");
    }

    #[test]
    fn tls_of_each_product() {
        let of = |text| tls_of(&yaml::flatten(text).unwrap(), Path::new("/etc/es/elasticsearch.yml"));
        let (on, files) = of(
            "xpack.security.http.ssl:\n  enabled: true\n  key: certs/k.pem\n  certificate: /a/c.pem\n  certificate_authorities: [ca.pem]\n",
        );
        assert!(on);
        assert_eq!(files.key, Some("/etc/es/certs/k.pem".into()));
        assert_eq!(files.certificate, Some("/a/c.pem".into()));
        assert_eq!(files.authorities, Some("/etc/es/ca.pem".into()));
        assert_eq!(of("xpack.security.http.ssl.enabled: false\n"), (false, Tls::default()));
        assert!(
            of("plugins.security.ssl.http.enabled: true\nplugins.security.ssl.http.pemkey_filepath: k\n")
                .1
                .key
                .is_some()
        );
    }
}
