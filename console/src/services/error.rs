//! What is wrong with a services file, as `FILE:LINE: BLOCK: what, and what is accepted`, without any value of the file:
//! a password at a wrong place must not end up in a terminal or a ticket.

use std::path::Path;

use anyhow::anyhow;

pub(super) fn located(path: &Path, error: &yaml_serde::Error) -> anyhow::Error {
    let message = without_values(&error.to_string());
    match error.location() {
        None => anyhow!("{}: {message}", path.display()),
        Some(at) => {
            let suffix = format!(" at line {} column {}", at.line(), at.column());
            anyhow!("{}:{}: {}", path.display(), at.line(), message.replacen(&suffix, "", 1))
        }
    }
}

/// Serde quotes what it found (`invalid type: string "...", expected ...`): only what kind of thing it is is kept.
fn without_values(message: &str) -> String {
    for marker in ["invalid type: ", "invalid value: "] {
        let Some(found) = message.find(marker).map(|at| at + marker.len()) else { continue };
        // The last one, as the value may hold the same words.
        let Some(expected) = message.rfind(", expected").filter(|&expected| expected >= found) else {
            continue;
        };
        let kind = message[found..expected].split(['"', '`']).next().unwrap_or_default().trim_end();
        return format!("{}{kind}{}", &message[..found], &message[expected..]);
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_not_quoted() {
        for (told, shown) in [
            (
                r#"a: invalid type: string "ses, expected ame", expected a mapping at line 1 column 2"#,
                "a: invalid type: string, expected a mapping at line 1 column 2",
            ),
            ("invalid value: integer `42`, expected u8", "invalid value: integer, expected u8"),
            ("invalid type: sequence, expected a string", "invalid type: sequence, expected a string"),
            ("unknown field `x`, expected `y`", "unknown field `x`, expected `y`"),
        ] {
            assert_eq!(without_values(told), shown);
        }
    }
}
