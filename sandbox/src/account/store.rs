//! Where an account lives: in memory, or in one file that processes share.

use crate::world::World;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// The version of the state file that this code writes.
const VERSION: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Options(&'static str),
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why the state of an account could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// Another user could decide what is read or overwritten there.
    #[error("{} is not safe to use: {danger}", path.display())]
    Unsafe { path: PathBuf, danger: &'static str },
    #[error("{} is not a readable account state ({reason}); `stepwell sandbox reset` starts an empty account", path.display())]
    Corrupt { path: PathBuf, reason: String },
    #[error("{} has state version {found}, this program reads {VERSION}; `stepwell sandbox reset` starts an empty account", path.display())]
    Version { path: PathBuf, found: u32 },
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct SavedClock {
    /// Simulated milliseconds since the UNIX epoch.
    pub(crate) simulated: u64,
    /// Real milliseconds since the UNIX epoch at the same moment.
    pub(crate) wall: u64,
}

impl SavedClock {
    /// The simulated time now, if no process has had the account since.
    pub(crate) fn continued(self, wall: u64, idle_speed: f64) -> u64 {
        let gap = wall.saturating_sub(self.wall) as f64;
        self.simulated
            .saturating_add((gap * idle_speed).round() as u64)
    }
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

#[derive(Deserialize)]
struct Loaded {
    clock: SavedClock,
    world: World,
}

/// The end of the year 9999 in milliseconds: times are written with four digits for the year.
const LATEST: u64 = 253_402_300_799_999;

/// More than any account makes; ids are counted on from here.
const MOST: u64 = 1 << 53;

impl Loaded {
    /// What this code never writes, and would not bear to count on from.
    fn absurd(&self) -> Option<&'static str> {
        let regions = self.world.regions.values();
        let mut events = regions.flat_map(|region| &region.events);
        if self.clock.simulated > LATEST || self.clock.wall > LATEST {
            Some("its clock is beyond the year 9999")
        } else if events.any(|event| event.at > LATEST) {
            Some("an event is beyond the year 9999")
        } else if self.world.counter > MOST {
            Some("it claims to have made more than there can be")
        } else {
            None
        }
    }
}

#[derive(Serialize)]
struct Saved<'a> {
    version: u32,
    clock: SavedClock,
    world: &'a World,
}

/// Tells whether a file is still the one that was read: each write makes a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    modified: (i64, i64),
    length: u64,
}

pub(crate) struct StateFile {
    path: PathBuf,
    stamp: Option<Stamp>,
}

/// Holds the account against other processes; the operating system lets go of it with the process.
pub(crate) struct Guard {
    _lock: File,
}

impl StateFile {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            stamp: None,
        }
    }

    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    pub(crate) fn lock(&self) -> Result<Guard, StateError> {
        if let Some(parent) = self.path.parent().filter(|p| !p.as_os_str().is_empty()) {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)
                .map_err(|source| io_error("create", parent, source))?;
        }
        let path = sibling(&self.path, ".lock");
        let lock = private(
            OpenOptions::new().read(true).write(true).create(true),
            &path,
        )?;
        let found = lock
            .metadata()
            .map_err(|source| io_error("lock", &path, source))?;
        own(&path, &found)?;
        give(&lock, &path);
        lock.lock()
            .map_err(|source| io_error("lock", &path, source))?;
        Ok(Guard { _lock: lock })
    }

    /// The state, if it is not the one that was read or written last. `None` inside: no file.
    pub(crate) fn reload(&mut self) -> Result<Reload, StateError> {
        // Statting before reading means that a write in between is noticed the next time.
        let stamp = match fs::symlink_metadata(&self.path) {
            Ok(data) => {
                own(&self.path, &data)?;
                Some(Stamp {
                    inode: data.ino(),
                    modified: (data.mtime(), data.mtime_nsec()),
                    length: data.len(),
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(io_error("read", &self.path, source)),
        };
        if stamp.is_some() && stamp == self.stamp {
            return Ok(Reload::Same);
        }
        if stamp.is_none() {
            let had_one = self.stamp.take().is_some();
            return Ok(if had_one { Reload::Gone } else { Reload::Same });
        }
        let mut bytes = Vec::new();
        private(OpenOptions::new().read(true), &self.path)?
            .read_to_end(&mut bytes)
            .map_err(|source| io_error("read", &self.path, source))?;
        let (clock, world) = self.parse(&bytes)?;
        self.stamp = stamp;
        Ok(Reload::Changed(clock, Box::new(world)))
    }

    fn parse(&self, bytes: &[u8]) -> Result<(SavedClock, World), StateError> {
        let corrupt = |error: serde_json::Error| StateError::Corrupt {
            path: self.path.clone(),
            reason: error.to_string(),
        };
        let version: VersionOnly = serde_json::from_slice(bytes).map_err(corrupt)?;
        if version.version != VERSION {
            return Err(StateError::Version {
                path: self.path.clone(),
                found: version.version,
            });
        }
        let loaded: Loaded = serde_json::from_slice(bytes).map_err(corrupt)?;
        if let Some(reason) = loaded.absurd() {
            return Err(StateError::Corrupt {
                path: self.path.clone(),
                reason: reason.to_owned(),
            });
        }
        Ok((loaded.clock, loaded.world))
    }

    /// Replaces the file. `durable` also asks the disk, so that power loss leaves a whole file as well.
    pub(crate) fn save(
        &mut self,
        clock: SavedClock,
        world: &World,
        durable: bool,
    ) -> Result<(), StateError> {
        let saved = Saved {
            version: VERSION,
            clock,
            world,
        };
        let bytes = serde_json::to_vec(&saved).map_err(|error| StateError::Corrupt {
            path: self.path.clone(),
            reason: error.to_string(),
        })?;
        // Only the holder of the lock writes, so one name for the temporary file is enough. What a
        // killed process left goes, whatever it is, and nothing is written to what is not new.
        let temporary = sibling(&self.path, ".new");
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error("remove", &temporary, error));
            }
            _ => {}
        }
        let mut file = private(OpenOptions::new().write(true).create_new(true), &temporary)?;
        give(&file, &self.path);
        let written = file
            .write_all(&bytes)
            .and_then(|()| if durable { file.sync_data() } else { Ok(()) });
        written.map_err(|source| io_error("write", &temporary, source))?;
        let data = file
            .metadata()
            .map_err(|source| io_error("write", &temporary, source))?;
        fs::rename(&temporary, &self.path)
            .map_err(|source| io_error("replace", &self.path, source))?;
        self.stamp = Some(Stamp {
            inode: data.ino(),
            modified: (data.mtime(), data.mtime_nsec()),
            length: data.len(),
        });
        Ok(())
    }

    /// Makes the next [`StateFile::reload`] read the file.
    pub(crate) fn forget(&mut self) {
        self.stamp = Some(Stamp {
            inode: 0,
            modified: (0, 0),
            length: 0,
        });
    }

    /// Removes the state, readable or not.
    pub(crate) fn remove(&mut self) -> Result<(), StateError> {
        self.stamp = None;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_error("remove", &self.path, error))
            }
            _ => Ok(()),
        }
    }
}

/// What [`StateFile::reload`] found.
pub(crate) enum Reload {
    /// The state that was read or written last.
    Same,
    Changed(SavedClock, Box<World>),
    Gone,
}

fn private(options: &mut OpenOptions, path: &Path) -> Result<File, StateError> {
    // No link is followed, and nothing is waited for that is no file.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|source| io_error("open", path, source))
}

/// Whether a file of this user may be used: one's own, and for root also that
/// of whom the folder belongs to, because root leaves no files of its own there.
fn is_trusted(path: &Path, owner: u32) -> bool {
    let own = rustix::process::geteuid();
    owner == own.as_raw()
        || own.is_root() && folder_of(path).is_some_and(|found| found.uid() == owner)
}

fn folder_of(path: &Path) -> Option<Metadata> {
    fs::metadata(path.parent().filter(|p| !p.as_os_str().is_empty())?).ok()
}

/// Gives what root has made to whom the folder belongs to. Where that user has
/// no number on this machine, it stays root's.
fn give(made: &File, path: &Path) {
    if rustix::process::geteuid().is_root()
        && let Some(folder) = folder_of(path).filter(|folder| folder.uid() != 0)
    {
        let _ = fchown(made, Some(folder.uid()), Some(folder.gid()));
    }
}

/// Refuses what is no file, or somebody else's.
fn own(path: &Path, found: &Metadata) -> Result<(), StateError> {
    let danger = if found.is_symlink() {
        "it is a symbolic link"
    } else if !found.is_file() {
        "it is not a file"
    } else if !is_trusted(path, found.uid()) {
        "it belongs to another user"
    } else {
        return Ok(());
    };
    Err(StateError::Unsafe {
        path: path.to_owned(),
        danger,
    })
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> StateError {
    StateError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
