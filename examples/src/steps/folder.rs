//! The folder of a release: made first, deleted when another is public.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Step};

use crate::site::{Site, failed, unless_missing};

async fn delete(at: &Attempt<Site>, folder: PathBuf) -> Result<(), Fault> {
    let work = move || {
        unless_missing(fs::remove_dir_all(&folder))
            .map_err(|error| failed("delete", &folder, &error))
    };
    at.blocking(work).await.map(drop)
}

/// Makes the release's folder. The run is part of its name, so it can be no
/// other's.
#[derive(Serialize, Deserialize)]
pub struct Folder {
    /// The version to be published.
    pub version: String,
}

impl Step for Folder {
    type Context = Site;
    type Input = ();
    type Output = String;
    const KIND: &'static str = "folder";
    const EFFECT: Effect = Effect::Create;

    async fn check(&self, at: &Attempt<Site>, (): &()) -> Result<Found<String>, Fault> {
        let name = format!("{}-{}", self.version, at.run());
        Ok(match at.context().release(&name).is_dir() {
            true => Found::Ours(name),
            false => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Site>, (): &()) -> Result<String, Fault> {
        let name = format!("{}-{}", self.version, at.run());
        let folder = at.context().release(&name);
        fs::create_dir(&folder).map_err(|error| failed("make", &folder, &error))?;
        Ok(name)
    }

    async fn undo(&self, at: &Attempt<Site>, (): &(), name: &String) -> Result<(), Fault> {
        delete(at, at.context().release(name)).await
    }
}

/// Deletes the release that was public before. No rollback brings it back.
#[derive(Serialize, Deserialize)]
pub struct DeletePrevious {}

impl Step for DeletePrevious {
    type Context = Site;
    type Input = Option<String>;
    type Output = ();
    const KIND: &'static str = "delete-previous";
    const EFFECT: Effect = Effect::Delete;

    async fn check(
        &self,
        at: &Attempt<Site>,
        previous: &Option<String>,
    ) -> Result<Found<()>, Fault> {
        let is_there = |name: &String| at.context().release(name).exists();
        Ok(match previous.as_ref().is_some_and(is_there) {
            true => Found::Nothing,
            false => Found::Ours(()),
        })
    }

    async fn run(&self, at: &Attempt<Site>, previous: &Option<String>) -> Result<(), Fault> {
        match previous {
            Some(name) => delete(at, at.context().release(name)).await,
            None => Ok(()),
        }
    }
}
