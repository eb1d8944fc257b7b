//! A moto server, and microburst in front of it, for one test.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http;
use super::install::python;

/// How long a server may take until it answers: the first one of a fresh
/// installation also compiles its sources.
const START: Duration = Duration::from_secs(5 * 60);

/// A server on 127.0.0.1. It ends with this value, and with the process of the
/// test even where that dies at once (see `serve.py`).
pub(crate) struct Server {
    child: Child,
    lines: Mutex<Receiver<String>>,
    port: u16,
}

impl Server {
    /// A simulated account with nothing in it but what every account has.
    pub(crate) fn moto() -> Self {
        let mut server = Self::start("moto.server", &["-H", "127.0.0.1", "-p", "0"]);
        // It takes a free port by itself and says which.
        let line = server.line("Running on http://127.0.0.1:");
        let port = line
            .rsplit(':')
            .next()
            .and_then(|port| port.trim().parse().ok());
        server.port = port.unwrap_or_else(|| panic!("moto names no port: {line}"));
        server
    }

    /// A proxy in front of another server, which does nothing until it gets a
    /// rule.
    pub(crate) fn microburst(upstream: &Self) -> Self {
        let upstream = upstream.url();
        // It can't choose a port. Another process may be faster with the one
        // chosen here, so it may take several attempts; and an answer counts
        // only if it is this proxy's.
        for _ in 0..10 {
            let port = free_port();
            let arguments = ["--upstream", &upstream, "--host", "127.0.0.1", "--port"];
            let mut server = Self::start(
                "microburst",
                &[&arguments[..], &[&port.to_string()]].concat(),
            );
            server.port = port;
            let start = Instant::now();
            while start.elapsed() < START && server.lives() {
                let health = http::get(port, "/_microburst/health");
                if health.is_ok_and(|health| health.contains(&upstream)) {
                    return server;
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
        panic!("microburst does not start");
    }

    fn start(module: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(python())
            .args(["-I", "-u"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto/serve.py"))
            .arg(module)
            .args(arguments)
            .env_clear()
            // Nothing here needs a list of machine images, in no region.
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let (sender, lines) = channel();
        let outputs: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|output| Box::new(output) as _),
            child.stderr.take().map(|output| Box::new(output) as _),
        ];
        for output in outputs.into_iter().flatten() {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    // Nobody may listen any more; the server must be able to write.
                    let _ = sender.send(line);
                }
            });
        }
        Self {
            child,
            lines: Mutex::new(lines),
            port: 0,
        }
    }

    /// Waits for a line with this text among what it prints.
    fn line(&mut self, text: &str) -> String {
        let start = Instant::now();
        let mut seen = Vec::new();
        while let Some(left) = START.checked_sub(start.elapsed()) {
            let lines = self.lines.get_mut().expect("the lines");
            match lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        panic!("the server does not say {text:?}: {seen:#?}");
    }

    fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Adds rules to microburst, and gives their ids.
    #[track_caller]
    pub(crate) fn plant(&self, rules: &Value) -> Vec<u64> {
        let made = http::send(self.port, "PATCH", "/_microburst/rules", rules).expect("rules");
        list(&made).iter().map(|rule| number(rule, "id")).collect()
    }

    /// How often each rule of microburst has fired, by its id.
    #[track_caller]
    pub(crate) fn counts(&self) -> HashMap<u64, u64> {
        let rules = http::get(self.port, "/_microburst/rules").expect("rules");
        let rules = list(&rules).into_iter();
        rules
            .map(|rule| (number(&rule, "id"), number(&rule, "fired_count")))
            .collect()
    }

    /// Takes every rule with these fields from microburst.
    #[track_caller]
    pub(crate) fn withdraw(&self, fields: &Value) {
        http::send(self.port, "DELETE", "/_microburst/rules", &json!([fields])).expect("no rules");
    }

    /// What a rule of microburst has caught, in order.
    #[track_caller]
    pub(crate) fn caught(&self, rule: u64) -> Vec<Value> {
        let path = format!("/_microburst/fired?limit=2000&rule_id={rule}");
        list(&http::get(self.port, &path).expect("what fired"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn list(json: &str) -> Vec<Value> {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

#[track_caller]
fn number(of: &Value, field: &str) -> u64 {
    of[field].as_u64().unwrap_or_else(|| panic!("{of}"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
