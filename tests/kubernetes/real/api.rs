//! The process that stands in for the API servers (`api/`), and what it tells.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long it may take to end.
const LIMIT: Duration = Duration::from_secs(20);

/// Servers of Kubernetes on 127.0.0.1. They end with this value, and with the
/// process of the test even where that dies at once.
pub(crate) struct Api {
    child: Child,
    streams: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
    ports: Value,
}

impl Api {
    /// Starts servers for data centres, whose pods reach a database if one is named.
    pub(crate) fn start(centres: &Value, database: &Value) -> Self {
        let mut child = Command::new("python3")
            .args(["-I", "-u", "-B"])
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/kubernetes/real/api"
            ))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let stdin = child.stdin.take().expect("stdin");
        let stdout = BufReader::new(child.stdout.take().expect("stdout"));
        let mut this = Self {
            child,
            streams: Mutex::new(Some((stdin, stdout))),
            ports: Value::Null,
        };
        this.ports = this.ask(&json!({ "centres": centres, "database": database }));
        this
    }

    /// The port of a data centre.
    pub(crate) fn port(&self, centre: &str) -> u64 {
        self.ports[centre].as_u64().expect("a port")
    }

    fn ask(&self, question: &Value) -> Value {
        let mut streams = self.streams.lock().expect("the streams");
        let (stdin, stdout) = streams.as_mut().expect("it lives");
        writeln!(stdin, "{question}").expect("it takes a line");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Changes how a data centre behaves.
    pub(crate) fn behave(&self, centre: &str, patch: &Value) {
        self.ask(&json!({ "change": centre, "behave": patch }));
    }

    /// Changes what a data centre holds, by `RESOURCE/NAME`.
    pub(crate) fn hold(&self, centre: &str, patches: &Value) {
        self.ask(&json!({ "change": centre, "objects": patches }));
    }

    /// All that there is and was.
    #[track_caller]
    pub(crate) fn seen(&self) -> Seen {
        let seen = Seen(self.ask(&json!({ "see": true })));
        let broken = seen.told("broken");
        assert!(broken.is_empty(), "the stand-in is wrong: {broken:#?}");
        seen
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // It ends when nobody is there to write to it any more.
        if let Ok(mut streams) = self.streams.lock() {
            *streams = None;
        }
        let start = Instant::now();
        while start.elapsed() < LIMIT {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What there is, and what happened in which order.
#[derive(Debug)]
pub(crate) struct Seen(Value);

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

impl Seen {
    /// What happened of a kind.
    pub(crate) fn told(&self, what: &str) -> Vec<&Value> {
        let story = self.0["story"].as_array().expect("a story");
        story
            .iter()
            .filter(|one| text(one, "what") == what)
            .collect()
    }

    /// What happened, in order, from the first request on.
    pub(crate) fn events(&self) -> Vec<&str> {
        let story = self.0["story"].as_array().expect("a story");
        let kinds = story.iter().map(|one| text(one, "what"));
        kinds.skip_while(|what| *what != "asked").collect()
    }

    /// The requests that were to change something.
    pub(crate) fn asked(&self, method: &str, part: &str) -> Vec<&Value> {
        let asked = self.told("asked").into_iter();
        asked
            .filter(|one| {
                text(one, "method") == method
                    && text(one, "path").contains(part)
                    && one["dry"] == false
            })
            .collect()
    }

    /// The pods that were made whose names begin so, by the places at which that
    /// stands in the story.
    pub(crate) fn made(&self, start: &str) -> Vec<u64> {
        let made = self.told("pod made").into_iter();
        made.filter(|one| text(one, "pod").starts_with(start))
            .map(number)
            .collect()
    }

    /// What a data centre holds: `RESOURCE/NAME`.
    pub(crate) fn object(&self, centre: &str, key: &str) -> &Value {
        &self.0["centres"][centre]["objects"][key]
    }

    /// The names of the pods there.
    pub(crate) fn pods(&self, centre: &str, start: &str) -> Vec<&str> {
        let objects = self.0["centres"][centre]["objects"]
            .as_object()
            .expect("objects");
        let pods = objects.keys().filter_map(|key| key.strip_prefix("pods/"));
        pods.filter(|name| name.starts_with(start)).collect()
    }

    /// How many pods of Keycloak's are ready there.
    pub(crate) fn ready(&self, centre: &str) -> u64 {
        let workloads = ["statefulsets/keycloak", "deployments/keycloak"];
        let found =
            workloads.map(|key| self.object(centre, key)["status"]["readyReplicas"].as_u64());
        found.into_iter().flatten().sum()
    }

    /// The places in the story at which a data centre was asked to change a number
    /// of pods, with the patch.
    pub(crate) fn patches(&self, centre: &str) -> Vec<(u64, &Value)> {
        let patched = self.told("patched").into_iter();
        patched
            .filter(|one| one["centre"] == centre)
            .map(|one| (number(one), one))
            .collect()
    }

    /// How often a schema was dropped.
    pub(crate) fn drops(&self) -> u64 {
        self.0["drops"].as_u64().expect("a number")
    }

    /// The specification of the first pod whose name begins so.
    #[track_caller]
    pub(crate) fn spec(&self, start: &str) -> &Value {
        let made = self.told("pod made");
        let first = made.iter().find(|one| text(one, "pod").starts_with(start));
        &first.expect("a pod")["spec"]
    }

    /// Nothing was changed: nothing made, scaled or taken away.
    #[track_caller]
    pub(crate) fn untouched(&self) {
        for what in ["pod made", "patched", "deleted", "dropped"] {
            let told = self.told(what);
            assert!(told.is_empty(), "{told:#?}");
        }
    }
}

/// The place in the story.
pub(crate) fn number(entry: &Value) -> u64 {
    entry["n"].as_u64().expect("a number")
}
