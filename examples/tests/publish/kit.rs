//! The testing kit over the graph.

use std::sync::atomic::{AtomicU32, Ordering};

use stepwell_engine::testing::Trials;
use stepwell_examples::{Site, registry};
use tempfile::TempDir;

use crate::site::{assert_as_before, assert_published, graph, site};

/// Sites in folders of one that goes with this value.
struct Sites(TempDir, AtomicU32);

impl Sites {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"), AtomicU32::new(0))
    }

    fn another(&self) -> Site {
        let number = self.1.fetch_add(1, Ordering::Relaxed);
        site(&self.0.path().join(number.to_string()))
    }

    fn trials(&self, keep: bool) -> Trials<Site> {
        Trials::new(registry(), graph(&self.another(), keep))
    }
}

#[tokio::test]
async fn a_run_that_dies_anywhere_succeeds() {
    let sites = Sites::new();
    let judge = async |site: &Site, _: &_| assert_published(site, false);
    let deaths = sites
        .trials(false)
        .dies_everywhere(async || sites.another(), judge)
        .await;
    assert!(deaths > 20, "{deaths} deaths");
}

#[tokio::test]
async fn a_rollback_that_dies_anywhere_leaves_nothing() {
    let sites = Sites::new();
    let judge = async |site: &Site, _: &_| assert_as_before(site);
    let trials = sites.trials(true);
    let deaths = trials
        .dies_everywhere_in_rollback(async || sites.another(), judge)
        .await;
    assert!(deaths > 15, "{deaths} deaths");
}

#[tokio::test]
async fn every_step_keeps_the_contract() {
    let sites = Sites::new();
    for keep in [true, false] {
        let found = sites
            .trials(keep)
            .keeps_the_step_contract(async || sites.another())
            .await;
        // Every effect but that of the repeatable index, and the deletion.
        assert_eq!(found, if keep { 9 } else { 10 });
    }
}
