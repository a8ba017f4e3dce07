//! `kafka export`: what the topic holds now as gzipped lines of `key|base64`, the form of the existing console's
//! kafkaExport.sh. The file has its name only when it is whole.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, json};
use switchover_kafka::{KafkaError, Resolved, TopicReader};

use crate::failure::Failure;
use crate::output::Output;

pub(super) fn run(at: &Resolved, folder: &Path, as_json: bool) -> Result<(), Failure> {
    let reader = TopicReader::open(&at.options, &at.topic).map_err(super::failed)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let path = folder.join(format!("kafka_export_from_migration_console_{seconds}.proto.gz"));
    let written = write(&reader, &path)?;
    let mut out = Output::stdout();
    if as_json {
        out.document(Map::from_iter([
            ("topic".to_owned(), json!(at.topic)),
            ("file".to_owned(), json!(path)),
            ("records".to_owned(), json!(written)),
        ]))?;
    } else {
        out.line(format_args!("Exported {written} records of {} to {}", at.topic, path.display()))?;
    }
    out.flush()
}

enum Stop {
    Kafka(KafkaError),
    File(std::io::Error),
}

impl From<KafkaError> for Stop {
    fn from(error: KafkaError) -> Self {
        Self::Kafka(error)
    }
}

fn write(reader: &TopicReader, path: &Path) -> anyhow::Result<u64> {
    let partial = PathBuf::from(format!("{}.part", path.display()));
    let told = || format!("cannot write {}", partial.display());
    let file = File::options().write(true).create_new(true).open(&partial).with_context(told)?;
    let mut gzip = GzEncoder::new(BufWriter::new(file), Compression::default());
    let (mut records, mut line) = (0u64, Vec::new());
    let read = reader.read_all(|record| {
        line.clear();
        line.extend_from_slice(record.key.unwrap_or_default());
        line.push(b'|');
        line.extend_from_slice(STANDARD.encode(record.payload).as_bytes());
        line.push(b'\n');
        records += 1;
        gzip.write_all(&line).map_err(Stop::File)
    });
    let finish = || -> anyhow::Result<()> {
        read.map_err(|stop| match stop {
            Stop::Kafka(error) => anyhow::Error::from(error),
            Stop::File(error) => anyhow!("{}: {error}", told()),
        })?;
        let file =
            gzip.finish().with_context(told)?.into_inner().map_err(std::io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all()).with_context(told)?;
        std::fs::rename(&partial, path)
            .with_context(|| format!("cannot rename {} to {}", partial.display(), path.display()))
    };
    finish().inspect_err(|_| {
        // What is not whole is of no use.
        if let Err(error) = std::fs::remove_file(&partial) {
            tracing::warn!(%error, file = %partial.display(), "an unfinished file is left");
        }
    })?;
    Ok(records)
}
