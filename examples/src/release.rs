//! The workflow: what is asked before a run, and the graph that follows.

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};
use stepwell_engine::event::RunCreated;
use stepwell_engine::{Fault, Graph, GraphBuilder, GraphError, Registry};

use crate::site::{Site, failed};
use crate::steps::{
    Archive, AskForScan, Catalogue, Checksums, DeletePrevious, Folder, Index, Manifest, Page,
    Previous, Probe, Scan, Switch,
};

/// All kinds of steps.
pub fn registry() -> Registry<Site> {
    Registry::new()
        .register::<Previous>()
        .register::<Folder>()
        .register::<Page>()
        .register::<Index>()
        .register::<Checksums>()
        .register::<Manifest>()
        .register::<Archive>()
        .register::<Catalogue>()
        .register::<AskForScan>()
        .register::<Scan>()
        .register::<Switch>()
        .register::<Probe>()
        .register::<DeletePrevious>()
}

/// What is to be published, as a person asks for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Release {
    /// The version, which is published once.
    pub version: String,
    /// Whether the release that is public now is kept, so that this one can be
    /// rolled back.
    pub keep: bool,
    /// How long the scanner takes.
    pub milliseconds: u32,
}

impl Release {
    /// A release of what is in the folder `source`.
    pub fn new(version: &str, keep: bool) -> Self {
        let version = version.to_owned();
        let milliseconds = 200;
        Self {
            version,
            keep,
            milliseconds,
        }
    }

    /// What the run starts from, but for its graph.
    pub fn created(&self) -> RunCreated {
        let parameters = serde_json::json!(self);
        RunCreated {
            limits: BTreeMap::from([("disk".to_owned(), 2)]),
            ..RunCreated::new("publish", "site", parameters)
        }
    }

    /// The pages that are to be published, in the order of their names. They are
    /// looked up before the run, so that the graph is known when it starts.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn survey(site: &Site) -> Result<Vec<Page>, Fault> {
        let source = site.path("source");
        let read = || {
            let mut pages = Vec::new();
            for entry in fs::read_dir(&source)? {
                let path = entry?.path();
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                let (name, text) = (name.into_owned(), fs::read_to_string(&path)?);
                pages.push(Page { name, text });
            }
            Ok(pages)
        };
        let mut pages = read().map_err(|error| failed("read", &source, &error))?;
        pages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(pages)
    }

    /// The graph that publishes the pages.
    ///
    /// # Errors
    /// When two pages have one name.
    pub fn graph(&self, pages: Vec<Page>) -> Result<Graph, GraphError> {
        let version = || self.version.clone();
        let milliseconds = self.milliseconds;
        let mut graph = GraphBuilder::new();
        let previous = graph.add("previous", Previous {}, ());
        let folder = Folder { version: version() };
        // What was public before is known before anything is made.
        let folder = graph.add_after("folder", folder, (), &[&previous]);
        let pages: Vec<_> = (pages.into_iter())
            .map(|page| graph.add(format!("page-{}", page.name), page, folder))
            .collect();
        let index = graph.add("index", Index {}, (folder, pages.clone()));
        let sums = graph.add("checksums", Checksums {}, (folder, pages, index));
        let manifest = graph.add("manifest", Manifest {}, (folder, sums));
        let archive = graph.add_after("archive", Archive {}, folder, &[&manifest]);
        let catalogue = graph.add("catalogue", Catalogue { version: version() }, sums);
        let asked = graph.add_after(
            "ask-for-scan",
            AskForScan { milliseconds },
            folder,
            &[&manifest],
        );
        let scan = graph.add_after("scan", Scan {}, folder, &[&asked]);
        let needs = (folder, previous);
        let switch = graph.add_after("switch", Switch {}, needs, &[&archive, &catalogue, &scan]);
        let probe = graph.add("probe", Probe {}, switch);
        if !self.keep {
            graph.add_after("delete-previous", DeletePrevious {}, previous, &[&probe]);
        }
        graph.output(probe);
        graph.finish()
    }
}
