//! Checks of this machine: the state file, its disk, and `kubectl`.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use stepwell_state::{Access, Remark, RunFilter, Store, StoreError};
use stepwell_workflows::child_command;

use super::{LIMIT, silence};
use crate::report::checks::Check;
use crate::report::{not_understood, outcome, people, size};
use crate::session::{store, understood};
use crate::settings::Settings;

/// Too little for a history.
const FULL: u64 = 16 << 20;
/// Little for whatever else there is.
const SCARCE: u64 = 256 << 20;

/// Checks the state file and where it is.
pub(super) fn state(settings: &Settings) -> Vec<Check> {
    // What every command does first: makes a missing file, upgrades an old one.
    let path = match settings.state_file() {
        Ok(path) => path,
        Err(problem) => return vec![Check::problem("state", problem)],
    };
    let mut checks = match store::open(settings, Access::ReadWrite) {
        Ok(store) => {
            vec![
                place(path, &store),
                history(settings, &store),
                runs(settings, &store),
            ]
        }
        Err(problem) => vec![Check::problem("state", problem)],
    };
    checks.extend(modes(path));
    checks.extend(disk(path));
    checks
}

/// Where the state is, and how safely it is written there.
fn place(path: &Path, store: &Store) -> Check {
    let shown = path.display();
    match store
        .remarks()
        .iter()
        .find(|remark| matches!(remark, Remark::Shared(_)))
    {
        None => Check::ok("state", shown.to_string()),
        Some(remark) => Check::warn("state", format!("{shown}: {remark}"))
            .hint("use it from one host at a time, or keep it on a disk of this machine"),
    }
}

/// How many ended runs are worth keeping to whom does not say.
const KEPT: usize = 100;
/// More than the history of a thousand runs.
const LARGE: u64 = 256 << 20;

/// How large the history is, and what can be forgotten of it.
fn history(settings: &Settings, store: &Store) -> Check {
    let name = "history";
    let counts = || -> Result<(usize, usize), StoreError> {
        let all = store.runs(&RunFilter::default())?.len();
        Ok((all, store.prunable(0, None)?.len()))
    };
    let (all, ended) = match counts() {
        Ok(counts) => counts,
        Err(error) => return Check::problem(name, store::failed(&error)),
    };
    let text = format!(
        "{} with {all} runs, {ended} of them ended",
        size::text(store.size())
    );
    let check = match store.size() > LARGE {
        true => Check::warn(name, text),
        false => Check::ok(name, text),
    };
    match ended > KEPT {
        true => check.hint(format!(
            "{} runs prune --keep {KEPT} --yes",
            settings.invocation
        )),
        false => check,
    }
}

/// Whether this program could go on with every unfinished run.
fn runs(settings: &Settings, store: &Store) -> Check {
    let name = "runs";
    let unfinished = RunFilter {
        unfinished_only: true,
        ..RunFilter::default()
    };
    let rows = match store.runs(&unfinished) {
        Ok(rows) => rows,
        Err(error) => return Check::problem(name, store::failed(&error)),
    };
    let mut told = Vec::new();
    for row in &rows {
        match understood::why(store, row) {
            Err(problem) => return Check::problem(name, problem),
            Ok(None) => {}
            Ok(Some(why)) => {
                let (run, why) = (outcome::short(row.id), not_understood::causes(&why));
                told.push((format!("{run}: {}", why.join("; ")), run));
            }
        }
    }
    let Some((_, run)) = told.first() else {
        let text = format!(
            "{} are unfinished, and each can be gone on with",
            rows.len()
        );
        return Check::ok(name, text);
    };
    let show = settings.command_for("runs show", run);
    let said: Vec<&str> = told.iter().map(|(text, _)| text.as_str()).collect();
    let text = format!(
        "this program can't go on with run {}",
        said.join(", nor with ")
    );
    Check {
        code: Some("not_understood".to_owned()),
        ..Check::warn(name, people::line(&text)).hint(format!("what can be done: {show}"))
    }
}

/// Whether others may read the history, or put another in its place.
fn modes(file: &Path) -> Option<Check> {
    let name = "state-permissions";
    let mode = |path: &Path| Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o7777);
    let own = mode(file)?;
    let folder = file.parent()?;
    let above = mode(folder)?;
    Some(if own & 0o077 != 0 {
        Check::warn(
            name,
            format!("others may use the state file (mode {own:04o})"),
        )
        .hint(format!("chmod 600 {}", file.display()))
    } else if above & 0o022 != 0 && above & 0o1000 == 0 {
        Check::warn(
            name,
            format!("others may write to the folder of the state file (mode {above:04o})"),
        )
        .hint(format!("chmod 700 {}", folder.display()))
    } else {
        Check::ok(name, format!("file {own:04o}, folder {above:04o}"))
    })
}

/// Whether there is room for a history.
fn disk(file: &Path) -> Option<Check> {
    let name = "disk";
    let folder = file.ancestors().skip(1).find(|folder| folder.exists())?;
    Some(match rustix::fs::statvfs(folder) {
        Err(error) => Check::warn(name, format!("its free space is unknown: {error}")),
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let text = format!("{} MiB are free at {}", free >> 20, folder.display());
            match free {
                0..FULL => {
                    Check::fail(name, text).hint("free some, or name another file by --state")
                }
                FULL..SCARCE => Check::warn(name, text),
                _ => Check::ok(name, text),
            }
        }
    })
}

/// Checks the command that debugging and a reset call.
pub(super) async fn kubectl() -> Check {
    const NAME: &str = "kubectl";
    const CALL: &str = "`kubectl version --client`";
    let why = "needed to reach the database from inside the cluster";
    let mut command = child_command(NAME);
    command
        .args(["version", "--client"])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let first = |said: &[u8]| {
        let said = String::from_utf8_lossy(said);
        let line = said.lines().map(str::trim).find(|line| !line.is_empty());
        line.map(str::to_owned)
    };
    match tokio::time::timeout(LIMIT, command.output()).await {
        Err(_) => Check::warn(NAME, silence(CALL)),
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => {
            Check::warn(NAME, "not found").hint(why)
        }
        Ok(Err(error)) => Check::warn(NAME, format!("{CALL} failed: {error}")).hint(why),
        Ok(Ok(output)) if output.status.success() => {
            Check::ok(NAME, first(&output.stdout).unwrap_or("found".to_owned()))
        }
        Ok(Ok(output)) => {
            let said = first(&output.stderr).unwrap_or("it said nothing".to_owned());
            Check::warn(NAME, format!("{CALL} failed: {said}")).hint(why)
        }
    }
}
