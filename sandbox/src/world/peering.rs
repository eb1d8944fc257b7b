//! VPC peering connections.

use super::named;
use super::{Millis, Tags};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Peering {
    pub(crate) requester: Side,
    pub(crate) accepter: Side,
    pub(crate) status: PeeringStatus,
    /// When the status changes by itself, or the connection is forgotten.
    pub(crate) until: Option<Millis>,
    pub(crate) expires_at: Millis,
    pub(crate) visible_at: Millis,
}

/// One side of a peering. Each side tags for itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Side {
    pub(crate) region: String,
    pub(crate) vpc: String,
    pub(crate) cidr: Ipv4Net,
    pub(crate) tags: Tags,
}

named! {
    enum PeeringStatus {
        InitiatingRequest = "initiating-request",
        PendingAcceptance = "pending-acceptance",
        Provisioning = "provisioning",
        Active = "active",
        Failed = "failed",
        Rejected = "rejected",
        Expired = "expired",
        Deleting = "deleting",
        Deleted = "deleted",
    }
}

impl PeeringStatus {
    pub(crate) fn message(self, account: &str) -> String {
        match self {
            Self::InitiatingRequest => format!("Initiating Request to {account}"),
            Self::PendingAcceptance => format!("Pending Acceptance by {account}"),
            Self::Provisioning => "Provisioning".into(),
            Self::Active => "Active".into(),
            Self::Failed => {
                "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range".into()
            }
            Self::Rejected => format!("Rejected by {account}"),
            Self::Expired => "Expired".into(),
            Self::Deleting => format!("Deleting by {account}"),
            Self::Deleted => format!("Deleted by {account}"),
        }
    }

    /// Whether it holds on to its VPCs or may come to: a new request for the same direction finds it.
    pub(crate) fn is_live(self) -> bool {
        self.is_pending() || self.is_joined()
    }

    pub(crate) fn is_pending(self) -> bool {
        matches!(self, Self::InitiatingRequest | Self::PendingAcceptance)
    }

    /// Whether it has been accepted and not ended.
    pub(crate) fn is_joined(self) -> bool {
        matches!(self, Self::Provisioning | Self::Active)
    }

    pub(crate) fn holds_vpcs(self) -> bool {
        self.is_live() || self == Self::Deleting
    }
}

impl Peering {
    /// The side in `region`; the requester's if both are.
    pub(crate) fn side_in(&self, region: &str) -> Option<&Side> {
        [&self.requester, &self.accepter]
            .into_iter()
            .find(|side| side.region == region)
    }

    pub(crate) fn side_in_mut(&mut self, region: &str) -> Option<&mut Side> {
        [&mut self.requester, &mut self.accepter]
            .into_iter()
            .find(|side| side.region == region)
    }

    pub(crate) fn is_between_regions(&self) -> bool {
        self.requester.region != self.accepter.region
    }

    pub(crate) fn touches(&self, region: &str, vpc: &str) -> bool {
        [&self.requester, &self.accepter]
            .iter()
            .any(|side| side.region == region && side.vpc == vpc)
    }
}
