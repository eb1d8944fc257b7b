//! What happens by itself as time passes. Due changes are applied in the order of their times, so
//! that the account is the same however seldom it is looked at.

use super::cidr::overlaps;
use super::lifecycle::Database;
use super::network::InstanceState;
use super::peering::PeeringStatus;
use super::{Millis, Region, World, timing};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Peering(String),
    Instance(String, String),
    DbInstance(String, String),
    Cluster(String, String),
    Imposed(String, Database, String),
    Interface(String, String),
    Edge(String, String),
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

    fn next(&self) -> Option<(Millis, Due)> {
        let peerings = self.peerings.iter();
        let peerings =
            peerings.filter_map(|(id, one)| Some((one.until?, Due::Peering(id.clone()))));
        let in_regions = self.regions.iter().flat_map(|(name, here)| {
            macro_rules! due {
                ($map:ident, $due:ident, |$one:ident| $at:expr) => {
                    (here.$map.iter())
                        .filter_map(|(id, $one)| Some(($at?, Due::$due(name.clone(), id.clone()))))
                };
            }
            let imposed = here.imposed_ends();
            due!(instances, Instance, |one| one.until)
                .chain(due!(edges, Edge, |one| one.due()))
                .chain(due!(db_instances, DbInstance, |one| one.until))
                .chain(due!(clusters, Cluster, |one| one.until))
                .chain(due!(interfaces, Interface, |one| one.gone_at))
                .chain(imposed.map(|(at, kind, id)| (at, Due::Imposed(name.clone(), kind, id))))
        });
        peerings.chain(in_regions).min()
    }

    fn apply(&mut self, at: Millis, due: Due) {
        match due {
            Due::Peering(id) => self.advance_peering(at, &id),
            Due::Instance(region, id) => self.region_mut(&region).advance_instance(at, &id),
            Due::DbInstance(region, id) => self.region_mut(&region).advance_db_instance(at, &id),
            Due::Cluster(region, id) => self.advance_cluster(at, &region, &id),
            Due::Imposed(region, kind, id) => self.region_mut(&region).lift(at, kind, &id),
            Due::Interface(region, id) => {
                self.region_mut(&region).interfaces.remove(&id);
            }
            Due::Edge(region, id) => self.region_mut(&region).advance_edge(at, &id),
        }
    }

    fn advance_peering(&mut self, at: Millis, id: &str) {
        let overlaps = self.peerings.get(id).is_some_and(|peering| {
            let theirs = self.ranges_of(&peering.accepter);
            let mut ours = self.ranges_of(&peering.requester).into_iter();
            ours.any(|range| theirs.iter().any(|other| overlaps(*other, range)))
        });
        let Some(peering) = self.peerings.get_mut(id) else {
            return;
        };
        let (status, until) = match peering.status {
            PeeringStatus::InitiatingRequest => {
                if overlaps {
                    (PeeringStatus::Failed, Some(at + timing::PEERING_REMEMBERED))
                } else {
                    (PeeringStatus::PendingAcceptance, Some(peering.expires_at))
                }
            }
            PeeringStatus::PendingAcceptance => (
                PeeringStatus::Expired,
                Some(at + timing::PEERING_EXPIRED_SHOWN),
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
}
