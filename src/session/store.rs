//! The state file, with its errors put into form.

use std::sync::{Mutex, PoisonError};

use stepwell_engine::JournalError;
use stepwell_state::{Access, Danger, FindError, Remark, RunRow, Store, StoreError};

use crate::problem::Problem;
use crate::report::{Printer, shell};
use crate::settings::Settings;

/// Opens the state file; a missing one is made for writing, and empty for
/// reading.
pub fn open(settings: &Settings, access: Access) -> Result<Store, Problem> {
    let path = settings.state_file()?;
    let trusted = match access {
        Access::ReadWrite if settings.trusts_state => Access::Trusted,
        other => other,
    };
    let printer = Printer::new(settings);
    if let Some(note) = &settings.state_note {
        warn_once(&printer, note.clone());
    }
    let store = Store::open(path, trusted).map_err(|error| {
        let problem = failed(&error);
        match (&error, &problem.hint) {
            (
                StoreError::Unsafe {
                    danger: Danger::Foreign(_),
                    ..
                },
                Some(hint),
            ) if access == Access::ReadWrite && !settings.trusts_state => {
                let path = shell::quote(&path.to_string_lossy());
                let hint = format!("{hint}; if you trust that user: --trust-state {path}");
                problem.hint(hint)
            }
            _ => problem,
        }
    })?;
    // Where it is kept is what `doctor` tells; nobody has to act on it.
    let remarks = store.remarks().iter();
    for remark in remarks.filter(|remark| !matches!(remark, Remark::Shared(_))) {
        let text = format!("the state file {}: {remark}", path.display());
        warn_once(&printer, text);
    }
    Ok(store)
}

/// Warns of what a command meets each time that it opens the file, which some
/// do first to find a run, and then to go on with it.
fn warn_once(printer: &Printer, text: String) {
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if !said.contains(&text) {
        printer.warn(&text);
        said.push(text);
    }
}

/// The run that `text` stands for.
pub fn find(store: &Store, text: &str) -> Result<RunRow, Problem> {
    store.find(text).map_err(|error| match error {
        FindError::Store(error) => failed(&error),
        other => Problem::error(other.to_string())
            .code("no_such_run")
            .maybe_hint(other.hint()),
    })
}

/// The state file could not be used.
pub fn failed(error: &StoreError) -> Problem {
    let code = match error {
        StoreError::Corrupt { .. } | StoreError::Damaged { .. } => "state_corrupt",
        StoreError::ReadOnly { .. } | StoreError::Permission { .. } => "state_read_only",
        StoreError::Newer { .. } => "state_newer",
        StoreError::Busy { .. } => "state_busy",
        StoreError::Full { .. } => "state_full",
        StoreError::Broken { .. } => "history_broken",
        StoreError::Unsafe { .. } => "state_unsafe",
        StoreError::Moved { .. } => "state_moved",
        _ => "state",
    };
    let mut problem = Problem::error(error.to_string())
        .code(code)
        .maybe_hint(error.hint());
    if let Some(source) = std::error::Error::source(error) {
        problem = problem.because(source);
    }
    problem
}

/// A history could not be read.
pub fn unreadable(error: &JournalError) -> Problem {
    if let JournalError::Store { source, .. } = error
        && let Some(error) = source.downcast_ref::<StoreError>()
    {
        return failed(error);
    }
    Problem::error("the history could not be read").because(error)
}

/// The journal failed while a run went on.
pub fn journal_failed(what: &str, error: &JournalError) -> Problem {
    let mut problem = Problem::error(what).code("journal").because(error);
    if let JournalError::Store { source, .. } = error
        && let Some(error) = source.downcast_ref::<StoreError>()
    {
        problem = problem.maybe_hint(error.hint());
        if is_busy(error) {
            problem = problem.code("state_busy");
        }
    }
    problem
}

/// Whether it is only that another process has a transaction open.
pub fn is_busy(error: &StoreError) -> bool {
    matches!(error, StoreError::Busy { .. })
}
