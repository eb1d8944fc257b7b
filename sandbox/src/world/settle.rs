//! What happens by itself as time passes. Due changes are applied in the order of their times, so
//! that the account is the same however seldom it is looked at.

use super::database::{ClusterStatus, DbInstance, DbInstanceStatus, Event, Source};
use super::network::InstanceState;
use super::peering::PeeringStatus;
use super::{Millis, Region, World, timing};

/// What a due change is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Peering(String),
    Instance(String, String),
    DbInstance(String, String),
    Cluster(String, String),
    Interface(String, String),
}

impl World {
    /// Applies what is due at `now`; tells whether there was anything.
    pub(crate) fn settle(&mut self, now: Millis) -> bool {
        if self.next_due == 0 {
            self.next_due = self.next().map_or(Millis::MAX, |(at, _)| at);
        }
        let mut changed = false;
        while self.next_due <= now {
            if let Some((at, due)) = self.next() {
                self.apply(at, due);
                changed = true;
            }
            self.next_due = self.next().map_or(Millis::MAX, |(at, _)| at);
        }
        changed
    }

    /// The next change that happens by itself.
    fn next(&self) -> Option<(Millis, Due)> {
        let peerings = self
            .peerings
            .iter()
            .filter_map(|(id, peering)| Some((peering.until?, Due::Peering(id.clone()))));
        let in_regions = self.regions.iter().flat_map(|(name, region)| {
            let instances = region.instances.iter().filter_map(|(id, one)| {
                Some((one.until?, Due::Instance(name.clone(), id.clone())))
            });
            let db_instances = region.db_instances.iter().filter_map(|(id, one)| {
                Some((one.until?, Due::DbInstance(name.clone(), id.clone())))
            });
            let clusters = region
                .clusters
                .iter()
                .filter_map(|(id, one)| Some((one.until?, Due::Cluster(name.clone(), id.clone()))));
            let interfaces = region.interfaces.iter().filter_map(|(id, one)| {
                Some((one.gone_at?, Due::Interface(name.clone(), id.clone())))
            });
            instances
                .chain(db_instances)
                .chain(clusters)
                .chain(interfaces)
        });
        peerings.chain(in_regions).min()
    }

    fn apply(&mut self, at: Millis, due: Due) {
        match due {
            Due::Peering(id) => self.advance_peering(at, &id),
            Due::Instance(region, id) => self.region_mut(&region).advance_instance(at, &id),
            Due::DbInstance(region, id) => self.region_mut(&region).advance_db_instance(at, &id),
            Due::Cluster(region, id) => self.region_mut(&region).advance_cluster(at, &id),
            Due::Interface(region, id) => {
                self.region_mut(&region).interfaces.remove(&id);
            }
        }
    }

    fn advance_peering(&mut self, at: Millis, id: &str) {
        let Some(peering) = self.peerings.get_mut(id) else {
            return;
        };
        let (status, until) = match peering.status {
            PeeringStatus::InitiatingRequest => {
                if peering.requester.cidr.overlaps(peering.accepter.cidr) {
                    (PeeringStatus::Failed, Some(at + timing::PEERING_REMEMBERED))
                } else {
                    (PeeringStatus::PendingAcceptance, Some(peering.expires_at))
                }
            }
            PeeringStatus::PendingAcceptance => (
                PeeringStatus::Expired,
                Some(at + timing::PEERING_REMEMBERED),
            ),
            PeeringStatus::Provisioning | PeeringStatus::Active => (PeeringStatus::Active, None),
            PeeringStatus::Deleting => (
                PeeringStatus::Deleted,
                Some(at + timing::PEERING_REMEMBERED),
            ),
            PeeringStatus::Failed
            | PeeringStatus::Rejected
            | PeeringStatus::Expired
            | PeeringStatus::Deleted => {
                self.peerings.remove(id);
                return;
            }
        };
        peering.status = status;
        peering.until = until;
    }
}

impl Region {
    fn advance_instance(&mut self, at: Millis, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else {
            return;
        };
        match instance.state {
            InstanceState::Pending | InstanceState::Running => {
                instance.state = InstanceState::Running;
                instance.until = None;
            }
            InstanceState::ShuttingDown => {
                instance.state = InstanceState::Terminated;
                instance.until = Some(at + timing::INSTANCE_REMEMBERED);
                let interface = instance.interface.clone();
                self.interfaces.remove(&interface);
            }
            InstanceState::Terminated => {
                self.instances.remove(id);
            }
        }
    }

    fn advance_db_instance(&mut self, at: Millis, id: &str) {
        let Some(instance) = self.db_instances.get_mut(id) else {
            return;
        };
        instance.until = None;
        match instance.status {
            DbInstanceStatus::Deleting => self.remove_db_instance(at, id),
            DbInstanceStatus::Stopping | DbInstanceStatus::Stopped => {
                instance.status = DbInstanceStatus::Stopped;
                self.event(
                    at,
                    Source::Instance,
                    id,
                    "notification",
                    "DB instance stopped",
                );
            }
            before => {
                instance.status = DbInstanceStatus::Available;
                if let Some(class) = instance.pending_class.take() {
                    instance.class = class;
                }
                let cluster = instance.cluster.clone();
                match before {
                    DbInstanceStatus::Creating => {
                        self.event(at, Source::Instance, id, "creation", "DB instance created");
                    }
                    DbInstanceStatus::Starting => {
                        self.event(
                            at,
                            Source::Instance,
                            id,
                            "notification",
                            "DB instance started",
                        );
                    }
                    _ => {
                        let message = "Finished applying modification to DB instance";
                        self.event(at, Source::Instance, id, "configuration change", message);
                    }
                }
                self.elect_writer(at, &cluster, false);
            }
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
        if cluster.status == ClusterStatus::Deleting && cluster.members.is_empty() {
            cluster.until = Some(at + timing::CLUSTER_DELETING);
        }
        self.elect_writer(at, &instance.cluster, was_writer);
    }

    /// Makes the best available member writer of a cluster without one: the lowest promotion
    /// tier, then the oldest. One that follows another writer is a failover.
    pub(crate) fn elect_writer(&mut self, at: Millis, cluster_id: &str, failover: bool) {
        let Some(cluster) = self.clusters.get(cluster_id) else {
            return;
        };
        if cluster.writer.is_some() {
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
        let message = format!("Completed failover to DB instance: {best}");
        if let Some(cluster) = self.clusters.get_mut(cluster_id) {
            cluster.writer = Some(best);
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
        let (status, category, message) = match cluster.status {
            ClusterStatus::Deleting => {
                let secret = cluster.secret.take();
                self.clusters.remove(id);
                if let Some(arn) = secret {
                    self.secrets.remove(&arn);
                }
                self.event(at, Source::Cluster, id, "deletion", "DB cluster deleted");
                return;
            }
            ClusterStatus::Creating => (ClusterStatus::Available, "creation", "DB cluster created"),
            ClusterStatus::Stopping => {
                cluster.until = Some(at + timing::CLUSTER_AUTO_START);
                (ClusterStatus::Stopped, "notification", "DB cluster stopped")
            }
            ClusterStatus::Stopped => {
                // AWS starts a cluster by itself once it has been stopped for seven days.
                self.start_cluster(at, id);
                return;
            }
            ClusterStatus::Starting => (
                ClusterStatus::Available,
                "notification",
                "DB cluster started",
            ),
            ClusterStatus::ResettingMasterCredentials => (
                ClusterStatus::Available,
                "configuration change",
                "Reset master credentials",
            ),
            _ => (
                ClusterStatus::Available,
                "configuration change",
                "Finished applying modification to DB cluster",
            ),
        };
        cluster.status = status;
        self.event(at, Source::Cluster, id, category, message);
    }

    /// Starts a stopped cluster and its members.
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

impl DbInstance {
    fn can_write(&self) -> bool {
        matches!(
            self.status,
            DbInstanceStatus::Available | DbInstanceStatus::Modifying | DbInstanceStatus::Upgrading
        )
    }
}
