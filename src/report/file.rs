//! Data that goes to a file: as a whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::problem::Problem;

/// Refuses a place that is not a file's, before anything is done for it.
pub fn check(path: &Path) -> Result<(), Problem> {
    let refuse = |problem: &str| {
        Err(Problem::usage(format!(
            "--output-file {:?} {problem}; allowed: a new file, or one that may be replaced, in a folder that exists",
            path.display().to_string()
        )))
    };
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => refuse("is a symbolic link"),
        Ok(found) if found.is_dir() => refuse("is a folder"),
        Ok(found) if !found.is_file() => refuse("is not a regular file"),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match folder(path) {
            Some(folder) if folder.is_dir() && path.file_name().is_some() => Ok(()),
            _ => refuse("is in no folder that exists"),
        },
        Err(error) => Err(unwritable(path, &error)),
    }
}

/// Replaces a file by `bytes`: a reader sees the old one or the new one. A
/// `private` one is for its owner alone from its first byte on.
pub fn replace(path: &Path, bytes: &[u8], private: bool) -> Result<(), Problem> {
    check(path)?;
    let failed = |error: io::Error| unwritable(path, &error);
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(name);
    let mut file = OpenOptions::new()
        .write(true)
        // Never follows a link that somebody put there.
        .create_new(true)
        .mode(if private { 0o600 } else { 0o666 })
        .open(&beside)
        .map_err(failed)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It holds no more than a part.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(failed)
}

/// The folder that a file is in.
fn folder(path: &Path) -> Option<&Path> {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Some(Path::new(".")),
        other => other,
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::error(format!("{} can't be written", path.display())).because(error)
}
