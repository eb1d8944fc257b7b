//! What others say, fit for an error of ours: in one line, bounded, without
//! colours, and without what might be a secret.

use serde::Deserialize;

/// A foreign text in one line of at most `most` characters. A word of more than
/// a hundred is a token or a dump, neither of which belongs into an error.
pub(super) fn short(text: &str, most: usize) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| if word.len() > 100 { "…" } else { word })
        .collect();
    words.join(" ").chars().take(most).collect()
}

/// What `rosa` complained about on stderr: the text of `{"error": …}`, or what
/// it printed without colours and prefixes.
pub(super) fn complaint_of(stderr: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Complaint {
        error: String,
    }
    let text = plain(stderr);
    let lines: Vec<String> = text
        .lines()
        .filter_map(|line| {
            let line = line.trim();
            let json = serde_json::from_str::<Complaint>(line).ok();
            let text = json.map_or_else(|| message(line).to_owned(), |json| json.error);
            (!text.is_empty()).then_some(text)
        })
        .collect();
    let said = short(&lines.join("; "), 500);
    if said.is_empty() {
        "it did not say why".to_owned()
    } else {
        said
    }
}

/// A line without the prefix that says how grave it is.
pub(super) fn message(line: &str) -> &str {
    let line = line.trim();
    ["ERR:", "ERROR:", "E:", "WARN:", "W:", "INFO:", "I:"]
        .iter()
        .find_map(|prefix| line.strip_prefix(prefix))
        .unwrap_or(line)
        .trim_start()
}

/// Text without colours: the command colours its prefixes even for a pipe.
pub(super) fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            // An escape sequence ends with its first letter.
            for inner in rest.by_ref() {
                if inner.is_ascii_alphabetic() {
                    break;
                }
            }
        } else if c == '\n' || !c.is_control() {
            plain.push(c);
        }
    }
    plain
}
