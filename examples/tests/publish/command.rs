//! The command itself: undisturbed, killed, failing.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use stepwell_engine::event::{EventBody, Outcome, Verb};
use stepwell_examples::Site;
use stepwell_state::{Access, RunStatus, Store};

use crate::site::{OLD, assert_as_before, assert_published, names, rows, site};

fn publish(site: &Site, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_publish"));
    command.arg(site.path("")).args(arguments);
    command
}

#[track_caller]
fn output(site: &Site, arguments: &[&str]) -> Output {
    publish(site, arguments).output().expect("the command runs")
}

#[track_caller]
fn printed(site: &Site, arguments: &[&str]) -> String {
    let output = output(site, arguments);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}{error}");
    text
}

/// Carries a command out until it has printed so many lines, and kills it.
fn killed(site: &Site, arguments: &[&str], lines: usize) {
    let mut command = publish(site, arguments);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    output.lines().take(lines).for_each(drop);
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}

fn status(site: &Site) -> RunStatus {
    let store = Store::open(&site.path("runs.db"), Access::ReadOnly).expect("a store");
    store.find("latest").expect("a run").status
}

/// No step of the latest run had its effect twice, but for the repeatable one.
fn assert_made_once(site: &Site, lines: usize) {
    let store = Store::open(&site.path("runs.db"), Access::ReadOnly).expect("a store");
    let run = store.find("latest").expect("a run").id;
    let mut made: BTreeMap<String, u32> = BTreeMap::new();
    for event in store.events(run).expect("a history") {
        if let EventBody::AttemptSucceeded {
            step,
            verb: Verb::Run,
            outcome,
            ..
        } = event.body
            && matches!(outcome, Outcome::Made { .. } | Outcome::Ours { .. })
        {
            *made.entry(step.to_string()).or_default() += 1;
        }
    }
    assert_eq!(made.len(), 15, "killed after {lines} lines: {made:?}");
    assert!(
        made.values().all(|times| *times == 1),
        "killed after {lines} lines: {made:?}"
    );
}

/// Does `trial` with every number up to a limit, on sites of their own, several
/// at a time.
fn everywhere(limit: usize, stride: usize, trial: impl Fn(&Site, usize) + Sync) {
    let next = AtomicUsize::new(1);
    let work = || loop {
        let lines = next.fetch_add(stride, Ordering::Relaxed);
        if lines > limit {
            break;
        }
        let folder = tempfile::tempdir().expect("a folder");
        trial(&site(folder.path()), lines);
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
}

#[test]
fn a_run_that_nothing_disturbs() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site(folder.path());
    let plan = printed(&site, &["plan", "1"]);
    assert_eq!(plan.lines().count(), 15);
    assert!(plan.contains("Create folder\n"), "{plan}");
    assert!(plan.contains("Read previous\n"), "{plan}");
    assert_as_before(&site);

    let text = printed(&site, &["start", "1"]);
    assert!(text.ends_with(" succeeded\n"), "{text}");
    assert_published(&site, false);
    let steps = printed(&site, &["show", "latest"]);
    assert_eq!(steps.lines().count(), 15);
    assert!(
        steps.lines().all(|line| line.ends_with(" done (1)")),
        "{steps}"
    );

    // The release before is gone for good.
    let refused = output(&site, &["rollback", "latest"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("delete-previous"));
    assert_published(&site, false);
}

#[test]
fn killed_at_any_line_it_is_resumed_to_the_end() {
    // A line for each event: two a step, and the run's beginning and end.
    everywhere(32, 1, |site, lines| {
        killed(site, &["start", "1"], lines);
        printed(site, &["resume", "latest"]);
        assert_eq!(status(site), RunStatus::Succeeded);
        assert_made_once(site, lines);
        assert_published(site, false);
    });
}

#[test]
fn killed_on_the_way_forward_or_back_it_is_rolled_back() {
    everywhere(28, 3, |site, lines| {
        killed(site, &["start", "1", "--keep"], lines + 4);
        killed(site, &["rollback", "latest"], lines);
        // The last lines may come from a process that is through.
        if status(site) != RunStatus::RolledBack {
            printed(site, &["rollback", "latest"]);
        }
        assert_eq!(status(site), RunStatus::RolledBack);
        assert_as_before(site);
    });
}

#[test]
fn a_draft_is_found_and_everything_undone() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site(folder.path());
    fs::write(site.path("source/news.txt"), "DRAFT, not to be published").expect("a page");
    let failed = output(&site, &["start", "1"]);
    assert!(!failed.status.success());
    let text = String::from_utf8_lossy(&failed.stdout);
    assert!(
        text.contains("scan failed: the scanner found a draft"),
        "{text}"
    );
    assert_eq!(status(&site), RunStatus::RolledBack);
    assert_as_before(&site);
}

#[test]
fn a_version_is_published_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site(folder.path());
    printed(&site, &["start", "1", "--keep"]);
    let before = rows(&site);
    let failed = output(&site, &["start", "1", "--keep"]);
    let text = String::from_utf8_lossy(&failed.stdout);
    assert!(
        text.contains("catalogue failed: version 1 is published already"),
        "{text}"
    );
    assert_eq!(status(&site), RunStatus::RolledBack);
    assert_eq!(rows(&site), before);
    assert_published(&site, true);

    // The next one takes its place, and is undone by its run.
    printed(&site, &["start", "2", "--keep"]);
    assert_eq!(names(&site, "releases").len(), 3);
    printed(&site, &["rollback", "latest"]);
    assert_published(&site, true);
    assert!(Path::new(&site.release(OLD)).is_dir());
}

#[test]
fn a_rollback_leaves_what_another_run_made_public() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site(folder.path());
    let text = printed(&site, &["start", "1", "--keep"]);
    let run = text.rsplit(' ').nth(1).expect("the run's id").to_owned();
    printed(&site, &["start", "2", "--keep"]);
    let public = site.current().expect("a link");
    printed(&site, &["rollback", &run]);
    assert_eq!(site.current().expect("a link"), public);
    assert_eq!(names(&site, "releases").len(), 2, "release 1 is gone");
    assert!(rows(&site).iter().all(|(version, _)| version == "2"));
}

#[test]
fn a_first_release_is_rolled_back_to_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site(folder.path());
    fs::remove_file(site.path("current")).expect("a link");
    fs::remove_dir(site.release(OLD)).expect("a release");
    printed(&site, &["start", "1", "--keep"]);
    assert!(site.current().expect("a link").is_some());
    printed(&site, &["rollback", "latest"]);
    assert_eq!(site.current().expect("no link"), None);
    assert!(names(&site, "releases").is_empty());
    assert!(!site.path("current").is_symlink());
}
