//! How clusters and instances change as time passes.

use super::database::{Change, Cluster, Event, GlobalMember, Source};
use super::state::{CLUSTER_STATES, ClusterStatus, DbInstanceStatus, INSTANCE_STATES, Imposed};
use super::{Millis, Region, World, timing};
use std::fmt;

/// What [`Account::set_status`](crate::Account::set_status) can put into a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Database {
    Cluster,
    Instance,
}

impl Database {
    pub(crate) fn states(self) -> &'static [&'static str] {
        match self {
            Self::Cluster => CLUSTER_STATES,
            Self::Instance => INSTANCE_STATES,
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cluster => "db cluster",
            Self::Instance => "db instance",
        })
    }
}

impl Cluster {
    pub(crate) fn schedule(&mut self, change: Change, now: Millis) {
        self.change = Some(change);
        self.until.get_or_insert(now + timing::CLUSTER_LAGS);
    }
}

impl World {
    /// Carries a cluster on from what ends at `at`.
    pub(crate) fn advance_cluster(&mut self, at: Millis, region: &str, id: &str) {
        let cluster = self.region(region).clusters.get(id);
        let promoted = cluster.is_some_and(|one| one.status == ClusterStatus::Promoting);
        self.region_mut(region).advance_cluster(at, id);
        if promoted {
            for global in self.global_clusters.values_mut() {
                let stays = |one: &GlobalMember| one.region != region || one.cluster != id;
                global.members.retain(stays);
            }
        }
    }
}

impl Region {
    /// When the states end that tests have imposed.
    pub(crate) fn imposed_ends(&self) -> impl Iterator<Item = (Millis, Database, String)> {
        let clusters = self.clusters.iter().filter_map(|(id, one)| {
            Some((one.imposed.as_ref()?.until?, Database::Cluster, id.clone()))
        });
        let instances = self.db_instances.iter().filter_map(|(id, one)| {
            Some((one.imposed.as_ref()?.until?, Database::Instance, id.clone()))
        });
        clusters.chain(instances)
    }

    /// Puts a cluster or an instance into a state, or ends the one it was put into; tells whether it
    /// is there.
    pub(crate) fn impose(
        &mut self,
        at: Millis,
        kind: Database,
        id: &str,
        imposed: Option<Imposed>,
    ) -> bool {
        let place = match kind {
            Database::Cluster => self.clusters.get_mut(id).map(|one| &mut one.imposed),
            Database::Instance => self.db_instances.get_mut(id).map(|one| &mut one.imposed),
        };
        let Some(place) = place else {
            return false;
        };
        let over = imposed.is_none();
        *place = imposed;
        if over {
            self.lift(at, kind, id);
        }
        true
    }

    pub(crate) fn lift(&mut self, at: Millis, kind: Database, id: &str) {
        match kind {
            Database::Cluster => {
                if let Some(cluster) = self.clusters.get_mut(id) {
                    cluster.imposed = None;
                }
            }
            Database::Instance => {
                let Some(instance) = self.db_instances.get_mut(id) else {
                    return;
                };
                instance.imposed = None;
                let cluster = instance.cluster.clone();
                self.elect_writer(at, &cluster, false);
            }
        }
    }

    pub(crate) fn advance_db_instance(&mut self, at: Millis, id: &str) {
        let Some(instance) = self.db_instances.get_mut(id) else {
            return;
        };
        instance.until = None;
        let before = instance.status;
        match before {
            DbInstanceStatus::Deleting => return self.remove_db_instance(at, id),
            DbInstanceStatus::Stopping | DbInstanceStatus::Stopped => {
                instance.status = DbInstanceStatus::Stopped;
                let message = "DB instance stopped";
                return self.event(at, Source::Instance, id, "notification", message);
            }
            DbInstanceStatus::Creating => {
                let cluster = self.clusters.get(&instance.cluster);
                if let Some(cluster) = cluster.filter(|one| one.status == ClusterStatus::Creating) {
                    // No instance is there before the cluster that it belongs to.
                    instance.until = cluster.until.map(|until| until.max(at).saturating_add(1));
                    return;
                }
            }
            _ => {}
        }
        instance.status = DbInstanceStatus::Available;
        if let Some(class) = instance.pending_class.take() {
            instance.class = class;
        }
        let cluster = instance.cluster.clone();
        let (category, message) = match before {
            DbInstanceStatus::Creating => ("creation", "DB instance created"),
            DbInstanceStatus::Starting => ("notification", "DB instance started"),
            _ => (
                "configuration change",
                "Finished applying modification to DB instance",
            ),
        };
        self.event(at, Source::Instance, id, category, message);
        self.elect_writer(at, &cluster, false);
        self.finish_secret(at, &cluster);
    }

    /// The secret of a cluster becomes usable with its first instance.
    fn finish_secret(&mut self, at: Millis, cluster: &str) {
        let cluster = self.clusters.get(cluster);
        let arn = cluster.and_then(|one| one.secret.as_ref());
        if let Some(secret) = arn.and_then(|arn| self.secrets.get_mut(arn)) {
            secret.active_at.get_or_insert(at + timing::SECRET_CREATING);
        }
    }

    fn remove_db_instance(&mut self, at: Millis, id: &str) {
        let Some(instance) = self.db_instances.remove(id) else {
            return;
        };
        if let Some(interface) = self.interfaces.get_mut(&instance.interface) {
            interface.gone_at = Some(at + timing::INTERFACE_LINGERS);
        }
        self.event(at, Source::Instance, id, "deletion", "DB instance deleted");
        let Some(cluster) = self.clusters.get_mut(&instance.cluster) else {
            return;
        };
        cluster.members.retain(|member| member != id);
        let was_writer = cluster.writer.as_deref() == Some(id);
        if was_writer {
            cluster.writer = None;
        }
        if cluster.deletion.is_some() && cluster.members.is_empty() {
            self.begin_deleting(at, &instance.cluster);
        } else {
            self.elect_writer(at, &instance.cluster, was_writer);
        }
    }

    /// A cluster without instances whose deletion was accepted shows it now, and has no tags any
    /// more. It goes once its final snapshot is available.
    fn begin_deleting(&mut self, at: Millis, id: &str) {
        let Some(cluster) = self.clusters.get_mut(id) else {
            return;
        };
        let deletion = cluster.deletion.as_ref();
        let snapshot = deletion.and_then(|one| one.snapshot.as_ref());
        let saved = snapshot.and_then(|name| self.snapshots.get(name));
        let saved = saved.map_or(0, |snapshot| snapshot.available_at);
        cluster.status = ClusterStatus::Deleting;
        cluster.imposed = None;
        cluster.tags.clear();
        cluster.until = Some((at + timing::CLUSTER_DELETING).max(saved));
    }

    /// Makes the best available member writer of a cluster without one: the lowest promotion
    /// tier, then the oldest. One that follows another writer is a failover.
    pub(crate) fn elect_writer(&mut self, at: Millis, cluster_id: &str, failover: bool) {
        let Some(cluster) = self.clusters.get(cluster_id) else {
            return;
        };
        if cluster.writer.is_some() || cluster.read_only {
            return;
        }
        let best = cluster
            .members
            .iter()
            .filter_map(|id| Some((id, self.db_instances.get(id)?)))
            .filter(|(_, member)| member.can_write())
            .min_by_key(|(_, member)| member.tier)
            .map(|(id, _)| id.clone());
        let Some(best) = best else { return };
        self.set_writer(at, cluster_id, best, failover);
    }

    fn set_writer(&mut self, at: Millis, cluster_id: &str, writer: String, failover: bool) {
        let message = format!("Completed failover to DB instance: {writer}");
        if let Some(cluster) = self.clusters.get_mut(cluster_id) {
            cluster.writer = Some(writer);
        }
        if failover {
            self.event(at, Source::Cluster, cluster_id, "failover", &message);
        }
    }

    fn advance_cluster(&mut self, at: Millis, id: &str) {
        let Some(cluster) = self.clusters.get_mut(id) else {
            return;
        };
        cluster.until = None;
        if cluster.status == ClusterStatus::Deleting {
            let secret = cluster.secret.take();
            self.clusters.remove(id);
            if let Some(arn) = secret {
                self.secrets.remove(&arn);
            }
            let message = "DB cluster deleted";
            return self.event(at, Source::Cluster, id, "deletion", message);
        }
        if cluster.deletion.is_some() && cluster.members.is_empty() {
            return self.begin_deleting(at, id);
        }
        let (status, category, message) = match cluster.status {
            ClusterStatus::Creating => (ClusterStatus::Available, "creation", "DB cluster created"),
            ClusterStatus::Stopping => {
                cluster.until = Some(at + timing::CLUSTER_AUTO_START);
                (ClusterStatus::Stopped, "notification", "DB cluster stopped")
            }
            // AWS starts a cluster that has been stopped for seven days.
            ClusterStatus::Stopped => return self.start_cluster(at, id),
            ClusterStatus::Starting => (
                ClusterStatus::Available,
                "notification",
                "DB cluster started",
            ),
            ClusterStatus::Available => return self.begin_change(at, id),
            _ => return self.finish_change(at, id),
        };
        cluster.status = status;
        self.event(at, Source::Cluster, id, category, message);
    }

    /// A change that was accepted a moment ago shows in the status.
    fn begin_change(&mut self, at: Millis, id: &str) {
        let Some(cluster) = self.clusters.get_mut(id) else {
            return;
        };
        let Some(change) = &cluster.change else {
            return;
        };
        let until = at.saturating_add(change.lasts);
        cluster.status = change.status;
        cluster.until = Some(until);
        if change.version.is_none() {
            return;
        }
        for member in &cluster.members {
            if let Some(member) = self.db_instances.get_mut(member)
                && member.status == DbInstanceStatus::Available
            {
                member.status = DbInstanceStatus::Upgrading;
                member.until = Some(until);
            }
        }
    }

    /// What was pending is applied.
    fn finish_change(&mut self, at: Millis, id: &str) {
        let Some(cluster) = self.clusters.get_mut(id) else {
            return;
        };
        let change = cluster.change.take().unwrap_or_else(|| Change {
            status: cluster.status,
            ..Change::default()
        });
        cluster.status = ClusterStatus::Available;
        cluster.version = change.version.unwrap_or_else(|| cluster.version.clone());
        cluster.port = change.port.unwrap_or(cluster.port);
        cluster.iam_authentication = change
            .iam_authentication
            .unwrap_or(cluster.iam_authentication);
        cluster.backup_retention = change.backup_retention.unwrap_or(cluster.backup_retention);
        if change.standalone {
            cluster.replica_of = None;
            cluster.read_only = false;
        }
        let secret = cluster.secret.clone();
        if change.rotate
            && let Some(held) = secret.and_then(|arn| self.secrets.get_mut(&arn))
        {
            held.version = held.version.saturating_add(1);
        }
        let (category, message) = match change.status {
            ClusterStatus::ResettingMasterCredentials => {
                ("configuration change", "Reset master credentials")
            }
            ClusterStatus::FailingOver => {
                return self.finish_failover(at, id, change.writer);
            }
            ClusterStatus::Promoting => {
                self.elect_writer(at, id, false);
                (
                    "notification",
                    "Promoted DB cluster to a standalone DB cluster",
                )
            }
            _ => (
                "configuration change",
                "Finished applying modification to DB cluster",
            ),
        };
        self.event(at, Source::Cluster, id, category, message);
    }

    /// The chosen member writes, if it still can; else the best of those that can.
    fn finish_failover(&mut self, at: Millis, id: &str, target: Option<String>) {
        let able = |name: &String| {
            self.db_instances
                .get(name)
                .is_some_and(|one| one.can_write())
        };
        match target.filter(able) {
            Some(target) => self.set_writer(at, id, target, true),
            None => self.elect_writer(at, id, true),
        }
    }

    pub(crate) fn start_cluster(&mut self, at: Millis, id: &str) {
        let until = at + timing::CLUSTER_STARTING;
        let Some(cluster) = self.clusters.get_mut(id) else {
            return;
        };
        cluster.status = ClusterStatus::Starting;
        cluster.until = Some(until);
        for member in cluster.members.clone() {
            if let Some(member) = self.db_instances.get_mut(&member) {
                member.status = DbInstanceStatus::Starting;
                // A member that is there before its cluster would contradict the cluster.
                member.until = Some(until);
            }
        }
    }

    /// Records an RDS event; old ones are dropped.
    pub(crate) fn event(
        &mut self,
        at: Millis,
        source: Source,
        id: &str,
        category: &str,
        message: &str,
    ) {
        while let Some(oldest) = self.events.front() {
            if oldest.at + timing::EVENTS_KEPT >= at && self.events.len() < 500 {
                break;
            }
            self.events.pop_front();
        }
        self.events.push_back(Event {
            at,
            source,
            id: id.to_owned(),
            category: category.to_owned(),
            message: message.to_owned(),
        });
    }
}
