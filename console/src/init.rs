//! `init`: writes the services file, from flags and from answers to questions. Passwords stay in files of their own, which
//! the services file names.

mod ask;
mod render;

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::{Map, json};

use self::ask::Ask;
use crate::failure::Failure;
use crate::output::Output;
use crate::services::Services;

/// Only its owner reads it: the names of hosts and users are enough of a gift.
const MODE: u32 = 0o600;

#[derive(Debug, Default, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    target: TargetArgs,
    /// Where snapshots are kept: s3://bucket/prefix, or a folder that all nodes of the source share.
    #[arg(long, value_name = "URI")]
    repo_uri: Option<String>,
    /// The bucket's region.
    #[arg(long, value_name = "REGION")]
    s3_region: Option<String>,
    /// A store other than Amazon's.
    #[arg(long, value_name = "URL")]
    s3_endpoint: Option<String>,
    /// The snapshot's name.
    #[arg(long, value_name = "NAME")]
    snapshot_name: Option<String>,
    /// Kafka's brokers, host:port,host:port.
    #[arg(long, value_name = "BROKERS")]
    kafka_connection: Option<String>,
    /// How to log in to them: standard (not at all), scram, plain, ssl or msk.
    #[arg(long, value_name = "TYPE", value_parser = ["standard", "scram", "plain", "ssl", "msk"])]
    kafka_auth: Option<String>,
    /// The user for scram and plain.
    #[arg(long, value_name = "USER")]
    kafka_user_name: Option<String>,
    /// The file with the user's password.
    #[arg(long, value_name = "FILE")]
    kafka_password_file: Option<String>,
    /// PEM file of the authorities that sign the brokers' certificates.
    #[arg(long, value_name = "FILE")]
    kafka_ca_file: Option<String>,
    /// Ask nothing: what no flag says is left out.
    #[arg(long)]
    non_interactive: bool,
    /// Replace a file that exists.
    #[arg(long)]
    force: bool,
}

/// What is asked of a cluster.
#[derive(Debug, Default)]
struct ClusterAnswers {
    endpoint: Option<String>,
    username: Option<String>,
    password_file: Option<String>,
    ca_file: Option<String>,
    insecure: bool,
}

macro_rules! cluster_args {
    ($name:ident, $side:literal) => {
        #[derive(Debug, Default, Args)]
        struct $name {
            #[arg(id = concat!($side, "_endpoint"), long = concat!($side, "-endpoint"), value_name = "URI", help = concat!("The ", $side, ": http(s)://host:port"))]
            endpoint: Option<String>,
            #[arg(id = concat!($side, "_username"), long = concat!($side, "-username"), value_name = "USER", help = concat!("The user for the ", $side))]
            username: Option<String>,
            /// The file with the user's password.
            #[arg(id = concat!($side, "_password_file"), long = concat!($side, "-password-file"), value_name = "FILE")]
            password_file: Option<String>,
            /// PEM file of the authority that signed its certificate.
            #[arg(id = concat!($side, "_ca_file"), long = concat!($side, "-ca-file"), value_name = "FILE")]
            ca_file: Option<String>,
            /// Accept any certificate.
            #[arg(id = concat!($side, "_insecure"), long = concat!($side, "-insecure"))]
            insecure: bool,
        }

        impl From<$name> for ClusterAnswers {
            fn from(args: $name) -> Self {
                let $name { endpoint, username, password_file, ca_file, insecure } = args;
                Self { endpoint, username, password_file, ca_file, insecure }
            }
        }
    };
}

cluster_args!(SourceArgs, "source");
cluster_args!(TargetArgs, "target");

/// Everything that the file says.
#[derive(Debug, Default)]
struct Answers {
    source: ClusterAnswers,
    target: ClusterAnswers,
    repo_uri: Option<String>,
    s3_region: Option<String>,
    s3_endpoint: Option<String>,
    snapshot_name: Option<String>,
    brokers: Option<String>,
    kafka_auth: Option<String>,
    kafka_user: Option<String>,
    kafka_password_file: Option<String>,
    kafka_ca_file: Option<String>,
}

pub(crate) fn run(args: InitArgs, path: &Path, as_json: bool) -> Result<(), Failure> {
    if path.exists() && !args.force {
        let message = format!("{} exists; --force replaces it, --config names another", path.display());
        return Err(Failure::Usage(message));
    }
    let (interactive, force) = (!args.non_interactive, args.force);
    let mut answers = Answers {
        source: args.source.into(),
        target: args.target.into(),
        repo_uri: args.repo_uri,
        s3_region: args.s3_region,
        s3_endpoint: args.s3_endpoint,
        snapshot_name: args.snapshot_name,
        brokers: args.kafka_connection,
        kafka_auth: args.kafka_auth,
        kafka_user: args.kafka_user_name,
        kafka_password_file: args.kafka_password_file,
        kafka_ca_file: args.kafka_ca_file,
    };
    if interactive {
        ask::all(&mut answers, &mut Ask::stdin())?;
    }
    if answers.source.endpoint.is_none() && answers.target.endpoint.is_none() {
        return Err(Failure::Usage("neither --source-endpoint nor --target-endpoint is given".to_owned()));
    }
    let text = render::services(&answers).map_err(Failure::Usage)?;
    Services::check(&text, path).map_err(|error| Failure::Usage(format!("{error:#}")))?;
    write(path, &text, force)?;
    let mut out = Output::stdout();
    if as_json {
        out.document("init", Map::from_iter([("file".to_owned(), json!(path))]))?;
    } else {
        out.line(format_args!("Wrote {}. Next: switchover --config {0} doctor", path.display()))?;
    }
    out.flush()
}

/// The file has its name only when it is whole.
fn write(path: &Path, text: &str, replace: bool) -> anyhow::Result<()> {
    let told = || format!("cannot write {}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(told)?;
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}", std::process::id()));
    let partial = PathBuf::from(partial);
    let written = (|| {
        let mut file: File = File::options().write(true).create_new(true).mode(MODE).open(&partial)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        match replace {
            true => std::fs::rename(&partial, path),
            // Fails where someone made one meanwhile.
            false => std::fs::hard_link(&partial, path).and_then(|()| std::fs::remove_file(&partial)),
        }
    })();
    written.map_err(|error: std::io::Error| {
        // It may not have been made at all.
        let _ = std::fs::remove_file(&partial);
        anyhow!(error).context(told())
    })
}
