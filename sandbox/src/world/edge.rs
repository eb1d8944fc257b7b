//! What leads out of a VPC, internet gateways and peerings aside: gateways of the other kinds,
//! endpoints, and attachments of transit gateways.

use super::named;
use super::{Millis, Region, Tags, timing};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Edge {
    /// The VPC it is part of. VPN and transit gateways are part of none.
    pub(crate) vpc: Option<String>,
    pub(crate) subnets: Vec<String>,
    /// The network interfaces that AWS keeps for it, while it has them.
    pub(crate) interfaces: Vec<String>,
    pub(crate) tags: Tags,
    pub(crate) state: EdgeState,
    /// When the state changes without a call, or the resource is forgotten.
    pub(crate) until: Option<Millis>,
    pub(crate) created_at: Millis,
    pub(crate) deleted_at: Option<Millis>,
    pub(crate) visible_at: Millis,
    pub(crate) sort: EdgeSort,
}

/// What kind of edge it is, and what only that kind has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EdgeSort {
    /// A NAT gateway; a public one has the allocation of an Elastic IP address.
    Nat {
        allocation: Option<String>,
    },
    Endpoint(Endpoint),
    EgressOnly,
    Vpn {
        asn: i64,
        attachment: Option<VpnAttachment>,
    },
    Transit {
        description: String,
        asn: i64,
    },
    TransitAttachment {
        transit: String,
    },
    Carrier,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) service: String,
    /// A gateway endpoint has routes, an interface endpoint has network interfaces.
    pub(crate) gateway: bool,
    pub(crate) tables: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) private_dns: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VpnAttachment {
    pub(crate) vpc: String,
    pub(crate) state: AttachmentState,
    /// When the state changes without a call, or the attachment is forgotten.
    pub(crate) until: Option<Millis>,
}

named! {
    enum AttachmentState {
        Attaching = "attaching",
        Attached = "attached",
        Detaching = "detaching",
        Detached = "detached",
    }
}

impl AttachmentState {
    /// Whether it carries traffic, or soon will.
    pub(crate) fn serves(self) -> bool {
        matches!(self, Self::Attaching | Self::Attached)
    }
}

named! {
    /// The state of an edge. All kinds spell it the same way.
    enum EdgeState {
        Pending = "pending",
        Available = "available",
        Failed = "failed",
        Deleting = "deleting",
        Deleted = "deleted",
    }
}

impl EdgeState {
    /// Whether it still takes up its place: its VPC, subnets and groups are held.
    pub(crate) fn holds(self) -> bool {
        matches!(self, Self::Pending | Self::Available | Self::Deleting)
    }

    /// Whether it carries traffic, or soon will.
    pub(crate) fn serves(self) -> bool {
        matches!(self, Self::Pending | Self::Available)
    }
}

impl EdgeSort {
    /// How long it is `pending`, how long `deleting`, and how long it is shown after its end.
    fn times(&self) -> (Millis, Millis, Millis) {
        match self {
            Self::Nat { .. } => (
                timing::NAT_PENDING,
                timing::NAT_DELETING,
                timing::NAT_REMEMBERED,
            ),
            Self::Endpoint(one) if one.gateway => (
                timing::GATEWAY_ENDPOINT,
                timing::GATEWAY_ENDPOINT,
                timing::ENDPOINT_REMEMBERED,
            ),
            Self::Endpoint(_) => (
                timing::INTERFACE_ENDPOINT,
                timing::INTERFACE_ENDPOINT,
                timing::ENDPOINT_REMEMBERED,
            ),
            Self::EgressOnly => (0, 0, 0),
            Self::Vpn { .. } => (timing::VPN_GATEWAY, 0, timing::EDGE_REMEMBERED),
            Self::Transit { .. } => (
                timing::TRANSIT_PENDING,
                timing::TRANSIT_DELETING,
                timing::EDGE_REMEMBERED,
            ),
            Self::TransitAttachment { .. } => (
                timing::TRANSIT_ATTACHMENT,
                timing::TRANSIT_ATTACHMENT,
                timing::EDGE_REMEMBERED,
            ),
            Self::Carrier => (
                timing::CARRIER_GATEWAY,
                timing::CARRIER_GATEWAY,
                timing::EDGE_REMEMBERED,
            ),
        }
    }
}

impl Edge {
    /// A new one of that sort, in no subnet.
    pub(crate) fn new(sort: EdgeSort, vpc: Option<String>, tags: Tags, now: Millis) -> Self {
        let (state, until) = match sort.times().0 {
            0 => (EdgeState::Available, None),
            pending => (EdgeState::Pending, Some(now + pending)),
        };
        Self {
            vpc,
            subnets: Vec::new(),
            interfaces: Vec::new(),
            tags,
            state,
            until,
            created_at: now,
            deleted_at: None,
            visible_at: now,
            sort,
        }
    }

    pub(crate) fn attachment(&self) -> Option<&VpnAttachment> {
        match &self.sort {
            EdgeSort::Vpn { attachment, .. } => attachment.as_ref(),
            _ => None,
        }
    }

    /// The state; a VPN gateway that is attached has that of its attachment, which holds a VPC.
    pub(crate) fn shown_state(&self) -> &'static str {
        match self.attachment() {
            Some(held) => held.state.name(),
            None => self.state.name(),
        }
    }

    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        match &self.sort {
            EdgeSort::Endpoint(endpoint) => Some(endpoint),
            _ => None,
        }
    }

    /// Whether the VPC can't be deleted while this is there.
    pub(crate) fn holds(&self, vpc: &str) -> bool {
        let attached = self
            .attachment()
            .is_some_and(|one| one.vpc == vpc && one.state != AttachmentState::Detached);
        attached || (self.vpc.as_deref() == Some(vpc) && self.state.holds())
    }

    pub(crate) fn due(&self) -> Option<Millis> {
        let attachment = self.attachment().and_then(|one| one.until);
        self.until.into_iter().chain(attachment).min()
    }
}

impl Region {
    /// Begins to delete the edge; what takes no time is gone at once.
    pub(crate) fn delete_edge(&mut self, now: Millis, id: &str) {
        let Some(edge) = self.edges.get_mut(id) else {
            return;
        };
        edge.state = EdgeState::Deleting;
        edge.deleted_at = Some(now);
        match edge.sort.times().1 {
            0 => self.end_edge(now, id, EdgeState::Deleted),
            deleting => edge.until = Some(now + deleting),
        }
    }

    /// What AWS kept for the edge goes, and it is shown as ended for a while.
    fn end_edge(&mut self, at: Millis, id: &str, state: EdgeState) {
        let Some(edge) = self.edges.get_mut(id) else {
            return;
        };
        for interface in edge.interfaces.drain(..) {
            self.interfaces.remove(&interface);
        }
        edge.state = state;
        match edge.sort.times().2 {
            0 => {
                self.edges.remove(id);
            }
            remembered => edge.until = Some(at + remembered),
        }
    }

    pub(crate) fn advance_edge(&mut self, at: Millis, id: &str) {
        let Some(edge) = self.edges.get_mut(id) else {
            return;
        };
        if edge.until.is_none_or(|until| until > at) {
            edge.advance_attachment(at);
            return;
        }
        edge.until = None;
        match edge.state {
            EdgeState::Pending => {
                let public = matches!(
                    edge.sort,
                    EdgeSort::Nat {
                        allocation: Some(_)
                    }
                );
                let vpc = edge.vpc.clone();
                edge.state = EdgeState::Available;
                // Without an internet gateway a public NAT gateway ends as `failed`.
                if public && !self.gateways.values().any(|one| one.vpc == vpc) {
                    self.end_edge(at, id, EdgeState::Failed);
                }
            }
            EdgeState::Available => {}
            EdgeState::Deleting => self.end_edge(at, id, EdgeState::Deleted),
            EdgeState::Failed | EdgeState::Deleted => {
                self.edges.remove(id);
            }
        }
    }
}

impl Edge {
    fn advance_attachment(&mut self, at: Millis) {
        let EdgeSort::Vpn { attachment, .. } = &mut self.sort else {
            return;
        };
        let Some(one) = attachment else { return };
        match one.state {
            AttachmentState::Attaching | AttachmentState::Attached => {
                one.state = AttachmentState::Attached;
                one.until = None;
            }
            AttachmentState::Detaching => {
                one.state = AttachmentState::Detached;
                one.until = Some(at + timing::VPN_DETACHED_SHOWN);
            }
            AttachmentState::Detached => *attachment = None,
        }
    }
}
