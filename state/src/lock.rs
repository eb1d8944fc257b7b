//! Locks of the operating system: a dead process leaves none.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use stepwell_engine::event::Actor;
use stepwell_engine::{RunId, Timestamp};

use crate::error::LockError;
use crate::open::beside;

/// Who has a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process id.
    pub pid: u32,
    /// The machine's name.
    pub host: String,
    /// The person's login.
    pub user: String,
    /// Since when.
    pub since: Timestamp,
}

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

/// The lock file of a run.
pub(crate) fn run_path(database: &Path, run: RunId) -> PathBuf {
    beside(database, ".locks").join(format!("run-{run}"))
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
    beside(database, ".locks").join(format!("target-{digest}"))
}

/// Takes the lock of a file, which is made if need be.
pub(crate) fn acquire(path: &Path, by: &Actor, since: Timestamp) -> Result<Lock, LockError> {
    let failed = |source| LockError::Io {
        path: path.to_owned(),
        source,
    };
    let file = claim(path)
        .map_err(failed)?
        .ok_or_else(|| LockError::Held(read_holder(path)))?;
    let mut lock = Lock { file };
    let holder = Holder {
        pid: by.pid,
        host: by.host.clone(),
        user: by.user.clone(),
        since,
    };
    lock.write(&holder).map_err(failed)?;
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
    let file = open(&beside(database, ".locks").join("upgrade"))?;
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
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(folder)?;
            }
            options.open(path)
        }
        result => result,
    }
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
