//! Other programs as part of an attempt.

use std::io;
use std::process::{Output, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::Attempt;
use crate::model::Fault;

/// Reads until the other end of its input is closed, as it is when this process
/// has died, and then kills the process group that it was told.
const WATCH: &str = r#"while read -r line; do :; done; kill -s KILL -- "-$1""#;

/// Another program in a process group of its own, which ends with this value and
/// with this process, however that ends. A shell sees to the second; where there
/// is no `sh`, nobody does.
#[derive(Debug)]
pub struct ProcessGroup {
    child: Child,
    leader: Option<Pid>,
    /// Killed before it sees its input end, where the group has ended.
    _watcher: Option<Child>,
    /// Lives until the program has ended.
    outside: Option<watch::Receiver<()>>,
}

impl ProcessGroup {
    /// Starts the program.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let leader = id.and_then(Pid::from_raw);
        Ok(Self {
            _watcher: leader.and_then(watch_over),
            child,
            leader,
            outside: None,
        })
    }

    /// The program, for its streams.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Gives the program its input, if it has a pipe for it, and reads what it
    /// prints to the pipes it has, until it has ended.
    ///
    /// # Errors
    /// When a pipe breaks, other than that of an input it does not read.
    pub async fn output(mut self, input: &[u8]) -> io::Result<Output> {
        let stdin = self.child.stdin.take();
        let (stdout, stderr) = (self.child.stdout.take(), self.child.stderr.take());
        let write = async {
            if let Some(mut stdin) = stdin
                && let Err(error) = stdin.write_all(input).await
                && error.kind() != io::ErrorKind::BrokenPipe
            {
                return Err(error);
            }
            Ok(())
        };
        let ((), stdout, stderr, status) =
            tokio::try_join!(write, all(stdout), all(stderr), self.child.wait())?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // There may be nobody left.
            let _ = kill_process_group(leader, Signal::KILL);
        }
        // Dropped children are reaped by the runtime, in its own time. What an
        // attempt waits for is seen to its end.
        if let Some(outside) = self.outside.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
            && let Some(id) = self.leader
        {
            runtime.spawn_blocking(move || {
                let options =
                    rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
                // Reaped already: that is an end, too.
                let _ = rustix::process::waitid(rustix::process::WaitId::Pid(id), options);
                drop(outside);
            });
        }
    }
}

async fn all(stream: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        stream.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

fn watch_over(leader: Pid) -> Option<Child> {
    Command::new("sh")
        .args(["-c", WATCH, "sh", &leader.as_raw_nonzero().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // What a terminal sends to this process is not for it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .ok()
}

impl<C> Attempt<C> {
    /// Runs another program to its end, without input, in a [`ProcessGroup`]: all
    /// of it is killed where the attempt's time is over or the run is to be
    /// suspended, and when this process ends. The attempt lasts until the program
    /// has ended, so that it is never repeated beside itself.
    ///
    /// # Errors
    /// When there is no such program or it can't be started: then it had no
    /// effect. How it exits is for the step to judge.
    pub async fn child(&self, mut command: Command) -> Result<Output, Fault> {
        let name = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = ProcessGroup::spawn(command).map_err(|error| not_started(&name, &error))?;
        group.outside = Some(self.outside());
        group.output(&[]).await.map_err(|error| {
            Fault::transient(format!("what {name:?} printed can't be read"))
                .with_cause(error.to_string())
        })
    }
}

fn not_started(name: &str, error: &io::Error) -> Fault {
    let fault = match error.kind() {
        io::ErrorKind::NotFound => Fault::permanent(format!("there is no program {name:?}"))
            .with_hint("install it, or add its folder to PATH"),
        _ => Fault::permanent(format!("{name:?} can't be started")).with_cause(error.to_string()),
    };
    fault.without_effect()
}
