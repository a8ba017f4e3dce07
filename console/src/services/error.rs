//! What is wrong with a services file, as `FILE:LINE: BLOCK: what, and what is accepted`, without any value of the file:
//! a password at a wrong place must not end up in a terminal or a ticket.

use std::path::Path;

use anyhow::anyhow;

pub(super) fn located(path: &Path, text: &str, error: &yaml_serde::Error) -> anyhow::Error {
    let message = without_values(&error.to_string());
    let Some(at) = error.location() else { return anyhow!("{}: {message}", path.display()) };
    let message = message.replacen(&format!(" at line {} column {}", at.line(), at.column()), "", 1);
    // What is wrong with a block as a whole is found when the block is over, and has the place of the file.
    let whole = !message.contains(" field `") || message.starts_with("missing field");
    match culprit(text).filter(|(key, _)| whole && !message.starts_with(key.as_str())) {
        Some((key, line)) => anyhow!("{}:{line}: {key}: {message}", path.display()),
        None => anyhow!("{}:{}: {message}", path.display(), at.line()),
    }
}

/// The first block that is wrong by itself, and its line.
fn culprit(text: &str) -> Option<(String, usize)> {
    let blocks: yaml_serde::Mapping = yaml_serde::from_str(text).ok()?;
    let (key, _) = blocks.into_iter().find(|(key, block)| {
        let alone = yaml_serde::Mapping::from_iter([(key.clone(), block.clone())]);
        yaml_serde::from_value::<super::File>(yaml_serde::Value::Mapping(alone)).is_err()
    })?;
    let key = key.as_str()?;
    let starts = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
    Some((key.to_owned(), text.lines().position(starts)? + 1))
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
