//! The question before something is deleted. Without a terminal it is answered from stdin too, and no answer is a no.

use std::io::{BufRead, IsTerminal, Write};

use crate::failure::Failure;

/// Asks on stderr, unless the risk was acknowledged. Anything but a yes ends the command.
pub(crate) fn confirm(question: &str, acknowledged: bool) -> Result<(), Failure> {
    if acknowledged {
        return Ok(());
    }
    eprint!("{question} Are you sure you want to continue? [y/N]: ");
    // Unbuffered, but what was not told must not be agreed to.
    std::io::stderr().flush().map_err(|error| anyhow::anyhow!("cannot ask: {error}"))?;
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if !std::io::stdin().is_terminal() {
        // Where nobody pressed the key that ends the line.
        eprintln!();
    }
    match read {
        Ok(_) if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") => Ok(()),
        Ok(_) => {
            Err(anyhow::anyhow!("Aborting command. Nothing was changed; --acknowledge-risk does not ask")
                .into())
        }
        Err(error) => Err(anyhow::anyhow!("cannot read the answer: {error}").into()),
    }
}
