//! Data that goes to a file: as a whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

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
    let (beside, mut file) = fresh(path, private).map_err(failed)?;
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

/// How many names are tried for a new file.
const TRIES: u32 = 16;

/// A new file beside `path`. It never follows a link that somebody put there,
/// and what a killed process left is not in its way.
fn fresh(path: &Path, private: bool) -> io::Result<(PathBuf, File)> {
    let mut tries = 0;
    loop {
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}-{tries}", std::process::id()));
        let beside = path.with_file_name(name);
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(if private { 0o600 } else { 0o666 })
            .open(&beside);
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {
                tries += 1;
            }
            made => return made.map(|file| (beside, file)),
        }
    }
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
