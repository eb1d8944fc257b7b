//! What a person has run at the end of each run.

use std::process::Stdio;
use std::time::Duration;

use stepwell_engine::Clock;
use stepwell_engine::summary::RunSummary;
use stepwell_workflows::child_command;
use tokio::io::AsyncWriteExt as _;

use crate::Context;
use crate::report::outcome::{self, Next};

/// How long it may take, in wall time.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs the command of `--on-finish`, if there is one, with the run's document
/// on its stdin. Whatever becomes of it changes nothing but a line on stderr.
pub(super) async fn finished(
    context: &Context,
    clock: &dyn Clock,
    summary: &RunSummary,
    next: &Next,
) {
    let Some(command) = &context.settings.on_finish else {
        return;
    };
    let Ok(document) = outcome::document(summary, next) else {
        return;
    };
    let ended = tokio::select! {
        biased;
        ended = run(command, document) => ended,
        () = clock.outside(LIMIT) => Err(format!("did not end within {} s, and was killed", LIMIT.as_secs())),
    };
    if let Err(why) = ended {
        let warning = context.printer.err.warn("warning:");
        let line = format!("{warning} the command of --on-finish {why}");
        context.printer.progress(line);
    }
}

async fn run(command: &str, document: String) -> Result<(), String> {
    let mut child = child_command("/bin/sh");
    child
        // What it prints is not this command's data.
        .args(["-c", &format!("exec >&2\n{command}")])
        .stdin(Stdio::piped())
        .kill_on_drop(true);
    let mut child = child
        .spawn()
        .map_err(|error| format!("can't be started: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // It need not read it.
        let _ = stdin.write_all(document.as_bytes()).await;
    }
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("failed: {status}")),
        Err(error) => Err(format!("was lost: {error}")),
    }
}
