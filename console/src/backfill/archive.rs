//! The working state as a file, in the form of the existing tool: an array of objects of up to a hundred documents each,
//! by their ids.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use switchover_coordinate::{Board, Page};
use time::OffsetDateTime;

use super::settings::Settings;
use crate::fleet::files;

/// Where the existing tool's console keeps what others are to see.
const SHARED_DIRECTORY: &str = "SHARED_LOGS_DIR_PATH";
const DIRECTORY: &str = "backfill_working_state";

/// Writes it, and gives its path. Nobody may work meanwhile.
pub(super) async fn write(settings: &Settings, board: &Board) -> Result<PathBuf> {
    let shared = std::env::var_os(SHARED_DIRECTORY).filter(|path| !path.is_empty());
    let directory = shared.map_or_else(|| settings.state_dir.clone(), PathBuf::from).join(DIRECTORY);
    files::make_directory(&directory)?;
    let path = free_path(&directory)?;
    let new = path.with_added_extension("new");
    let cannot = || format!("cannot write the archive {}", path.display());
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new);
    let mut out = BufWriter::new(file.with_context(cannot)?);
    board.refresh().await?;
    let expected = board.documents().await?;
    let mut written = 0;
    out.write_all(b"[")?;
    let mut page = board.page(&Page::default()).await?;
    while !page.documents.is_empty() {
        if written > 0 {
            out.write_all(b",")?;
        }
        written += page.documents.len() as u64;
        let next = board.page(&page).await?;
        let batch: Map<String, Value> = page.documents.into_iter().collect();
        serde_json::to_writer(&mut out, &batch).with_context(cannot)?;
        page = next;
    }
    out.write_all(b"]\n").with_context(cannot)?;
    if written != expected {
        bail!(
            "the archive {} holds {written} of {expected} documents: something still writes to {}; run the command again",
            new.display(),
            board.index()
        );
    }
    let file = out.into_inner().map_err(|error| error.into_error()).with_context(cannot)?;
    file.sync_all().with_context(cannot)?;
    std::fs::rename(&new, &path).with_context(cannot)?;
    File::open(&directory)?.sync_all().with_context(cannot)?;
    Ok(path)
}

/// `working_state_backup_20241115174822.json`, or with the next second that is free.
fn free_path(directory: &Path) -> Result<PathBuf> {
    let mut time = OffsetDateTime::now_utc();
    loop {
        let (year, month, day) = time.to_calendar_date();
        let (hour, minute, second) = time.to_hms();
        let month = u8::from(month);
        let stamp = format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}");
        let path = directory.join(format!("working_state_backup_{stamp}.json"));
        if !path.try_exists().with_context(|| format!("cannot look at {}", path.display()))? {
            return Ok(path);
        }
        time += time::Duration::SECOND;
    }
}
