//! What a dead process left half made is completed, or taken away.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stepwell_engine::event::{Actor, End, Outcome, RunCreated, Verb};
use stepwell_engine::machine::Status;
use stepwell_engine::testing::{forgotten, outcome_of};
use stepwell_engine::{
    Event, Executor, Journal as _, MemoryJournal, Report, RollbackRequest, RunId,
};
use stepwell_examples::{Site, registry};

use crate::site::{OLD, assert_published, graph, names, rows, site};

/// A site where version 1 is public, with the history of how it came to be.
async fn published(root: &Path) -> (Site, Vec<Event>) {
    let site = site(root);
    let journal = Arc::new(MemoryJournal::new());
    let run = RunId::from_u128(1);
    let created = RunCreated::new("publish", "site", serde_json::Value::Null);
    let executor = executor(&site, &journal);
    executor
        .start(run, created, &graph(&site, true))
        .await
        .expect("a run");
    let events = journal.load(run).await.expect("a history");
    assert_published(&site, true);
    (site, events)
}

fn executor(site: &Site, journal: &Arc<MemoryJournal>) -> Executor<Site> {
    Executor::new(
        Arc::new(registry()),
        Arc::new(site.clone()),
        journal.clone(),
    )
}

/// Takes up, or back, a run that does not know of a step's success.
async fn taken_up(site: &Site, events: &[Event], step: &str, back: bool) -> (Report, Vec<Event>) {
    let history = forgotten(events, step, Verb::Run).expect("the step succeeded");
    let journal = Arc::new(MemoryJournal::new());
    journal.append(history.clone()).await.expect("a history");
    let (executor, by) = (executor(site, &journal), Actor::default());
    let report = match back {
        false => executor.resume(&history, by).await,
        true => {
            executor
                .rollback(&history, by, RollbackRequest::default())
                .await
        }
    };
    let report = report.expect("the run can be carried");
    let events = journal.load(report.run).await.expect("a history");
    (report, events)
}

/// Cuts a file in two and loses the second half.
fn cut(path: &Path) {
    let bytes = fs::read(path).expect("a file");
    fs::write(path, &bytes[..bytes.len() / 2]).expect("a file");
}

fn only(site: &Site, folder: &str) -> PathBuf {
    site.path(folder)
        .join(names(site, folder).pop().expect("a file"))
}

/// Leaves what a step made as a process does that dies at it.
fn halve(site: &Site, step: &str) {
    let release = only(site, "releases");
    match step {
        "page-news" => cut(&release.join("news.html")),
        "manifest" => cut(&release.join("MANIFEST")),
        "archive" => cut(&only(site, "archives")),
        "catalogue" => {
            let lost = "DELETE FROM file WHERE path >= 'index'";
            let lost = site.catalogue().expect("a catalogue").execute(lost, []);
            assert_eq!(lost.expect("rows"), 2);
        }
        "ask-for-scan" => {
            let verdict = only(site, "scans");
            fs::rename(&verdict, verdict.with_extension("")).expect("a verdict");
        }
        "switch" => {
            let run = RunId::from_u128(1);
            let (link, beside) = (site.path("current"), site.path(format!("current.{run}")));
            fs::rename(&link, beside).expect("a link");
            symlink(Path::new("releases").join(OLD), link).expect("a link");
        }
        _ => unreachable!("{step} is not halved"),
    }
}

const STEPS: [&str; 6] = [
    "page-news",
    "manifest",
    "archive",
    "catalogue",
    "ask-for-scan",
    "switch",
];

#[tokio::test]
async fn what_is_half_made_is_completed() {
    for step in STEPS {
        let folder = tempfile::tempdir().expect("a folder");
        let (site, events) = published(folder.path()).await;
        halve(&site, step);
        let (report, events) = taken_up(&site, &events, step, false).await;
        assert_eq!(
            report.status,
            Status::Ended(End::Succeeded),
            "{step}: {report:#?}"
        );
        let outcome = events
            .iter()
            .find_map(|event| outcome_of(event, step, Verb::Run));
        assert!(
            matches!(outcome, Some(Outcome::Made { .. })),
            "{step}: {outcome:?}"
        );
        assert_published(&site, true);
    }
}

#[tokio::test]
async fn what_is_half_made_is_taken_away() {
    for step in STEPS {
        let folder = tempfile::tempdir().expect("a folder");
        let (site, events) = published(folder.path()).await;
        halve(&site, step);
        let (report, events) = taken_up(&site, &events, step, true).await;
        let end = End::RolledBack { waived: Vec::new() };
        assert_eq!(report.status, Status::Ended(end), "{step}: {report:#?}");
        let outcome = events
            .iter()
            .find_map(|event| outcome_of(event, step, Verb::Undo));
        assert_eq!(outcome, Some(&Outcome::Undone), "{step}");
        let left = match step {
            "archive" => names(&site, "archives").len(),
            "catalogue" => rows(&site).len(),
            "ask-for-scan" => names(&site, "scans").len(),
            "switch" => names(&site, ".")
                .iter()
                .filter(|name| name.starts_with("current."))
                .count(),
            _ => names(&site, "releases").len() - 1,
        };
        assert_eq!(left, 0, "{step} has left something");
    }
}
