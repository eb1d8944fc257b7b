//! Where the state file is where nobody names it, and who may write to it.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::paths::absolute;
use crate::arguments::GlobalArguments;
use crate::environment::{self, Environment};
use crate::problem::Problem;

/// Where the state file is.
#[derive(Debug, Clone)]
pub struct Place {
    /// The file, or why there is no place for one.
    pub path: Result<PathBuf, Problem>,
    /// What a person should know of the place.
    pub note: Option<String>,
}

impl Place {
    /// A place that a person named.
    pub fn named(path: PathBuf) -> Self {
        Self {
            path: Ok(path),
            note: None,
        }
    }
}

/// The place where none is named: in the XDG state home, else below the home
/// that the environment names, else below the one of the user database.
///
/// Root that has kept another user's environment (`sudo` does that on some
/// systems, and a container's runner may) uses its own home: what it makes in
/// the other's could not be used there.
pub fn default_place(environment: &Environment) -> Place {
    let mut note = None;
    let mut usable = |variable: environment::Variable| {
        // The XDG specification has relative paths ignored. The root of all
        // folders is what those have as HOME who have none.
        let found = environment
            .path(variable)
            .filter(|path| path.is_absolute())?;
        let owner = foreign_to_root(&found);
        if let Some(owner) = owner {
            note = Some(format!(
                "{} ({}) belongs to another user (uid {owner}), so the state is in root's own home; \
                 to use another: --state PATH",
                variable.name(),
                found.display()
            ));
        }
        (owner.is_none() && found != Path::new("/")).then_some(found)
    };
    let home = usable(environment::XDG_STATE_HOME).or_else(|| {
        let home = usable(environment::HOME).or_else(|| {
            environment::passwd_home().filter(|home| home != Path::new("/") && home.is_absolute())
        });
        Some(home?.join(".local/state"))
    });
    let path = match home {
        Some(home) => Ok(home.join("stepwell/state.db")),
        None => Err(Problem::error(
            "there is no place for the state file: HOME is not set, and the user has no home",
        )
        .hint("name one with --state or STEPWELL_STATE")),
    };
    Place { path, note }
}

/// The other user to whom a folder belongs, or the one that it would be made
/// in, where this is root.
fn foreign_to_root(path: &Path) -> Option<u32> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let there = path.ancestors().find(|folder| folder.exists())?;
    let owner = std::fs::metadata(there).ok()?.uid();
    (owner != 0).then_some(owner)
}

/// Whether a person said that the state file may be another user's. The path is
/// said for itself, so that an alias does not trust whatever comes.
pub fn is_trusted(global: &GlobalArguments, state: Option<&PathBuf>) -> Result<bool, Problem> {
    let Some(trusted) = &global.trust_state else {
        return Ok(false);
    };
    let trusted = absolute(None, trusted)?;
    match state {
        Some(state) if *state == trusted => Ok(true),
        Some(state) => Err(Problem::usage(format!(
            "--trust-state \"{}\" is not the state file; allowed: {}",
            trusted.display(),
            state.display()
        ))),
        None => Err(Problem::usage(format!(
            "--trust-state \"{}\" names no state file; allowed: the one of --state or STEPWELL_STATE",
            trusted.display()
        ))),
    }
}
