//! Finding resources by id, with EC2's error codes and its eventual consistency.

use super::*;
use crate::world::network::{Acl, Gateway, Instance, Interface, PrefixList, Subnet, Vpc};
use crate::world::peering::Peering;

macro_rules! kinds {
    ($($kind:ident: $words:expr;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($kind,)*
        }

        impl Kind {
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),*];

            /// How EC2 speaks of it: what its ids start with, its resource type in tags, the code
            /// for an id that is not there, what the message of that error calls it, and the code
            /// for what cannot be an id, which VPCs and subnets lack.
            const fn words(self) -> [&'static str; 5] {
                match self {
                    $(Self::$kind => $words,)*
                }
            }
        }
    };
}

kinds! {
    Vpc: ["vpc", "vpc", "InvalidVpcID.NotFound", "vpc ID", ""];
    Subnet: ["subnet", "subnet", "InvalidSubnetID.NotFound", "subnet ID", ""];
    RouteTable: ["rtb", "route-table", "InvalidRouteTableID.NotFound", "routeTable ID", "InvalidRouteTableId.Malformed"];
    Group: ["sg", "security-group", "InvalidGroup.NotFound", "security group", "InvalidGroupId.Malformed"];
    Rule: ["sgr", "security-group-rule", "InvalidSecurityGroupRuleId.NotFound", "security group rule ID", "InvalidSecurityGroupRuleId.Malformed"];
    Peering: ["pcx", "vpc-peering-connection", "InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection ID", "InvalidVpcPeeringConnectionId.Malformed"];
    Gateway: ["igw", "internet-gateway", "InvalidInternetGatewayID.NotFound", "internetGateway ID", "InvalidInternetGatewayId.Malformed"];
    Instance: ["i", "instance", "InvalidInstanceID.NotFound", "instance ID", "InvalidInstanceID.Malformed"];
    Interface: ["eni", "network-interface", "InvalidNetworkInterfaceID.NotFound", "networkInterface ID", "InvalidNetworkInterfaceId.Malformed"];
    Acl: ["acl", "network-acl", "InvalidNetworkAclID.NotFound", "networkAcl ID", "InvalidNetworkAclId.Malformed"];
    PrefixList: ["pl", "prefix-list", "InvalidPrefixListID.NotFound", "prefix list ID", "InvalidPrefixListId.Malformed"];
    Nat: ["nat", "natgateway", "NatGatewayNotFound", "NAT gateway", "NatGatewayMalformed"];
    Endpoint: ["vpce", "vpc-endpoint", "InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id", "InvalidVpcEndpointId.Malformed"];
    EgressOnly: ["eigw", "egress-only-internet-gateway", "InvalidEgressOnlyInternetGatewayId.NotFound", "egressOnlyInternetGateway ID", "InvalidEgressOnlyInternetGatewayId.Malformed"];
    Vpn: ["vgw", "vpn-gateway", "InvalidVpnGatewayID.NotFound", "vpnGateway ID", ""];
    Transit: ["tgw", "transit-gateway", "InvalidTransitGatewayID.NotFound", "transitGateway ID", "InvalidTransitGatewayID.Malformed"];
    TransitAttachment: ["tgw-attach", "transit-gateway-attachment", "InvalidTransitGatewayAttachmentID.NotFound", "transitGatewayAttachment ID", "InvalidTransitGatewayAttachmentID.Malformed"];
    Carrier: ["cagw", "carrier-gateway", "InvalidCarrierGatewayID.NotFound", "carrierGateway ID", "InvalidCarrierGatewayID.Malformed"];
}

impl Kind {
    /// The kind whose ids start as this one does.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        let prefix = id.rsplit_once('-')?.0;
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.prefix() == prefix)
    }

    pub(crate) fn prefix(self) -> &'static str {
        self.words()[0]
    }

    pub(crate) fn resource_type(self) -> &'static str {
        self.words()[1]
    }

    pub(crate) fn not_found(self, id: &str) -> ApiError {
        let [_, _, code, noun, _] = self.words();
        let message = format!("The {} '{id}' does not exist", noun);
        ApiError::new(code, message)
    }

    /// Refuses what cannot be an id of this kind. EC2 has no such code for VPCs and subnets.
    pub(crate) fn check_form(self, id: &str) -> ApiResult<()> {
        let [prefix, _, _, _, code] = self.words();
        if code.is_empty() || is_id(prefix, id) {
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
    fn visible_at(&self) -> Millis;

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
