//! A home whose storage may be tampered with, and the comparison of its account
//! with its journal.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::command::harness::{Done, Home, finish};

/// A home, and the words that go before its commands.
pub(crate) struct Ground {
    pub(crate) home: Home,
    wrap: Vec<OsString>,
}

/// A resource of the account: its kind, and the run and the step that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    kind: String,
    run: String,
    step: String,
}

/// What is in the account, by id.
pub(crate) type Seen = BTreeMap<String, Resource>;

/// What comes and goes with another resource, and has no tags.
const DEPENDENT: [&str; 2] = ["network-interface", "secret"];

impl Ground {
    pub(crate) fn new() -> Self {
        Self::within(Vec::new())
    }

    /// Its commands are the last words of this command line.
    pub(crate) fn within(wrap: Vec<OsString>) -> Self {
        let mut home = Home::new();
        let state = home.path().join("state/state.db");
        home.set("STEPWELL_STATE", &state.display().to_string());
        fs::create_dir(home.path().join("state")).expect("a folder");
        set_mode(&home.path().join("state"), 0o700);
        Self { home, wrap }
    }

    /// The same home with other words before its commands.
    pub(crate) fn wrapped(self, wrap: Vec<OsString>) -> Self {
        Self { wrap, ..self }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        let state = self.home.state();
        state.parent().expect("a folder").to_owned()
    }

    /// A command, with these words between.
    pub(crate) fn command(&self, between: &[&str], words: &[&str]) -> Command {
        let plain = self.home.command(words);
        let mut line = self.wrap.clone();
        line.extend(between.iter().map(OsString::from));
        line.push(plain.get_program().to_owned());
        line.extend(plain.get_args().map(OsString::from));
        let mut command = Command::new(&line[0]);
        command
            .args(&line[1..])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .envs(
                plain
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Done {
        finish(self.command(&[], words))
    }

    #[track_caller]
    pub(crate) fn expect(&self, code: i32, words: &[&str]) -> Done {
        let done = self.run(words);
        assert_eq!(done.code, code, "stepwell {words:?}: {done:#?}");
        done
    }

    /// The runs, the newest first.
    #[track_caller]
    pub(crate) fn runs(&self) -> Vec<Value> {
        let list = self.expect(0, &["-o", "json", "runs", "list"]).json();
        list["runs"].as_array().expect("runs").clone()
    }

    /// What is in the account.
    #[track_caller]
    pub(crate) fn look(&self) -> Seen {
        let status = self.expect(0, &["-o", "json", "sandbox", "status"]).json();
        let regions = status["regions"].as_object().expect("regions");
        let resources = regions
            .values()
            .flat_map(|found| found.as_array().expect("resources"));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        resources
            .map(|found| {
                let resource = Resource {
                    kind: text(&found["kind"]),
                    run: text(&found["tags"]["stepwell:run"]),
                    step: text(&found["tags"]["stepwell:step"]),
                };
                (text(&found["id"]), resource)
            })
            .collect()
    }

    /// How many resources of a kind there are.
    #[track_caller]
    pub(crate) fn count(&self, kind: &str) -> usize {
        let seen = self.look();
        seen.values().filter(|found| found.kind == kind).count()
    }

    /// Every start in the journal: run, step and verb.
    #[track_caller]
    fn starts(&self) -> BTreeSet<(String, String, String)> {
        let mut starts = BTreeSet::new();
        for run in self.runs() {
            let id = run["id"].as_str().expect("an id");
            let events = self.expect(0, &["-o", "jsonl", "runs", "events", id]);
            for event in events.lines() {
                let data = &event["data"];
                if event["kind"] == "attempt_started" {
                    let text = |key: &str| data[key].as_str().expect("text").to_owned();
                    starts.insert((id.to_owned(), text("step"), text("verb")));
                }
            }
        }
        starts
    }

    /// Whatever has come or gone since `before` must be the work of a step whose
    /// start is in the journal. Says how many resources that are.
    #[track_caller]
    pub(crate) fn must_be_recorded(&self, before: &Seen) -> usize {
        let (now, starts) = (self.look(), self.starts());
        let started = |resource: &Resource, verb: &str| {
            starts.contains(&(resource.run.clone(), resource.step.clone(), verb.to_owned()))
        };
        let deleted = |id: &str, kind: &str| {
            starts.iter().any(|(_, step, _)| {
                step.starts_with("delete-")
                    && (step.ends_with(id) || (kind == "db-cluster" && step == "delete-cluster"))
            })
        };
        let mut compared = 0;
        for (id, found) in &now {
            if before.contains_key(id) || DEPENDENT.contains(&&*found.kind) {
                continue;
            }
            compared += 1;
            assert!(
                started(found, "run"),
                "{id} is unrecorded: {found:?} of {starts:#?}"
            );
        }
        for (id, found) in before {
            if now.contains_key(id) || DEPENDENT.contains(&&*found.kind) {
                continue;
            }
            compared += 1;
            assert!(
                started(found, "undo") || deleted(id, &found.kind),
                "the end of {id} is unrecorded: {found:?} of {starts:#?}"
            );
        }
        compared
    }

    /// Keeps all that the folder holds.
    pub(crate) fn keep(&self) -> PathBuf {
        let kept = self.home.path().join("kept");
        self.shell("rm -rf ../kept && cp -a . ../kept");
        kept
    }

    /// Puts back what was kept.
    pub(crate) fn put_back(&self) {
        self.shell("find . -mindepth 1 -delete && cp -a ../kept/. .");
    }

    /// A line of shell in the folder, where the commands see it.
    #[track_caller]
    pub(crate) fn shell(&self, line: &str) -> String {
        let folder = self.folder().display().to_string();
        self.shell_at_home(&format!("cd {folder}; {line}"))
    }

    /// The same in the home.
    #[track_caller]
    pub(crate) fn shell_at_home(&self, line: &str) -> String {
        let mut words = self.wrap.clone();
        words.extend(["/bin/sh", "-ec"].map(OsString::from));
        words.push(format!("cd '{}'; {line}", self.home.path().display()).into());
        let output = Command::new(&words[0]).args(&words[1..]).output();
        let output = output.expect("a shell");
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

pub(crate) fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// How many cases to try: `usual`, unless the environment asks for more.
pub(crate) fn cases(usual: usize) -> usize {
    let asked = std::env::var("STORAGE_TEST_CASES").ok();
    asked.map_or(usual, |text| text.parse().expect("a number"))
}

/// `count` numbers from `first` to `last`, evenly apart.
pub(crate) fn spread(count: usize, first: usize, last: usize) -> Vec<usize> {
    let gaps = count.max(2) - 1;
    (0..=gaps)
        .map(|step| first + (last - first) * step / gaps)
        .collect()
}
