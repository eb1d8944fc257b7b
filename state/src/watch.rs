//! Whether the files that are written are still where others will look for them.
//!
//! All names are asked for before each commit, at the last moment, and the
//! database's once more after it. What befalls the log within a commit is as if
//! it had come right after it: the next one is refused, and nothing is lost.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::path::Arg;

use crate::error::StoreError;
use crate::open::beside;

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(crate) fn of(found: &Metadata) -> Self {
        Self {
            device: found.dev(),
            inode: found.ino(),
        }
    }

    /// Which file has this name now, if any; links are not followed.
    ///
    /// Nothing but that is asked for: a file whose times were asked for gets
    /// finer ones with its next write (since Linux 6.13), and each commit would
    /// then have to make its inode durable, too.
    #[cfg(target_os = "linux")]
    pub(crate) fn at(path: impl Arg) -> io::Result<Option<Self>> {
        use rustix::fs::{AtFlags, CWD, StatxFlags, makedev, statx};
        match statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::INO) {
            Ok(found) => Ok(Some(Self {
                device: makedev(found.stx_dev_major, found.stx_dev_minor),
                inode: found.stx_ino,
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Which file has this name now, if any; links are not followed.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn at(path: impl Arg) -> io::Result<Option<Self>> {
        match rustix::fs::lstat(path) {
            Ok(found) => Ok(Some(Self {
                device: found.st_dev as u64,
                inode: found.st_ino as u64,
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// A name and the file that it led to.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    file: Identity,
}

impl Place {
    fn new(path: PathBuf) -> Result<Self, StoreError> {
        match Identity::at(&path) {
            Ok(Some(file)) => Ok(Self { path, file }),
            Ok(None) => Err(StoreError::Moved { path }),
            Err(error) => Err(StoreError::io("look at", &path, error)),
        }
    }

    fn check(&self) -> Result<(), StoreError> {
        match Identity::at(&self.path) {
            Ok(Some(now)) if now == self.file => Ok(()),
            // A folder that can't be entered any more is as good as gone.
            _ => Err(StoreError::Moved {
                path: self.path.clone(),
            }),
        }
    }
}

/// The same names have to lead to the same files for as long as a connection
/// writes to them: else it writes where nobody will look.
#[derive(Debug)]
pub(crate) struct Watch {
    database: Place,
    /// The log and its index, where there are any: a rollback journal comes and
    /// goes.
    log: Vec<Place>,
}

impl Watch {
    /// Watches a database that is open.
    pub(crate) fn new(path: &Path, has_log: bool) -> Result<Self, StoreError> {
        let log: &[&str] = if has_log { &["-wal", "-shm"] } else { &[] };
        let log = log.iter().map(|suffix| Place::new(beside(path, suffix)));
        Ok(Self {
            database: Place::new(path.to_owned())?,
            log: log.collect::<Result<_, _>>()?,
        })
    }

    /// Whether they still do.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.database.check()?;
        self.log.iter().try_for_each(Place::check)
    }

    /// The log and which file it is, if there is one.
    pub(crate) fn log(&self) -> Option<(&Path, Identity)> {
        self.log.first().map(|log| (&*log.path, log.file))
    }

    /// Whether the database itself is where it was.
    pub(crate) fn check_database(&self) -> Result<(), StoreError> {
        self.database.check()
    }
}
