//! The invariants of the design, held against the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust source below a folder, with its path from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).expect("below the root");
                let text = fs::read_to_string(&path).expect("a source");
                found.push((name.display().to_string(), text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

fn product() -> Vec<(String, String)> {
    [
        "src",
        "engine/src",
        "state/src",
        "workflows/src",
        "sandbox/src",
    ]
    .iter()
    .flat_map(|folder| sources(folder))
    .collect()
}

#[track_caller]
fn only_in(allowed: &[&str], files: &[(String, String)], words: &[&str]) {
    for (name, text) in files {
        for word in words {
            assert!(
                allowed.contains(&name.as_str()) || !text.contains(word),
                "{name} has {word}"
            );
        }
    }
}

#[test]
fn one_file_reads_the_environment() {
    let words = ["env::var", "env::vars", "env::home_dir", "env::temp_dir"];
    let files: Vec<(String, String)> = (product().into_iter())
        .filter(|(name, _)| !name.contains("/tests/"))
        .collect();
    only_in(&["src/environment.rs"], &files, &words);
}

#[test]
fn only_main_exits() {
    only_in(&[], &product(), &["process::exit", "process::abort"]);
    let callers: Vec<String> = (product().into_iter())
        .filter(|(_, text)| text.contains("args_os"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(callers, ["src/main.rs"]);
}

#[test]
fn only_the_command_prints() {
    let words = ["println!", "print!(", "io::stdout", "io::stderr"];
    let crates: Vec<(String, String)> = (product().into_iter())
        // Tests inside of the crates say what they tried.
        .filter(|(name, _)| !name.starts_with("src/") && !name.contains("/tests/"))
        .collect();
    only_in(&[], &crates, &words);
    let own: Vec<(String, String)> = sources("src");
    let streams = ["src/report/queue.rs", "src/terminal.rs"];
    only_in(&streams, &own, &words);
}

#[test]
fn crates_know_only_what_is_below_them() {
    let knows = |folder: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(root.join(folder).join("Cargo.toml")).expect("a manifest")
    };
    let never = |folder: &str, names: &[&str]| {
        let text = knows(folder);
        for name in names {
            assert!(!text.contains(name), "{folder} knows {name}");
        }
    };
    never(
        "engine",
        &[
            "stepwell-state",
            "stepwell-workflows",
            "stepwell-sandbox",
            "aws-",
            "rusqlite",
            "clap",
        ],
    );
    never(
        "state",
        &["stepwell-workflows", "stepwell-sandbox", "aws-", "clap"],
    );
    never("workflows", &["stepwell-state", "rusqlite", "clap"]);
    never(
        "examples",
        &["stepwell-workflows", "stepwell-sandbox", "aws-"],
    );
    never(
        "sandbox",
        &[
            "stepwell-engine",
            "stepwell-state",
            "stepwell-workflows",
            "aws-sdk",
            "aws-config",
            "rusqlite",
            "clap",
        ],
    );
}

#[test]
fn two_packages_are_for_others() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let published = ["engine", "state"];
    for folder in [".", "engine", "state", "workflows", "sandbox", "examples"] {
        let manifest = fs::read_to_string(root.join(folder).join("Cargo.toml"));
        let manifest = manifest.expect("a manifest");
        let (_, package) = manifest.split_once("[package]").expect("a package");
        let stays = ["publish.workspace = true", "publish = false"];
        let stays = stays.iter().any(|line| package.contains(line));
        assert_ne!(stays, published.contains(&folder), "{folder}");
    }
}

#[test]
fn time_passes_only_in_the_clocks() {
    let words = ["SystemTime::now", "Instant::now", "thread::sleep"];
    let allowed = ["src/clock.rs", "engine/src/clock.rs"];
    let files: Vec<(String, String)> = (product().into_iter())
        // Tests inside of the crates may do as they like.
        .filter(|(name, _)| !name.ends_with("/tests.rs"))
        .map(|(name, text)| {
            let own = text
                .split("#[cfg(test)]")
                .next()
                .unwrap_or_default()
                .to_owned();
            (name, own)
        })
        .collect();
    only_in(&allowed, &files, &words);
}

#[test]
fn the_layers_of_the_sandbox_know_only_those_below() {
    // From the top to the bottom; `lib` and the random tests may use all of them.
    let layers = [
        "transport",
        "account",
        "operations",
        "secrets",
        "sts",
        "rds",
        "ec2",
        "field",
        "context",
        "quotas",
        "world",
        "wire",
    ];
    for (name, text) in sources("sandbox/src") {
        let inside = name.trim_start_matches("sandbox/src/");
        let layer = inside.split(['/', '.']).next().unwrap_or_default();
        if matches!(layer, "lib" | "fuzz") {
            continue;
        }
        let place = layers.iter().position(|one| *one == layer);
        let place = place.unwrap_or_else(|| panic!("{name} is in no layer"));
        for above in &layers[..place] {
            let word = format!("crate::{above}::");
            assert!(!text.contains(&word), "{name} knows {above}");
        }
    }
}
