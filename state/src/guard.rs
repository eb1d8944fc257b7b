//! Whether the files are what they should be and nobody else's: looked at
//! before they are used, and again while they are.
//!
//! They are looked at by name only. Whoever closes any descriptor of a database
//! takes away all locks that his process has on it, so it can't be opened
//! beside SQLite. SQLite itself follows no link (`SQLITE_OPEN_NOFOLLOW`), a new
//! file is made only where nothing is, and what was looked at before must be
//! what is there after it was opened.

use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::StoreError;
use crate::open::{beside, folder};

/// Why a file is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Danger {
    /// It is a symbolic link.
    Link,
    /// It belongs to the user with this id.
    Foreign(u32),
    /// It has so many names, so it may be another program's, too.
    Names(u64),
    /// Others may write to it: its mode.
    Writable(u32),
}

impl fmt::Display for Danger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => f.write_str("it is a symbolic link"),
            Self::Foreign(owner) => write!(f, "it belongs to another user (uid {owner})"),
            Self::Names(count) => write!(f, "it has {count} names (hard links)"),
            Self::Writable(mode) => write!(f, "others may write to it (mode {mode:04o})"),
        }
    }
}

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
        }
    }

    /// Which file has this name now, if any.
    pub(crate) fn at(path: &Path) -> io::Result<Option<Self>> {
        Ok(look(path)?.as_ref().map(Self::of))
    }
}

/// What SQLite keeps beside a database. A log or journal that somebody put
/// there would be taken into it.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Refuses a database that is not a file of this user's alone, or that has such
/// files beside it; says which file it is, if there is one.
pub(crate) fn database(path: &Path) -> Result<Option<Identity>, StoreError> {
    let folder = folder(path);
    if let Some(found) = look(folder).map_err(|error| StoreError::io("open", path, error))?
        && found.is_symlink()
    {
        return Err(StoreError::Unsafe {
            path: folder.to_owned(),
            danger: Danger::Link,
        });
    }
    let Some(found) = look(path).map_err(|error| StoreError::io("open", path, error))? else {
        return Ok(None);
    };
    file(path, &found)?;
    for suffix in COMPANIONS {
        let path = beside(path, suffix);
        if let Some(found) = look(&path).map_err(|error| StoreError::io("open", &path, error))? {
            file(&path, &found)?;
        }
    }
    Ok(Some(Identity::of(&found)))
}

/// Refuses a folder for locks that is somebody else's.
pub(crate) fn locks(path: &Path) -> Result<(), StoreError> {
    match look(path).map_err(|error| StoreError::io("lock", path, error))? {
        None => Ok(()),
        Some(found) if found.is_dir() || found.is_symlink() => own(path, &found),
        Some(_) => Err(StoreError::io(
            "lock",
            path,
            io::ErrorKind::NotADirectory.into(),
        )),
    }
}

/// The same names have to lead to the same files for as long as a connection
/// writes to them: else it writes where nobody will look.
#[derive(Debug, Default)]
pub(crate) struct Watch(Vec<(PathBuf, Identity)>);

impl Watch {
    /// Watches a database that is open in WAL mode, with its log and the log's
    /// index.
    pub(crate) fn new(database: &Path) -> Result<Self, StoreError> {
        let mut watch = Self::default();
        for path in [
            database.to_owned(),
            beside(database, "-wal"),
            beside(database, "-shm"),
        ] {
            match Identity::at(&path) {
                Ok(Some(identity)) => watch.0.push((path, identity)),
                Ok(None) => return Err(StoreError::Moved { path }),
                Err(error) => return Err(StoreError::io("look at", &path, error)),
            }
        }
        Ok(watch)
    }

    /// Whether they still do.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        for (path, identity) in &self.0 {
            match Identity::at(path) {
                Ok(Some(now)) if now == *identity => {}
                // A folder that can't be entered any more is as good as gone.
                _ => return Err(StoreError::Moved { path: path.clone() }),
            }
        }
        Ok(())
    }
}

/// What is there, links not followed.
fn look(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn file(path: &Path, found: &Metadata) -> Result<(), StoreError> {
    if !found.is_file() && !found.is_symlink() {
        return Err(StoreError::NotAFile {
            path: path.to_owned(),
        });
    }
    own(path, found)?;
    match found.nlink() {
        0 | 1 => Ok(()),
        names => Err(StoreError::Unsafe {
            path: path.to_owned(),
            danger: Danger::Names(names),
        }),
    }
}

fn own(path: &Path, found: &Metadata) -> Result<(), StoreError> {
    let danger = if found.is_symlink() {
        Danger::Link
    } else if found.uid() != rustix::process::geteuid().as_raw() {
        Danger::Foreign(found.uid())
    } else if found.mode() & 0o022 != 0 {
        Danger::Writable(found.mode() & 0o7777)
    } else {
        return Ok(());
    };
    Err(StoreError::Unsafe {
        path: path.to_owned(),
        danger,
    })
}
