//! Changes to databases that tests make without a call to AWS.

use super::Account;
use super::store::StateError;
use crate::world::database::{Cluster, Secret};
use crate::world::lifecycle::Database;
use crate::world::state::Imposed;
use crate::world::{Region, World};
use std::time::Duration;

/// Why something could not be done to a database.
#[derive(Debug, thiserror::Error)]
pub enum PlantError {
    #[error("there is no {kind} `{id}` in {region}")]
    Missing {
        kind: Database,
        id: String,
        region: String,
    },
    #[error("`{status}` is no status of a {kind}; there are {}", kind.states().join(", "))]
    UnknownStatus {
        /// What was to get it.
        kind: Database,
        status: String,
    },
    #[error(transparent)]
    State(#[from] StateError),
}

impl Account {
    /// Puts a cluster or an instance into a status, spelled as AWS does (`storage-full`,
    /// `incompatible-network`, `backing-up`), for `lasts` of simulated time, or without end. What it
    /// was about to do goes on beneath, and shows when the status is over. The status `available`
    /// ends one that was set before; so do a deletion that is accepted and a `StartDBCluster`.
    ///
    /// An instance that is not up in that status does not become the writer of its cluster; one
    /// that writes already stays the writer.
    ///
    /// # Errors
    /// If there is no such database or status, or the state cannot be read or written.
    pub fn set_status(
        &self,
        region: &str,
        kind: Database,
        id: &str,
        status: &str,
        lasts: Option<Duration>,
    ) -> Result<(), PlantError> {
        if !kind.states().contains(&status) {
            return Err(PlantError::UnknownStatus {
                kind,
                status: status.to_owned(),
            });
        }
        let id = id.to_ascii_lowercase();
        let found = self.transact(true, |world, now| {
            let imposed = (status != "available").then(|| Imposed {
                status: status.to_owned(),
                until: lasts.map(|lasts| {
                    now.saturating_add(u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX))
                }),
            });
            let here = world.regions.get_mut(region);
            done(here.is_some_and(|here| here.impose(now, kind, &id, imposed)))
        })?;
        found.ok_or_else(|| missing(kind, &id, region))
    }

    /// Switches the deletion protection of a cluster, whatever state it is in, as another person
    /// may at any moment.
    ///
    /// # Errors
    /// If there is no such cluster, or the state cannot be read or written.
    pub fn set_deletion_protection(
        &self,
        region: &str,
        cluster: &str,
        on: bool,
    ) -> Result<(), PlantError> {
        self.change_cluster(region, cluster, |cluster, _| {
            cluster.deletion_protection = on;
            true
        })
    }

    /// Makes the master user secret of a cluster `impaired`, or whole again. It can be read all the
    /// same.
    ///
    /// # Errors
    /// If there is no such cluster, RDS keeps no secret for it, or the state cannot be read or
    /// written.
    pub fn set_secret_impaired(
        &self,
        region: &str,
        cluster: &str,
        impaired: bool,
    ) -> Result<(), PlantError> {
        self.change_cluster(region, cluster, |_, secret| match secret {
            Some(secret) => {
                secret.impaired = impaired;
                true
            }
            None => false,
        })
    }

    fn change_cluster(
        &self,
        region: &str,
        cluster: &str,
        change: impl FnOnce(&mut Cluster, Option<&mut Secret>) -> bool,
    ) -> Result<(), PlantError> {
        let id = cluster.to_ascii_lowercase();
        let found = self.transact(true, |world: &mut World, _| {
            let Some(Region {
                clusters, secrets, ..
            }) = world.regions.get_mut(region)
            else {
                return done(false);
            };
            done(clusters.get_mut(&id).is_some_and(|cluster| {
                let arn = cluster.secret.clone();
                let secret = arn.and_then(|arn| secrets.get_mut(&arn));
                change(cluster, secret)
            }))
        })?;
        found.ok_or_else(|| missing(Database::Cluster, &id, region))
    }
}

/// What a transaction gives that found what it was to change, or did not.
fn done(found: bool) -> (bool, Option<()>) {
    (found, found.then_some(()))
}

fn missing(kind: Database, id: &str, region: &str) -> PlantError {
    PlantError::Missing {
        kind,
        id: id.to_owned(),
        region: region.to_owned(),
    }
}
