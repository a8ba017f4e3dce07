//! The spellings of a flag's name. A run of capitals is one word (`enableMSKAuth` is `enable-msk-auth`).

fn words(camel: &str) -> Vec<String> {
    let chars: Vec<char> = camel.chars().collect();
    let mut words = vec![String::new()];
    for (i, &c) in chars.iter().enumerate() {
        let after_lower = i > 0 && !chars[i - 1].is_uppercase();
        let before_lower = i > 0 && chars.get(i + 1).is_some_and(|next| next.is_lowercase());
        if c == '-' || (c.is_uppercase() && i > 0 && (after_lower || before_lower)) {
            words.push(String::new());
        }
        if let (Some(word), true) = (words.last_mut(), c != '-') {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `kafkaConnection` as `kafka-connection`.
#[must_use]
pub fn kebab(camel: &str) -> String {
    words(camel).join("-")
}

/// `kafka-connection` as `kafkaConnection`.
#[must_use]
pub fn camel(kebab: &str) -> String {
    let mut camel = String::with_capacity(kebab.len());
    for (at, word) in words(kebab).iter().enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if at > 0 => camel.extend(first.to_uppercase()),
            Some(first) => camel.push(first),
            None => {}
        }
        camel.push_str(letters.as_str());
    }
    camel
}

/// `kafkaConnection` as `KAFKA_CONNECTION`.
#[must_use]
pub fn upper_snake(camel: &str) -> String {
    words(camel).join("_").to_uppercase()
}

/// `enableMSKAuth` as `ENABLE_M_S_K_AUTH`: a word at each capital, as the field's existing tool has it.
#[must_use]
pub fn upper_snake_by_letter(camel: &str) -> String {
    let mut snake = String::with_capacity(camel.len() + 8);
    for letter in camel.chars() {
        if letter.is_uppercase() {
            snake.push('_');
        }
        snake.extend(letter.to_uppercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_at_each_capital() {
        assert_eq!(upper_snake_by_letter("enableMSKAuth"), "ENABLE_M_S_K_AUTH");
        assert_eq!(upper_snake_by_letter("listenPort"), "LISTEN_PORT");
    }

    #[test]
    fn camel_case_of_what_is_dashed() {
        for (dashed, expected) in [
            ("max-snapshot-rate-mb-per-node", "maxSnapshotRateMbPerNode"),
            ("repo", "repo"),
            ("s3-region", "s3Region"),
            ("x", "x"),
            ("", ""),
        ] {
            assert_eq!(camel(dashed), expected);
        }
    }

    #[test]
    fn spellings() {
        for (camel, dashed, snake) in [
            ("kafkaConnection", "kafka-connection", "KAFKA_CONNECTION"),
            ("enableMSKAuth", "enable-msk-auth", "ENABLE_MSK_AUTH"),
            ("targetUri", "target-uri", "TARGET_URI"),
            (
                "sigv4AuthHeaderServiceRegion",
                "sigv4-auth-header-service-region",
                "SIGV4_AUTH_HEADER_SERVICE_REGION",
            ),
            ("insecure", "insecure", "INSECURE"),
            ("already-kebab", "already-kebab", "ALREADY_KEBAB"),
        ] {
            assert_eq!(kebab(camel), dashed);
            assert_eq!(upper_snake(camel), snake);
            assert_eq!(kebab(&super::camel(dashed)), dashed);
        }
    }
}
