//! Names the commit that the program is built from, so that `--version` and the
//! histories of runs say which code was at work.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=STEPWELL_COMMIT");
    let package = cargo("CARGO_PKG_VERSION");
    let version = match given().or_else(checked_out) {
        Some(commit) => format!("{package} ({commit})"),
        None => package,
    };
    println!("cargo::rustc-env=STEPWELL_VERSION={version}");
}

/// The commit that a packager names.
fn given() -> Option<String> {
    let given = env::var("STEPWELL_COMMIT").ok()?;
    let commit = given.trim();
    assert!(
        commit.chars().all(|letter| letter.is_ascii_alphanumeric()),
        "STEPWELL_COMMIT is {given:?}; allowed: letters and digits"
    );
    (!commit.is_empty()).then(|| commit.to_owned())
}

/// The commit of the repository that this folder is the top of. A package that
/// is unpacked inside of another repository is not that one's.
fn checked_out() -> Option<String> {
    let top = PathBuf::from(git(&["rev-parse", "--show-toplevel"])?);
    let here = PathBuf::from(cargo("CARGO_MANIFEST_DIR"));
    if top.canonicalize().ok()? != here.canonicalize().ok()? {
        return None;
    }
    let commit = git(&["rev-parse", "--short=7", "HEAD"])?;
    // Each move of HEAD writes to its log; where none is kept, to one of the
    // others. A file that is not there must not be named: cargo would take it
    // for changed each time.
    let mut watched = ["logs/HEAD", "HEAD", "packed-refs"]
        .map(str::to_owned)
        .to_vec();
    watched.extend(git(&["symbolic-ref", "--quiet", "HEAD"]));
    for name in watched {
        let path = PathBuf::from(git(&["rev-parse", "--git-path", &name])?);
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    Some(commit)
}

/// What cargo says to every build script.
fn cargo(variable: &str) -> String {
    env::var(variable).expect("cargo sets it")
}

/// What git says, if it is there and says anything.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .current_dir(cargo("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .ok()?;
    let said = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !said.is_empty()).then_some(said)
}
