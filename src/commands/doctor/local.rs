//! Checks of this machine: the state file and the tools.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};

use stepwell_state::Access;
use stepwell_workflows::child_command;

use super::LIMIT;
use crate::report::checks::Check;
use crate::session::store;
use crate::settings::Settings;

/// Too little for a history.
const FULL: u64 = 16 << 20;
/// Little for whatever else there is.
const SCARCE: u64 = 256 << 20;

/// Checks the state file and where it is.
pub(super) fn state(settings: &Settings) -> Vec<Check> {
    // What every command does first: makes a missing file, upgrades an old one.
    let mut checks = match store::open(settings, Access::ReadWrite) {
        Ok(_) => vec![Check::ok("state", settings.state.display().to_string())],
        Err(problem) => vec![Check::problem("state", problem)],
    };
    checks.extend(modes(&settings.state));
    checks.extend(disk(&settings.state));
    checks
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

/// Checks the commands that peering and debugging call.
pub(super) async fn tools(rosa_cluster: Option<&str>) -> Vec<Check> {
    let (rosa, kubectl, cluster) = tokio::join!(
        tool(
            "rosa",
            &["version"],
            "needed to look up a ROSA cluster by its name; else its network is given by flags",
        ),
        tool(
            "kubectl",
            &["version", "--client"],
            "needed to reach the database from inside the cluster",
        ),
        describe(rosa_cluster),
    );
    let mut checks = vec![rosa, kubectl];
    checks.extend(cluster);
    checks
}

/// How a child ended.
enum Ran {
    Missing,
    Failed(String),
    Silent,
    Ended(Output),
}

/// Runs a child that must end in time; it does not outlive this.
async fn run(program: &str, arguments: &[&str]) -> Ran {
    let mut command = child_command(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    match tokio::time::timeout(LIMIT, command.output()).await {
        Err(_) => Ran::Silent,
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Ran::Missing,
        Ok(Err(error)) => Ran::Failed(error.to_string()),
        Ok(Ok(output)) if output.status.success() => Ran::Ended(output),
        Ok(Ok(output)) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let first = said.lines().find(|line| !line.trim().is_empty());
            Ran::Failed(first.unwrap_or("it said nothing").trim().to_owned())
        }
    }
}

async fn tool(program: &'static str, arguments: &[&str], why: &str) -> Check {
    let call = format!("{program} {}", arguments.join(" "));
    match run(program, arguments).await {
        Ran::Missing => Check::warn(program, "not found").hint(why),
        Ran::Failed(said) => Check::warn(program, format!("`{call}` failed: {said}")).hint(why),
        Ran::Silent => Check::warn(program, silence(&call)),
        Ran::Ended(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            let line = said.lines().find(|line| !line.trim().is_empty());
            Check::ok(program, line.unwrap_or("found").trim())
        }
    }
}

fn silence(call: &str) -> String {
    format!("`{call}` gave no answer within {} s", LIMIT.as_secs())
}

/// Asks `rosa` for a cluster, if one is named.
async fn describe(cluster: Option<&str>) -> Option<Check> {
    let (name, cluster) = ("rosa-cluster", cluster?);
    let arguments = ["describe", "cluster", "-c", cluster, "-o", "json"];
    let hint = "log in with `rosa login`, or give its network by flags";
    Some(match run("rosa", &arguments).await {
        Ran::Missing => Check::fail(name, "`rosa` is not found").hint(hint),
        Ran::Failed(said) => {
            Check::fail(name, format!("`rosa describe cluster` failed: {said}")).hint(hint)
        }
        Ran::Silent => Check::fail(name, silence("rosa describe cluster")),
        Ran::Ended(output) => {
            let document: serde_json::Value =
                serde_json::from_slice(&output.stdout).unwrap_or_default();
            match document["state"].as_str() {
                Some("ready") => Check::ok(name, format!("{cluster} is ready")),
                Some(state) => Check::warn(name, format!("{cluster} is {state}, not ready")),
                None => Check::fail(name, "the answer of `rosa describe cluster` has no state"),
            }
        }
    })
}
