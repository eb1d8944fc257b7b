//! What the steps work on: a folder with a site and what belongs to it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use stepwell_engine::Fault;

/// The folder of a site:
///
/// ```text
/// source/      the pages that are to be published, as text
/// releases/    one folder a release
/// current      leads to the release that is public
/// archives/    one file a release
/// scans/       what the scanner says of each release
/// catalogue.db which files there are, with their checksums
/// ```
#[derive(Debug, Clone)]
pub struct Site {
    root: PathBuf,
}

impl Site {
    /// The site in a folder, with what is not there yet made empty.
    ///
    /// # Errors
    /// When a folder or the catalogue can't be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Fault> {
        let site = Self { root: root.into() };
        for folder in ["source", "releases", "archives", "scans"] {
            let path = site.path(folder);
            fs::create_dir_all(&path).map_err(|error| failed("make", &path, &error))?;
        }
        let made = site.catalogue()?.execute_batch(
            "CREATE TABLE IF NOT EXISTS file
               (run TEXT, version TEXT, path TEXT, sha256 TEXT, size INTEGER)",
        );
        made.map_err(|error| sql(&error))?;
        Ok(site)
    }

    /// A place in the site's folder.
    pub fn path(&self, place: impl AsRef<Path>) -> PathBuf {
        self.root.join(place)
    }

    /// The folder of a release.
    pub fn release(&self, name: &str) -> PathBuf {
        self.path("releases").join(name)
    }

    /// Where the public link leads: the name of a release.
    ///
    /// # Errors
    /// When the link can't be read.
    pub fn current(&self) -> Result<Option<String>, Fault> {
        let link = self.path("current");
        let target = unless_missing(fs::read_link(&link));
        let target = target.map_err(|error| failed("read", &link, &error))?;
        Ok(target.and_then(|target| Some(target.file_name()?.to_str()?.to_owned())))
    }

    /// A connection to the catalogue.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn catalogue(&self) -> Result<Connection, Fault> {
        Connection::open(self.path("catalogue.db")).map_err(|error| sql(&error))
    }
}

/// None for what is not there.
pub(crate) fn unless_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a failed call on a file means for the run.
pub(crate) fn failed(what: &str, path: &Path, error: &io::Error) -> Fault {
    let message = format!("can't {what} {}", path.display());
    let fault = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Fault::operator(message).with_hint("make room, then resume")
        }
        // A child that has just been killed may still write.
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::Interrupted => Fault::transient(message),
        _ => Fault::permanent(message),
    };
    fault.with_cause(error.to_string())
}

/// What a failed statement means for the run.
pub(crate) fn sql(error: &rusqlite::Error) -> Fault {
    let fault = match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy) => Fault::transient("the catalogue is in use"),
        _ => Fault::permanent("the catalogue failed"),
    };
    fault.with_cause(error.to_string())
}
