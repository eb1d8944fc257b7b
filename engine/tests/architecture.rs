//! The engine's invariants, read from its sources: no cloud, no SQL, no
//! terminal, and no time or chance but the injected clock's.

use std::fs;
use std::path::{Path, PathBuf};

const DEPENDENCIES: [&str; 9] = [
    "backoff",
    "futures-util",
    "petgraph",
    "rustix",
    "serde",
    "serde_json",
    "thiserror",
    "tokio",
    "uuid",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All sources but the tests among them, by their path below `src`.
fn sources() -> Vec<(String, String)> {
    let (src, mut found) = (root().join("src"), Vec::new());
    let mut open: Vec<PathBuf> = vec![src.clone()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(&src).unwrap();
            let name = name.to_str().unwrap().replace('\\', "/");
            if !name.contains("tests") {
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(found.len() > 10, "{} sources", found.len());
    found
}

/// The words of a text that are names in code or in prose.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .flat_map(|word| word.split('_'))
        .map(str::to_lowercase)
}

/// Code without its comments.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| match line.find("//") {
        Some(comment) => &line[..comment],
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_engine_depends_on_nothing_else() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = manifest.split("[dependencies]").nth(1).unwrap();
    let names: Vec<_> = section
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['.', '=', ' ']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .collect();
    assert_eq!(names, DEPENDENCIES);
}

#[test]
fn the_engine_names_no_cloud_no_sql_and_no_terminal() {
    let foreign = [
        "aws",
        "rds",
        "ec2",
        "aurora",
        "rosa",
        "keycloak",
        "sql",
        "sqlite",
        "rusqlite",
        "clap",
        "crossterm",
        "rustix",
        "libc",
        "stdout",
        "stderr",
        "println",
        "eprintln",
        "env",
    ];
    for (name, text) in sources() {
        for word in words(&code(&text)) {
            // A child process has streams of its own, and a group to be killed.
            let of_children = ["rustix", "stdout", "stderr"].contains(&&*word);
            let may = name == "step/child.rs" && of_children;
            assert!(may || !foreign.contains(&&*word), "{name} names {word:?}");
        }
    }
}

#[test]
fn time_and_chance_come_from_the_clock_alone() {
    let sources_of_chance = [
        "SystemTime::now",
        "Instant::now",
        "tokio::time",
        "thread::sleep",
        "RandomState",
        "rand::",
        "getrandom",
        "fastrand",
    ];
    for (name, text) in sources().iter().filter(|(name, _)| name != "clock.rs") {
        for word in sources_of_chance {
            assert!(!code(text).contains(word), "{name} uses {word}");
        }
    }
}

#[test]
fn one_module_knows_the_backoff_crate() {
    for (name, text) in sources()
        .iter()
        .filter(|(name, _)| name != "step/policy.rs")
    {
        assert!(!words(&code(text)).any(|word| word == "backoff"), "{name}");
    }
}

#[test]
fn the_machine_is_pure() {
    for (name, text) in sources() {
        if name.starts_with("machine/") {
            for word in words(&code(&text)) {
                let impure = ["async", "await", "tokio", "fs", "io", "executor", "journal"];
                assert!(!impure.contains(&&*word), "{name} uses {word:?}");
            }
        }
    }
}

/// Each layer, and the modules of the crate that it may name.
const LAYERS: [(&str, &[&str]); 13] = [
    ("model", &["model"]),
    ("clock.rs", &["model"]),
    ("journal.rs", &["model", "clock"]),
    ("observer.rs", &["model"]),
    ("control.rs", &["model", "clock"]),
    ("machine", &["model"]),
    ("summary", &["model"]),
    ("step", &["model", "clock", "control", "step"]),
    ("graph", &["model", "clock", "machine", "step", "graph"]),
    (
        "executor",
        &[
            "model", "clock", "control", "journal", "observer", "machine", "step", "graph",
            "executor",
        ],
    ),
    (
        "plan",
        &[
            "model", "clock", "machine", "step", "graph", "executor", "plan",
        ],
    ),
    ("store.rs", &["model", "clock", "journal", "machine"]),
    (
        "runner",
        &[
            "model", "journal", "machine", "summary", "graph", "executor", "plan", "store",
            "runner",
        ],
    ),
];

/// What imports flows one way: a layer knows only what is above it.
#[test]
fn what_imports_flows_one_way() {
    let mut imports = 0;
    for (layer, may) in LAYERS {
        for (name, text) in sources() {
            let within = name == layer || name.starts_with(&format!("{layer}/"));
            if !within {
                continue;
            }
            for rest in code(&text).split("crate::").skip(1) {
                let module = words(rest).next().unwrap();
                // Names that the crate shows are those of a doc link or a macro.
                assert!(may.contains(&&*module), "{name} imports {module:?}");
                imports += 1;
            }
        }
    }
    assert!(imports > 40, "{imports} imports");
}
