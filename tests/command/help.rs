//! The whole command reference as one snapshot.
//!
//! `STEPWELL_UPDATE_SNAPSHOTS=1 cargo test --test main help` writes it anew.

use std::fs;
use std::path::Path;

use super::harness::Home;

/// The help of a command and of all below it.
fn tree(home: &Home, path: &[&str], text: &mut String) {
    let done = home.expect(0, &[path, &["--help"]].concat());
    assert_eq!(done.stderr, "");
    text.push_str(&format!(
        "$ stepwell {}\n",
        [path, &["--help"]].concat().join(" ")
    ));
    text.push_str(&done.stdout);
    text.push('\n');
    let commands = done
        .stdout
        .split("\nCommands:\n")
        .nth(1)
        .unwrap_or_default();
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        // A name stands two columns in; what is further in goes on with a text.
        let Some(name) = line
            .strip_prefix("  ")
            .filter(|rest| !rest.starts_with(' '))
        else {
            continue;
        };
        let name = name.split_whitespace().next().expect("a name");
        if name != "help" {
            tree(home, &[path, &[name]].concat(), text);
        }
    }
}

#[test]
fn the_help_tree() {
    let mut text = String::new();
    tree(&Home::new(), &[], &mut text);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/command/help.txt");
    if std::env::var_os("STEPWELL_UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &text).expect("the snapshot");
    }
    let snapshot = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == snapshot,
        "the help differs from tests/command/help.txt; look at the difference, then write it anew with STEPWELL_UPDATE_SNAPSHOTS=1\n{text}"
    );
}

#[test]
fn the_exit_codes_are_documented() {
    let help = Home::new().expect(0, &["--help"]).stdout;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    let page = fs::read_to_string(path).expect("docs/commands.md");
    for exit in stepwell::Exit::ALL {
        let code = exit.code();
        assert!(
            help.contains(&format!("{code:>3}  {}", exit.meaning())),
            "{code}"
        );
        let row = format!("| {code} | `{}` |", exit.kind());
        assert!(page.contains(&row), "docs/commands.md has no row {row:?}");
    }
    for (variable, _) in stepwell::environment::VARIABLES {
        let name = variable.name();
        assert!(
            page.contains(&format!("`{name}`")),
            "docs/commands.md lacks {name}"
        );
    }
}

#[test]
fn completions_and_manual_pages() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        home.expect(0, &["completions", shell]).prints("stepwell");
    }
    home.expect(0, &["man"]).prints(".TH stepwell");
    home.expect(0, &["man", "aurora", "create"])
        .prints("deletion\\-protection");
}
