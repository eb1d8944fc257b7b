//! The archive of a release, by `tar`.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Step};
use tokio::process::Command;

use crate::site::{Site, failed, unless_missing};

/// Packs the release's folder.
#[derive(Serialize, Deserialize)]
pub struct Archive {}

fn file(at: &Attempt<Site>, folder: &str) -> PathBuf {
    at.context()
        .path("archives")
        .join(format!("{folder}.tar.gz"))
}

impl Step for Archive {
    type Context = Site;
    type Input = String;
    type Output = ();
    const KIND: &'static str = "archive";
    const EFFECT: Effect = Effect::Create;

    async fn check(&self, at: &Attempt<Site>, folder: &String) -> Result<Found<()>, Fault> {
        let file = file(at, folder);
        if !file.exists() {
            return Ok(Found::Nothing);
        }
        let mut gzip = Command::new("gzip");
        gzip.arg("--test").arg(file);
        Ok(match at.child(gzip).await?.status.success() {
            true => Found::Ours(()),
            false => Found::Partial(()),
        })
    }

    async fn run(&self, at: &Attempt<Site>, folder: &String) -> Result<(), Fault> {
        let mut tar = Command::new("tar");
        tar.arg("-czf").arg(file(at, folder));
        tar.arg("-C").arg(at.context().path("releases")).arg(folder);
        let output = at.child(tar).await?;
        match output.status.success() {
            true => Ok(()),
            false => Err(Fault::permanent("tar failed")
                .with_cause(String::from_utf8_lossy(&output.stderr).trim())),
        }
    }

    async fn undo(&self, at: &Attempt<Site>, folder: &String, (): &()) -> Result<(), Fault> {
        let file = file(at, folder);
        let removed = unless_missing(fs::remove_file(&file));
        removed
            .map(drop)
            .map_err(|error| failed("remove", &file, &error))
    }
}
