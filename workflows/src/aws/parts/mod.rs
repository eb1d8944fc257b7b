//! What may be part of a VPC besides subnets, route tables and security groups,
//! and can go with it.

pub(crate) mod attached;
pub(crate) mod remedy;
pub(crate) mod rules;

use aws_sdk_ec2::types::{
    AttachmentStatus, CarrierGatewayState, NatGatewayState, State, TransitGatewayAttachmentState,
    VpnState,
};
use serde::{Deserialize, Serialize};
use stepwell_engine::Fault;

use crate::aws::ec2::parts as read;
use crate::aws::remove::parts as remove;
use crate::aws::{Aws, ec2};

/// A kind of part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// An internet gateway that is attached.
    InternetGateway,
    /// A NAT gateway.
    NatGateway,
    /// An egress-only internet gateway.
    EgressOnlyGateway,
    /// A virtual private gateway that is attached.
    VpnGateway,
    /// A carrier gateway.
    CarrierGateway,
    /// A VPC endpoint of any type.
    Endpoint,
    /// An attachment to a transit gateway.
    TransitAttachment,
    /// A network ACL that is not the VPC's default one.
    NetworkAcl,
    /// A network interface that is attached to nothing.
    Interface,
}

/// When a part goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Before the first instance: what can't go keeps the data from going.
    BeforeData,
    /// Once the instances are gone: they may have public addresses, with which
    /// no internet gateway can be detached.
    AfterData,
    /// Once the subnets are gone, which it is associated with.
    AfterSubnets,
}

/// How a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is there.
    There,
    /// It is there, and its deletion was asked for.
    Going,
    /// It is not there any more.
    Gone,
}

/// A part of a VPC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Its id.
    pub id: String,
    /// The VPC.
    pub vpc: String,
}

impl PartKind {
    /// The kind in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::InternetGateway => "internet gateway",
            Self::NatGateway => "nat gateway",
            Self::EgressOnlyGateway => "egress-only internet gateway",
            Self::VpnGateway => "vpn gateway",
            Self::CarrierGateway => "carrier gateway",
            Self::Endpoint => "vpc endpoint",
            Self::TransitAttachment => "transit gateway attachment",
            Self::NetworkAcl => "network acl",
            Self::Interface => "network interface",
        }
    }

    /// When it goes.
    pub(crate) fn when(self) -> When {
        match self {
            Self::InternetGateway => When::AfterData,
            Self::NetworkAcl => When::AfterSubnets,
            _ => When::BeforeData,
        }
    }

    /// Whether it has to be detached before it can be deleted.
    pub(crate) fn is_attached(self) -> bool {
        matches!(self, Self::InternetGateway | Self::VpnGateway)
    }

    /// Whether it is gone only some time after its deletion was accepted, and
    /// holds its subnets until then.
    pub(crate) fn is_slow(self) -> bool {
        matches!(
            self,
            Self::NatGateway | Self::CarrierGateway | Self::Endpoint | Self::TransitAttachment
        )
    }
}

impl Part {
    /// How it stands.
    pub(crate) async fn standing(&self, aws: &Aws, region: &str) -> Result<Standing, Fault> {
        let by = |name: &str| ec2::filter(name, &self.id);
        let in_vpc = ec2::filter("vpc-id", &self.vpc);
        let is_this = |id: Option<&str>| id == Some(&self.id);
        Ok(match self.kind {
            PartKind::InternetGateway => {
                let by = by("internet-gateway-id");
                there(read::internet_gateways(aws, region, by).await?.is_empty())
            }
            PartKind::NatGateway => {
                let found = read::nat_gateways(aws, region, by("nat-gateway-id")).await?;
                nat(found.first().and_then(|one| one.state()))
            }
            PartKind::EgressOnlyGateway => {
                let found = read::egress_only_gateways(aws, region).await?;
                there(!(found.iter()).any(|one| is_this(one.egress_only_internet_gateway_id())))
            }
            PartKind::VpnGateway => {
                let found = read::vpn_gateways(aws, region, by("vpn-gateway-id")).await?;
                match found.first().map(|one| one.state()) {
                    None | Some(Some(VpnState::Deleted)) => Standing::Gone,
                    Some(Some(VpnState::Deleting)) => Standing::Going,
                    Some(_) => Standing::There,
                }
            }
            PartKind::CarrierGateway => {
                let found = read::carrier_gateways(aws, region, by("carrier-gateway-id")).await?;
                match found.first().map(|one| one.state()) {
                    None | Some(Some(CarrierGatewayState::Deleted)) => Standing::Gone,
                    Some(Some(CarrierGatewayState::Deleting)) => Standing::Going,
                    Some(_) => Standing::There,
                }
            }
            PartKind::Endpoint => {
                let found = read::endpoints(aws, region, in_vpc).await?;
                let this = (found.iter()).find(|one| is_this(one.vpc_endpoint_id()));
                endpoint(this.map(|one| one.state()))
            }
            PartKind::TransitAttachment => {
                let by = by("transit-gateway-attachment-id");
                let found = read::transit_attachments(aws, region, by).await?;
                transit(found.first().and_then(|one| one.state()))
            }
            PartKind::NetworkAcl => {
                let found = read::network_acls(aws, region, in_vpc).await?;
                there(!(found.iter()).any(|one| is_this(one.network_acl_id())))
            }
            PartKind::Interface => {
                let by = by("network-interface-id");
                there(ec2::network_interfaces(aws, region, by).await?.is_empty())
            }
        })
    }

    /// Whether it is attached to its VPC, and no detachment was asked for yet.
    pub(crate) async fn is_attached(&self, aws: &Aws, region: &str) -> Result<bool, Fault> {
        let here = |vpc: Option<&str>, state: Option<&AttachmentStatus>| {
            let leaves = [AttachmentStatus::Detached, AttachmentStatus::Detaching];
            vpc == Some(&self.vpc) && !state.is_some_and(|state| leaves.contains(state))
        };
        Ok(match self.kind {
            PartKind::InternetGateway => {
                let by = ec2::filter("internet-gateway-id", &self.id);
                let found = read::internet_gateways(aws, region, by).await?;
                (found.iter().flat_map(|one| one.attachments()))
                    .any(|one| here(one.vpc_id(), one.state()))
            }
            PartKind::VpnGateway => {
                let by = ec2::filter("vpn-gateway-id", &self.id);
                let found = read::vpn_gateways(aws, region, by).await?;
                (found.iter().flat_map(|one| one.vpc_attachments()))
                    .any(|one| here(one.vpc_id(), one.state()))
            }
            _ => false,
        })
    }

    /// Takes it from its VPC.
    pub(crate) async fn detach(&self, aws: &Aws, region: &str) -> Result<(), Fault> {
        let (vpc, id) = (self.vpc.as_str(), self.id.as_str());
        match self.kind {
            PartKind::InternetGateway => {
                remove::detach_internet_gateway(aws, region, vpc, id).await
            }
            PartKind::VpnGateway => remove::detach_vpn_gateway(aws, region, vpc, id).await,
            _ => Ok(()),
        }
    }

    /// Asks for it to be deleted.
    pub(crate) async fn delete(&self, aws: &Aws, region: &str) -> Result<(), Fault> {
        let id = self.id.as_str();
        match self.kind {
            PartKind::InternetGateway => remove::internet_gateway(aws, region, id).await,
            PartKind::NatGateway => remove::nat_gateway(aws, region, id).await,
            PartKind::EgressOnlyGateway => remove::egress_only_gateway(aws, region, id).await,
            PartKind::VpnGateway => remove::vpn_gateway(aws, region, id).await,
            PartKind::CarrierGateway => remove::carrier_gateway(aws, region, id).await,
            PartKind::Endpoint => remove::endpoint(aws, region, id).await,
            PartKind::TransitAttachment => remove::transit_attachment(aws, region, id).await,
            PartKind::NetworkAcl => remove::network_acl(aws, region, id).await,
            PartKind::Interface => remove::network_interface(aws, region, id).await,
        }
    }
}

fn there(is_empty: bool) -> Standing {
    if is_empty {
        Standing::Gone
    } else {
        Standing::There
    }
}

/// What the state of a NAT gateway means; one that failed holds nothing (VPC
/// User Guide, "Troubleshoot NAT gateways").
fn nat(state: Option<&NatGatewayState>) -> Standing {
    match state {
        None | Some(NatGatewayState::Deleted | NatGatewayState::Failed) => Standing::Gone,
        Some(NatGatewayState::Deleting) => Standing::Going,
        Some(_) => Standing::There,
    }
}

/// What the state of an endpoint means, if there is one. EC2 sends `deleting` in
/// lower case, and its model, and so the SDK, has `Deleting`.
fn endpoint(found: Option<Option<&State>>) -> Standing {
    let is = |state: &State, wanted: &State| (state.as_str()).eq_ignore_ascii_case(wanted.as_str());
    match found {
        None => Standing::Gone,
        Some(Some(state)) if is(state, &State::Deleted) => Standing::Gone,
        Some(Some(state)) if is(state, &State::Deleting) => Standing::Going,
        Some(_) => Standing::There,
    }
}

/// What the state of an attachment to a transit gateway means.
fn transit(state: Option<&TransitGatewayAttachmentState>) -> Standing {
    use TransitGatewayAttachmentState::{Deleted, Deleting, Failed, Rejected};
    match state {
        None | Some(Deleted | Failed | Rejected) => Standing::Gone,
        Some(Deleting) => Standing::Going,
        Some(_) => Standing::There,
    }
}
