//! Whose the files are that root makes: nobody finds files of root's in a
//! folder of his own.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::Path;

use rustix::process::geteuid;

/// The user and group of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    /// Whose a file or folder is, links followed.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self {
            user: found.uid(),
            group: found.gid(),
        })
    }

    /// The other user to whom a folder belongs, where this is root; nobody else
    /// can give files away.
    pub(crate) fn foreign_to_root(folder: &Path) -> Option<u32> {
        let owner = Self::of(folder).ok()?.user;
        (geteuid().is_root() && owner != 0).then_some(owner)
    }
}

/// Gives what this process has just made to its owner, where this is root.
///
/// Fails where it can't be given; where the owner is a user that this machine
/// has no number for (the host's, in a container), it stays.
pub(crate) fn give(made: &File, owner: Owner) -> io::Result<()> {
    if !geteuid().is_root() || owner.user == 0 {
        return Ok(());
    }
    match fchown(made, Some(owner.user), Some(owner.group)) {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput) => Ok(()),
        given => given,
    }
}
