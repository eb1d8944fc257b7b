//! Finding resources by id, with EC2's error codes and its eventual consistency.

use crate::operations::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::world::Millis;
use crate::world::network::{
    Gateway, Instance, Interface, RouteTable, Rule, SecurityGroup, Subnet, Vpc,
};
use crate::world::peering::Peering;
use std::collections::BTreeMap;

/// A kind of EC2 resource.
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
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 9] = [
        Self::Vpc,
        Self::Subnet,
        Self::RouteTable,
        Self::Group,
        Self::Rule,
        Self::Peering,
        Self::Gateway,
        Self::Instance,
        Self::Interface,
    ];

    /// What its ids start with.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Vpc => "vpc",
            Self::Subnet => "subnet",
            Self::RouteTable => "rtb",
            Self::Group => "sg",
            Self::Rule => "sgr",
            Self::Peering => "pcx",
            Self::Gateway => "igw",
            Self::Instance => "i",
            Self::Interface => "eni",
        }
    }

    /// Its name as a resource type of tags.
    pub(crate) fn resource_type(self) -> &'static str {
        match self {
            Self::Vpc => "vpc",
            Self::Subnet => "subnet",
            Self::RouteTable => "route-table",
            Self::Group => "security-group",
            Self::Rule => "security-group-rule",
            Self::Peering => "vpc-peering-connection",
            Self::Gateway => "internet-gateway",
            Self::Instance => "instance",
            Self::Interface => "network-interface",
        }
    }

    /// The error for an id that is not there.
    pub(crate) fn not_found(self, id: &str) -> ApiError {
        let (code, message) = match self {
            Self::Vpc => (
                "InvalidVpcID.NotFound",
                format!("The vpc ID '{id}' does not exist"),
            ),
            Self::Subnet => (
                "InvalidSubnetID.NotFound",
                format!("The subnet ID '{id}' does not exist"),
            ),
            Self::RouteTable => (
                "InvalidRouteTableID.NotFound",
                format!("The routeTable ID '{id}' does not exist"),
            ),
            Self::Group => (
                "InvalidGroup.NotFound",
                format!("The security group '{id}' does not exist"),
            ),
            Self::Rule => (
                "InvalidSecurityGroupRuleId.NotFound",
                format!("The security group rule ID '{id}' does not exist"),
            ),
            Self::Peering => (
                "InvalidVpcPeeringConnectionID.NotFound",
                format!("The vpcPeeringConnection ID '{id}' does not exist"),
            ),
            Self::Gateway => (
                "InvalidInternetGatewayID.NotFound",
                format!("The internetGateway ID '{id}' does not exist"),
            ),
            Self::Instance => (
                "InvalidInstanceID.NotFound",
                format!("The instance ID '{id}' does not exist"),
            ),
            Self::Interface => (
                "InvalidNetworkInterfaceID.NotFound",
                format!("The networkInterface ID '{id}' does not exist"),
            ),
        };
        ApiError::new(code, message)
    }

    /// Refuses what cannot be an id of this kind. EC2 has no such code for VPCs and subnets.
    pub(crate) fn check_form(self, id: &str) -> ApiResult<()> {
        let code = match self {
            Self::Vpc | Self::Subnet => return Ok(()),
            Self::RouteTable => "InvalidRouteTableId.Malformed",
            Self::Group => "InvalidGroupId.Malformed",
            Self::Rule => "InvalidSecurityGroupRuleId.Malformed",
            Self::Peering => "InvalidVpcPeeringConnectionId.Malformed",
            Self::Gateway => "InvalidInternetGatewayId.Malformed",
            Self::Instance => "InvalidInstanceID.Malformed",
            Self::Interface => "InvalidNetworkInterfaceId.Malformed",
        };
        let prefix = self.prefix();
        let digits = id
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('-'));
        let formed = digits.is_some_and(|digits| {
            matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_hexdigit())
        });
        if formed {
            Ok(())
        } else {
            let message = format!("Invalid id: \"{id}\" (expecting \"{prefix}-...\")");
            Err(ApiError::new(code, message))
        }
    }
}

/// A resource that reads may miss for a moment after its creation.
pub(crate) trait Seen {
    /// From when on reads show it.
    fn visible_at(&self) -> Millis;
}

macro_rules! seen {
    ($($kind:ty),*) => {
        $(impl Seen for $kind {
            fn visible_at(&self) -> Millis {
                self.visible_at
            }
        })*
    };
}

seen!(
    Vpc,
    Subnet,
    RouteTable,
    SecurityGroup,
    Rule,
    Gateway,
    Instance,
    Peering
);

impl Seen for Interface {
    fn visible_at(&self) -> Millis {
        0
    }
}

/// The resource of that id, if reads show it already.
pub(crate) fn find<'a, T: Seen>(
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
    /// The VPC named by the parameter `VpcId`, if reads show it.
    pub(crate) fn given_vpc(&self) -> ApiResult<(&str, &Vpc)> {
        let id = self.params.need("VpcId")?;
        Ok((id, find(&self.here().vpcs, Kind::Vpc, id, self.now)?))
    }

    /// The subnet of that id, if reads show it.
    pub(crate) fn subnet(&self, id: &str) -> ApiResult<&Subnet> {
        find(&self.here().subnets, Kind::Subnet, id, self.now)
    }

    /// The security group of that id, if reads show it.
    pub(crate) fn group(&self, id: &str) -> ApiResult<&SecurityGroup> {
        find(&self.here().groups, Kind::Group, id, self.now)
    }

    /// The route table of that id, if reads show it.
    pub(crate) fn route_table(&self, id: &str) -> ApiResult<&RouteTable> {
        find(&self.here().route_tables, Kind::RouteTable, id, self.now)
    }
}
