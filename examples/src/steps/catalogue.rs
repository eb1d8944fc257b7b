//! The catalogue: a table of all files that were published.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Step};

use super::Sum;
use crate::site::{Site, sql};

/// Adds the release's files to the catalogue, a row each. A version is published
/// once.
#[derive(Serialize, Deserialize)]
pub struct Catalogue {
    /// The version.
    pub version: String,
}

/// The run's rows are known by its key.
const OWN: &str = "SELECT count(*) FROM file WHERE run = ?1";
const OTHERS: &str = "SELECT count(*) FROM file WHERE version = ?1 AND run <> ?2";
const ADD: &str = "INSERT INTO file SELECT ?1, ?2, ?3, ?4, ?5
    WHERE NOT EXISTS (SELECT 1 FROM file WHERE run = ?1 AND path = ?3)";
const DELETE: &str = "DELETE FROM file WHERE run = ?1";

impl Step for Catalogue {
    type Context = Site;
    type Input = Vec<Sum>;
    type Output = ();
    const KIND: &'static str = "catalogue";
    const EFFECT: Effect = Effect::Create;

    async fn check(&self, at: &Attempt<Site>, sums: &Vec<Sum>) -> Result<Found<()>, Fault> {
        let (site, key, wanted) = (at.context().clone(), at.key(), sums.len());
        let count = move || {
            let rows = site
                .catalogue()?
                .query_row(OWN, [&key], |row| row.get::<_, u32>(0));
            rows.map_err(|error| sql(&error))
        };
        Ok(match at.blocking(count).await? as usize {
            0 => Found::Nothing,
            rows if rows < wanted => Found::Partial(()),
            _ => Found::Ours(()),
        })
    }

    async fn run(&self, at: &Attempt<Site>, sums: &Vec<Sum>) -> Result<(), Fault> {
        let (site, key) = (at.context().clone(), at.key());
        let (version, sums) = (self.version.clone(), sums.clone());
        at.blocking(move || {
            let catalogue = site.catalogue()?;
            let others = catalogue.query_row(OTHERS, [&version, &key], |row| row.get::<_, u32>(0));
            if others.map_err(|error| sql(&error))? > 0 {
                let message = format!("version {version} is published already");
                return Err(Fault::permanent(message).without_effect());
            }
            for Sum { path, sha256, size } in sums {
                let row = (&key, &version, path, sha256, size as i64);
                catalogue.execute(ADD, row).map_err(|error| sql(&error))?;
            }
            Ok(())
        })
        .await
    }

    async fn undo(&self, at: &Attempt<Site>, _: &Vec<Sum>, (): &()) -> Result<(), Fault> {
        let (site, key) = (at.context().clone(), at.key());
        at.blocking(move || {
            let deleted = site.catalogue()?.execute(DELETE, [&key]);
            deleted.map(drop).map_err(|error| sql(&error))
        })
        .await
    }
}
