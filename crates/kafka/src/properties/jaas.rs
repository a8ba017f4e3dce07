//! `sasl.jaas.config`: a login module and its options, `org.x.ScramLoginModule required user="a" password="b";`

use std::collections::BTreeMap;

/// One entry of a JAAS configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Jaas {
    /// The class, without its package.
    pub(crate) module: String,
    pub(crate) options: BTreeMap<String, String>,
}

/// # Errors
/// What is wrong. The text itself holds a password and is not repeated.
pub(crate) fn parse(text: &str) -> Result<Jaas, &'static str> {
    let mut tokens = Tokens { rest: text };
    let class = tokens.word()?.ok_or("it is empty")?;
    let control = tokens.word()?.ok_or("'required' is missing after the login module")?;
    if !["required", "requisite", "sufficient", "optional"].contains(&control.to_ascii_lowercase().as_str()) {
        return Err("'required' is missing after the login module");
    }
    let mut options = BTreeMap::new();
    while let Some(name) = tokens.word()? {
        if !tokens.eat('=') {
            return Err("an option is not followed by '='");
        }
        options.insert(name, tokens.word()?.ok_or("an option has no value")?);
    }
    if !tokens.eat(';') {
        return Err("the ';' at its end is missing");
    }
    if !tokens.at_end() {
        return Err("more than one login module");
    }
    let module = class.rsplit('.').next().unwrap_or_default().to_owned();
    Ok(Jaas { module, options })
}

struct Tokens<'a> {
    rest: &'a str,
}

impl Tokens<'_> {
    fn at_end(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.is_empty()
    }

    fn eat(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_start();
        let Some(rest) = self.rest.strip_prefix(c) else { return false };
        self.rest = rest;
        true
    }

    /// A bare word or a text in quotes; `None` before `;` and at the end.
    fn word(&mut self) -> Result<Option<String>, &'static str> {
        if self.at_end() || self.rest.starts_with(';') {
            return Ok(None);
        }
        if let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            return self.quoted(quote).map(Some);
        }
        let end = self.rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | ';' | '"' | '\''));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if word.is_empty() { Err("'=' stands where a name is expected") } else { Ok(Some(word.to_owned())) }
    }

    fn quoted(&mut self, quote: char) -> Result<String, &'static str> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, other)) => text.push(other),
                    None => break,
                },
                _ if c == quote => {
                    self.rest = &self.rest[at + c.len_utf8()..];
                    return Ok(text);
                }
                _ => text.push(c),
            }
        }
        Err("a quote is not closed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn modules_and_their_options() {
        let scram = parse("org.apache.kafka.common.security.scram.ScramLoginModule required\n  username=\"cap ture\" password='s;\"=\\'\\\\';").unwrap();
        assert_eq!(scram.module, "ScramLoginModule");
        assert_eq!(scram.options["username"], "cap ture");
        assert_eq!(scram.options["password"], "s;\"='\\");
        let iam = parse("software.amazon.msk.auth.iam.IAMLoginModule required;").unwrap();
        assert_eq!((iam.module.as_str(), iam.options.len()), ("IAMLoginModule", 0));
        let bare = parse("x.PlainLoginModule required username = alice password=p1 ;").unwrap();
        assert_eq!((bare.options["username"].as_str(), bare.options["password"].as_str()), ("alice", "p1"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("", "empty"),
            ("A", "'required'"),
            ("A username=x;", "'required'"),
            ("A required username=\"x", "not closed"),
            ("A required username=\"x\"", "';'"),
            ("A required username;", "'='"),
            ("A required username=;", "no value"),
            ("A required ==;", "name is expected"),
            ("A required; B required;", "more than one"),
        ] {
            let reason = parse(text).unwrap_err();
            assert!(reason.contains(said), "{text}: {reason}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "[A-z.;= \"'\\\\\nré😀]{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn quoted_values_come_back(user in "[^\n\t\r]{0,12}", password in "[^\n\t\r]{0,12}") {
            let escape = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
            let text = format!("a.B required username=\"{}\" password=\"{}\";", escape(&user), escape(&password));
            let jaas = parse(&text).unwrap();
            prop_assert_eq!((&jaas.options["username"], &jaas.options["password"]), (&user, &password));
        }
    }
}
