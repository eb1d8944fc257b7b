//! A home, the sandbox of which is served by a process of its own, and the
//! command that works there.

use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use super::plan::{Blow, Form, What, When};
use crate::command::harness::{Done, Home, Running};

/// Longer than any start or restart of a server takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a line is waited for before the blow falls without it.
const LULL: Duration = Duration::from_secs(2);

/// Longer than a step waits for AWS at [`CALM`] speed.
const WAIT: Duration = Duration::from_secs(120);

/// A speed at which an attempt may take a second and a half: its limit of five
/// minutes is one of the sandbox's time.
pub(crate) const CALM: u32 = 200;

/// A home with a server.
pub(crate) struct Stage<'a> {
    pub(crate) home: &'a mut Home,
    server: Option<Running>,
    port: String,
    speed: String,
    /// What was done, as lines for a shell.
    pub(crate) script: String,
    /// What every process printed.
    pub(crate) said: String,
    /// The processes that may have written to a history.
    pub(crate) pids: Vec<u32>,
    pub(crate) dealt: Dealt,
}

/// What was dealt out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Dealt {
    /// Processes that a kill ended.
    pub(crate) kills: u64,
    /// Those of them whose run had begun.
    pub(crate) of_runs: u64,
    pub(crate) signals: u64,
    pub(crate) servers: u64,
    pub(crate) rivals: u64,
    pub(crate) planted: u64,
    pub(crate) fired: u64,
    pub(crate) resumes: u64,
    pub(crate) rollbacks: u64,
    pub(crate) commands: u64,
    /// What there is too much of where the work is complete.
    pub(crate) duplicates: u64,
    /// What is left where it was undone.
    pub(crate) leftovers: u64,
}

/// How a process of the command ended.
pub(crate) struct Ended {
    pub(crate) done: Done,
    /// Whether it was told to stop.
    pub(crate) asked: bool,
    pub(crate) rival: Rival,
}

/// What became of others that wanted to do the same work at the same time.
#[derive(Debug)]
pub(crate) enum Rival {
    /// There was none, or it was turned away, as it should.
    None,
    /// It did the work, for the first process had not begun, or had ended.
    Proceeded,
    /// It was not turned away as it should.
    Wrong(String),
}

impl Ended {
    pub(crate) fn was_killed(&self) -> bool {
        self.done.code == 137
    }
}

impl<'a> Stage<'a> {
    /// Serves the sandbox of a home.
    pub(crate) fn serve(home: &'a mut Home, speed: u32) -> Self {
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_CONFIG_FILE", "/nonexistent"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
        ] {
            home.set(name, value);
        }
        let mut stage = Self {
            home,
            server: None,
            port: "0".to_owned(),
            speed: speed.to_string(),
            script: String::new(),
            said: String::new(),
            pids: Vec::new(),
            dealt: Dealt::default(),
        };
        let endpoint = stage.raise().expect("a server");
        stage.port = endpoint
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        stage.home.set("AWS_ENDPOINT_URL", endpoint.trim());
        let port = &stage.port;
        stage.script = format!(
            "stepwell sandbox serve --port {port} --sandbox-speed {speed} &\n\
             export AWS_ENDPOINT_URL={}\n",
            endpoint.trim()
        );
        stage
    }

    /// Starts the server; none if it does not get its port.
    fn raise(&mut self) -> Option<String> {
        let words = ["sandbox", "serve", "--port", &self.port];
        let speed = ["--sandbox-speed", &self.speed];
        let mut server = self.home.start(&[&words[..], &speed].concat());
        let start = Instant::now();
        while let Some(line) = server.line(PATIENCE.saturating_sub(start.elapsed())) {
            if line.contains("Ctrl-C") {
                let endpoint = server.stdout();
                self.server = Some(server);
                return Some(endpoint);
            }
        }
        None
    }

    /// Kills the server and serves anew at the same address.
    fn strike_server(&mut self, away: Duration) {
        self.serve_anew(away);
        self.dealt.servers += 1;
    }

    /// Clears the faults, and slows time down to where a busy machine does not
    /// pass for an account that does not answer.
    pub(crate) fn calm(&mut self) {
        self.ask(&["sandbox", "fault", "clear"]);
        self.script.push_str("stepwell sandbox fault clear\n");
        self.slow_down(CALM);
    }

    /// Has time pass no faster than this.
    pub(crate) fn slow_down(&mut self, most: u32) {
        if self.speed.parse().is_ok_and(|speed: u32| speed > most) {
            self.speed = most.to_string();
            self.serve_anew(Duration::ZERO);
            self.script.push_str("# served anew, and slower\n");
        }
    }

    fn serve_anew(&mut self, away: Duration) {
        let Some(server) = self.server.take() else {
            return;
        };
        server.kill();
        thread::sleep(away);
        let start = Instant::now();
        // A connection of somebody else may have taken the port for a moment.
        while self.raise().is_none() {
            assert!(start.elapsed() < PATIENCE, "port {} is taken", self.port);
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Loses the state file, with the locks and all.
    pub(crate) fn lose_state(&mut self) {
        let state = self.home.state();
        let folder = state.parent().expect("a folder");
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with("state.db") {
                continue;
            }
            let removed = match path.is_dir() {
                true => fs::remove_dir_all(&path),
                false => fs::remove_file(&path),
            };
            removed.expect("it goes");
        }
        self.script.push_str("rm -r state/state.db*\n");
    }

    /// Runs a command that only looks, or plants, to its end.
    #[track_caller]
    pub(crate) fn ask(&mut self, words: &[&str]) -> Done {
        self.home.expect(0, words)
    }

    /// The document of a command that only looks.
    #[track_caller]
    pub(crate) fn look(&mut self, words: &[&str]) -> Value {
        self.ask(&[&["-o", "json"], words].concat()).json()
    }

    /// Runs a command on AWS under blows, to its end.
    pub(crate) fn live(&mut self, words: &[String], form: Form, blows: &[Blow]) -> Ended {
        let form = match form {
            Form::Text => "text",
            Form::Json => "json",
            Form::Jsonl => "jsonl",
        };
        let speed = self.speed.clone();
        let head = ["--sandbox-speed", &speed, "-o", form];
        let mut all: Vec<&str> = head.to_vec();
        all.extend(words.iter().map(String::as_str));
        let mut run = self.home.start(&all);
        self.pids.push(run.pid());
        self.dealt.commands += 1;
        match words[0].as_str() {
            "resume" => self.dealt.resumes += 1,
            "rollback" => self.dealt.rollbacks += 1,
            _ => {}
        }
        let line = format!("stepwell {}", all.join(" "));
        let _ = writeln!(self.said, "$ {line}");
        let (mut asked, mut rival) = (false, Rival::None);
        let mut struck = Vec::new();
        for blow in blows {
            await_moment(&mut run, blow.when);
            let seen = run.seen().len();
            match blow.what {
                What::Kill => run.strike(Signal::KILL),
                What::Interrupt | What::Terminate => {
                    let (signal, name) = match blow.what {
                        What::Interrupt => (Signal::INT, "INT"),
                        _ => (Signal::TERM, "TERM"),
                    };
                    run.strike(signal);
                    asked = true;
                    self.dealt.signals += 1;
                    struck.push(format!("{seen} {name}"));
                }
                What::Rival => {
                    self.dealt.rivals += 1;
                    rival = self.rival(&mut run, words, rival);
                    struck.push(format!("{seen} RIVAL"));
                }
                What::Serve(millis) => {
                    self.strike_server(Duration::from_millis(millis));
                    struck.push(format!("{seen} SERVER:{millis}"));
                }
            }
            if blow.what == What::Kill {
                struck.push(format!("{seen} KILL"));
                break;
            }
        }
        let done = run.end();
        let _ = match struck.is_empty() {
            true => writeln!(self.script, "{line}    # exit {}", done.code),
            false => writeln!(
                self.script,
                "struck '{}' {line}    # exit {}",
                struck.join(" "),
                done.code
            ),
        };
        let _ = writeln!(self.said, "{}{}", done.stderr, done.stdout);
        let _ = writeln!(self.said, "\n# exit {}, blows {blows:?}\n", done.code);
        if done.code == 137 {
            self.dealt.kills += 1;
        }
        Ended { done, asked, rival }
    }

    /// Has another process begin the same work while a first one is at it.
    fn rival(&mut self, first: &mut Running, words: &[String], so_far: Rival) -> Rival {
        // What is said is said under the lock.
        let locked = !first.seen().is_empty();
        let mut all = vec!["--sandbox-speed", &self.speed];
        all.extend(words.iter().map(String::as_str));
        let other = self.home.start(&all);
        self.pids.push(other.pid());
        let done = other.end();
        let holder = format!("process {} of", first.pid());
        if done.code == 6 && done.stderr.contains(&holder) {
            return so_far;
        }
        // The run is over or suspended, and the first process is only putting
        // things away.
        let let_go = ["there is nothing to", ", suspended\n"];
        if done.code == 1 && let_go.iter().any(|words| done.stderr.contains(words)) {
            return so_far;
        }
        // Several reaps share what there is.
        if !locked || words.contains(&"reap".to_owned()) || first.is_over() {
            return Rival::Proceeded;
        }
        Rival::Wrong(format!("a rival was not turned away: {words:?}: {done:#?}"))
    }
}

/// Waits for so many lines, each for so long at most, or for the end.
fn await_lines(run: &mut Running, lines: u32, patience: Duration) {
    for _ in 0..lines {
        if run.line(patience).is_none() {
            break;
        }
    }
}

fn await_moment(run: &mut Running, when: When) {
    match when {
        When::Lines(lines, micros) => {
            await_lines(run, lines, LULL);
            thread::sleep(Duration::from_micros(micros));
        }
        When::Line(line) => await_lines(run, line, WAIT),
        When::Millis(millis) => {
            let start = Instant::now();
            let moment = Duration::from_millis(millis);
            while start.elapsed() < moment && !run.is_over() {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
}
