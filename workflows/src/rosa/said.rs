//! What others say, fit for an error of ours: in one line, bounded, without
//! colours, and without what might be a secret.

use serde::Deserialize;

/// The longest complaint that is repeated.
const MOST: usize = 500;

/// A foreign text in one line of at most `most` characters. A word of more than
/// a hundred is a token or a dump, neither of which belongs into an error.
pub(super) fn short(text: &str, most: usize) -> String {
    one_line(text).chars().take(most).collect()
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| if word.len() > 100 { "…" } else { word })
        .collect();
    words.join(" ")
}

/// What `rosa` complained about on stderr.
pub(super) struct Complaint(String);

impl Complaint {
    /// Picks out what counts: the errors, which have a prefix or are
    /// `{"error": …}`; where there are none, what has no prefix; else the notes.
    /// That an API is deprecated says nothing about what went wrong.
    pub(super) fn of(stderr: &[u8]) -> Self {
        let text = plain(stderr);
        let (mut errors, mut others, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        let mut place = Place::Elsewhere;
        for line in text.lines().map(str::trim) {
            let (kind, text) = sort(line);
            match kind {
                _ if text.is_empty() => {}
                Line::Error => {
                    errors.push(text);
                    place = Place::Error;
                }
                Line::Deprecation => place = Place::Deprecation(0),
                Line::Note => {
                    notes.push(text);
                    place = Place::Elsewhere;
                }
                Line::Other => match place {
                    // An error may have several lines.
                    Place::Error => errors.push(text),
                    // One on deprecated fields has a line for each.
                    Place::Deprecation(_) if text.starts_with("- ") => {}
                    Place::Deprecation(_) if text.starts_with(LAST) => place = Place::Elsewhere,
                    Place::Deprecation(lines) if lines < MOST_LINES => {
                        place = Place::Deprecation(lines + 1);
                    }
                    Place::Deprecation(_) | Place::Elsewhere => {
                        others.push(text);
                        place = Place::Elsewhere;
                    }
                },
            }
        }
        let lines = [errors, others, notes]
            .into_iter()
            .find(|lines| !lines.is_empty());
        Self(lines.unwrap_or_default().join("; "))
    }

    /// All of it, in small letters: to look for words in.
    pub(super) fn whole(&self) -> String {
        self.0.to_lowercase()
    }

    /// For people: in one line, and of what is too long the end, which is where
    /// the reason stands.
    pub(super) fn shown(&self) -> String {
        let said = one_line(&self.0);
        let count = said.chars().count();
        if said.is_empty() {
            "it did not say why".to_owned()
        } else if count > MOST {
            let end: String = said.chars().skip(count - (MOST - 1)).collect();
            format!("…{end}")
        } else {
            said
        }
    }
}

/// What a line is by its beginning.
enum Line {
    Error,
    Deprecation,
    Note,
    Other,
}

/// After what kind of line the next one stands.
#[derive(Clone, Copy)]
enum Place {
    Error,
    /// In the note on a deprecated API, after so many lines of it.
    Deprecation(usize),
    Elsewhere,
}

/// How many lines a note on a deprecated API has at most behind its first.
const MOST_LINES: usize = 3;

/// How the last of them begins (openshift-online/ocm-common, `pkg/deprecation`).
const LAST: &str = "Please update your usage";

/// Tells what a line is, and gives its text without the prefix.
fn sort(line: &str) -> (Line, String) {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Structured {
        Error(String),
        Warning(String),
    }
    match serde_json::from_str(line) {
        Ok(Structured::Error(text)) => return (Line::Error, text.trim().to_owned()),
        Ok(Structured::Warning(text)) => return (Line::Note, text.trim().to_owned()),
        Err(_) => {}
    }
    let text = message(line);
    let kind = match &line[..line.len() - text.len()] {
        "" => Line::Other,
        prefix if prefix.starts_with('E') => Line::Error,
        _ if text.contains("deprecated") && line.starts_with("WARNING:") => Line::Deprecation,
        _ => Line::Note,
    };
    (kind, text.to_owned())
}

/// A line without the prefix that says how grave it is.
pub(super) fn message(line: &str) -> &str {
    let line = line.trim();
    [
        "ERR:", "ERROR:", "Error:", "E:", "WARNING:", "WARN:", "W:", "INFO:", "I:",
    ]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stderr: &str) -> String {
        Complaint::of(stderr.as_bytes()).shown()
    }

    const DEPRECATED: &str = "WARNING: You are using a deprecated OCM API
This endpoint will be removed on: 2027-01-01T00:00:00Z
Details: https://api.openshift.com/api/clusters_mgmt/v1/clusters gives way to v2
Please update your usage to avoid issues when this endpoint is removed
";
    const FIELDS: &str = "WARNING: You are using OCM API fields that have been deprecated
- one: gone in May
- two: gone in June
- three: gone in July
- four: gone in August
Please update your usage to avoid issues when these fields are removed
";

    #[test]
    fn notes_hide_no_error() {
        let no = "There is no cluster with identifier or name 'r1'";
        let notes = format!("{DEPRECATED}{FIELDS}WARN: a newer rosa is there\nINFO: hello\n");
        for error in [
            format!("ERR: {no}\n"),
            format!("\u{1b}[0;31mE:\u{1b}[m {no}\n"),
            format!("Error: {no}\n"),
            format!("{{\"error\":\"{no}\"}}\n"),
            format!("{no}\n"),
        ] {
            assert_eq!(shown(&format!("{notes}{error}")), no, "{error}");
            assert_eq!(shown(&format!("{error}{notes}")), no, "{error}");
            let many = notes.repeat(50);
            assert_eq!(shown(&format!("{many}{error}{many}")), no, "{error}");
        }
        // A form that was not seen yet ends after as many lines.
        let other = "WARNING: You are using a deprecated OCM API\na\nb\nc\n".repeat(3);
        assert_eq!(shown(&format!("{other}{no}")), no);
        assert_eq!(shown(DEPRECATED), "it did not say why");
        assert_eq!(shown("WARN: odd\n"), "odd");
        assert_eq!(shown(""), "it did not say why");
    }

    #[test]
    fn an_error_of_several_lines_is_kept_whole() {
        let text = format!("ERR: accept the terms\nGo to https://example.com\n{DEPRECATED}");
        assert_eq!(shown(&text), "accept the terms; Go to https://example.com");
    }

    #[test]
    fn of_what_is_too_long_the_end_is_kept() {
        let text = format!("ERR: {}no such host", "Post sso: ".repeat(200));
        let said = shown(&text);
        assert!(said.starts_with('…') && said.ends_with("no such host"));
        assert_eq!(said.chars().count(), MOST);
        let complaint = Complaint::of(format!("ERR: Invalid_Grant {text}").as_bytes());
        assert!(complaint.whole().contains("invalid_grant"));
    }
}
