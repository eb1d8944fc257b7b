//! Work outside of an attempt's future, which no timeout ends by itself: blocking
//! code and child processes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepwell_engine::event::{End, RunCreated};
use stepwell_engine::machine::Status;
use stepwell_engine::{
    Attempt, Effect, Executor, Fault, GraphBuilder, MemoryJournal, Policy, ProcessGroup, Registry,
    Report, RunId, Step,
};
use tokio::process::Command;

/// How long an attempt lasts.
const SHORT: Duration = Duration::from_millis(150);

/// What the steps work on.
struct Site {
    folder: tempfile::TempDir,
    calls: AtomicUsize,
    busy: AtomicBool,
    /// How often a call began while another was at work.
    beside: AtomicUsize,
}

fn impatient() -> Policy {
    Policy {
        timeout: SHORT,
        attempts: 5,
        first_delay: Duration::from_millis(1),
        max_delay: Duration::from_millis(1),
        ..Policy::default()
    }
}

async fn run<S: Step<Context = Arc<Site>, Input = ()>>(step: S) -> (Report, Arc<Site>) {
    let site = Arc::new(Site {
        folder: tempfile::tempdir().unwrap(),
        calls: AtomicUsize::new(0),
        busy: AtomicBool::new(false),
        beside: AtomicUsize::new(0),
    });
    let mut graph = GraphBuilder::new();
    graph.add("work", step, ());
    let registry = Arc::new(Registry::new().register::<S>());
    let journal = Arc::new(MemoryJournal::new());
    let executor = Executor::new(registry, Arc::new(site.clone()), journal);
    let created = RunCreated::new("test", "target", Value::Null);
    let graph = graph.finish().unwrap();
    let report = executor.start(RunId::from_u128(1), created, &graph).await;
    (report.unwrap(), site)
}

/// Blocks for longer than an attempt lasts, but for the third.
#[derive(Serialize, Deserialize)]
struct Block;

impl Step for Block {
    type Context = Arc<Site>;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "block";
    const EFFECT: Effect = Effect::Create;
    const REPEATABLE: bool = true;

    fn policy(&self) -> Policy {
        impatient()
    }

    async fn run(&self, at: &Attempt<Arc<Site>>, (): &()) -> Result<(), Fault> {
        let site = at.context().clone();
        at.blocking(move || {
            let call = site.calls.fetch_add(1, Ordering::SeqCst);
            if site.busy.swap(true, Ordering::SeqCst) {
                site.beside.fetch_add(1, Ordering::SeqCst);
            }
            if call < 2 {
                std::thread::sleep(2 * SHORT);
            }
            site.busy.store(false, Ordering::SeqCst);
            Ok(())
        })
        .await
    }
}

#[tokio::test]
async fn blocking_code_is_never_repeated_beside_itself() {
    let (report, site) = run(Block).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(site.calls.load(Ordering::SeqCst), 3);
    assert_eq!(site.beside.load(Ordering::SeqCst), 0);
}

#[derive(Serialize, Deserialize)]
struct Panic;

impl Step for Panic {
    type Context = Arc<Site>;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "panic";
    const EFFECT: Effect = Effect::Read;

    async fn run(&self, at: &Attempt<Arc<Site>>, (): &()) -> Result<(), Fault> {
        at.blocking(|| panic!("no")).await
    }
}

#[tokio::test]
async fn blocking_code_that_panics_is_a_fault() {
    let (report, _) = run(Panic).await;
    let fault = report.fault.unwrap().1;
    assert_eq!(fault.message, "the step's blocking code panicked");
}

/// A shell with a child of its own that writes for as long as it lives, each time
/// to a file of its own; the third attempt's ends at once.
#[derive(Serialize, Deserialize)]
struct Scribble;

fn file(folder: &Path, call: usize) -> PathBuf {
    folder.join(call.to_string())
}

const SCRIBBLE: &str = r#"(while :; do printf x >> "$0"; sleep 0.01; done) & wait"#;

impl Step for Scribble {
    type Context = Arc<Site>;
    type Input = ();
    type Output = String;
    const KIND: &'static str = "scribble";
    const EFFECT: Effect = Effect::Create;
    const REPEATABLE: bool = true;

    fn policy(&self) -> Policy {
        impatient()
    }

    async fn run(&self, at: &Attempt<Arc<Site>>, (): &()) -> Result<String, Fault> {
        let site = at.context();
        let call = site.calls.fetch_add(1, Ordering::SeqCst);
        let mut command = Command::new("sh");
        if call < 2 {
            command
                .args(["-c", SCRIBBLE])
                .arg(file(site.folder.path(), call));
        } else {
            command.args(["-c", "echo done; exit 3"]);
        }
        let output = at.child(command).await?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(format!("{} {:?}", text.trim(), output.status.code()))
    }
}

/// Whether a file stays as it is.
async fn rests(file: &Path) -> bool {
    let length = || std::fs::metadata(file).map_or(0, |found| found.len());
    let before = length();
    assert!(before > 0, "nothing was written");
    tokio::time::sleep(Duration::from_millis(100)).await;
    length() == before
}

#[tokio::test]
async fn a_child_ends_with_its_attempt_and_so_does_its_group() {
    let (report, site) = run(Scribble).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded), "{report:?}");
    assert_eq!(report.output, None);
    assert_eq!(site.calls.load(Ordering::SeqCst), 3);
    for call in 0..2 {
        assert!(
            rests(&file(site.folder.path(), call)).await,
            "attempt {call}"
        );
    }
}

#[derive(Serialize, Deserialize)]
struct Missing;

impl Step for Missing {
    type Context = Arc<Site>;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "missing";
    const EFFECT: Effect = Effect::Create;
    const REPEATABLE: bool = true;

    async fn run(&self, at: &Attempt<Arc<Site>>, (): &()) -> Result<(), Fault> {
        at.child(Command::new("no-such-program-anywhere")).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_had_no_effect() {
    let (report, _) = run(Missing).await;
    let fault = report.fault.unwrap().1;
    assert!(
        fault.message.contains("no-such-program-anywhere"),
        "{fault}"
    );
    assert!(!fault.effect.may_have_happened());
}

/// Where this variable names a file, this test program is the parent that dies.
const PARENT: &str = "STEPWELL_TEST_PARENT_OF";

#[tokio::test]
async fn a_process_group_ends_with_its_parent() {
    if let Some(file) = std::env::var_os(PARENT) {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIBBLE]).arg(file);
        let group = ProcessGroup::spawn(command).unwrap();
        let _ = group.output(&[]).await;
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), 0);
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "work::a_process_group_ends_with_its_parent"])
        .env(PARENT, &file)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !file.exists() {
        assert!(began.elapsed() < Duration::from_secs(30), "nothing begins");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // As `kill -9` does it.
    parent.start_kill().unwrap();
    parent.wait().await.unwrap();
    let began = Instant::now();
    while !rests(&file).await {
        assert!(began.elapsed() < Duration::from_secs(30), "it goes on");
    }
}
