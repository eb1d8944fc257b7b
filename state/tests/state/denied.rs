//! Folders and files that may not be written. The superuser may write
//! everything, so these looks are taken by a child without its powers.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use stepwell_engine::RunId;
use stepwell_state::{Access, RunFilter, Store};

use crate::support::{append, beginning, child, child_path, open, story, this_program};

/// Somebody without powers.
const NOBODY: u32 = 65534;

/// Opens the state file in both ways and tells what came of it.
#[test]
fn child_that_opens() {
    let Some(path) = child_path() else { return };
    for (name, access) in [("write", Access::ReadWrite), ("read", Access::ReadOnly)] {
        let answer = match Store::open(&path, access) {
            Ok(store) => match store.runs(&RunFilter::default()) {
                Ok(runs) => format!("{} runs", runs.len()),
                Err(error) => story(&error),
            },
            Err(error) => story(&error),
        };
        println!("\n{name}: {answer}");
    }
}

/// What a powerless process gets to see of a state file with these modes.
fn answers(folder_mode: u32, file_mode: u32) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("a mode");
    // Where the test itself lies, a powerless process may have no way to.
    let program = dir.path().join("program");
    fs::copy(this_program(), &program).expect("copied");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("a mode");

    let folder = dir.path().join("folder");
    let path = folder.join("state.db");
    append(&open(&path), vec![beginning(RunId::from_u128(1))]);
    let mut command = child(&program, "denied::child_that_opens", &path);
    if fs::metadata(dir.path()).expect("a look").uid() == 0 {
        for file in [folder.as_path(), &path, &folder.join("state.db.locks")] {
            chown(file, Some(NOBODY), Some(NOBODY)).expect("given away");
        }
        command.uid(NOBODY).gid(NOBODY);
    }
    set(&path, file_mode);
    set(&folder, folder_mode);
    let output = command.output().expect("a child");
    set(&folder, 0o700);
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .filter(|line| line.starts_with("write: ") || line.starts_with("read: "))
        .collect::<Vec<_>>()
        .join("\n")
        .replace(&*dir.path().to_string_lossy(), "DIR")
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

const READ_ONLY: &str =
    "the state file DIR/folder/state.db can't be written: it or its folder is read-only";

#[test]
fn nothing_is_denied() {
    assert_eq!(answers(0o700, 0o600), "write: 1 runs\nread: 1 runs");
}

#[test]
fn a_read_only_file() {
    assert_eq!(
        answers(0o700, 0o400),
        format!("write: {READ_ONLY}\nread: 1 runs")
    );
}

#[test]
fn a_read_only_folder() {
    assert_eq!(
        answers(0o500, 0o600),
        format!("write: {READ_ONLY}\nread: 1 runs")
    );
}

#[test]
fn no_permission_at_all() {
    let denied = "no permission to open the state file DIR/folder/state.db: \
                  Permission denied (os error 13)";
    assert_eq!(
        answers(0o700, 0o000),
        format!("write: {denied}\nread: {denied}")
    );
    assert_eq!(
        answers(0o000, 0o600),
        format!("write: {denied}\nread: {denied}")
    );
}
