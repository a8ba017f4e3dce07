//! What settings say, as far as a report needs it: secrets that must not be in it, in whatever form, and where agents,
//! replayers and workers are. Files that can't be read as settings give none: the filter still knows secrets by what
//! stands around them.

use std::path::{Path, PathBuf};

use switchover_rest::secrets::is_secret_name;
use yaml_serde::Value;

/// A file with a secret is not longer.
const MAX_SECRET_FILE_BYTES: u64 = 64 * 1024;
/// The folder in which systemd puts the credentials of a unit (`LoadCredential=`).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// Deeper settings are not looked into.
const MAX_DEPTH: usize = 32;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) secrets: Vec<String>,
    /// `http://host:port`.
    pub(super) admin_addresses: Vec<String>,
    pub(super) capture_logs: Vec<PathBuf>,
    /// Secrets that settings name and that could not be read, and why: they can't be looked for.
    pub(super) unread: Vec<(String, String)>,
}

/// Reads files of settings and this process's credentials.
pub(super) fn read(settings: &[PathBuf]) -> Known {
    let mut known = Known::default();
    for path in settings {
        let folder = path.parent().unwrap_or(Path::new(""));
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        match yaml_serde::from_str::<Value>(&text) {
            Ok(value) => known.settings(&value, folder, 0),
            Err(_) => known.properties(&text),
        }
    }
    let variables = std::env::vars().filter(|(name, _)| name_is_secret(name));
    known.secrets.extend(variables.map(|(_, value)| value));
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".aws/credentials"));
    let shared = std::env::var_os("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from).or(home);
    if let Some(text) = shared.and_then(|path| std::fs::read_to_string(path).ok()) {
        known.properties(&text);
    }
    if let Some(folder) = std::env::var_os(CREDENTIALS) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            known.file("credential", &entry.path());
        }
    }
    known
}

impl Known {
    fn settings(&mut self, value: &Value, folder: &Path, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match value {
            Value::Mapping(mapping) => {
                for (key, value) in mapping {
                    if let (Some(key), Some(text)) = (key.as_str(), scalar(value)) {
                        self.setting(key, &text, folder);
                    }
                    self.settings(value, folder, depth + 1);
                }
                self.user_and_password(mapping);
            }
            Value::Sequence(values) => {
                values.iter().for_each(|value| self.settings(value, folder, depth + 1))
            }
            _ => {}
        }
    }

    fn setting(&mut self, key: &str, value: &str, folder: &Path) {
        let lower = key.to_ascii_lowercase().replace(['_', '-', '.'], "");
        if lower.ends_with("adminaddress") {
            self.admin_addresses.push(format!("http://{}", value.trim_start_matches("http://")));
        } else if lower == "capturelogdir" {
            self.capture_logs.push(folder.join(value));
        } else if let Some(named) = lower.strip_suffix("file") {
            if named == "key" || name_is_secret(named) || named.ends_with("key") {
                self.file(key, &folder.join(value));
            }
        } else if let Some(named) = lower.strip_suffix("env") {
            if named == "key" || name_is_secret(named) {
                self.secrets.extend(std::env::var(value));
            }
        } else if name_is_secret(key) && !lower.ends_with("credential") && !lower.ends_with("arn") {
            self.secrets.push(value.to_owned());
        }
    }

    /// As `Authorization` has them: the name itself is no secret.
    fn user_and_password(&mut self, mapping: &yaml_serde::Mapping) {
        let text = |key: &str| mapping.get(key).and_then(scalar);
        if let (Some(user), Some(password)) = (text("username"), text("password")) {
            self.secrets.push(format!("{user}:{password}"));
        }
    }

    /// Lines `name=value`, as Java has them and as environment files do.
    fn properties(&mut self, text: &str) {
        let pairs = text.lines().filter_map(|line| line.split_once(['=', ':']));
        let secrets = pairs.filter(|(name, _)| name_is_secret(name.trim()));
        self.secrets.extend(secrets.map(|(_, value)| value.trim().trim_matches(['"', '\'']).to_owned()));
    }

    fn file(&mut self, key: &str, path: &Path) {
        let small = std::fs::metadata(path).map(|metadata| metadata.len() <= MAX_SECRET_FILE_BYTES);
        match small.and_then(|small| if small { std::fs::read(path) } else { Ok(Vec::new()) }) {
            // What is no text is in no report either.
            Ok(secret) => {
                self.secrets.extend(String::from_utf8(secret).map(|secret| secret.trim().to_owned()))
            }
            // A service's own user may read it, and what it writes does not show it; but it can't be looked for.
            Err(error) => {
                self.unread.push((format!("secret of {key}"), format!("{}: {error}", path.display())))
            }
        }
    }
}

/// By the whole name or by its last word: `kafkaPassword`, `aws.secret_key`, `AWS_SECRET_ACCESS_KEY`.
fn name_is_secret(name: &str) -> bool {
    let plain = name.to_ascii_lowercase().replace(['_', '-', '.'], "");
    let ends = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "apikey",
        "secretkey",
        "accesskey",
        "jaasconfig",
    ];
    is_secret_name(name.as_bytes()) || ends.iter().any(|end| plain.ends_with(end))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_settings_and_of_the_files_they_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("password"), "in-a-file\n").unwrap();
        let services = "source_cluster:\n  endpoint: http://h\n  basic_auth: { username: u, password: inline }\ntarget_cluster:\n  basic_auth:\n    username: u\n    password_file: password\nkafka:\n  scram: { password: 12345, password_file: gone }\n";
        std::fs::write(at("services.yaml"), services).unwrap();
        std::fs::write(at("agent.yaml"), "adminAddress: 127.0.0.1:9\ncaptureLogDir: log\nkafkaPassword: k\n")
            .unwrap();
        std::fs::write(at("client.properties"), "\tx\nsasl.jaas.config=jaas\nbootstrap.servers=b\n").unwrap();
        let files = ["services.yaml", "agent.yaml", "client.properties"].map(at);
        let known = read(&files);
        for secret in ["in-a-file", "inline", "u:inline", "12345", "k", "jaas"] {
            assert!(known.secrets.iter().any(|known| known == secret), "{secret}");
        }
        assert!(!known.secrets.iter().any(|known| known == "b" || known == "u" || known.is_empty()));
        assert_eq!(known.admin_addresses, ["http://127.0.0.1:9"]);
        assert_eq!(known.capture_logs, [at("log")]);
        assert_eq!(known.unread.len(), 1);
        assert!(known.unread[0].1.contains("gone"));
    }
}
