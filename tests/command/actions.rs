//! The replacements for the composite actions of GitHub: each is read, and its
//! command run on the sandbox with the variables that it would set.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::harness::{Done, Home, MAX, Running};
use super::peering::ground::{ROSA_RANGE, THERE, lay_out};
use super::peering::outside::install_rosa;

/// The inputs of the actions that they replace, as the workflows give them.
const REPLACED: [(&str, &[&str]); 4] = [
    (
        "aurora-create-database",
        &[
            "name",
            "region",
            "engineVersion",
            "instanceClass",
            "instances",
            "clusterSnapshotId",
        ],
    ),
    (
        "aurora-create-peering-connection",
        &["name", "region", "clusterName"],
    ),
    ("aurora-delete-database", &["name", "region"]),
    (
        "aurora-delete-peering-connection",
        &["clusterName", "auroraCluster", "auroraRegion"],
    ),
];

/// An action, as far as this test has to know it.
struct Action {
    text: String,
    /// Each input with its default.
    inputs: BTreeMap<String, Option<String>>,
    /// The words of its command.
    words: Vec<String>,
    /// The variables of its command.
    variables: Vec<(String, String)>,
}

impl Action {
    #[track_caller]
    fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/github-actions");
        let text = fs::read_to_string(folder.join(name).join("action.yaml")).expect("an action");
        let mut action = Self {
            inputs: BTreeMap::new(),
            words: Vec::new(),
            variables: Vec::new(),
            text: String::new(),
        };
        let (mut section, mut input, mut inside_env) = ("", String::new(), false);
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            let (key, value) = line.trim().split_once(':').unwrap_or((line.trim(), ""));
            let value = value.trim().trim_matches(['"', '\'']);
            match (indent, key) {
                (0, key) if !key.is_empty() => {
                    section = if key == "inputs" { "inputs" } else { "" }
                }
                (2, key) if section == "inputs" => {
                    input = key.to_owned();
                    action.inputs.insert(input.clone(), None);
                }
                (4, "default") if section == "inputs" => {
                    action.inputs.insert(input.clone(), Some(value.to_owned()));
                }
                (6, "run") => {
                    assert!(action.words.is_empty(), "{name} runs one command");
                    action.words = value.split(' ').map(str::to_owned).collect();
                }
                (6, "env") => inside_env = true,
                (8, key) if inside_env => {
                    action.variables.push((key.to_owned(), value.to_owned()));
                }
                _ => inside_env = false,
            }
        }
        action.text = text;
        action
    }

    /// Runs the action's command with these inputs, on the sandbox.
    #[track_caller]
    fn run(&self, home: &mut Home, code: i32, inputs: &[(&str, &str)]) -> Done {
        self.set(home, inputs);
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        // Without `exec` a cancelled job would signal the shell alone.
        assert_eq!(words[..2], ["exec", "stepwell"]);
        home.expect(code, &[&MAX, &words[2..]].concat())
    }

    /// Sets the variables that the action would.
    #[track_caller]
    fn set(&self, home: &mut Home, inputs: &[(&str, &str)]) {
        for (name, _) in inputs {
            assert!(self.inputs.contains_key(*name), "no input {name}");
        }
        let given = |name: &str| {
            let given = inputs.iter().find(|(input, _)| *input == name);
            let default = self.inputs.get(name).and_then(Option::as_deref);
            given.map(|(_, value)| *value).or(default).unwrap_or("")
        };
        let state = home.state().display().to_string();
        for (variable, value) in &self.variables {
            let expression = value
                .strip_prefix("${{ ")
                .and_then(|rest| rest.split_once(" }}"));
            let value = match expression {
                Some(("runner.temp", "/stepwell/state.db")) => &state,
                Some((expression, "")) => {
                    let input = expression.strip_prefix("inputs.").expect("an input");
                    given(input)
                }
                _ => panic!("{variable} is {value}"),
            };
            home.set(variable, value);
        }
    }
}

#[test]
fn they_have_the_names_and_the_inputs_of_what_they_replace() {
    for (name, inputs) in REPLACED {
        let action = Action::read(name);
        let mut expected: Vec<&str> = inputs.to_vec();
        expected.sort_unstable();
        let declared: Vec<&str> = action.inputs.keys().map(String::as_str).collect();
        assert_eq!(declared, expected, "{name}");
        // Whatever is declared is used, and the other way round.
        for input in inputs {
            let used = format!("${{{{ inputs.{input} }}}}");
            assert!(action.text.contains(&used), "{name} ignores {input}");
        }
        assert_eq!(
            action.text.matches("inputs.").count(),
            action.text.matches("${{ inputs.").count()
        );
        assert!(
            action.text.contains("if: always()"),
            "{name} keeps no history"
        );
    }
}

/// What a runner does with a job that is cancelled: signals for the top process
/// of its step, SIGINT, after 7.5 seconds SIGTERM, and after 2.5 more SIGKILL.
#[test]
fn a_job_that_is_cancelled_suspends_its_run() {
    let mut home = Home::new();
    let action = Action::read("aurora-create-database");
    let inputs = [("name", "bench"), ("region", "eu-west-1")];
    action.set(&mut home, &inputs);
    // The runner writes the step's `run` to a file and gives that to bash.
    let script = home.path().join("step.sh");
    fs::write(&script, action.words.join(" ") + "\n").expect("a script");
    let bin = home.path().join("bin");
    fs::create_dir(&bin).expect("a folder");
    let wrapper = format!(
        "#!/bin/sh\nexec {} --sandbox \"$@\"\n",
        env!("CARGO_BIN_EXE_stepwell")
    );
    fs::write(bin.join("stepwell"), wrapper).expect("a command");
    fs::set_permissions(bin.join("stepwell"), Permissions::from_mode(0o755)).expect("a command");
    let plain = home.command(&[]);
    let mut command = Command::new("bash");
    command
        .args(["--noprofile", "--norc", "-e", "-o", "pipefail"])
        .arg(&script)
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .current_dir(home.path())
        .stdin(Stdio::null());
    let mut step = Running::of(command, &home);
    step.until("started cluster-available");
    for (signal, patience) in [(Signal::INT, 7500), (Signal::TERM, 2500), (Signal::KILL, 0)] {
        step.strike(signal);
        let start = Instant::now();
        while !step.is_over() && start.elapsed() < Duration::from_millis(patience) {
            thread::sleep(Duration::from_millis(10));
        }
    }
    let done = step.end();
    assert_eq!(done.code, 130, "{done:?}");
    done.says("SIGINT: nothing new is started")
        .says("stepwell resume ");
    assert_eq!(home.runs()[0]["status"], "interrupted");
    home.resume(0);
}

#[test]
fn a_job_creates_peers_unpeers_and_deletes() {
    let mut home = Home::new();
    let network = lay_out(&home, THERE, ROSA_RANGE);
    install_rosa(&mut home, &network);
    let before = home.count("");
    let cluster = [("name", "bench"), ("region", "eu-west-1")];
    Action::read("aurora-create-database")
        .run(&mut home, 0, &cluster)
        .prints("bench-instance-2");
    let peered = [("clusterName", "rosa")];
    Action::read("aurora-create-peering-connection").run(
        &mut home,
        0,
        &[&cluster[..], &peered].concat(),
    );
    assert_eq!(network.routes(&home), 2);
    let one = [("auroraCluster", "bench"), ("auroraRegion", "eu-west-1")];
    Action::read("aurora-delete-peering-connection").run(
        &mut home,
        0,
        &[&one[..], &peered].concat(),
    );
    assert_eq!(network.routes(&home), 0);
    Action::read("aurora-delete-database").run(&mut home, 0, &cluster);
    assert_eq!(home.count(""), before);
    let runs = home.runs();
    assert_eq!(runs.len(), 4, "the history is where the job keeps it");
    assert!(runs.iter().all(|run| run["status"] == "succeeded"));
}
