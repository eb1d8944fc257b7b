//! Secrets, and how to find them in whatever form they are written.

use crate::kubernetes::stage::base64;

/// A text that must not be found, and a name for it.
#[derive(Debug, Clone)]
pub(super) struct Needle {
    pub(super) name: &'static str,
    forms: Vec<Vec<u8>>,
}

impl Needle {
    pub(super) fn new(name: &'static str, secret: &str) -> Self {
        assert!(secret.len() >= 12, "{secret:?} could be anywhere by chance");
        let mut forms = vec![secret.to_owned()];
        for upper in [true, false] {
            forms.push(percent(secret, upper));
            forms.push(hex(secret, upper));
        }
        // As part of a longer text, which shifts it by some bits.
        for shift in 0..3 {
            let part = base64_within(secret, shift);
            forms.push(part.replace('+', "-").replace('/', "_"));
            forms.push(percent(&part, true));
            forms.push(part);
        }
        // In JSON, and in a shell's single quotes.
        let quoted = serde_json::Value::from(secret).to_string();
        forms.push(quoted.trim_matches('"').to_owned());
        forms.push(secret.replace('\'', "'\\''"));
        // Backwards, for once.
        forms.push(secret.chars().rev().collect());
        forms.sort();
        forms.dedup();
        Self {
            name,
            forms: forms.into_iter().map(String::into_bytes).collect(),
        }
    }

    /// The form in which it is in there, if it is.
    pub(super) fn found_in(&self, bytes: &[u8]) -> Option<String> {
        let form = (self.forms.iter()).find(|form| {
            let (first, length) = (form[0], form.len());
            let mut rest = bytes;
            while let Some(at) = rest.iter().position(|byte| *byte == first) {
                if rest[at..].starts_with(form) {
                    return true;
                }
                rest = &rest[at + 1..];
                if rest.len() < length {
                    return false;
                }
            }
            false
        })?;
        Some(String::from_utf8_lossy(form).into_owned())
    }

    pub(super) fn forms(&self) -> usize {
        self.forms.len()
    }
}

/// As in an address or a form.
fn percent(text: &str, upper: bool) -> String {
    let escaped = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ if upper => format!("%{byte:02X}"),
        _ => format!("%{byte:02x}"),
    };
    text.bytes().map(escaped).collect()
}

fn hex(text: &str, upper: bool) -> String {
    let digits = |byte| match upper {
        true => format!("{byte:02X}"),
        false => format!("{byte:02x}"),
    };
    text.bytes().map(digits).collect()
}

/// The characters that stand for the text alone where `shift` bytes precede it.
fn base64_within(text: &str, shift: usize) -> String {
    let encoded = base64(&format!("{}{text}", "x".repeat(shift)));
    let (first, end) = ([0, 2, 3][shift], (shift + text.len()) * 8 / 6);
    encoded[first..end].to_owned()
}

/// The search itself: a secret that is planted is found, in every form.
#[test]
fn a_planted_secret_is_found() {
    let secret = "S3cret+with=odd%chars'7";
    let needle = Needle::new("planted", secret);
    let mut tried = 0;
    for (before, after) in [
        ("", ""),
        ("x", "y"),
        ("ab", "cd"),
        ("password=", "&more"),
        ("SS", "S"),
    ] {
        let plain = format!("{before}{secret}{after}");
        for text in [
            plain.clone(),
            percent(&plain, true),
            percent(&plain, false),
            base64(&plain),
            hex(&plain, true),
            serde_json::Value::from(plain.clone()).to_string(),
        ] {
            let haystack = [&[0, 255][..], text.as_bytes(), &[0]].concat();
            assert!(needle.found_in(&haystack).is_some(), "{text}");
            tried += 1;
        }
        let cut = plain.replace("odd", "0dd");
        for text in [cut.clone(), percent(&cut, true), base64(&cut)] {
            assert_eq!(needle.found_in(text.as_bytes()), None, "{text}");
        }
    }
    println!(
        "planted secrets: {tried} tried in {} forms, found {tried}",
        needle.forms()
    );
    assert!(tried > 20);
}
