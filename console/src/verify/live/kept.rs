//! What is compared already is kept on disk, so that a comparison that was cut off goes on where it was. One file has a
//! line for each group that is done, another one for each part of the group that is under way. A line is written at once
//! and taken for nothing if it is not whole.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::record;
use super::super::tally::Tally;
use super::super::writes::Writes;
use crate::fleet::files;

const FOLDER: &str = "verify";
const GROUPS: &str = "groups.ndjson";
const PARTS: &str = "parts.ndjson";
const LOCK: &str = "lock";

/// What a comparison is about; another one can't go on with its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subject {
    pub(super) program: String,
    pub(super) source: String,
    pub(super) target: String,
    pub(super) pattern: Option<String>,
    pub(super) options: String,
    /// It leaves out nothing that was equal before.
    pub(super) whole: bool,
}

/// A group that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Done {
    pub(super) key: String,
    pub(super) record: record::Group,
    pub(super) tallies: BTreeMap<String, Tally>,
    pub(super) dropped: BTreeMap<String, u64>,
}

/// A group that is under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Begun {
    pub(super) key: String,
    /// Before it was begun.
    pub(super) source: Writes,
    pub(super) target: Writes,
    pub(super) at_unix_ms: u64,
}

/// A part that is done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part {
    /// Which one.
    pub(super) key: String,
    /// Documents that were read.
    pub(super) read: u64,
    pub(super) sides: BTreeMap<String, Found>,
    pub(super) dropped: BTreeMap<String, u64>,
}

/// What a part found of an index of the target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    pub(super) data_stream: bool,
    pub(super) exists: bool,
    pub(super) tally: Tally,
}

#[derive(Debug)]
pub(super) struct Kept {
    folder: PathBuf,
    groups: File,
    pub(super) done: BTreeMap<String, Done>,
    /// One comparison at a time: two would write the same files.
    _lock: File,
}

impl Kept {
    /// Opens what an earlier run of the same comparison left, or begins without.
    pub(super) fn open(state_dir: &Path, subject: &Subject) -> Result<Self> {
        let folder = state_dir.join(FOLDER);
        files::make_directory(&folder)?;
        let lock = append(&folder.join(LOCK))?;
        if lock.try_lock().is_err() {
            bail!("another `switchover verify` is at work with {}; wait for its end", folder.display());
        }
        let path = folder.join(GROUPS);
        let mut lines = lines(&path)?.into_iter();
        let same = lines.next().and_then(|line| parse::<Subject>(&line)).as_ref() == Some(subject);
        let mut done = BTreeMap::new();
        if same {
            for line in lines {
                let Some(group) = parse::<Done>(&line) else { break };
                done.insert(group.key.clone(), group);
            }
        } else {
            remove(&folder.join(PARTS))?;
        }
        // Written anew, without a line that is not whole.
        let mut text = serde_json::to_vec(subject)?;
        text.push(b'\n');
        for group in done.values() {
            serde_json::to_writer(&mut text, group)?;
            text.push(b'\n');
        }
        files::replace(&path, &text)?;
        Ok(Self { groups: append(&path)?, folder, done, _lock: lock })
    }

    pub(super) fn finish(&mut self, group: Done) -> Result<()> {
        write(&mut self.groups, &group).with_context(|| self.cannot(GROUPS))?;
        self.done.insert(group.key.clone(), group);
        remove(&self.folder.join(PARTS))
    }

    /// The parts of a group that were done before, if it was under way and `fits`.
    pub(super) fn parts(
        &self,
        key: &str,
        fits: impl FnOnce(&Begun) -> bool,
    ) -> Result<Option<(Begun, Vec<Part>)>> {
        let mut lines = lines(&self.folder.join(PARTS))?.into_iter();
        let begun = lines.next().and_then(|line| parse::<Begun>(&line));
        let Some(begun) = begun.filter(|begun| begun.key == key && fits(begun)) else { return Ok(None) };
        Ok(Some((begun, lines.map_while(|line| parse(&line)).collect())))
    }

    /// The file of the group's parts, with those that are done.
    pub(super) fn begin(&self, begun: &Begun, done: &[Part]) -> Result<PartsFile> {
        let path = self.folder.join(PARTS);
        let mut text = serde_json::to_vec(begun)?;
        text.push(b'\n');
        for part in done {
            serde_json::to_writer(&mut text, part)?;
            text.push(b'\n');
        }
        files::replace(&path, &text)?;
        Ok(PartsFile { file: append(&path)?, path })
    }

    /// All is done and told: nothing is to be gone on with.
    pub(super) fn forget(self) -> Result<()> {
        remove(&self.folder.join(PARTS))?;
        remove(&self.folder.join(GROUPS))
    }

    fn cannot(&self, file: &str) -> String {
        format!("cannot write {}", self.folder.join(file).display())
    }
}

#[derive(Debug)]
pub(super) struct PartsFile {
    file: File,
    path: PathBuf,
}

impl PartsFile {
    pub(super) fn add(&mut self, part: &Part) -> Result<()> {
        write(&mut self.file, part).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn append(path: &Path) -> Result<File> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    file.with_context(|| format!("cannot write {}", path.display()))
}

fn write(file: &mut File, line: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    Ok(file.write_all(&text)?)
}

/// Those that end.
fn lines(path: &Path) -> Result<Vec<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut file = BufReader::new(file);
    loop {
        let mut line = Vec::new();
        file.read_until(b'\n', &mut line).with_context(|| format!("cannot read {}", path.display()))?;
        match line.last() {
            Some(b'\n') => lines.push(line),
            _ => return Ok(lines),
        }
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    serde_json::from_slice(line).ok()
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(pattern: Option<&str>) -> Subject {
        let text = |text: &str| text.to_owned();
        Subject {
            program: text("p"),
            source: text("s"),
            target: text("t"),
            pattern: pattern.map(text),
            options: text(""),
            whole: false,
        }
    }

    fn part(key: &str) -> Part {
        let tally = Tally { same: 3, answered: vec![1, u64::MAX, 7], ..Tally::default() };
        let found = Found { data_stream: false, exists: true, tally };
        Part { key: key.to_owned(), read: 3, sides: [("a".to_owned(), found)].into(), ..Part::default() }
    }

    #[test]
    fn what_was_cut_off_goes_on_with_whole_lines_only() {
        let folder = tempfile::tempdir().unwrap();
        let done = Done {
            key: "a".to_owned(),
            record: record::Group::default(),
            tallies: BTreeMap::new(),
            dropped: BTreeMap::new(),
        };
        let begun =
            Begun { key: "b".to_owned(), source: Writes::new(), target: Writes::new(), at_unix_ms: 5 };
        let mut kept = Kept::open(folder.path(), &subject(None)).unwrap();
        kept.finish(done.clone()).unwrap();
        let mut file = kept.begin(&begun, &[]).unwrap();
        file.add(&part("1")).unwrap();
        file.add(&part("2")).unwrap();
        drop((kept, file));
        for name in [GROUPS, PARTS] {
            append(&folder.path().join(FOLDER).join(name)).unwrap().write_all(b"{\"key\":\"3\"").unwrap();
        }

        let kept = Kept::open(folder.path(), &subject(None)).unwrap();
        assert!(Kept::open(folder.path(), &subject(None)).unwrap_err().to_string().contains("at work"));
        assert_eq!(kept.done, BTreeMap::from([("a".to_owned(), done)]));
        assert_eq!(kept.parts("c", |_| true).unwrap(), None);
        assert_eq!(kept.parts("b", |_| false).unwrap(), None);
        let (again, parts) = kept.parts("b", |_| true).unwrap().unwrap();
        assert_eq!((&again, &*parts), (&begun, &[part("1"), part("2")][..]));
        drop(kept.begin(&begun, &parts).unwrap());
        assert_eq!(kept.parts("b", |_| true).unwrap().unwrap().1.len(), 2);
        drop(kept);

        let kept = Kept::open(folder.path(), &subject(Some("x*"))).unwrap();
        assert!(kept.done.is_empty() && kept.parts("b", |_| true).unwrap().is_none());
        kept.forget().unwrap();
        let left = std::fs::read_dir(folder.path().join(FOLDER)).unwrap();
        assert_eq!(left.map(|file| file.unwrap().file_name()).collect::<Vec<_>>(), [LOCK]);
    }
}
