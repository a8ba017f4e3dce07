//! What an attachment changed on this host, written down before it is changed, so that whoever comes after a crash or a
//! reboot knows what to undo. One JSON file for each attachment, with copies of the files that were edited beside it.

use std::fs::{self, File};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use super::files;
use super::redirect::Redirect;
use super::yaml::Change;

/// Of the file; another one is not understood.
const VERSION: u32 = 1;
/// Of the journal: it holds no secrets, and `agent status` is for everybody.
const READABLE: u32 = 0o644;

/// How clients come to the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "camelCase")]
pub(super) enum Mode {
    /// The node moves to another port, the agent takes its own. The node is restarted once, and once at detach
    Relocate,
    /// Rules of the kernel lead clients to the agent. No restart; without the agent clients reach the node
    Redirect,
}

impl Mode {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Relocate => "relocate",
            Self::Redirect => "redirect",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Phase {
    Attaching,
    Attached,
    Detaching,
}

/// The node as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Node {
    /// `elasticsearch.service`.
    pub(super) unit: String,
    pub(super) config: PathBuf,
    /// `Elasticsearch 7.10.2`; empty when it does not tell without a password.
    pub(super) version: String,
    pub(super) client_port: u16,
    /// Where it listens; empty: everywhere.
    pub(super) addresses: Vec<IpAddr>,
    pub(super) tls: bool,
    /// The host by which it is reached from here.
    pub(super) host: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Agent {
    pub(super) unit: String,
    pub(super) config: PathBuf,
    pub(super) uid: u32,
    /// Where it listens for clients.
    pub(super) port: u16,
    pub(super) admin: SocketAddr,
}

/// A file that was edited, and how to get it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Edit {
    pub(super) path: PathBuf,
    /// The copy of the original beside the journal; `None`: there was no such file.
    pub(super) original: Option<PathBuf>,
    pub(super) original_sha256: String,
    pub(super) edited_sha256: String,
    pub(super) changes: Vec<Change>,
}

/// What is done, in this order, and undone in the reverse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Step {
    /// A timer undoes what stays unfinished or unconfirmed.
    Guard,
    AgentConfig(Edit),
    /// The node's file, and the restart that makes it read it.
    MoveNode {
        edit: Edit,
        restarted: bool,
    },
    StartAgent {
        was_enabled: bool,
    },
    CompareAnswers,
    /// The node starts after the rules are there.
    Ordering {
        drop_in: PathBuf,
    },
    Redirect,
    OldConnections,
}

/// The whole file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attachment {
    version: u32,
    pub(super) name: String,
    pub(super) mode: Mode,
    pub(super) phase: Phase,
    pub(super) since_ms: u64,
    /// Undone at this time unless confirmed; `None`: it is.
    pub(super) confirm_until_ms: Option<u64>,
    pub(super) node: Node,
    pub(super) agent: Agent,
    pub(super) redirect: Option<Redirect>,
    /// Those that were begun and not undone.
    pub(super) steps: Vec<Step>,
}

impl Attachment {
    pub(super) fn new(
        name: &str,
        mode: Mode,
        (node, agent): (Node, Agent),
        redirect: Option<Redirect>,
        now_ms: u64,
    ) -> Self {
        Self {
            version: VERSION,
            name: name.to_owned(),
            mode,
            phase: Phase::Attaching,
            since_ms: now_ms,
            confirm_until_ms: None,
            node,
            agent,
            redirect,
            steps: Vec::new(),
        }
    }

    /// The port on which the node listens while the agent is attached.
    pub(super) fn node_port(&self) -> u16 {
        match &self.redirect {
            Some(redirect) => redirect.client_port,
            None => self.moved_port().unwrap_or(self.node.client_port),
        }
    }

    fn moved_port(&self) -> Option<u16> {
        self.steps.iter().find_map(|step| match step {
            Step::MoveNode { edit, .. } => {
                let change = edit.changes.iter().find(|change| change.key == super::plan::HTTP_PORT)?;
                change.new_value.parse().ok()
            }
            _ => None,
        })
    }
}

/// The folder with all that is known of attachments, and the files of one of them.
#[derive(Clone, Debug)]
pub(super) struct Place {
    folder: PathBuf,
    name: String,
}

impl Place {
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        Self { folder: folder.to_owned(), name: name.to_owned() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn file(&self, kind: &str) -> PathBuf {
        self.folder.join(format!("{}.{kind}", self.name))
    }

    pub(super) fn gaps(&self) -> PathBuf {
        self.file("gaps.jsonl")
    }

    pub(super) fn heartbeat(&self) -> PathBuf {
        self.file("heartbeat")
    }

    fn journal(&self) -> PathBuf {
        self.file("json")
    }

    /// `None`: nothing is attached.
    pub(super) fn load(&self) -> Result<Option<Attachment>> {
        let path = self.journal();
        let Some(text) = files::read_if_there(&path)? else { return Ok(None) };
        let read: Attachment = serde_json::from_slice(&text).with_context(|| {
            format!("{} can't be read; the originals of what was edited lie beside it", path.display())
        })?;
        if read.version != VERSION {
            let version = read.version;
            return Err(anyhow!(
                "{} is of version {version}, this program knows {VERSION}: use the one that attached",
                path.display()
            ));
        }
        Ok(Some(read))
    }

    /// On the disk when this returns.
    pub(super) fn save(&self, attachment: &Attachment) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(attachment)?;
        text.push(b'\n');
        files::write(&self.journal(), &text, READABLE)
    }

    /// The journal and its copies. What is known of gaps stays.
    pub(super) fn forget(&self) -> Result<()> {
        for kind in ["json", "heartbeat", "node.original", "agent.original"] {
            files::remove(&self.file(kind))?;
        }
        Ok(())
    }

    /// Keeps other commands from changing this attachment meanwhile. `None`: another one is at it.
    pub(super) fn lock(&self) -> Result<Option<Lock>> {
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make {}; are you root?", self.folder.display()))?;
        self.try_lock(File::options().create(true).truncate(false).write(true))
    }

    /// Whether a command is changing this attachment now.
    pub(super) fn is_locked(&self) -> Result<bool> {
        match self.file("lock").exists() {
            true => Ok(self.try_lock(File::options().read(true))?.is_none()),
            false => Ok(false),
        }
    }

    fn try_lock(&self, how: &fs::OpenOptions) -> Result<Option<Lock>> {
        let path = self.file("lock");
        let file =
            how.open(&path).with_context(|| format!("cannot open {}; are you root?", path.display()))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Some(Lock { _held: lock })),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, error)) => Err(anyhow!(error).context(format!("cannot lock {}", path.display()))),
        }
    }
}

/// Ends with the process at the latest.
#[derive(Debug)]
pub(super) struct Lock {
    _held: Flock<File>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_of_another_version_is_not_understood() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path(), "agent");
        assert!(place.load().unwrap().is_none());
        let lock = place.lock().unwrap().unwrap();
        assert!(place.is_locked().unwrap() && place.lock().unwrap().is_none());
        drop(lock);
        assert!(!place.is_locked().unwrap());

        let mut attachment = super::super::tests::attachment(Mode::Redirect);
        place.save(&attachment).unwrap();
        assert_eq!(place.load().unwrap().as_ref(), Some(&attachment));
        attachment.version = 2;
        place.save(&attachment).unwrap();
        assert!(place.load().unwrap_err().to_string().contains("version 2"));
        fs::write(place.file("json"), "{").unwrap();
        assert!(place.load().is_err());
        place.forget().unwrap();
        assert!(place.load().unwrap().is_none());
    }
}
