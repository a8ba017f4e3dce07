//! The report's two files: JSON, and the page beside it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::{Document, write_html};

/// Writes the JSON to `path`, and the page to the same name ending in `.html`.
///
/// # Errors
/// Of the file system; and when `path` itself ends in `.html`.
pub fn write(path: &Path, report: &Document) -> io::Result<()> {
    let page = path.with_extension("html");
    if page == path {
        return Err(io::Error::other(
            "this is the JSON file; the page is written beside it, so choose another ending",
        ));
    }
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "{:#}", report.json())?;
    out.flush()?;
    let mut out = BufWriter::new(File::create(page)?);
    write_html(&mut out, report)?;
    out.flush()
}
