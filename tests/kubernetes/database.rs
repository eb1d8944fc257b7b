//! A PostgreSQL server for one test.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::install;

/// The password of the user `keycloak`.
pub(crate) const PASSWORD: &str = "correct-horse-battery-7";

/// How long the server may take until it answers, and to go.
const LIMIT: Duration = Duration::from_secs(60);

/// A server on 127.0.0.1 with the database `keycloak`. It ends with this value,
/// and with the process of the test even where that dies at once (see
/// `serve.py`).
pub(crate) struct Database {
    child: Child,
    folder: TempDir,
    psql: PathBuf,
    port: u16,
}

impl Database {
    /// Starts one; none where PostgreSQL can't be had.
    pub(crate) fn start() -> Option<Self> {
        let programs = install::programs()?;
        // Another process may be faster with the port that was chosen here.
        let started = (0..5).find_map(|_| Self::try_start(programs.to_owned()));
        Some(started.expect("PostgreSQL starts"))
    }

    fn try_start(programs: PathBuf) -> Option<Self> {
        let folder = TempDir::new().expect("a temporary directory");
        fs::write(folder.path().join("password"), PASSWORD).expect("a file");
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let mut child = Command::new("python3")
            .args(["-I", "-u"])
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/kubernetes/serve.py"
            ))
            .arg(&programs)
            .arg(folder.path())
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let stdout = child.stdout.take().expect("stdout");
        let mut stderr = child.stderr.take().expect("stderr");
        let (sender, receiver) = channel();
        thread::spawn(move || {
            let line = BufReader::new(stdout).lines().next();
            // The test may have given up.
            let _ = sender.send(line.is_some_and(|line| line.is_ok_and(|line| line == "ready")));
        });
        let mut this = Self {
            child,
            folder,
            psql: programs.join("psql"),
            port,
        };
        if receiver.recv_timeout(LIMIT) == Ok(true) {
            return Some(this);
        }
        this.stop();
        let mut said = String::new();
        let _ = stderr.read_to_string(&mut said);
        println!("the server does not start: {said}");
        None
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The client.
    pub(crate) fn psql(&self) -> &PathBuf {
        &self.psql
    }

    /// Asks the database, as its administrator.
    #[track_caller]
    pub(crate) fn ask(&self, sql: &str) -> String {
        self.ask_as("rdsadmin", sql).expect("an answer")
    }

    /// Asks the database as a user.
    pub(crate) fn ask_as(&self, user: &str, sql: &str) -> Result<String, String> {
        let output = Command::new(&self.psql)
            .arg("-h")
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string(), "-U", user, "-d", "keycloak"])
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .expect("psql starts");
        let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// The tables in the schema `public`.
    #[track_caller]
    pub(crate) fn tables(&self) -> Vec<String> {
        let sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
        self.ask(sql).lines().map(str::to_owned).collect()
    }

    fn stop(&mut self) {
        // It ends when nobody is there to write to it any more.
        drop(self.child.stdin.take());
        let start = Instant::now();
        while start.elapsed() < LIMIT {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.stop();
    }
}
