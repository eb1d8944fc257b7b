//! Whether an answer is one that a client of AWS understands.

use crate::Reply;

/// How a call was answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    Refused(String),
}

/// Reads an answer; panics if there is none, or none of AWS's form.
#[track_caller]
pub(super) fn read(reply: Reply) -> Answer {
    let Reply::Response(response) = reply else {
        panic!("no answer");
    };
    assert!(response.headers().contains_key("x-amzn-requestid"));
    let kind = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let status = response.status().as_u16();
    let text = std::str::from_utf8(response.body()).expect("text");
    let code = if kind.starts_with("application/x-amz-json") {
        let value: serde_json::Value = serde_json::from_str(text).expect("JSON");
        value["__type"].as_str().unwrap_or_default().to_owned()
    } else {
        well_formed(text);
        let rest = text.split("<Code>").nth(1).unwrap_or_default();
        rest.split('<').next().unwrap_or_default().to_owned()
    };
    if status == 200 {
        return Answer::Done;
    }
    assert!((400..=599).contains(&status), "{status}: {text}");
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '.';
    assert!(
        !code.is_empty() && code.chars().all(legal),
        "{code:?}: {text}"
    );
    Answer::Refused(code)
}

/// Whether a text is an XML document (XML 1.0, section 2.1), as far as it goes
/// without attributes, comments and DTD.
#[track_caller]
fn well_formed(text: &str) {
    // Section 2.2, `Char`.
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if let Some(c) = text.chars().find(|c| !legal(*c)) {
        panic!("{c:?} can't stand in XML: {text:?}");
    }
    let mut rest = text.trim_start();
    if let Some(declared) = rest.strip_prefix("<?xml ") {
        rest = declared.split_once("?>").expect("the declaration ends").1;
    }
    let mut open: Vec<&str> = Vec::new();
    let mut roots = 0;
    while let Some(at) = rest.find('<') {
        let data = &rest[..at];
        assert!(
            !open.is_empty() || data.trim().is_empty(),
            "{data:?} outside"
        );
        references(data);
        let (tag, after) = rest[at + 1..].split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{text}");
        } else {
            let name = tag.split(' ').next().unwrap_or_default();
            assert!(
                name.starts_with(|c: char| c.is_ascii_alphabetic())
                    && name.chars().all(|c| c.is_ascii_alphanumeric()),
                "{name:?} is no element"
            );
            roots += usize::from(open.is_empty());
            open.push(name);
        }
    }
    assert!(rest.trim().is_empty(), "{rest:?} after the end");
    assert!(open.is_empty() && roots == 1, "{text}");
}

#[track_caller]
fn references(data: &str) {
    for part in data.split('&').skip(1) {
        let known = ["lt;", "gt;", "amp;", "quot;", "apos;"];
        assert!(known.iter().any(|name| part.starts_with(name)), "{data:?}");
    }
}

#[test]
fn a_document_that_is_none_is_noticed() {
    well_formed("<?xml version=\"1.0\"?>\n<A xmlns=\"x\"><B>&lt;</B></A>");
    for wrong in [
        "",
        "<A>",
        "<A></B>",
        "<A>&</A>",
        "<A>\u{ffff}</A>",
        "<A></A><A></A>",
        "x<A></A>",
    ] {
        let told = std::panic::catch_unwind(|| well_formed(wrong));
        assert!(told.is_err(), "{wrong:?} is taken");
    }
}
