//! Finding resources by id, with EC2's error codes and its eventual consistency.

use super::*;
use crate::world::network::{Acl, Gateway, Instance, Interface, PrefixList, Subnet, Vpc};
use crate::world::peering::Peering;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Vpc,
    Subnet,
    RouteTable,
    Group,
    Rule,
    Peering,
    Gateway,
    Instance,
    Interface,
    Acl,
    PrefixList,
    Nat,
    Endpoint,
    EgressOnly,
    Vpn,
    Transit,
    TransitAttachment,
    Carrier,
}

/// How EC2 speaks of a kind of resource.
struct Wording {
    prefix: &'static str,
    resource_type: &'static str,
    /// The code for an id that is not there.
    not_found: &'static str,
    noun: &'static str,
    /// The code for what cannot be an id; some kinds have none.
    malformed: Option<&'static str>,
}

const fn wording(
    prefix: &'static str,
    resource_type: &'static str,
    not_found: &'static str,
    noun: &'static str,
    malformed: &'static str,
) -> Wording {
    Wording {
        prefix,
        resource_type,
        not_found,
        noun,
        malformed: if malformed.is_empty() {
            None
        } else {
            Some(malformed)
        },
    }
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 18] = [
        Self::Vpc,
        Self::Subnet,
        Self::RouteTable,
        Self::Group,
        Self::Rule,
        Self::Peering,
        Self::Gateway,
        Self::Instance,
        Self::Interface,
        Self::Acl,
        Self::PrefixList,
        Self::Nat,
        Self::Endpoint,
        Self::EgressOnly,
        Self::Vpn,
        Self::Transit,
        Self::TransitAttachment,
        Self::Carrier,
    ];

    /// The kind whose ids start as this one does.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        let prefix = id.rsplit_once('-')?.0;
        Self::ALL.into_iter().find(|kind| kind.prefix() == prefix)
    }

    #[rustfmt::skip]
    const fn wording(self) -> Wording {
        match self {
            Self::Vpc => wording("vpc", "vpc", "InvalidVpcID.NotFound", "vpc ID", ""),
            Self::Subnet => wording("subnet", "subnet", "InvalidSubnetID.NotFound", "subnet ID", ""),
            Self::RouteTable => wording("rtb", "route-table", "InvalidRouteTableID.NotFound", "routeTable ID", "InvalidRouteTableId.Malformed"),
            Self::Group => wording("sg", "security-group", "InvalidGroup.NotFound", "security group", "InvalidGroupId.Malformed"),
            Self::Rule => wording("sgr", "security-group-rule", "InvalidSecurityGroupRuleId.NotFound", "security group rule ID", "InvalidSecurityGroupRuleId.Malformed"),
            Self::Peering => wording("pcx", "vpc-peering-connection", "InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection ID", "InvalidVpcPeeringConnectionId.Malformed"),
            Self::Gateway => wording("igw", "internet-gateway", "InvalidInternetGatewayID.NotFound", "internetGateway ID", "InvalidInternetGatewayId.Malformed"),
            Self::Instance => wording("i", "instance", "InvalidInstanceID.NotFound", "instance ID", "InvalidInstanceID.Malformed"),
            Self::Interface => wording("eni", "network-interface", "InvalidNetworkInterfaceID.NotFound", "networkInterface ID", "InvalidNetworkInterfaceId.Malformed"),
            Self::Acl => wording("acl", "network-acl", "InvalidNetworkAclID.NotFound", "networkAcl ID", "InvalidNetworkAclId.Malformed"),
            Self::PrefixList => wording("pl", "prefix-list", "InvalidPrefixListID.NotFound", "prefix list ID", "InvalidPrefixListId.Malformed"),
            Self::Nat => wording("nat", "natgateway", "NatGatewayNotFound", "NAT gateway", "NatGatewayMalformed"),
            Self::Endpoint => wording("vpce", "vpc-endpoint", "InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id", "InvalidVpcEndpointId.Malformed"),
            Self::EgressOnly => wording("eigw", "egress-only-internet-gateway", "InvalidEgressOnlyInternetGatewayId.NotFound", "egressOnlyInternetGateway ID", "InvalidEgressOnlyInternetGatewayId.Malformed"),
            Self::Vpn => wording("vgw", "vpn-gateway", "InvalidVpnGatewayID.NotFound", "vpnGateway ID", ""),
            Self::Transit => wording("tgw", "transit-gateway", "InvalidTransitGatewayID.NotFound", "transitGateway ID", "InvalidTransitGatewayID.Malformed"),
            Self::TransitAttachment => wording("tgw-attach", "transit-gateway-attachment", "InvalidTransitGatewayAttachmentID.NotFound", "transitGatewayAttachment ID", "InvalidTransitGatewayAttachmentID.Malformed"),
            Self::Carrier => wording("cagw", "carrier-gateway", "InvalidCarrierGatewayID.NotFound", "carrierGateway ID", "InvalidCarrierGatewayID.Malformed"),
        }
    }

    pub(crate) fn prefix(self) -> &'static str {
        self.wording().prefix
    }

    pub(crate) fn resource_type(self) -> &'static str {
        self.wording().resource_type
    }

    pub(crate) fn not_found(self, id: &str) -> ApiError {
        let words = self.wording();
        let message = format!("The {} '{id}' does not exist", words.noun);
        ApiError::new(words.not_found, message)
    }

    /// Refuses what cannot be an id of this kind. EC2 has no such code for VPCs and subnets.
    pub(crate) fn check_form(self, id: &str) -> ApiResult<()> {
        let Some(code) = self.wording().malformed else {
            return Ok(());
        };
        let prefix = self.prefix();
        if is_id(prefix, id) {
            return Ok(());
        }
        let message = format!("Invalid id: \"{id}\" (expecting \"{prefix}-...\")");
        Err(ApiError::new(code, message))
    }
}

/// Whether `id` has the form of an id that starts with `prefix`.
pub(crate) fn is_id(prefix: &str, id: &str) -> bool {
    let digits = id
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('-'));
    digits.is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// A resource that reads may miss for a moment after its creation.
pub(crate) trait Resource {
    /// From when on reads show it.
    fn visible_at(&self) -> Millis;

    /// The tags that it has in a region.
    fn tags(&self, region: &str) -> &Tags;
}

macro_rules! resources {
    ($($kind:ty),*) => {
        $(impl $crate::ec2::lookup::Resource for $kind {
            fn visible_at(&self) -> $crate::world::Millis {
                self.visible_at
            }

            fn tags(&self, _: &str) -> &$crate::world::Tags {
                &self.tags
            }
        })*
    };
}

pub(super) use resources;

resources!(
    Vpc,
    Subnet,
    RouteTable,
    SecurityGroup,
    Rule,
    Gateway,
    Instance,
    Acl,
    PrefixList,
    Edge
);

impl Resource for Interface {
    fn visible_at(&self) -> Millis {
        0
    }

    fn tags(&self, _: &str) -> &Tags {
        &self.tags
    }
}

impl Resource for Peering {
    fn visible_at(&self) -> Millis {
        self.visible_at
    }

    fn tags(&self, region: &str) -> &Tags {
        static NO_TAGS: Tags = Tags::new();
        self.side_in(region).map_or(&NO_TAGS, |side| &side.tags)
    }
}

/// The resource of that id, if reads show it already.
pub(crate) fn find<'a, T: Resource>(
    map: &'a BTreeMap<String, T>,
    kind: Kind,
    id: &str,
    now: Millis,
) -> ApiResult<&'a T> {
    let found = find_any(map, kind, id)?;
    if now < found.visible_at() {
        return Err(kind.not_found(id));
    }
    Ok(found)
}

/// The resource of that id, however young. Deletes use it: they are consistent.
pub(crate) fn find_any<'a, T>(
    map: &'a BTreeMap<String, T>,
    kind: Kind,
    id: &str,
) -> ApiResult<&'a T> {
    kind.check_form(id)?;
    map.get(id).ok_or_else(|| kind.not_found(id))
}

impl Context<'_> {
    pub(crate) fn given_vpc(&self) -> ApiResult<(&str, &Vpc)> {
        let id = self.params.need("VpcId")?;
        Ok((id, find(&self.here().vpcs, Kind::Vpc, id, self.now)?))
    }

    pub(crate) fn subnet(&self, id: &str) -> ApiResult<&Subnet> {
        find(&self.here().subnets, Kind::Subnet, id, self.now)
    }

    pub(crate) fn group(&self, id: &str) -> ApiResult<&SecurityGroup> {
        find(&self.here().groups, Kind::Group, id, self.now)
    }

    pub(crate) fn route_table(&self, id: &str) -> ApiResult<&RouteTable> {
        find(&self.here().route_tables, Kind::RouteTable, id, self.now)
    }
}
