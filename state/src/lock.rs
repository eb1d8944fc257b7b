//! Locks of the operating system: a dead process leaves none.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use stepwell_engine::event::Actor;
use stepwell_engine::{Holder, RunId, Timestamp};

use crate::error::LockError;
use crate::open::{beside, folder};
use crate::owner::{self, Owner};

/// A lock, held until it is dropped or the process ends, in whatever way.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // An empty file tells others, without their touching the lock, that
        // nobody has it. Closing the file releases it in any case.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// How often a lock is asked for before it counts as held: another process may
/// have it for the few microseconds that looking for a dead holder takes.
const TRIES: u32 = 100;

/// What the folder of the locks is called beside its database.
pub(crate) const LOCKS: &str = ".locks";

/// The lock file of a run.
pub(crate) fn run_path(database: &Path, run: RunId) -> PathBuf {
    beside(database, LOCKS).join(format!("run-{run}"))
}

/// The lock file of a target in an account.
pub(crate) fn target_path(database: &Path, account: &Value, target: &str) -> PathBuf {
    let mut text = String::new();
    canonical(account, &mut text);
    let mut hash = Sha256::new();
    hash.update(text);
    hash.update([0]);
    hash.update(target);
    let digest: String = hash.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    beside(database, LOCKS).join(format!("target-{digest}"))
}

/// Takes the lock of a file, which is made if need be.
pub(crate) fn acquire(path: &Path, by: &Actor, since: Timestamp) -> Result<Lock, LockError> {
    let failed = |source| LockError::Io {
        path: path.to_owned(),
        source,
    };
    let mut tries = 0;
    let file = loop {
        if let Some(file) = claim(path).map_err(failed)? {
            break file;
        }
        match read_holder(path) {
            // Its holder is just letting it go, or has not written its name yet.
            None if tries < TRIES => tries += 1,
            holder => return Err(LockError::Held(holder)),
        }
    };
    let mut lock = Lock { file };
    lock.write(&Holder::new(by, since)).map_err(failed)?;
    Ok(lock)
}

impl Lock {
    fn write(&mut self, holder: &Holder) -> io::Result<()> {
        let text = serde_json::to_vec(holder)?;
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&text)
    }
}

/// Takes the lock of a file without saying who; `None` if it is held.
pub(crate) fn claim(path: &Path) -> io::Result<Option<File>> {
    let mut tries = 0;
    loop {
        let file = open(path)?;
        match file.try_lock() {
            // The file may have been taken away between opening and locking;
            // then the lock guards nothing.
            Ok(()) if is_current(&file, path)? => return Ok(Some(file)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if tries >= TRIES => return Ok(None),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        tries += 1;
    }
}

/// Who holds the lock of a file, if anyone, without keeping it.
pub(crate) fn probe(path: &Path) -> Result<Option<Holder>, LockError> {
    let look = || -> io::Result<Option<Holder>> {
        let mut file = match OpenOptions::new().read(true).custom_flags(PLAIN).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(holder) = read(&mut file) else {
            return Ok(None);
        };
        // Whoever died left its name, but no lock.
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(holder)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    };
    look().map_err(|source| LockError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Waits for the turn to make or upgrade the database.
pub(crate) fn turn(database: &Path) -> io::Result<File> {
    let file = open(&beside(database, LOCKS).join("upgrade"))?;
    file.lock()?;
    Ok(file)
}

/// Follows no link and waits for nobody: the folder is this user's alone, but a
/// lock file is written to.
const PLAIN: i32 = OFlags::NOFOLLOW
    .union(OFlags::NONBLOCK)
    .bits()
    .cast_signed();

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .mode(0o600)
        .custom_flags(PLAIN);
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_folder(folder(path))?;
            options.open(path)
        }
        result => result,
    }?;
    let found = file.metadata()?;
    let own = found.uid() == rustix::process::geteuid().as_raw();
    if own && found.mode() & 0o022 != 0 {
        // A volume's group was let in; where that can't be mended, it is only
        // a lock.
        let _ = file.set_permissions(Permissions::from_mode(0o600));
    }
    if own && found.len() == 0 {
        owner::give(&file, Owner::of(folder(path))?)?;
    }
    Ok(file)
}

/// Makes the folder of the locks, which belongs to whom the database does.
fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let name = path.as_os_str().as_bytes();
    let database = name.strip_suffix(LOCKS.as_bytes()).unwrap_or(name);
    match Owner::of(Path::new(OsStr::from_bytes(database))) {
        Ok(owner) => owner::give(&File::open(path)?, owner),
        // It is only just being made, and will be this user's.
        Err(_) => Ok(()),
    }
}

/// Removes the files of locks that nobody has, but for those of runs that are
/// to be kept; says how many.
pub(crate) fn sweep(database: &Path, keep: impl Fn(&str) -> bool) -> io::Result<usize> {
    let folder = beside(database, LOCKS);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut count = 0;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let is_swept = match name.strip_prefix("run-") {
            Some(run) => !keep(run),
            None => name.starts_with("target-"),
        };
        // It is removed under its lock, so that nobody takes it meanwhile; who
        // waits for it sees that it is gone, and makes another.
        if is_swept && let Some(_held) = claim(&path)? {
            fs::remove_file(&path)?;
            count += 1;
        }
    }
    Ok(count)
}

fn is_current(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    match fs::metadata(path) {
        Ok(found) => Ok(found.ino() == ours.ino() && found.dev() == ours.dev()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn read_holder(path: &Path) -> Option<Holder> {
    let file = OpenOptions::new().read(true).custom_flags(PLAIN).open(path);
    read(&mut file.ok()?)
}

/// The holder's name; `None` while it is being written.
fn read(file: &mut File) -> Option<Holder> {
    let mut text = Vec::new();
    file.read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Writes a value so that equal ones look the same, whatever the order of
/// their keys.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            text.push('{');
            for key in keys {
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                canonical(&map[key], text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}
