//! The link that makes a release public.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Owner, Step};

use crate::site::{Site, failed, unless_missing};

/// Looks which release is public before the run.
#[derive(Serialize, Deserialize)]
pub struct Previous {}

impl Step for Previous {
    type Context = Site;
    type Input = ();
    type Output = Option<String>;
    const KIND: &'static str = "previous";
    const EFFECT: Effect = Effect::Read;

    async fn run(&self, at: &Attempt<Site>, (): &()) -> Result<Option<String>, Fault> {
        at.context().current()
    }
}

/// Has the public link lead to the release, in one instant.
#[derive(Serialize, Deserialize)]
pub struct Switch {}

/// A link beside the public one, until it takes its place.
fn beside(at: &Attempt<Site>) -> std::path::PathBuf {
    at.context().path(format!("current.{}", at.run()))
}

fn remove(link: &Path) -> Result<(), Fault> {
    let removed = unless_missing(fs::remove_file(link));
    removed
        .map(drop)
        .map_err(|error| failed("remove", link, &error))
}

fn lead_to(at: &Attempt<Site>, name: &str) -> Result<(), Fault> {
    let (beside, link) = (beside(at), at.context().path("current"));
    remove(&beside)?;
    let target = Path::new("releases").join(name);
    let placed = symlink(target, &beside).and_then(|()| fs::rename(&beside, &link));
    placed.map_err(|error| failed("place", &link, &error))
}

impl Step for Switch {
    type Context = Site;
    type Input = (String, Option<String>);
    type Output = String;
    const KIND: &'static str = "switch";
    const EFFECT: Effect = Effect::Create;

    async fn check(
        &self,
        at: &Attempt<Site>,
        (folder, _): &Self::Input,
    ) -> Result<Found<String>, Fault> {
        Ok(match at.context().current()? {
            Some(name) if name == *folder => Found::Ours(name),
            _ if beside(at).is_symlink() => Found::Partial(folder.clone()),
            _ => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Site>, (folder, _): &Self::Input) -> Result<String, Fault> {
        lead_to(at, folder)?;
        Ok(folder.clone())
    }

    async fn owner(
        &self,
        at: &Attempt<Site>,
        (folder, previous): &Self::Input,
        _: &String,
    ) -> Result<Owner, Fault> {
        let current = at.context().current()?;
        Ok(match current {
            Some(name) if name != *folder && Some(&name) != previous.as_ref() => {
                Owner::Other(format!("release {name}"))
            }
            _ => Owner::ThisRun,
        })
    }

    async fn undo(
        &self,
        at: &Attempt<Site>,
        (_, previous): &Self::Input,
        _: &String,
    ) -> Result<(), Fault> {
        match previous {
            Some(name) => lead_to(at, name),
            None => remove(&beside(at)).and_then(|()| remove(&at.context().path("current"))),
        }
    }
}

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The release.
    pub release: String,
    /// How many files it has.
    pub files: usize,
}

/// Reads the release as visitors do, through the link.
#[derive(Serialize, Deserialize)]
pub struct Probe {}

impl Step for Probe {
    type Context = Site;
    type Input = String;
    type Output = Published;
    const KIND: &'static str = "probe";
    const EFFECT: Effect = Effect::Read;

    async fn run(&self, at: &Attempt<Site>, folder: &String) -> Result<Published, Fault> {
        let path = at.context().path("current/MANIFEST");
        let text = fs::read_to_string(&path).map_err(|error| failed("read", &path, &error))?;
        match text.split_once('\n') {
            Some((release, sums)) if release == folder => Ok(Published {
                release: release.to_owned(),
                files: sums.lines().count(),
            }),
            _ => Err(Fault::permanent("another release is public")),
        }
    }
}
