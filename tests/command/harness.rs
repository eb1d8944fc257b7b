//! A home of its own for each test, and the command run in it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// No command of a test may take longer. A create whose every call goes wrong
/// waits half a minute in real time for each that may have had its effect.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// The sandbox in virtual time.
pub(crate) const MAX: [&str; 3] = ["--sandbox", "--sandbox-speed", "max"];

/// The cluster of the tests.
pub(crate) const KEYCLOAK: [&str; 4] = ["--cluster", "keycloak", "--region", "eu-west-1"];

/// A home of its own, with nothing of the machine's environment.
pub(crate) struct Home {
    dir: TempDir,
    variables: Vec<(String, String)>,
}

/// What became of a command.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().expect("a temporary directory"),
            variables: Vec::new(),
        }
    }

    /// Adds a variable to the environment of every command.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The state file: the one that a variable names, else in its default place.
    pub(crate) fn state(&self) -> PathBuf {
        let mut set = self.variables.iter();
        match set.find(|(name, _)| name == "STEPWELL_STATE") {
            Some((_, path)) => PathBuf::from(path),
            None => self.path().join(".local/state/stepwell/state.db"),
        }
    }

    /// The simulated account beside the state.
    pub(crate) fn sandbox(&self) -> PathBuf {
        self.state().with_file_name("sandbox.json")
    }

    /// Leaves it on the disk, for people to look at.
    pub(crate) fn keep(self) -> PathBuf {
        self.dir.keep()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stepwell"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a line of shell in which `stepwell` is the command, to its end.
    pub(crate) fn shell(&self, line: &str) -> Done {
        let binary = Path::new(env!("CARGO_BIN_EXE_stepwell"));
        let folder = binary.parent().expect("a folder").display();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", line])
            .env_clear()
            .env("PATH", format!("{folder}:/usr/bin:/bin"))
            .env("HOME", self.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(self.path())
            .stdin(Stdio::null());
        finish(command)
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        finish(self.command(arguments))
    }

    /// Runs a command that must end with this exit code.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, arguments: &[&str]) -> Done {
        let done = self.run(arguments);
        assert_eq!(done.code, code, "stepwell {arguments:?}: {done:#?}");
        done
    }

    /// Runs a command on the sandbox in virtual time.
    #[track_caller]
    pub(crate) fn max(&self, code: i32, arguments: &[&str]) -> Done {
        self.expect(code, &[&MAX, arguments].concat())
    }

    /// `aurora create` of the tests' cluster, in virtual time.
    #[track_caller]
    pub(crate) fn create(&self, code: i32, more: &[&str]) -> Done {
        self.max(code, &[&["aurora", "create"], &KEYCLOAK[..], more].concat())
    }

    /// `aurora delete` of the tests' cluster, confirmed, in virtual time.
    #[track_caller]
    pub(crate) fn delete(&self, code: i32, more: &[&str]) -> Done {
        let words = ["aurora", "delete", "--yes", "--skip-final-snapshot"];
        self.max(code, &[&words, &KEYCLOAK[..], more].concat())
    }

    /// Plants a fault in the sandbox.
    #[track_caller]
    pub(crate) fn fault(&self, words: &[&str]) {
        self.max(0, &[&["sandbox", "fault", "add"], words].concat());
    }

    /// Goes on with the latest run, in virtual time.
    #[track_caller]
    pub(crate) fn resume(&self, code: i32) -> Done {
        self.expect(code, &["--sandbox-speed", "max", "resume", "latest"])
    }

    /// The id of the newest run.
    #[track_caller]
    pub(crate) fn newest(&self) -> String {
        let runs = self.runs();
        runs[0]["id"].as_str().expect("an id").to_owned()
    }

    /// The story of a run.
    #[track_caller]
    pub(crate) fn show(&self, run: &str) -> Value {
        self.expect(0, &["-o", "json", "runs", "show", run]).json()
    }

    /// The runs, the newest first.
    #[track_caller]
    pub(crate) fn runs(&self) -> Vec<Value> {
        let list = self.expect(0, &["-o", "json", "runs", "list"]).json();
        list["runs"].as_array().expect("runs").clone()
    }

    /// How many resources of a kind the sandbox has; all kinds for "".
    #[track_caller]
    pub(crate) fn count(&self, kind: &str) -> usize {
        let status = self.expect(0, &["-o", "json", "sandbox", "status"]).json();
        let regions = status["regions"].as_object().expect("regions");
        regions
            .values()
            .flat_map(|resources| resources.as_array().expect("resources"))
            .filter(|resource| kind.is_empty() || resource["kind"] == kind)
            .count()
    }

    /// Starts a command that goes on while the test does.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let stdout = self.path().join(format!("stdout-{number}"));
        Running::start(self.command(arguments), stdout)
    }
}

impl Done {
    /// What is on stdout, which must be one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// What is on stdout, which must be JSON lines.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// The error, which must be the last line of stderr, as JSON.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "{text:?} is not in {self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn prints(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "{text:?} is not in {self:#?}");
        self
    }
}

/// Runs a command to its end.
pub(crate) fn finish(mut command: Command) -> Done {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdout = child.stdout.take().expect("stdout");
    let mut stderr = child.stderr.take().expect("stderr");
    let out = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let err = thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    let status = wait(&mut child);
    Done {
        code: code(status),
        stdout: out.join().expect("stdout").expect("text"),
        stderr: err.join().expect("stderr").expect("text"),
    }
}

/// The exit code; that of a signal as a shell shows it.
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("the child") {
            return status;
        }
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the command took too long");
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// A command that goes on while the test does.
pub(crate) struct Running {
    child: Child,
    stdout: PathBuf,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Running {
    /// Starts a command in a home.
    pub(crate) fn of(command: Command, home: &Home) -> Self {
        Self::start(command, home.path().join("stdout"))
    }

    fn start(mut command: Command, stdout: PathBuf) -> Self {
        let out = File::create(&stdout).expect("a file for stdout");
        let mut child = command
            .stdout(out)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let lines = follow(child.stderr.take().expect("stderr"));
        Self {
            child,
            stdout,
            lines,
            seen: Vec::new(),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a line on stderr has this text.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) {
        let start = Instant::now();
        while start.elapsed() < LIMIT {
            let Ok(line) = self.lines.recv_timeout(LIMIT) else {
                break;
            };
            let found = line.contains(text);
            self.seen.push(line);
            if found {
                return;
            }
        }
        panic!("no line has {text:?}: {:#?}", self.seen);
    }

    /// The next line on stderr, if one comes in this time.
    pub(crate) fn line(&mut self, patience: Duration) -> Option<String> {
        let line = self.lines.recv_timeout(patience).ok()?;
        self.seen.push(line.clone());
        Some(line)
    }

    /// The lines on stderr that were waited for so far.
    pub(crate) fn seen(&self) -> &[String] {
        &self.seen
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("the child").is_some()
    }

    /// Sends a signal, unless it has ended.
    pub(crate) fn strike(&mut self, signal: Signal) {
        if !self.is_over() {
            self.signal(signal);
        }
    }

    /// What is on stdout so far.
    pub(crate) fn stdout(&self) -> String {
        std::fs::read_to_string(&self.stdout).expect("stdout")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a process id");
        kill_process(pid, signal).expect("the process lives");
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Done {
        let status = wait(&mut self.child);
        self.seen.extend(self.lines.iter());
        Done {
            code: code(status),
            stdout: self.stdout(),
            stderr: self.seen.join("\n"),
        }
    }

    /// Ends it without a warning.
    pub(crate) fn kill(self) -> Done {
        self.signal(Signal::KILL);
        self.end()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(stderr: ChildStderr) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
