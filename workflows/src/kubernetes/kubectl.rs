//! Running `kubectl`: arguments as a list, bounded in time and in output,
//! ended when nobody waits for it any more.

use std::fmt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepwell_engine::{Certainty, Clock, Fault, ProcessGroup};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::process::{Child, ChildStdout, Command};

use super::faults::{self, NO_RESOURCE};
use crate::child;

/// How long one request of `kubectl`'s to its server may take. It makes
/// several to find out what the server offers.
const REQUEST_TIMEOUT: &str = "--request-timeout=30s";

/// How long one call of `kubectl` may take.
pub const LIMIT: Duration = Duration::from_secs(90);

/// How much a call may print: an object of Kubernetes has at most 1.5 MiB, and
/// there are lists of pods.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Where `kubectl` works: which program it is, and in which namespace of which
/// of its contexts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The program, by name or by path.
    pub kubectl: String,
    /// The context; none for the current one.
    pub context: Option<String>,
    /// The namespace; none for the context's own.
    pub namespace: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "namespace {namespace} of ")?,
            None => f.write_str("the namespace of ")?,
        }
        match &self.context {
            Some(context) => write!(f, "context {context}"),
            None => f.write_str("the current context"),
        }
    }
}

impl Place {
    /// The arguments of a call here, those that say where first.
    pub(crate) fn words(&self, arguments: &[&str]) -> Vec<String> {
        let context = self.context.iter().map(|name| format!("--context={name}"));
        let namespace = (self.namespace.iter()).map(|name| format!("--namespace={name}"));
        let rest = arguments.iter().map(|&word| word.to_owned());
        context.chain(namespace).chain(rest).collect()
    }

    /// A call that only looks; gives what it printed.
    pub(crate) async fn read(
        &self,
        clock: &dyn Clock,
        arguments: &[&str],
    ) -> Result<String, Fault> {
        self.call(clock, arguments, None, false).await
    }

    /// A call that changes something; gives what it printed.
    pub(crate) async fn change(
        &self,
        clock: &dyn Clock,
        arguments: &[&str],
        input: Option<String>,
    ) -> Result<String, Fault> {
        self.call(clock, arguments, input, true).await
    }

    /// A call that changes nothing, since the server only tries it: whether it
    /// would take it. Where something in between can't try, that is not known, and
    /// is taken for a yes. (Kubernetes, "Dynamic Admission Control": a webhook with
    /// side effects makes a dry run fail.)
    pub(crate) async fn try_out(
        &self,
        clock: &dyn Clock,
        arguments: &[&str],
        input: Option<String>,
    ) -> Result<(), Fault> {
        match self.call(clock, arguments, input, false).await {
            Err(fault) if fault.message.contains("does not support dry run") => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// Changes an object, `TYPE/NAME`, by a merge patch.
    pub(crate) async fn patch(
        &self,
        clock: &dyn Clock,
        object: &str,
        patch: &Value,
    ) -> Result<(), Fault> {
        let patch = patch.to_string();
        let words = ["patch", object, "--type=merge", "--patch", &patch];
        self.change(clock, &words, None).await.map(drop)
    }

    /// Has the server say whether it would take such a patch.
    pub(crate) async fn try_patch(
        &self,
        clock: &dyn Clock,
        object: &str,
        patch: &Value,
    ) -> Result<(), Fault> {
        let patch = patch.to_string();
        let words = [
            "patch",
            object,
            "--type=merge",
            "--patch",
            &patch,
            "--dry-run=server",
        ];
        self.try_out(clock, &words, None).await
    }

    /// Whether the user may do something with what is there. A server that can't
    /// be asked that is taken to allow it. (`kubectl auth can-i` prints `yes` or
    /// `no`, and ends with 0 or 1.)
    pub(crate) async fn may(
        &self,
        clock: &dyn Clock,
        verb: &str,
        resource: &str,
        subresource: Option<&str>,
    ) -> Result<bool, Fault> {
        let part = subresource.map(|name| format!("--subresource={name}"));
        let mut words = vec!["auth", "can-i", verb, resource];
        words.extend(part.as_deref());
        let ended = self.ended(clock, &words, None, false).await?;
        if ended.status.success() {
            return Ok(true);
        }
        if ended.stdout.trim_start().starts_with("no") {
            return Ok(false);
        }
        let fault = self.failure(&words, &ended, false);
        match fault.code.as_deref() {
            Some("NotFound" | NO_RESOURCE | "Forbidden") => Ok(true),
            _ => Err(fault),
        }
    }

    async fn call(
        &self,
        clock: &dyn Clock,
        arguments: &[&str],
        input: Option<String>,
        changes: bool,
    ) -> Result<String, Fault> {
        let ended = self.ended(clock, arguments, input, changes).await?;
        if ended.status.success() {
            return Ok(ended.stdout);
        }
        Err(self.failure(arguments, &ended, changes))
    }

    fn failure(&self, arguments: &[&str], ended: &Ended, changes: bool) -> Fault {
        let what = summary(arguments);
        faults::classify(&what, self, &ended.stderr, ended.status, changes)
    }

    async fn ended(
        &self,
        clock: &dyn Clock,
        arguments: &[&str],
        input: Option<String>,
        changes: bool,
    ) -> Result<Ended, Fault> {
        let what = summary(arguments);
        let mut words = self.words(&[REQUEST_TIMEOUT]);
        words.extend(arguments.iter().map(|&word| word.to_owned()));
        let mut command = self.command(&words);
        command
            .stdin(match input {
                Some(_) => Stdio::piped(),
                None => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A person's Ctrl-C is for this process, which lets calls return.
        let group = ProcessGroup::spawn(command).map_err(|error| self.missing(&error))?;
        let ended = tokio::select! {
            biased;
            ended = finish(group, input) => ended,
            () = clock.sleep(LIMIT) => {
                let mut fault = Fault::unreachable(format!(
                    "kubectl {what} did not end within {} seconds in {self}", LIMIT.as_secs()
                ));
                fault.effect = Certainty::of(changes);
                return Err(fault);
            }
        };
        ended.map_err(|error| {
            let mut fault =
                Fault::transient(format!("kubectl {what} could not be followed in {self}"))
                    .with_cause(error.to_string());
            fault.effect = Certainty::of(changes);
            fault
        })
    }

    /// Starts a call that has this process's own streams, for a person.
    pub fn interactive(&self, words: &[String]) -> Result<Interactive, Fault> {
        let mut command = self.command(words);
        let child = command
            .stdin(Stdio::inherit())
            .stdout(Stdio::inherit())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn();
        child.map(Interactive).map_err(|error| self.missing(&error))
    }

    /// Starts a call whose output is read line by line while it is at work.
    pub fn follow(&self, words: &[String]) -> Result<Followed, Fault> {
        let mut command = self.command(words);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut group = ProcessGroup::spawn(command).map_err(|error| self.missing(&error))?;
        let output = group.child().stdout.take().map(BufReader::new);
        Ok(Followed {
            group,
            output,
            line: Vec::new(),
        })
    }

    fn command(&self, words: &[String]) -> Command {
        let mut command = child::command(&self.kubectl);
        command.args(words);
        command
    }

    fn missing(&self, error: &std::io::Error) -> Fault {
        // It is written to at this moment: an upgrade, say.
        if error.kind() == std::io::ErrorKind::ExecutableFileBusy {
            return Fault::transient(format!("{} is being written to", self.kubectl))
                .with_cause(error.to_string())
                .without_effect();
        }
        Fault::permanent(format!("{} can't be started", self.kubectl))
            .with_cause(error.to_string())
            .with_code("KubectlMissing")
            .without_effect()
            .with_hint("install kubectl, or name it with --kubectl; OpenShift's oc does as well")
    }
}

/// The first words tell what a call is; what follows may be a whole object.
fn summary(arguments: &[&str]) -> String {
    arguments[..arguments.len().min(3)].join(" ")
}

/// A call of `kubectl` at work with a person.
pub struct Interactive(Child);

impl Interactive {
    /// Waits for its end; may be dropped and asked again.
    pub async fn end(&mut self) -> std::io::Result<ExitStatus> {
        self.0.wait().await
    }

    /// Its process id, as long as it lives.
    pub fn id(&self) -> Option<u32> {
        self.0.id()
    }
}

/// A call of `kubectl` whose output is read.
pub struct Followed {
    group: ProcessGroup,
    output: Option<BufReader<ChildStdout>>,
    line: Vec<u8>,
}

impl Followed {
    /// The next line with its end; none at the end. May be dropped and asked again.
    pub async fn line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        if let Some(output) = &mut self.output {
            output.read_until(b'\n', &mut self.line).await?;
        }
        let line = std::mem::take(&mut self.line);
        Ok((!line.is_empty()).then_some(line))
    }

    /// Waits for its end; may be dropped and asked again.
    pub async fn end(&mut self) -> std::io::Result<ExitStatus> {
        self.group.child().wait().await
    }
}

struct Ended {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

async fn finish(mut group: ProcessGroup, input: Option<String>) -> std::io::Result<Ended> {
    let child = group.child();
    let stdin = child.stdin.take();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let write = async {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // Whoever does not read it will say why.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
    };
    let ((), stdout, stderr) = tokio::join!(write, read(stdout), read(stderr));
    let (stdout, stderr) = (stdout?, stderr?);
    Ok(Ended {
        status: child.wait().await?,
        stdout,
        stderr,
    })
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(LONGEST + 1).read_to_end(&mut bytes).await?;
    }
    if bytes.len() as u64 > LONGEST {
        return Err(std::io::Error::other(format!(
            "it printed more than {LONGEST} bytes"
        )));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_for_a_shell() {
        assert_eq!(quoted("--image=postgres:17"), "--image=postgres:17");
        assert_eq!(quoted("select 1"), "'select 1'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("$HOME"), "'$HOME'");
        assert_eq!(quoted("~x"), "'~x'");
        assert_eq!(quoted(""), "''");
    }
}
