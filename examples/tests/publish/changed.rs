//! A run that is taken up by another version of the program.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stepwell_engine::event::{End, OnFailure, SuspendReason};
use stepwell_engine::machine::Status;
use stepwell_engine::{
    Attempt, Effect, Fault, Found, Registry, RunError, RunId, Runner, RunnerError, Step,
    Unsupported,
};
use stepwell_examples::steps::{
    AskForScan, Catalogue, Checksums, DeletePrevious, Folder, Index, Manifest, Page, Previous,
    Probe, Scan, Switch,
};
use stepwell_examples::{Release, Site, registry};
use stepwell_state::{Access, Store};
use tokio::process::Command;

use crate::site::{assert_published, graph, site};

/// The archive as a later version has it: under another name, and with a field
/// that earlier ones did not write.
#[derive(Serialize, Deserialize)]
struct Pack {
    #[serde(default = "best")]
    level: u8,
}

fn best() -> u8 {
    9
}

fn file(at: &Attempt<Site>, folder: &str) -> PathBuf {
    at.context()
        .path("archives")
        .join(format!("{folder}.tar.gz"))
}

impl Step for Pack {
    type Context = Site;
    type Input = String;
    type Output = ();
    const KIND: &'static str = "pack";
    const ALIASES: &'static [&'static str] = &["archive"];
    const EFFECT: Effect = Effect::Create;

    async fn check(&self, at: &Attempt<Site>, folder: &String) -> Result<Found<()>, Fault> {
        Ok(match file(at, folder).exists() {
            true => Found::Partial(()),
            false => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Site>, folder: &String) -> Result<(), Fault> {
        let mut tar = Command::new("tar");
        tar.arg("-I").arg(format!("gzip -{}", self.level));
        tar.arg("-cf").arg(file(at, folder));
        tar.arg("-C").arg(at.context().path("releases")).arg(folder);
        match at.child(tar).await?.status.success() {
            true => Ok(()),
            false => Err(Fault::permanent("tar failed")),
        }
    }
}

/// All kinds but the archive's.
fn others() -> Registry<Site> {
    Registry::new()
        .register::<Previous>()
        .register::<Folder>()
        .register::<Page>()
        .register::<Index>()
        .register::<Checksums>()
        .register::<Manifest>()
        .register::<Catalogue>()
        .register::<AskForScan>()
        .register::<Scan>()
        .register::<Switch>()
        .register::<Probe>()
        .register::<DeletePrevious>()
}

/// A run that is suspended because the archive could not be made.
async fn suspended(site: &Site, store: &Arc<Store>) -> RunId {
    fs::remove_dir(site.path("archives")).expect("an empty folder");
    let mut created = Release::new("1", false).created();
    created.on_failure = OnFailure::Suspend;
    let runner = Runner::new(store.clone(), registry(), site.clone());
    let report = runner
        .start(created, &graph(site, false))
        .await
        .expect("a run");
    let step = "archive".into();
    assert_eq!(
        report.status,
        Status::Suspended(SuspendReason::Failed { step })
    );
    fs::create_dir(site.path("archives")).expect("a folder");
    report.run
}

#[tokio::test]
async fn a_later_version_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = site(folder.path());
    let store = Store::open(&site.path("runs.db"), Access::ReadWrite).expect("a store");
    let store = Arc::new(store);
    let run = suspended(&site, &store).await;

    let runner = Runner::new(store.clone(), others(), site.clone());
    let before = store.events(run).expect("a history");
    let refused = runner
        .resume(run)
        .await
        .expect_err("the archive's kind is unknown");
    let RunnerError::Run(RunError::Unsupported(Unsupported::Steps(steps))) = &refused else {
        panic!("{refused:?}");
    };
    assert_eq!(steps.len(), 1);
    assert_eq!(&*steps[0].step, "archive");
    assert_eq!(store.events(run).expect("a history"), before);

    let runner = Runner::new(store.clone(), others().register::<Pack>(), site.clone());
    let report = runner.resume(run).await.expect("a run");
    assert_eq!(report.status, Status::Ended(End::Succeeded), "{report:#?}");
    assert_published(&site, false);
}
