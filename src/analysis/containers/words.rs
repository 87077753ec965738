//! The words a name is made of.

/// `serverTableName` → `server`, `table`, `name`; `clientIP` → `client`, `ip`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut starts = true;
    let mut is_capital = false;
    for character in name.chars() {
        if !character.is_alphanumeric() {
            (starts, is_capital) = (true, false);
            continue;
        }
        let lower = character.to_ascii_lowercase();
        match words.last_mut() {
            Some(word) if !starts && (is_capital || !character.is_ascii_uppercase()) => word.push(lower),
            _ => words.push(lower.to_string()),
        }
        is_capital = character.is_ascii_uppercase();
        starts = false;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[track_caller]
    fn check(name: &str, expected: &[&str]) {
        assert_eq!(words(name), expected, "{name}");
    }

    #[test]
    fn words_begin_at_capitals_and_after_signs() {
        check("serverTableName", &["server", "table", "name"]);
        check("region_name", &["region", "name"]);
        check("clientIP", &["client", "ip"]);
        check("MAX_SIZE", &["max", "size"]);
        check("_id", &["id"]);
    }
}
