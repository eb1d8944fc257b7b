//! Finds PostgreSQL and kubectl, or installs them where that can be done without
//! asking.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use std::{env, fs, io};

use rustix::process::{Pid, Signal, geteuid, kill_process};

/// What a test needs of PostgreSQL.
const PROGRAMS: [&str; 4] = ["initdb", "postgres", "psql", "pg_isready"];

/// How long one command of the installation may take: packages are downloaded.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Something that tests need and a machine may lack.
struct Needed {
    /// What it is called.
    name: &'static str,
    /// Its package in Debian and Ubuntu.
    package: &'static str,
    /// What the tests do with it.
    purpose: &'static str,
    /// Where it is.
    find: fn() -> Option<PathBuf>,
}

/// The folder with PostgreSQL's programs. None where there is no PostgreSQL
/// and none can be had: the test is to be left out then, which is said on
/// stderr. Where `CI` is set that is a failure.
pub(crate) fn programs() -> Option<&'static Path> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let needed = Needed {
        name: "PostgreSQL",
        package: "postgresql",
        purpose: "the tests in tests/kubernetes need its server and psql, and openssl",
        find: find_programs,
    };
    needed.have(&FOUND)
}

/// A real `kubectl`, likewise: the one that `STEPWELL_TEST_KUBECTL` names, else
/// the one in PATH.
pub(crate) fn kubectl() -> Option<&'static Path> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let needed = Needed {
        name: "kubectl",
        package: "kubernetes-client",
        purpose: "the tests in tests/kubernetes/real need it",
        find: find_kubectl,
    };
    needed.have(&FOUND)
}

impl Needed {
    fn have(&self, found: &'static OnceLock<Result<PathBuf, String>>) -> Option<&'static Path> {
        let found = found.get_or_init(|| match (self.find)() {
            Some(found) => Ok(found),
            None => self.install().and_then(|()| {
                (self.find)().ok_or_else(|| "it is installed and can't be found".to_owned())
            }),
        });
        match found {
            Ok(found) => Some(found),
            Err(why) => {
                let why = format!(
                    "{} can't be had: {why}; {} (on Debian and Ubuntu: apt-get install {})",
                    self.name, self.purpose, self.package
                );
                assert!(env::var_os("CI").is_none_or(|ci| ci.is_empty()), "{why}");
                // Past what the test runner captures: nobody may take it for passed.
                let line = format!(
                    "SKIPPED {}: {why}\n",
                    thread::current().name().unwrap_or("a test")
                );
                let _ = io::Write::write_all(&mut io::stderr(), line.as_bytes());
                None
            }
        }
    }

    fn install(&self) -> Result<(), String> {
        if !geteuid().is_root() {
            return Err("it is not installed, and only root may install it".to_owned());
        }
        // Several processes may want it at the same time. The lock is the
        // operating system's: it goes with the process that holds it.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let target = target.parent().expect("the target folder");
        let lock =
            File::create(target.join("postgresql.lock")).map_err(|error| error.to_string())?;
        lock.lock().map_err(|error| error.to_string())?;
        if (self.find)().is_some() {
            return Ok(());
        }
        apt(&["update", "--quiet"])?;
        let install = ["install", "--quiet", "--yes", "--no-install-recommends"];
        apt(&[&install[..], &[self.package]].concat())
    }
}

/// The folders of PATH.
fn path() -> Vec<PathBuf> {
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect()
}

/// Debian keeps the servers of all versions out of PATH.
fn find_programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = ["/usr/lib/postgresql", "/usr/local/lib/postgresql"]
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    // The newest first; they are all below the same two folders.
    folders.sort();
    folders.reverse();
    folders.extend(path());
    let has = |folder: &PathBuf| PROGRAMS.iter().all(|name| folder.join(name).is_file());
    folders.into_iter().find(has)
}

fn find_kubectl() -> Option<PathBuf> {
    if let Some(named) = env::var_os("STEPWELL_TEST_KUBECTL") {
        return Some(PathBuf::from(named));
    }
    let mut folders = path();
    folders.push(PathBuf::from("/usr/bin"));
    let programs = folders.iter().map(|folder| folder.join("kubectl"));
    let found = programs.into_iter().find(|program| program.is_file())?;
    let found = found.canonicalize().ok()?;
    // That of Google's SDK asks each server for its version, and calls one of
    // those beside it: twice the time.
    let beside = fs::read_dir(found.parent()?).ok()?;
    let version = |path: &PathBuf| -> Option<u32> {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix("kubectl.1.")?.parse().ok()
    };
    let beside = beside.filter_map(|entry| Some(entry.ok()?.path()));
    let newest = beside
        .filter(|path| version(path).is_some())
        .max_by_key(version);
    Some(newest.unwrap_or(found))
}

fn apt(words: &[&str]) -> Result<(), String> {
    let failed = |why: String| format!("`apt-get {}` failed: {why}", words.join(" "));
    let child = Command::new("apt-get")
        .args(words)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // A server of the machine's own is not wanted: none is started.
        .env("RUNLEVEL", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let pid = Pid::from_raw(child.id().cast_signed());
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(ended) = receiver.recv_timeout(LIMIT) else {
        // It is not waited for yet, so the process id is still its own.
        let _ = pid.map(|pid| kill_process(pid, Signal::KILL));
        return Err(failed(format!("not done after {} s", LIMIT.as_secs())));
    };
    let output = ended.map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}
