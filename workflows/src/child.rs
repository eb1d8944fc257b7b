//! Other programs as children: started without a shell, bounded in time and in
//! what they may say, and killed when nobody waits for them any more.

use std::ffi::OsStr;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use stepwell_engine::{Clock, ProcessGroup};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

/// How many bytes a child may print on stdout.
const MOST: usize = 4 << 20;

/// How many bytes of a child's stderr are kept, those of its end, where the
/// reason stands; the rest is read and dropped, so that the child is not held up.
const MOST_ERRORS: usize = 64 << 10;

/// What this process may know and no other program need: each has a login of
/// its own.
const WITHHELD: [&str; 4] = [
    "AURORA_PASSWORD",
    "OCM_CLIENT_ID",
    "OCM_CLIENT_SECRET",
    "OCM_TOKEN",
];

/// The command of another program, which inherits the environment but for this
/// program's own secrets.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for variable in WITHHELD {
        command.env_remove(variable);
    }
    command
}

/// A child that has ended by itself.
#[derive(Debug)]
pub(crate) struct Ended {
    /// How.
    pub(crate) status: ExitStatus,
    /// What it printed.
    pub(crate) stdout: Vec<u8>,
    /// What it complained about.
    pub(crate) stderr: Vec<u8>,
}

/// Why a child did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChildError {
    /// There is no such program.
    #[error("there is no such program")]
    Missing,
    /// It could not be started.
    #[error("it can't be started: {0}")]
    NotStarted(#[source] io::Error),
    /// It did not end in time, and was killed.
    #[error("it gave no answer within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// It printed without end, and was killed.
    #[error("it printed more than {} MiB", MOST >> 20)]
    TooMuch,
    /// What it printed could not be read.
    #[error("what it printed can't be read: {0}")]
    Lost(#[source] io::Error),
}

/// Runs a child to its end. `limit` is wall time: no clock of ours hastens
/// another program. The child gets no stdin, and is killed, with what it has
/// started, if it does not end in time, prints too much, if this future is
/// dropped, or if this process ends.
pub(crate) async fn run(
    clock: &dyn Clock,
    mut command: Command,
    limit: Duration,
) -> Result<Ended, ChildError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut group = ProcessGroup::spawn(command).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ChildError::Missing,
        _ => ChildError::NotStarted(error),
    })?;
    let child = group.child();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let (stdout, stderr) = tokio::try_join!(all(stdout), end(stderr))?;
        let status = child.wait().await.map_err(ChildError::Lost)?;
        Ok(Ended {
            status,
            stdout,
            stderr,
        })
    };
    tokio::select! {
        biased;
        ended = work => ended,
        () = clock.outside(limit) => Err(ChildError::TimedOut(limit)),
    }
}

/// Everything, if it is not too much.
async fn all(stream: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, ChildError> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        let mut limited = stream.take(MOST as u64 + 1);
        limited
            .read_to_end(&mut bytes)
            .await
            .map_err(ChildError::Lost)?;
    }
    if bytes.len() > MOST {
        return Err(ChildError::TooMuch);
    }
    Ok(bytes)
}

/// The end; the stream is read from its beginning all the same.
async fn end(stream: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, ChildError> {
    let mut kept = Vec::new();
    let Some(mut stream) = stream else {
        return Ok(kept);
    };
    let mut chunk = vec![0; 8 << 10];
    loop {
        let count = stream.read(&mut chunk).await.map_err(ChildError::Lost)?;
        kept.extend_from_slice(&chunk[..count]);
        if count == 0 || kept.len() >= 2 * MOST_ERRORS {
            kept.drain(..kept.len().saturating_sub(MOST_ERRORS));
        }
        if count == 0 {
            return Ok(kept);
        }
    }
}
