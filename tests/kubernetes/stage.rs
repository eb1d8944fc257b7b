//! A cluster in the sandbox, two data centres with Keycloak, and a database.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::database::{Database, PASSWORD};
use crate::command::harness::{Done, Home, KEYCLOAK};

/// Where Keycloak runs.
pub(crate) const KUBERNETES: [&str; 6] = [
    "--namespace",
    "keycloak",
    "--context",
    "dc1",
    "--context",
    "dc2",
];

/// A home whose `kubectl` is the stand-in.
pub(crate) struct Stage {
    pub(crate) home: Home,
}

/// A stage with a database to which all pods connect.
pub(crate) struct Whole {
    pub(crate) stage: Stage,
    pub(crate) database: Database,
}

impl Whole {
    /// None where PostgreSQL can't be had.
    pub(crate) fn new() -> Option<Self> {
        let database = Database::start()?;
        let stage = Stage::new(json!({
            "program": database.psql(),
            "address": "127.0.0.1",
            "port": database.port(),
        }));
        Some(Self { stage, database })
    }

    /// Waits until a statement is at work that does nothing but take its time.
    #[track_caller]
    pub(crate) fn until_sleeping(&self) {
        let sql = "select count(*) from pg_stat_activity where query like 'select pg_sleep%'";
        self.stage.until(|_| self.database.ask(sql) == "1");
    }

    /// As Keycloak does when it finds an empty schema.
    #[track_caller]
    pub(crate) fn fill(&self, table: &str) {
        let sql = format!("CREATE TABLE {table} (id int); INSERT INTO {table} VALUES (1)");
        self.database.ask_as("keycloak", &sql).expect("a table");
    }
}

impl Stage {
    /// Without a database: statements are only noted.
    pub(crate) fn without_database() -> Self {
        Self::new(Value::Null)
    }

    fn new(psql: Value) -> Self {
        let mut home = Home::new();
        home.create(0, &[]);
        install(&mut home, &psql);
        Self { home }
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("kubernetes")
    }

    /// What Kubernetes holds.
    #[track_caller]
    pub(crate) fn state(&self) -> Value {
        let text = fs::read_to_string(self.folder().join("state.json")).expect("the state");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Changes what Kubernetes holds, while nobody else does.
    #[track_caller]
    pub(crate) fn change(&self, change: impl FnOnce(&mut Value)) {
        let mut state = self.state();
        change(&mut state);
        fs::write(self.folder().join("state.json"), state.to_string()).expect("a file");
    }

    /// Has a call go wrong: so many times, in one context.
    #[track_caller]
    pub(crate) fn strike(&self, verb: &str, context: &str, times: u32, how: &str) {
        self.change(|state| {
            let fault = json!({ "verb": verb, "context": context, "times": times, "do": how });
            state["faults"].as_array_mut().expect("faults").push(fault);
        });
    }

    /// The same for the second call of the kind.
    #[track_caller]
    pub(crate) fn strike_second(&self, verb: &str, context: &str, how: &str) {
        self.change(|state| {
            let fault = json!({
                "verb": verb, "context": context, "skip": 1, "times": 1, "do": how,
            });
            state["faults"].as_array_mut().expect("faults").push(fault);
        });
    }

    /// The same for calls with these words.
    #[track_caller]
    pub(crate) fn strike_at(&self, verb: &str, context: &str, what: &str, how: &str) {
        self.change(|state| {
            let fault = json!({
                "verb": verb, "context": context, "what": what, "times": 1000, "do": how,
            });
            state["faults"].as_array_mut().expect("faults").push(fault);
        });
    }

    /// How many pods a data centre is to have.
    #[track_caller]
    pub(crate) fn replicas(&self, context: &str) -> Value {
        let state = self.state();
        state["clusters"][context]["keycloak"]["statefulset/keycloak"]["spec"]["replicas"].clone()
    }

    /// Every call has gone well from now on.
    #[track_caller]
    pub(crate) fn calm(&self) {
        self.change(|state| state["faults"] = json!([]));
    }

    /// The calls so far, as words.
    #[track_caller]
    pub(crate) fn calls(&self) -> Vec<Vec<String>> {
        let text = fs::read_to_string(self.folder().join("calls.jsonl")).unwrap_or_default();
        text.lines()
            .map(|line| {
                let call: Value = serde_json::from_str(line).expect("JSON");
                assert_eq!(
                    call["secrets"],
                    json!([]),
                    "a secret in the environment: {line}"
                );
                let words = call["words"].as_array().expect("words");
                words
                    .iter()
                    .map(|word| word.as_str().expect("a word").to_owned())
                    .collect()
            })
            .collect()
    }

    /// How many calls had this verb.
    #[track_caller]
    pub(crate) fn count(&self, verb: &str) -> usize {
        let has = |call: &Vec<String>| {
            call.iter().any(|word| word == verb)
                // What the server is only to try changes nothing.
                && !call.iter().any(|word| word == "--dry-run=server" || word == "auth")
        };
        self.calls().iter().filter(|call| has(call)).count()
    }

    /// Waits until something is so.
    #[track_caller]
    pub(crate) fn until(&self, what: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !what(self) {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "it does not come"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Nothing was changed in Kubernetes.
    #[track_caller]
    pub(crate) fn untouched(&self) {
        for verb in ["create", "run", "patch", "delete"] {
            assert_eq!(self.count(verb), 0, "{verb}: {:#?}", self.calls());
        }
    }

    /// The pods of ours.
    #[track_caller]
    pub(crate) fn pods(&self) -> Vec<String> {
        let state = self.state();
        let space = &state["clusters"]["dc1"]["keycloak"];
        let names = space.as_object().expect("a namespace").keys();
        let own = names.filter(|name| name.starts_with("pod/stepwell-"));
        own.map(|name| name["pod/".len()..].to_owned()).collect()
    }

    /// The uids of Keycloak's pods in a data centre.
    #[track_caller]
    pub(crate) fn uids(&self, context: &str) -> Vec<String> {
        let state = self.state();
        let space = &state["clusters"][context]["keycloak"];
        ["pod/keycloak-0", "pod/keycloak-1"]
            .iter()
            .map(|pod| {
                space[pod]["metadata"]["uid"]
                    .as_str()
                    .expect("a uid")
                    .to_owned()
            })
            .collect()
    }

    /// The words of a reset in both data centres.
    pub(crate) fn words<'a>(more: &[&'a str]) -> Vec<&'a str> {
        let words = ["--sandbox", "aurora", "reset"];
        [&words[..], &KEYCLOAK, &KUBERNETES, more].concat()
    }

    /// A reset in both data centres, confirmed.
    #[track_caller]
    pub(crate) fn reset(&self, code: i32, more: &[&str]) -> Done {
        self.home
            .expect(code, &Self::words(&[&["--yes"], more].concat()))
    }

    /// `aurora psql` in the first data centre.
    pub(crate) fn psql(&self, more: &[&str]) -> Command {
        let words = ["--sandbox", "aurora", "psql"];
        self.home.command(&[&words[..], &KEYCLOAK, more].concat())
    }

    /// `peering verify` in the first data centre.
    #[track_caller]
    pub(crate) fn verify(&self, code: i32, more: &[&str]) -> Done {
        self.verify_in("keycloak", code, more)
    }

    /// The same in another namespace.
    #[track_caller]
    pub(crate) fn verify_in(&self, namespace: &str, code: i32, more: &[&str]) -> Done {
        let words = ["--sandbox", "peering", "verify"];
        let place = ["--namespace", namespace, "--context", "dc1"];
        let words = [&words[..], &KEYCLOAK, &place, more].concat();
        self.home.expect(code, &words)
    }

    /// Has pods end at once with a code and a log, whatever they are to do.
    #[track_caller]
    pub(crate) fn tells(&self, code: i32, log: &str) {
        self.change(|state| state["told"] = json!({ "code": code, "log": log }));
    }

    /// Asks the stand-in itself.
    #[track_caller]
    pub(crate) fn kubectl(&self, words: &[&str]) -> Done {
        let bin = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kubernetes/bin/kubectl");
        let mut command = Command::new(bin);
        command.args(words).env("KUBECONFIG", self.folder());
        crate::command::harness::finish(command)
    }
}

/// Gives a home two data centres with Keycloak, and the stand-in that reaches
/// them.
pub(crate) fn install(home: &mut Home, psql: &Value) {
    let folder = home.path().join("kubernetes");
    fs::create_dir(&folder).expect("a folder");
    let state = json!({
        "current": "dc1",
        "clusters": { "dc1": data_centre("dc1"), "dc2": data_centre("dc2") },
        "faults": [],
        "psql": psql,
    });
    fs::write(folder.join("state.json"), state.to_string()).expect("a file");
    home.set("PATH", &path());
    home.set("KUBECONFIG", &folder.display().to_string());
}

fn data_centre(name: &str) -> Value {
    let labels = json!({ "app": "keycloak" });
    let pod = |number: u32| {
        json!({
            "metadata": { "name": format!("keycloak-{number}"), "labels": labels,
                          "uid": format!("{name}-{number}") },
            "spec": { "containers": [{ "name": "keycloak" }] },
            "status": {
                "phase": "Running",
                "conditions": [{ "type": "Ready", "status": "True" }],
            },
        })
    };
    json!({
        "keycloak": {
            "secret/keycloak-db-secret": {
                "data": { "username": base64("keycloak"), "password": base64(PASSWORD) },
            },
            "statefulset/keycloak": {
                "metadata": { "generation": 1 },
                "spec": { "replicas": 2, "selector": { "matchLabels": labels },
                          "template": { "metadata": { "annotations": {} } } },
                "status": { "observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2,
                            "currentRevision": "revision-1", "updateRevision": "revision-1" },
            },
            "pod/keycloak-0": pod(0),
            "pod/keycloak-1": pod(1),
        },
    })
}

/// As a Secret holds its values.
pub(crate) fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for part in text.as_bytes().chunks(3) {
        let bits = part
            .iter()
            .fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte));
        let bits = bits << (8 * (3 - part.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            encoded.push(if place <= part.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    encoded
}

/// Where the stand-in is found, and what it needs.
pub(crate) fn path() -> String {
    let bin = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kubernetes/bin");
    // Where python3 really is: what stands for it in PATH may need more of the
    // environment than a command of the tests has.
    let python = python();
    let python = python.parent().expect("a folder").display();
    format!("{bin}:{python}:/usr/bin:/bin")
}

/// Where python3 really is.
fn python() -> PathBuf {
    let output = Command::new("python3")
        .args(["-I", "-c", "import sys; print(sys.executable)"])
        .output()
        .expect("python3 starts");
    Path::new(String::from_utf8_lossy(&output.stdout).trim()).to_owned()
}
