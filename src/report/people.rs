//! Texts that others wrote, made fit for a person's terminal: logins, hosts,
//! reasons, and what AWS says. Documents for programs keep them as they are.

use std::borrow::Cow;

use serde_json::Value;
use stepwell_engine::Event;
use stepwell_engine::event::EventBody;

use crate::problem::Problem;

/// What EC2 says before a text of a thousand letters that only
/// `aws sts decode-authorization-message` can read (EC2 API reference,
/// `UnauthorizedOperation`).
const ENCODED: &str = "Encoded authorization failure message: ";

/// How much of such a text is shown, in letters.
const SHOWN: usize = 16;

/// A text on one line: control characters, which could move the cursor, clear
/// the screen or forge a line, are written as escapes, and an encoded
/// authorization message is cut.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(cut(text), |_| false)
}

/// The same for a text that may have several lines.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(cut(text), |letter| letter == '\n')
}

fn escaped(text: Cow<'_, str>, may_stay: impl Fn(char) -> bool) -> Cow<'_, str> {
    // The direction marks of Unicode reorder what stands around them.
    let acts = |letter: char| {
        letter.is_control() && !may_stay(letter)
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(acts) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if acts(letter) {
            safe.extend(letter.escape_default());
        } else {
            safe.push(letter);
        }
    }
    safe.into()
}

fn cut(text: &str) -> Cow<'_, str> {
    let Some((before, rest)) = text.split_once(ENCODED) else {
        return text.into();
    };
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (encoded, after) = rest.split_at(end);
    let count = encoded.chars().count();
    if count <= SHOWN {
        return text.into();
    }
    let shown: String = encoded.chars().take(SHOWN).collect();
    format!("{before}{ENCODED}{shown}… ({count} characters; -o json has them){after}").into()
}

/// An event with every text in it on one line.
pub fn event(event: &Event) -> Event {
    let body = serde_json::to_value(&event.body).and_then(|mut body| {
        each_text(&mut body, &mut |text| {
            if let Cow::Owned(safe) = line(text) {
                *text = safe;
            }
        });
        serde_json::from_value::<EventBody>(body)
    });
    Event {
        // What came out of a journal can be written and read again.
        body: body.unwrap_or_else(|_| event.body.clone()),
        ..event.clone()
    }
}

/// The same of a history.
pub fn events(history: &[Event]) -> Vec<Event> {
    history.iter().map(event).collect()
}

/// A problem whose texts can do no harm.
pub fn problem(problem: &Problem) -> Problem {
    let of = |text: &String| lines(text).into_owned();
    Problem {
        message: of(&problem.message),
        causes: problem.causes.iter().map(of).collect(),
        request_id: problem.request_id.as_ref().map(of),
        hint: problem.hint.as_ref().map(of),
        ..problem.clone()
    }
}

fn each_text(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => {
            for item in items {
                each_text(item, change);
            }
        }
        Value::Object(fields) => {
            for field in fields.values_mut() {
                each_text(field, change);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text in ASCII, for a locale that has nothing else.
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '—' | '–' | '‑' | '─' => plain.push('-'),
            '…' => plain.push_str("..."),
            '→' => plain.push_str("->"),
            '“' | '”' | '„' => plain.push('"'),
            '‘' | '’' => plain.push('\''),
            '×' => plain.push('x'),
            '·' | '•' => plain.push('*'),
            '\u{a0}' => plain.push(' '),
            letter if letter.is_ascii() => plain.push(letter),
            letter => plain.extend(letter.escape_unicode()),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_written_out() {
        for (text, shown) in [
            ("eve", "eve"),
            ("zoë in Köln", "zoë in Köln"),
            ("eve\u{1b}[2J\nRUN forged", "eve\\u{1b}[2J\\nRUN forged"),
            ("a\tb\r", "a\\tb\\r"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
            ("\u{9b}31m", "\\u{9b}31m"),
        ] {
            assert_eq!(line(text), shown);
        }
        assert_eq!(lines("one\ntwo\u{7}"), "one\ntwo\\u{7}");
    }

    #[test]
    fn an_encoded_message_is_cut() {
        let long = "x".repeat(900);
        let text = format!("You are not authorized. {ENCODED}{long} (UnauthorizedOperation)");
        let shown = line(&text);
        assert!(shown.len() < 160, "{shown}");
        assert!(
            shown.ends_with("(900 characters; -o json has them) (UnauthorizedOperation)"),
            "{shown}"
        );
        assert_eq!(
            line("Encoded authorization failure message: abc"),
            "Encoded authorization failure message: abc"
        );
    }

    #[test]
    fn ascii_has_a_form_of_everything() {
        assert_eq!(ascii("a — b… “c” → d × 2"), "a - b... \"c\" -> d x 2");
        assert_eq!(ascii("zoë"), "zo\\u{eb}");
    }
}
