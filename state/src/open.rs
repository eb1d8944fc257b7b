//! Opening the database file: folder, mode, pragmas.
//!
//! Where the file system is this machine's own there is a write-ahead log. Where
//! others share it ([`crate::filesystem`]) the log's index, which is memory, is not
//! shared, and two machines would each write over what the other wrote; there a
//! rollback journal is kept, which needs nothing but locks.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::StoreError;
use crate::guard::{self, Danger, Looked, Remark};
use crate::lock::LOCKS;
use crate::owner::{self, Owner};
use crate::room;
use crate::schema;
use crate::store::Access;
use crate::watch::Identity;

/// How long a writer waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// A connection that writes.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    /// Whether it keeps a write-ahead log.
    pub(crate) has_log: bool,
    /// What a person should know.
    pub(crate) remarks: Vec<Remark>,
}

/// Opens the one connection that writes, and makes the file if there is none.
/// `shared` is the kind of a file system on which no write-ahead log is safe.
pub(crate) fn writer(
    path: &Path,
    access: Access,
    shared: Option<&'static str>,
) -> Result<Opened, StoreError> {
    let (file, mut looked) = make_file(path, access)?;
    guard::locks(&beside(path, LOCKS), access, &mut looked)?;
    unlock_log(path).map_err(|error| StoreError::io("write", path, error))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = connect(path, &real(path)?, flags)?;
    let failed = |error| cannot_write(path, error);
    // A file that can't be written is opened for reading without a word.
    if connection.is_readonly("main").map_err(failed)? {
        return Err(StoreError::ReadOnly {
            path: path.to_owned(),
        });
    }
    let version = schema::version(&connection, path)?;
    same(path, file)?;
    // Without a log, the end of a transaction is that its journal is gone, and
    // that has to be durable, too.
    let synchronous = if shared.is_some() { "EXTRA" } else { "FULL" };
    connection
        .pragma_update(None, "synchronous", synchronous)
        .map_err(failed)?;
    if version < schema::KNOWN {
        // Two processes that make the same file at once take turns, because
        // SQLite gives up at once when both change the journal mode.
        let _turn = crate::lock::turn(path).map_err(|error| StoreError::io("lock", path, error))?;
        enter_mode(&connection, path, shared.is_some())?;
        schema::migrate(&mut connection, path).map_err(|error| match error {
            StoreError::Database { source, .. }
                if source.sqlite_error_code() == Some(ErrorCode::CannotOpen) =>
            {
                no_log(path)
            }
            error => error,
        })?;
        sync_folder(path)?;
    } else {
        enter_mode(&connection, path, shared.is_some())?;
    }
    connection
        .pragma_update(None, "wal_autocheckpoint", room::PAGES)
        .map_err(failed)?;
    // Not before it is read are the log and its index there to be watched.
    connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
        .map_err(failed)?;
    looked.remarks.extend(shared.map(Remark::Shared));
    Ok(Opened {
        connection,
        has_log: shared.is_none(),
        remarks: looked.remarks,
    })
}

/// Opens a connection that only reads. `None` if there is nothing to read yet.
pub(crate) fn reader(
    path: &Path,
    access: Access,
) -> Result<(Option<Connection>, Vec<Remark>), StoreError> {
    let mut looked = guard::database(path, access)?;
    // Whose the locks are matters to those that take them.
    let _ = guard::locks(&beside(path, LOCKS), access, &mut looked);
    let connection = match looked.file {
        Some(file) => read(path, file)?,
        None => None,
    };
    Ok((connection, looked.remarks))
}

fn read(path: &Path, file: Identity) -> Result<Option<Connection>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.len() == 0 => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(StoreError::io("open", path, error)),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, &real(path)?, flags)?;
    let version = schema::version(&connection, path);
    same(path, file)?;
    match version {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(connection)),
        // A folder that can't be written, or is on a full disk, has no room for
        // the write-ahead log's index. Without a log, the file alone is the whole
        // truth.
        Err(StoreError::Database { source, .. })
            if matches!(
                source.sqlite_error_code(),
                Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure)
            ) && !has_log(path) =>
        {
            immutable(path, flags)
        }
        Err(StoreError::ReadOnly { .. }) if !has_log(path) => immutable(path, flags),
        // A process that died within a transaction left its journal, and only
        // who may write can take the transaction back.
        Err(error) if has_content(&beside(path, "-journal")) => {
            roll_back(path, file).or(Err(error))
        }
        Err(error) => Err(error),
    }
}

fn roll_back(path: &Path, file: Identity) -> Result<Option<Connection>, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect(path, &real(path)?, flags)?;
    let version = schema::version(&connection, path)?;
    same(path, file)?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(|error| StoreError::sqlite("read", path, error))?;
    Ok((version > 0).then_some(connection))
}

fn immutable(path: &Path, flags: OpenFlags) -> Result<Option<Connection>, StoreError> {
    let mut uri = String::from("file:");
    for character in real(path)?.to_string_lossy().chars() {
        match character {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            other => uri.push(other),
        }
    }
    uri.push_str("?immutable=1");
    let connection = connect(path, Path::new(&uri), flags | OpenFlags::SQLITE_OPEN_URI)?;
    let version = schema::version(&connection, path)?;
    Ok((version > 0).then_some(connection))
}

fn connect(path: &Path, name: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let open = || {
        let connection = Connection::open_with_flags(name, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(32);
        // Else SQLite makes a new plan whenever a value is bound that it might
        // have learned something from, which takes longer than to carry it out.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(connection)
    };
    open().map_err(|error| cannot_open(path, error))
}

/// The path with every link in it resolved but for the last name: SQLite is to
/// follow none, and links above the folder are the person's own business.
fn real(path: &Path) -> Result<PathBuf, StoreError> {
    let folder =
        fs::canonicalize(folder(path)).map_err(|error| StoreError::io("open", path, error))?;
    Ok(folder.join(path.file_name().unwrap_or_default()))
}

/// What was opened must be what was looked at.
fn same(path: &Path, file: Identity) -> Result<(), StoreError> {
    match Identity::at(path) {
        Ok(Some(now)) if now == file => Ok(()),
        _ => Err(StoreError::Moved {
            path: path.to_owned(),
        }),
    }
}

/// SQLite only says that it can't; the operating system says why.
///
/// It is asked only then: whoever closes any descriptor of a file takes away all
/// locks that his process has on it ("How To Corrupt An SQLite Database File",
/// section 2.2). Without them the next process that closes the database takes
/// itself for the last one and removes the log under those that still write it.
fn cannot_open(path: &Path, error: rusqlite::Error) -> StoreError {
    if error.sqlite_error_code() == Some(ErrorCode::CannotOpen)
        && let Err(error) = File::open(path)
    {
        return StoreError::io("open", path, error);
    }
    StoreError::sqlite("open", path, error)
}

fn enter_mode(connection: &Connection, path: &Path, is_shared: bool) -> Result<(), StoreError> {
    let wanted = if is_shared { "DELETE" } else { "WAL" };
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", wanted, |row| row.get(0))
        .map_err(|error| cannot_write(path, error))?;
    if mode.eq_ignore_ascii_case(wanted) {
        Ok(())
    } else {
        // The promise of durable appends at this cost can't be kept there.
        Err(StoreError::Io {
            doing: "keep a write-ahead log for",
            path: path.to_owned(),
            source: std::sync::Arc::new(io::Error::from(io::ErrorKind::Unsupported)),
        })
    }
}

/// The file itself is there and can be written; what can't be opened is the
/// log beside it.
pub(crate) fn cannot_write(path: &Path, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen) => no_log(path),
        _ => StoreError::sqlite("write", path, error),
    }
}

/// Why the log can't be opened: the operating system says it. No lock is on the
/// log, so it may be asked.
fn no_log(path: &Path) -> StoreError {
    let asked = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(beside(path, "-wal"));
    match asked {
        Err(error) if error.kind() != io::ErrorKind::PermissionDenied => {
            StoreError::io("write", path, error)
        }
        _ => StoreError::ReadOnly {
            path: path.to_owned(),
        },
    }
}

/// A log and its index that were made while the file could only be read have
/// its mode of then, and would keep everybody from writing.
fn unlock_log(path: &Path) -> io::Result<()> {
    const OWN: u32 = 0o600;
    let mode = |path: &Path| match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found.permissions().mode())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    if mode(path)?.is_none_or(|mode| mode & OWN != OWN) {
        return Ok(());
    }
    for path in ["-wal", "-shm"].map(|suffix| beside(path, suffix)) {
        if let Some(mode) = mode(&path)?
            && mode & OWN != OWN
        {
            fs::set_permissions(&path, Permissions::from_mode(mode | OWN))?;
        }
    }
    Ok(())
}

/// Whether the file alone is not the whole truth.
fn has_log(path: &Path) -> bool {
    ["-wal", "-journal"]
        .iter()
        .any(|suffix| has_content(&beside(path, suffix)))
}

fn has_content(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.len() > 0)
}

/// The path of a file that belongs to the database at `path`.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes sure that the file exists and is this user's alone; a new one is
/// readable and writable by its owner, and SQLite gives the log the same mode
/// and, where root makes it, the same owner.
fn make_file(path: &Path, access: Access) -> Result<(Identity, Looked), StoreError> {
    let looked = guard::database(path, access)?;
    if let Some(file) = looked.file {
        // Whether it may be written is for SQLite to find out: see `cannot_open`.
        return Ok((file, looked));
    }
    let failed = |error| StoreError::io("make a folder for", path, error);
    // What root makes in another user's folder that user could not use, or root
    // would trust what that user may change.
    if access == Access::ReadWrite
        && let Some(there) = path.ancestors().skip(1).find(|folder| folder.exists())
        && let Some(owner) = Owner::foreign_to_root(there)
    {
        return Err(StoreError::Unsafe {
            path: there.to_owned(),
            danger: Danger::Foreign(owner),
        });
    }
    make_folder(folder(path)).map_err(failed)?;
    let made = OpenOptions::new()
        .read(true)
        .write(true)
        // Follows no link, and makes nothing where something is.
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(file) => {
            Owner::of(folder(path))
                .and_then(|owner| owner::give(&file, owner))
                .map_err(|error| StoreError::io("open", path, error))?;
            sync_folder(path)?;
        }
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(StoreError::io("open", path, error)),
    }
    let looked = guard::database(path, access)?;
    match looked.file {
        Some(file) => Ok((file, looked)),
        None => Err(StoreError::Moved {
            path: path.to_owned(),
        }),
    }
}

/// The folder that a file is in.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes a folder and those above it, for the owner alone, and makes each
/// new name durable.
fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    make_folder(folder(path))?;
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            let above = File::open(folder(path))?;
            owner::give(&File::open(path)?, Owner::of(folder(path))?)?;
            above.sync_all()
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Another process was faster, unless it is a file.
            if path.is_dir() {
                Ok(())
            } else {
                Err(io::ErrorKind::NotADirectory.into())
            }
        }
        Err(error) => Err(error),
    }
}

/// Makes the names of the file and its log durable.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(folder(path))
        .and_then(|folder| folder.sync_all())
        .map_err(|error| StoreError::io("make durable the folder of", path, error))
}
