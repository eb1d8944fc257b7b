//! Executes the console blocks of the guide.
//!
//! A line that begins with `$ ` is a command, run by the shell; `# exit N` at
//! its end says how it must end. What follows is what it prints, on both
//! streams: `…` within a line stands for any text, alone on a line for any
//! lines.

use std::path::Path;

use crate::command::harness::Home;

struct Example {
    command: String,
    code: i32,
    output: Vec<String>,
}

fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            let (command, code) = match command.split_once(" # exit ") {
                Some((command, code)) => (command, code.parse().expect("an exit code")),
                None => (command, 0),
            };
            examples.push(Example {
                command: command.to_owned(),
                code,
                output: Vec::new(),
            });
        } else if inside {
            let example = examples.last_mut().expect("a command before its output");
            example.output.push(line.to_owned());
        }
    }
    examples
}

/// Whether a line fits a pattern in which `…` stands for any text.
fn fits(pattern: &str, line: &str) -> bool {
    let parts: Vec<&str> = pattern.split('…').collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return pattern == line;
    };
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether lines fit patterns of which `…` alone stands for any lines.
fn all_fit(patterns: &[String], lines: &[&str]) -> bool {
    match (patterns.split_first(), lines.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some((pattern, others)), _) if pattern == "…" => {
            (0..=lines.len()).any(|skipped| all_fit(others, &lines[skipped..]))
        }
        (Some(_), None) => false,
        (Some((pattern, others)), Some((line, rest))) => {
            fits(pattern, line) && all_fit(others, rest)
        }
    }
}

#[test]
fn the_guide_shows_what_the_command_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/guide.md")).expect("the guide");
    let examples = examples(&text);
    assert!(examples.len() >= 15, "the guide has lost its examples");
    let home = Home::new();
    for example in examples {
        let done = home.shell(&format!("{{ {}; }} 2>&1", example.command));
        assert_eq!(
            done.code, example.code,
            "$ {}\n{}",
            example.command, done.stdout
        );
        let lines: Vec<&str> = done.stdout.lines().collect();
        assert!(
            all_fit(&example.output, &lines),
            "$ {}\nprinted\n{}\nand not\n{}",
            example.command,
            done.stdout,
            example.output.join("\n")
        );
    }
}

#[test]
fn an_ellipsis_stands_for_any_text() {
    assert!(fits("a … b", "a long b"));
    assert!(fits("…", ""));
    assert!(!fits("a … b", "a long c"));
    let patterns = ["one", "…", "two …"].map(str::to_owned);
    assert!(all_fit(&patterns, &["one", "x", "y", "two 2"]));
    assert!(!all_fit(&patterns, &["one", "x", "y"]));
}
