//! Whether the files are what they should be and nobody else's: looked at
//! before they are used. Whether they stay, see [`crate::watch`].
//!
//! What volumes and hosts do to files is mended or told, not refused: a group
//! that may write (Kubernetes' `fsGroup` sees to that at each start of a pod)
//! loses the bit, and another user's history may be read.
//!
//! They are looked at by name only. Whoever closes any descriptor of a database
//! takes away all locks that his process has on it, so it can't be opened
//! beside SQLite. SQLite itself follows no link (`SQLITE_OPEN_NOFOLLOW`), a new
//! file is made only where nothing is, and what was looked at before must be
//! what is there after it was opened.

use std::fmt;
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use crate::error::StoreError;
use crate::filesystem;
use crate::open::{beside, folder};
use crate::store::Access;
use crate::watch::Identity;

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
    /// It is a mount point: what belongs beside it lies elsewhere.
    Mounted,
}

/// What a person should know of a file that is used all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// Its group could write to it, with this mode, and can't any more.
    GroupTaken(u32),
    /// Its group may write to it, with this mode, and that can't be changed.
    GroupWrites(u32),
    /// It belongs to the user with this id.
    Foreign(u32),
    /// It is on a file system of this kind, where no write-ahead log is safe.
    Shared(&'static str),
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GroupTaken(mode) => {
                write!(
                    f,
                    "its group could write to it (mode {mode:04o}); no longer"
                )
            }
            Self::GroupWrites(mode) => write!(f, "its group may write to it (mode {mode:04o})"),
            Self::Foreign(owner) => write!(f, "it belongs to another user (uid {owner})"),
            Self::Shared(kind) => write!(
                f,
                "it is on {kind}, so it has a rollback journal in place of a write-ahead log"
            ),
        }
    }
}

impl fmt::Display for Danger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => f.write_str("it is a symbolic link"),
            Self::Foreign(owner) => write!(f, "it belongs to another user (uid {owner})"),
            Self::Names(count) => write!(f, "it has {count} names (hard links)"),
            Self::Writable(mode) => write!(f, "others may write to it (mode {mode:04o})"),
            Self::Mounted => f.write_str("it is mounted alone, without what lies beside it"),
        }
    }
}

/// What SQLite keeps beside a database. A log or journal that somebody put
/// there would be taken into it.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A database that was looked at.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// Which file it is, if there is one.
    pub(crate) file: Option<Identity>,
    /// What a person should know: of each kind one, however many files it
    /// concerns.
    pub(crate) remarks: Vec<Remark>,
    /// Whose the database is, and so what lies beside it may be.
    owner: Option<u32>,
}

impl Looked {
    fn remark(&mut self, remark: Remark) {
        let kind = std::mem::discriminant(&remark);
        let is_said = |said: &Remark| std::mem::discriminant(said) == kind;
        if !self.remarks.iter().any(is_said) {
            self.remarks.push(remark);
        }
    }
}

/// Refuses a database that is not a file of this user's alone, or that has such
/// files beside it.
pub(crate) fn database(path: &Path, access: Access) -> Result<Looked, StoreError> {
    let folder = folder(path);
    if let Some(found) = look(folder).map_err(|error| StoreError::io("open", path, error))?
        && found.is_symlink()
    {
        return Err(StoreError::Unsafe {
            path: folder.to_owned(),
            danger: Danger::Link,
        });
    }
    let mut looked = Looked::default();
    let Some(found) = look(path).map_err(|error| StoreError::io("open", path, error))? else {
        return Ok(looked);
    };
    file(path, &found, access, &mut looked)?;
    if filesystem::is_mounted_alone(path) {
        return Err(StoreError::Unsafe {
            path: path.to_owned(),
            danger: Danger::Mounted,
        });
    }
    for suffix in COMPANIONS {
        let path = beside(path, suffix);
        if let Some(found) = look(&path).map_err(|error| StoreError::io("open", &path, error))? {
            file(&path, &found, access, &mut looked)?;
        }
    }
    looked.file = Some(Identity::of(&found));
    Ok(looked)
}

/// Refuses a folder for locks that is somebody else's.
pub(crate) fn locks(path: &Path, access: Access, looked: &mut Looked) -> Result<(), StoreError> {
    match look(path).map_err(|error| StoreError::io("lock", path, error))? {
        None => Ok(()),
        Some(found) if found.is_dir() || found.is_symlink() => own(path, &found, access, looked),
        Some(_) => Err(StoreError::io(
            "lock",
            path,
            io::ErrorKind::NotADirectory.into(),
        )),
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

fn file(
    path: &Path,
    found: &Metadata,
    access: Access,
    looked: &mut Looked,
) -> Result<(), StoreError> {
    if !found.is_file() && !found.is_symlink() {
        return Err(StoreError::NotAFile {
            path: path.to_owned(),
        });
    }
    own(path, found, access, looked)?;
    match found.nlink() {
        0 | 1 => Ok(()),
        names => Err(StoreError::Unsafe {
            path: path.to_owned(),
            danger: Danger::Names(names),
        }),
    }
}

/// What others may do.
const OTHERS_WRITE: u32 = 0o002;
const GROUP_WRITES: u32 = 0o020;

fn own(
    path: &Path,
    found: &Metadata,
    access: Access,
    looked: &mut Looked,
) -> Result<(), StoreError> {
    let refused = |danger| {
        Err(StoreError::Unsafe {
            path: path.to_owned(),
            danger,
        })
    };
    if found.is_symlink() {
        return refused(Danger::Link);
    }
    let mode = found.mode() & 0o7777;
    let own = rustix::process::geteuid().as_raw();
    if mode & OTHERS_WRITE != 0 {
        return refused(Danger::Writable(mode));
    }
    if found.uid() != own {
        let expected = *looked.owner.get_or_insert(found.uid());
        if access == Access::ReadWrite || found.uid() != expected {
            return refused(Danger::Foreign(found.uid()));
        }
        looked.remark(Remark::Foreign(found.uid()));
        return Ok(());
    }
    looked.owner.get_or_insert(own);
    if mode & GROUP_WRITES != 0 {
        if takes_from_group(path, mode) {
            looked.remark(Remark::GroupTaken(mode));
        } else if access == Access::ReadOnly {
            looked.remark(Remark::GroupWrites(mode));
        } else {
            return refused(Danger::Writable(mode));
        }
    }
    Ok(())
}

/// Takes from the group what only the owner should: to write. Some file systems
/// have one mode for all files, and keep it.
fn takes_from_group(path: &Path, mode: u32) -> bool {
    let without = Permissions::from_mode(mode & !GROUP_WRITES);
    fs::set_permissions(path, without).is_ok()
        && look(path).is_ok_and(|now| now.is_some_and(|now| now.mode() & GROUP_WRITES == 0))
}
