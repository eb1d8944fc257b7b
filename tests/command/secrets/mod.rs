//! Secrets are nowhere but where they have to be.

mod every;
mod needles;
mod watch;

use std::fs;

use super::harness::Home;

const PASSWORD: &str = "correct-horse-battery-7";

fn files(home: &Home) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![home.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), fs::read(&path).expect("a file")));
            }
        }
    }
    files
}

fn nowhere(home: &Home, outputs: &[String]) {
    for text in outputs {
        assert!(!text.contains(PASSWORD), "{text}");
    }
    for (name, bytes) in files(home) {
        // The file is ours.
        if name.ends_with("password") {
            continue;
        }
        let found = bytes
            .windows(PASSWORD.len())
            .any(|part| part == PASSWORD.as_bytes());
        assert!(!found, "the password is in {name}");
    }
}

#[test]
fn a_password_is_neither_printed_nor_recorded() {
    let mut home = Home::new();
    home.set("AURORA_PASSWORD", PASSWORD);
    home.fault(&[
        "--operation",
        "CreateDBCluster",
        "--error",
        "InvalidParameterValue",
        "--times",
        "1",
    ]);
    let mut outputs = Vec::new();
    for code in [4, 0] {
        let done = home.create(code, &["-v", "-o", "jsonl"]);
        outputs.extend([done.stdout, done.stderr]);
        for form in ["text", "json"] {
            for what in ["show", "events"] {
                outputs.push(home.expect(0, &["runs", what, "-o", form]).stdout);
            }
        }
    }
    nowhere(&home, &outputs);
}

#[test]
fn a_bad_password_is_not_repeated() {
    let home = Home::new();
    let path = home.path().join("password");
    fs::write(&path, "a b\n").expect("a file");
    let path = path.display().to_string();
    let done = home.create(64, &["--password-file", &path]);
    assert!(!done.stderr.contains("a b"), "{done:?}");
    done.says("the password ").says("8 to 41");
    fs::write(&path, "\n").expect("a file");
    home.create(64, &["--password-file", &path])
        .says("holds no password");
}

#[test]
fn a_run_with_a_password_can_be_resumed_with_it() {
    let home = Home::new();
    let path = home.path().join("password");
    fs::write(&path, format!("{PASSWORD}\n")).expect("a file");
    let path = path.display().to_string();
    home.fault(&[
        "--operation",
        "CreateDBCluster",
        "--error",
        "ExpiredToken",
        "--times",
        "1",
    ]);
    home.create(3, &["--password-file", &path]);
    let without = home.resume(3);
    without.says("password");
    let done = home.expect(
        0,
        &["--sandbox-speed", "max", "resume", "--password-file", &path],
    );
    nowhere(&home, &[without.stderr, done.stdout, done.stderr]);
}
