//! `status`: the whole migration on one screen. A look that failed is said; what was seen before is not shown as if it
//! were so still.

mod screen;
mod text;

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep_until};

use crate::failure::Failure;
use crate::output::Output;
use crate::overview::{Collector, Overview};
use crate::runtime::block_on;

/// Between two looks of `--watch`.
const DEFAULT_INTERVAL_SECONDS: u64 = 5;
const MAX_INTERVAL_SECONDS: u64 = 3_600;

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Look again and again: on a terminal in place, else with a line for each look (with --json an object). Ctrl-C ends it.
    #[arg(long)]
    watch: bool,
    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_INTERVAL_SECONDS, requires = "watch",
        value_parser = clap::value_parser!(u64).range(1..=MAX_INTERVAL_SECONDS))]
    interval: u64,
}

pub(crate) fn run(args: &StatusArgs, config: &Path, json: bool) -> Result<(), Failure> {
    let mut collector = Collector::new(config);
    block_on(async {
        if args.watch {
            return Box::pin(watch(&mut collector, Duration::from_secs(args.interval), json)).await;
        }
        let overview = Box::pin(collector.look()).await?;
        show(&overview, json)?;
        verdict(&overview)
    })
}

fn show(overview: &Overview, json: bool) -> Result<(), Failure> {
    let mut out = Output::stdout();
    match json {
        true => out.json(overview)?,
        false => text::whole(overview).iter().try_for_each(|line| out.line(line))?,
    }
    out.flush()
}

fn verdict(overview: &Overview) -> Result<(), Failure> {
    match overview.exit_code {
        0 => Ok(()),
        code => Err(Failure::Verdict(code)),
    }
}

/// Until it is told to end; then what was seen last decides the exit code.
async fn watch(collector: &mut Collector, interval: Duration, json: bool) -> Result<(), Failure> {
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    let in_place = !json && std::io::stdout().is_terminal();
    let mut last = Err(Failure::Verdict(1));
    loop {
        let next = Instant::now() + interval;
        let looked = tokio::select! {
            looked = collector.look() => looked,
            _ = &mut interrupted => return last,
        };
        let overview = match looked {
            Ok(overview) => overview,
            // The services file may be being written.
            Err(error) => {
                eprintln!("error: {error:#}");
                last = Err(Failure::Verdict(1));
                tokio::select! {
                    () = sleep_until(next) => continue,
                    _ = &mut interrupted => return last,
                }
            }
        };
        if in_place {
            screen::draw(&text::whole(&overview))?;
        } else if json {
            show(&overview, true)?;
        } else {
            let mut out = Output::stdout();
            out.line(text::one_line(&overview))?;
            out.flush()?;
        }
        last = verdict(&overview);
        tokio::select! {
            () = sleep_until(next) => {}
            _ = &mut interrupted => return last,
        }
    }
}
