//! Files of a release: pages, their index, the manifest.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Step};

use super::Sum;
use crate::site::{Site, failed, unless_missing};

/// Whether a file of the run's own folder is whole, half written or not there.
fn found(path: &Path, text: &str) -> Result<Found<()>, Fault> {
    let bytes = unless_missing(fs::read(path)).map_err(|error| failed("read", path, &error))?;
    Ok(match bytes {
        None => Found::Nothing,
        Some(bytes) if bytes == text.as_bytes() => Found::Ours(()),
        Some(_) => Found::Partial(()),
    })
}

fn write(path: &Path, text: &str) -> Result<(), Fault> {
    fs::write(path, text).map_err(|error| failed("write", path, &error))
}

fn remove(path: &Path) -> Result<(), Fault> {
    let removed = unless_missing(fs::remove_file(path));
    removed
        .map(drop)
        .map_err(|error| failed("remove", path, &error))
}

/// Writes a page into the release's folder.
#[derive(Serialize, Deserialize)]
pub struct Page {
    /// Its name, without ending.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Page {
    fn file(&self) -> String {
        format!("{}.html", self.name)
    }

    fn html(&self) -> String {
        format!("<h1>{}</h1>\n<p>{}</p>\n", self.name, self.text.trim())
    }
}

impl Step for Page {
    type Context = Site;
    type Input = String;
    type Output = String;
    const KIND: &'static str = "page";
    const EFFECT: Effect = Effect::Create;

    fn limit(&self) -> Option<&str> {
        Some("disk")
    }

    async fn check(&self, at: &Attempt<Site>, folder: &String) -> Result<Found<String>, Fault> {
        let path = at.context().release(folder).join(self.file());
        Ok(found(&path, &self.html())?.map(|()| self.file()))
    }

    async fn run(&self, at: &Attempt<Site>, folder: &String) -> Result<String, Fault> {
        write(
            &at.context().release(folder).join(self.file()),
            &self.html(),
        )?;
        Ok(self.file())
    }

    async fn undo(&self, at: &Attempt<Site>, folder: &String, file: &String) -> Result<(), Fault> {
        remove(&at.context().release(folder).join(file))
    }
}

/// Writes the index of the pages. Once more is the same as once, so it needs no
/// check.
#[derive(Serialize, Deserialize)]
pub struct Index {}

impl Step for Index {
    type Context = Site;
    type Input = (String, Vec<String>);
    type Output = String;
    const KIND: &'static str = "index";
    const EFFECT: Effect = Effect::Create;
    const REPEATABLE: bool = true;

    async fn run(
        &self,
        at: &Attempt<Site>,
        (folder, pages): &Self::Input,
    ) -> Result<String, Fault> {
        let links: Vec<_> = pages
            .iter()
            .map(|page| format!("<a href={page:?}>{page}</a>\n"))
            .collect();
        write(
            &at.context().release(folder).join("index.html"),
            &links.concat(),
        )?;
        Ok("index.html".to_owned())
    }

    async fn undo(
        &self,
        at: &Attempt<Site>,
        (folder, _): &Self::Input,
        file: &String,
    ) -> Result<(), Fault> {
        remove(&at.context().release(folder).join(file))
    }
}

/// Writes the release's checksums and name into its folder, for whoever reads it.
#[derive(Serialize, Deserialize)]
pub struct Manifest {}

impl Manifest {
    fn text((folder, sums): &(String, Vec<Sum>)) -> String {
        let lines = sums
            .iter()
            .map(|sum| format!("{}  {}\n", sum.sha256, sum.path));
        format!("{folder}\n{}", lines.collect::<String>())
    }
}

impl Step for Manifest {
    type Context = Site;
    type Input = (String, Vec<Sum>);
    type Output = ();
    const KIND: &'static str = "manifest";
    const EFFECT: Effect = Effect::Create;

    async fn check(&self, at: &Attempt<Site>, input: &Self::Input) -> Result<Found<()>, Fault> {
        found(
            &at.context().release(&input.0).join("MANIFEST"),
            &Self::text(input),
        )
    }

    async fn run(&self, at: &Attempt<Site>, input: &Self::Input) -> Result<(), Fault> {
        write(
            &at.context().release(&input.0).join("MANIFEST"),
            &Self::text(input),
        )
    }

    async fn undo(&self, at: &Attempt<Site>, input: &Self::Input, (): &()) -> Result<(), Fault> {
        remove(&at.context().release(&input.0).join("MANIFEST"))
    }
}
