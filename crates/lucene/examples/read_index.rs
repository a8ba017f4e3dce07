//! Reads an index's folder (a node's `nodes/0/indices/UUID/0/index`) and says how fast: one thread, by the clock and
//! by the time that it had a processor, without what reading the files took. With `--print`, documents go to stdout,
//! one line each, between tabs: type, id, routing, parent, version, sequence number and source, `~` for what is absent.
//!
//! `cargo run --release -p switchover-lucene --example read_index -- FOLDER [--print] [--versions] [--repeat N]`

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use switchover_lucene::{Commit, Document, FileRange, Files, Opened, Options, Reader, Segment};

/// Bytes that are fetched at once.
const READ_BYTES: u64 = 8 << 20;

type Failure = Box<dyn std::error::Error>;

struct Folder {
    open: HashMap<String, File>,
    fetched: u64,
    /// Processor time of fetching.
    fetching: Duration,
}

/// Time that this thread had a processor; the first number of Linux's schedstat, in nanoseconds.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0))
}

impl Folder {
    fn fetch(&mut self, range: &FileRange) -> Result<Vec<u8>, Failure> {
        let begun = processor_time();
        let file = self.open.get(&range.file).ok_or("no such file")?;
        let mut bytes = vec![0; (range.range.end - range.range.start) as usize];
        file.read_exact_at(&mut bytes, range.range.start)?;
        self.fetched += bytes.len() as u64;
        self.fetching += processor_time() - begun;
        Ok(bytes)
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments.first().ok_or("which folder?")?;
    let print = arguments.iter().any(|argument| argument == "--print");
    let versions = arguments.iter().any(|argument| argument == "--versions");
    let repeat = arguments.iter().position(|argument| argument == "--repeat");
    let repeat = repeat.and_then(|at| arguments.get(at + 1)).map_or(Ok(1), |text| text.parse())?;
    for _ in 0..repeat {
        read(Path::new(path), print, versions)?;
    }
    Ok(())
}

fn print_line(out: &mut impl std::io::Write, document: &Document<'_>) -> std::io::Result<()> {
    for text in [document.doc_type, Some(&*document.id.to_string()), document.routing, document.parent] {
        write!(out, "{}\t", text.unwrap_or("~").as_bytes().escape_ascii())?;
    }
    let source = document.source.unwrap_or(b"~").escape_ascii();
    writeln!(out, "{:?}\t{:?}\t{source}", document.version, document.sequence_number)
}

fn read(path: &Path, print: bool, versions: bool) -> Result<(), Failure> {
    let mut folder = Folder { open: HashMap::new(), fetched: 0, fetching: Duration::ZERO };
    let mut lengths = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        lengths.push((name.clone(), entry.metadata()?.len()));
        folder.open.insert(name, File::open(entry.path())?);
    }
    let newest = |(name, _): &&(String, u64)| u64::from_str_radix(name.strip_prefix("segments_")?, 36).ok();
    let commits = lengths.iter().filter(|file| newest(file).is_some());
    let (name, _) = commits.max_by_key(newest).ok_or("no segments_N")?;
    let name = name.clone();
    let mut files = Files::new(lengths);
    let range = files.whole(&name).ok_or("no commit")?;
    let (begun, begun_processor) = (Instant::now(), processor_time());
    let commit = Commit::parse(&name, &folder.fetch(&range)?)?;
    let (mut documents, mut text, mut live) = (0u64, 0u64, 0u64);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for commit in &commit.segments {
        let segment = loop {
            match Segment::open(commit, &files, Options { versions })? {
                Opened::Segment(segment) => break segment,
                Opened::Needs(ranges) => {
                    for range in ranges {
                        files.put(&range, folder.fetch(&range)?.into())?;
                    }
                }
            }
        };
        live += u64::from(segment.live_documents());
        let mut reader = Reader::new(&segment);
        for read in segment.reads(0..segment.chunks(), READ_BYTES) {
            let read = read?;
            let bytes = folder.fetch(&read.place)?;
            let mut chunks = reader.read(&read, &bytes)?;
            while let Some(chunk) = chunks.next_chunk()? {
                for document in chunk {
                    let document = document?;
                    let source = document.source.unwrap_or_default();
                    documents += 1;
                    text += source.len() as u64;
                    if print {
                        print_line(&mut out, &document)?;
                    }
                }
            }
        }
        files.forget(segment.name());
    }
    out.flush()?;
    let took = begun.elapsed();
    let processor = processor_time() - begun_processor;
    let rate = |took: Duration| text as f64 / 1e6 / took.as_secs_f64();
    eprintln!(
        "{documents} documents of {live} live ones, {text} bytes of source from {} bytes in {} segments: {:.2} s, \
         {:.0} MB/s by the clock, {:.0} MB/s of processor time, {:.0} without fetching",
        folder.fetched,
        commit.segments.len(),
        took.as_secs_f64(),
        rate(took),
        rate(processor),
        rate(processor.saturating_sub(folder.fetching)),
    );
    Ok(())
}
