//! Text that a shell reads as one word.

/// Quotes a text where a shell would else see more than a word in it.
pub fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn what_is_not_plain_is_quoted() {
        assert_eq!(quote("db.example-1.com"), "db.example-1.com");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("$(x)"), "'$(x)'");
        assert_eq!(quote("it's"), r"'it'\''s'");
    }
}
