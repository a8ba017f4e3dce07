//! What other programs say, and this one as a process of its own: whatever hangs or breaks there is one part less.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

use super::MAX_PART_BYTES;

/// The longest that one part may take.
pub(super) const PART_DEADLINE: Duration = Duration::from_secs(30);
/// What is asked for its version.
const PROGRAMS: [&str; 4] = ["switchover", "switchover-agent", "switchover-replayer", "switchover-rfs"];
/// A program that tells its version takes no longer.
const VERSION_DEADLINE: Duration = Duration::from_secs(3);

/// A command of this program.
pub(super) fn this(
    config: &Path,
    arguments: impl IntoIterator<Item = OsString>,
    limit: Instant,
) -> anyhow::Result<Vec<u8>> {
    let program = std::env::current_exe().context("this program's own path is not known")?;
    let all = [OsString::from("--config"), config.into()].into_iter().chain(arguments);
    run(&program, all, limit)
}

/// What a program prints, and on failure what it says, until `limit`. An exit code is no failure: the output tells more.
pub(super) fn run(
    program: &Path,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    limit: Instant,
) -> anyhow::Result<Vec<u8>> {
    let name = program.display();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {name}"))?;
    let (ends, ended) = channel();
    for (number, pipe) in
        [child.stdout.take().map(boxed), child.stderr.take().map(boxed)].into_iter().enumerate()
    {
        let ends = ends.clone();
        std::thread::spawn(move || {
            let mut output = Vec::new();
            // What comes behind it is not wanted: the pipe is closed, and the program ends.
            let read = pipe.map(|pipe| pipe.take(2 * MAX_PART_BYTES as u64).read_to_end(&mut output));
            // Nobody listens any more after the limit.
            let _ = ends.send((number, read.map(|_| output)));
        });
    }
    let mut outputs = [Vec::new(), Vec::new()];
    for _ in 0..outputs.len() {
        match ended.recv_timeout(limit.saturating_duration_since(Instant::now())) {
            Ok((number, output)) => {
                if let Some(place) = outputs.get_mut(number) {
                    *place = output.unwrap_or_default();
                }
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                // Already gone is fine.
                let _ = child.kill();
                let _ = child.wait();
                return Err(anyhow!("{name} did not end in time"));
            }
        }
    }
    let status = child.wait().with_context(|| format!("{name} was lost"))?;
    let [output, said] = outputs;
    if output.is_empty() && !status.success() {
        return Err(anyhow!("{name}, {status}: {}", String::from_utf8_lossy(&said).trim()));
    }
    Ok(if said.is_empty() { output } else { [output, b"\n".to_vec(), said].concat() })
}

fn boxed(pipe: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(pipe)
}

/// The versions of all programs that are beside this one, or on the search path.
pub(super) fn versions(limit: Instant) -> Vec<u8> {
    let folder = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned));
    let mut text = format!("this: {}\n", switchover_settings::VERSION);
    for name in PROGRAMS {
        let beside = folder.as_ref().map(|folder| folder.join(name)).filter(|path| path.is_file());
        let program = beside.unwrap_or_else(|| name.into());
        let limit = limit.min(Instant::now() + VERSION_DEADLINE);
        let version = match run(&program, ["--version"], limit) {
            Ok(version) => String::from_utf8_lossy(&version).trim().to_owned(),
            Err(error) => format!("{error:#}"),
        };
        text.push_str(&format!("{}: {version}\n", program.display()));
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> anyhow::Result<Vec<u8>> {
        run(Path::new("/bin/sh"), ["-c", script], Instant::now() + limit)
    }

    #[test]
    fn what_is_printed_is_taken_and_what_fails_says_why() {
        let long = Duration::from_secs(60);
        assert_eq!(shell("echo a; echo b >&2", long).unwrap(), b"a\n\nb\n");
        assert_eq!(shell("echo a; exit 3", long).unwrap(), b"a\n");
        let error = shell("echo no >&2; exit 1", long).unwrap_err().to_string();
        assert!(error.contains("/bin/sh") && error.ends_with(": no"), "{error}");
        assert!(run(Path::new("/no/such"), [""; 0], Instant::now() + long).is_err());
    }

    #[test]
    fn what_hangs_or_never_stops_is_ended() {
        let began = Instant::now();
        let error = shell("sleep 60", Duration::from_millis(50)).unwrap_err().to_string();
        assert!(error.contains("in time"), "{error}");
        let endless = shell("exec yes", Duration::from_secs(60)).unwrap();
        assert_eq!(endless.len(), 2 * MAX_PART_BYTES);
        assert!(began.elapsed() < Duration::from_secs(50));
    }
}
