//! Writes the daemons' manual pages and completions from the definitions of their flags, so that they can't be behind
//! them. A program of its own, as the daemons have no use for it: what runs on a customer's node stays small. (The
//! console makes its own: `switchover man` and `switchover completion`.)

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use clap::Command;
use clap_complete::Shell;
use switchover_pages::daemons;

/// Daemons are commands of the administrator (`man man`).
const SECTION: &str = "8";

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).context("usage: switchover-pages FOLDER")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for command in daemons() {
        write(command, folder)?;
    }
    Ok(())
}

/// `NAME.8`, and `NAME.bash`, `_NAME` and `NAME.fish`.
fn write(command: Command, folder: &Path) -> Result<()> {
    let name = command.get_name().to_owned();
    let page = folder.join(format!("{name}.{SECTION}"));
    let told = || page.display().to_string();
    let manual = clap_mangen::Man::new(command.clone()).section(SECTION);
    manual.render(&mut File::create(&page).with_context(told)?).with_context(told)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let mut command = command.clone();
        clap_complete::generate_to(shell, &mut command, &name, folder)
            .with_context(|| format!("completions for {shell} in {}", folder.display()))?;
    }
    Ok(())
}
