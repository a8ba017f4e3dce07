//! `bugreport`: what somebody who helps wants to see, in one file, without secrets. Each part is bounded in bytes and in
//! time, what can't be had is listed with the reason, and all of it goes through one filter at the end.

mod archive;
mod filter;
mod host;
mod known;
mod pages;
mod programs;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Serialize;
use serde_json::{Map, json};

use self::filter::Filter;
use crate::failure::Failure;
use crate::output::{Output, harmless};
use crate::services::Services;
use crate::state_dir;

/// Of one part; of what is longer the beginning goes, as the news are at the end.
const MAX_PART_BYTES: usize = 4 * 1024 * 1024;
/// Of the whole.
const MAX_PARTS: usize = 256;
/// All parts together: whoever waits for it waits no longer.
const REPORT_DEADLINE: Duration = Duration::from_secs(180);
/// Where packages put settings.
const CONFIG_DIR: &str = "/etc/switchover";
/// Endings of files of settings.
const CONFIG_ENDINGS: [&str; 5] = ["yaml", "yml", "json", "properties", "conf"];
/// Where an agent is that nobody named.
const AGENT: &str = "http://127.0.0.1:9199";
/// Lines of the journal.
const JOURNAL_LINES: &str = "5000";

#[derive(Debug, Args)]
pub(crate) struct BugreportArgs {
    /// The file to write, which must not exist [default: switchover-bugreport-HOST-TIME.tar.gz, here]
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    output: Option<PathBuf>,
    /// Gather everything and say what there is, but write nothing
    #[arg(long)]
    list: bool,
    /// A log file whose end is to be in it; may be repeated
    #[arg(long, value_name = "FILE")]
    log_file: Vec<PathBuf>,
    /// The folder of an agent's capture log, besides those that settings name; may be repeated
    #[arg(long, value_name = "DIR")]
    capture_log_dir: Vec<PathBuf>,
    /// Where an agent, a replayer or a worker tells how it is, besides those that settings name; may be repeated
    #[arg(long, value_name = "http://HOST:PORT")]
    admin_address: Vec<String>,
    /// Folder with settings of agents, replayers and workers
    #[arg(long, value_name = "DIR", default_value = CONFIG_DIR)]
    config_dir: PathBuf,
}

/// A file of the report.
#[derive(Debug, Serialize)]
struct Part {
    name: String,
    bytes: usize,
    /// The beginning is missing.
    cut: bool,
    #[serde(skip)]
    content: Vec<u8>,
}

/// What could not be had.
#[derive(Debug, Serialize)]
struct Missing {
    name: String,
    reason: String,
}

#[derive(Debug)]
struct Report {
    filter: Filter,
    parts: Vec<Part>,
    missing: Vec<Missing>,
    deadline: Instant,
}

pub(crate) fn run(args: &BugreportArgs, config: &Path, as_json: bool) -> Result<(), Failure> {
    if let Some(path) = args.output.as_ref().filter(|path| path.exists()) {
        return Err(Failure::Usage(format!("--output {}: the file exists; name another", path.display())));
    }
    let services = Services::load(config);
    let settings = settings_files(config, &args.config_dir);
    let told = known::read(&settings);
    let mut report = Report {
        filter: Filter::new(told.secrets)?,
        parts: Vec::new(),
        missing: Vec::new(),
        deadline: Instant::now() + REPORT_DEADLINE,
    };
    for (name, reason) in told.unread {
        report.add(name, |_| Err(anyhow!(reason)));
    }
    report.add("versions.txt", |limit| Ok(programs::versions(limit)));
    report.add("host.txt", |limit| Ok(host::facts(&state_dir::of(config), limit)));
    if let Err(error) = &services {
        let reason = format!("{error:#}");
        report.add("services file", |_| Err(anyhow!(reason)));
    }
    for file in &settings {
        report.add(name_of("settings", file), |_| end_of_file(file));
    }
    let agents = services.as_ref().map(Services::agents).unwrap_or_default();
    let mut pages: Vec<String> = agents.iter().cloned().chain(told.admin_addresses).collect();
    pages.extend(args.admin_address.iter().map(|address| address.trim_end_matches('/').to_owned()));
    if pages.is_empty() {
        pages.push(AGENT.to_owned());
    }
    let (mut logs, mut seen) = (args.capture_log_dir.clone(), Vec::new());
    logs.extend(told.capture_logs);
    for address in pages.into_iter().filter(|address| first_time(&mut seen, address)) {
        for page in ["status", "metrics"] {
            let name = format!("pages/{}/{page}", plain(&address));
            report.add(name, |limit| pages::get(&address, page, limit));
        }
    }
    let mut seen = Vec::new();
    for directory in logs.into_iter().filter(|directory| first_time(&mut seen, directory)) {
        let name = format!("{}.json", name_of("capture-log", &directory));
        let stat = ["--json", "capture", "stat"].map(OsString::from).into_iter().chain([directory.into()]);
        report.add(name, |limit| programs::this(config, stat, limit));
    }
    for (name, command) in [
        ("doctor.json", &["--json", "doctor"][..]),
        ("status.json", &["--json", "status"]),
        ("coordination.json", &["--json", "backfill", "status", "--deep-check"]),
    ] {
        report.add(name, |limit| programs::this(config, command.iter().map(OsString::from), limit));
    }
    for record in ["metadata.json", "verify/record.json"] {
        report.add(format!("records/{record}"), |_| end_of_file(&state_dir::of(config).join(record)));
    }
    let journal = ["--no-pager", "-o", "short-iso", "-u", "switchover*", "-n", JOURNAL_LINES];
    report.add("journal.txt", |limit| {
        programs::run(Path::new("journalctl"), journal.map(OsString::from), limit)
    });
    for file in &args.log_file {
        report.add(name_of("logs", file), |_| end_of_file(file));
    }
    let written = if args.list { None } else { Some(report.write(args.output.clone())?) };
    report.show(written.as_deref(), as_json)
}

impl Report {
    /// Takes a part, given the time at which it must be there.
    fn add(&mut self, name: impl Into<String>, part: impl FnOnce(Instant) -> anyhow::Result<Vec<u8>>) {
        let name = String::from_utf8_lossy(&self.filter.clean(name.into().as_bytes())).into_owned();
        let now = Instant::now();
        let taken = match self.parts.len() {
            MAX_PARTS => Err(anyhow!("there are {MAX_PARTS} parts already")),
            _ if now >= self.deadline => {
                Err(anyhow!("the report took {} s already", REPORT_DEADLINE.as_secs()))
            }
            _ => part(self.deadline.min(now + programs::PART_DEADLINE)),
        };
        match taken {
            Ok(content) => {
                // Cleaned before it is cut: what is left of a secret that was cut could not be told.
                let mut content = self.filter.clean(&content);
                let cut = content.len() > MAX_PART_BYTES;
                if cut {
                    content.drain(..content.len() - MAX_PART_BYTES);
                }
                self.parts.push(Part { name, bytes: content.len(), cut, content });
            }
            Err(error) => {
                let reason = self.filter.clean(format!("{error:#}").as_bytes());
                // What a program said may be several lines.
                let reason = String::from_utf8_lossy(&reason).replace('\n', " ");
                self.missing.push(Missing { name, reason });
            }
        }
    }

    fn write(&self, output: Option<PathBuf>) -> anyhow::Result<PathBuf> {
        let now = time::OffsetDateTime::now_utc();
        let time = now.unix_timestamp();
        let path = output.unwrap_or_else(|| {
            PathBuf::from(format!("switchover-bugreport-{}-{time}.tar.gz", plain(&host::name())))
        });
        let list = serde_json::to_vec_pretty(&json!({ "parts": self.parts, "missing": self.missing }))?;
        let parts = self.parts.iter().map(|part| (part.name.as_str(), part.content.as_slice()));
        archive::write(&path, time, std::iter::once(("contents.json", list.as_slice())).chain(parts))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    fn show(&self, written: Option<&Path>, as_json: bool) -> Result<(), Failure> {
        let mut out = Output::stdout();
        if as_json {
            out.document(
                "bugreport",
                Map::from_iter([
                    ("file".to_owned(), json!(written)),
                    ("parts".to_owned(), json!(self.parts)),
                    ("missing".to_owned(), json!(self.missing)),
                ]),
            )?;
            return out.flush();
        }
        for part in &self.parts {
            let cut = if part.cut { "  (its end)" } else { "" };
            out.line(format_args!("{:>9}  {}{cut}", part.bytes, harmless(&part.name)))?;
        }
        for missing in &self.missing {
            out.line(format_args!("{:>9}  {}: {}", "-", harmless(&missing.name), harmless(&missing.reason)))?;
        }
        match written {
            Some(path) => out.line(format_args!("{}: look through it before you send it", path.display()))?,
            None => out.line("nothing was written (--list)")?,
        }
        out.flush()
    }
}

/// The services file, and what lies in the folder of settings.
fn settings_files(config: &Path, folder: &Path) -> Vec<PathBuf> {
    let whole = |path: &Path| path.canonicalize().ok();
    let is_settings = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let fits = ending.is_some_and(|ending| CONFIG_ENDINGS.contains(&ending));
        fits && path.is_file() && whole(path) != whole(config)
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).filter(is_settings).collect())
        .unwrap_or_default();
    files.sort();
    files.extend(config.is_file().then(|| config.to_owned()));
    files
}

/// The end of a file, and a little more than is kept, so that the filter sees what stands before.
fn end_of_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let failed = || path.display().to_string();
    let mut file = std::fs::File::open(path).with_context(failed)?;
    let metadata = file.metadata().with_context(failed)?;
    if !metadata.is_file() {
        return Err(anyhow!("{} is no file", path.display()));
    }
    let most = 2 * MAX_PART_BYTES as u64;
    file.seek(SeekFrom::Start(metadata.len().saturating_sub(most))).with_context(failed)?;
    let mut content = Vec::new();
    file.take(most).read_to_end(&mut content).with_context(failed)?;
    Ok(content)
}

fn name_of(folder: &str, path: &Path) -> String {
    format!("{folder}/{}", plain(&path.display().to_string()))
}

/// As a part of a file's name.
fn plain(text: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    text.trim_start_matches('/').chars().map(allowed).collect()
}

fn first_time<T: Clone + PartialEq>(seen: &mut Vec<T>, one: &T) -> bool {
    let first = !seen.contains(one);
    if first {
        seen.push(one.clone());
    }
    first
}
