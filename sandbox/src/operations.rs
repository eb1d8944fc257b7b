//! The one table of operations: dispatch, documentation and fault rules use it.

use crate::account::options::Quotas;
use crate::wire::error::ApiResult;
use crate::wire::params::Params;
use crate::world::{Millis, Region, World, ids};
use crate::{ec2, rds, secrets, sts};
use std::fmt;

/// An AWS service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// EC2.
    Ec2,
    /// RDS.
    Rds,
    /// STS.
    Sts,
    /// Secrets Manager.
    SecretsManager,
}

impl Service {
    /// The name in the credential scope.
    #[must_use]
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Rds => "rds",
            Self::Sts => "sts",
            Self::SecretsManager => "secretsmanager",
        }
    }

    pub(crate) fn from_signing_name(name: &str) -> Option<Self> {
        [Self::Ec2, Self::Rds, Self::Sts, Self::SecretsManager]
            .into_iter()
            .find(|service| service.signing_name() == name)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.signing_name())
    }
}

/// An operation that the sandbox simulates.
pub struct OperationInfo {
    /// The service.
    pub service: Service,
    /// The name, for example `CreateVpc`.
    pub name: &'static str,
    /// Whether it may change the account.
    pub mutates: bool,
    /// What is simplified beside AWS; empty if nothing that matters here is.
    pub simplified: &'static str,
    pub(crate) handler: Handler,
}

impl fmt::Debug for OperationInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.name)
    }
}

/// Answers with the inside of the result. A handler that answers with an error has changed nothing.
pub(crate) type Handler = fn(&mut Context<'_>) -> ApiResult<String>;

/// What a handler works on.
pub(crate) struct Context<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) now: Millis,
    pub(crate) region: &'a str,
    pub(crate) params: &'a Params,
    pub(crate) quotas: &'a Quotas,
    /// The enabled regions, where that is a choice.
    pub(crate) regions: Option<&'a [String]>,
    pub(crate) window: Millis,
}

impl Context<'_> {
    /// What the region of the call holds.
    pub(crate) fn here(&self) -> &Region {
        self.world.region(self.region)
    }

    /// What the region of the call holds, to change it.
    pub(crate) fn here_mut(&mut self) -> &mut Region {
        self.world.region_mut(self.region)
    }

    /// From when on reads show a new resource: some time within the window that its id gives.
    pub(crate) fn visible_at(&self, id: &str) -> Millis {
        match self.window {
            0 => self.now,
            window => self.now + ids::hash(self.world.seed, id) % (window + 1),
        }
    }

    /// `arn:aws:rds:REGION:ACCOUNT:KIND:NAME`.
    pub(crate) fn rds_arn(&self, kind: &str, name: &str) -> String {
        rds_arn(self.world, self.region, kind, name)
    }
}

/// `arn:aws:rds:REGION:ACCOUNT:KIND:NAME`.
pub(crate) fn rds_arn(world: &World, region: &str, kind: &str, name: &str) -> String {
    format!("arn:aws:rds:{region}:{}:{kind}:{name}", world.account_id)
}

/// Every operation, by service and name.
#[must_use]
pub fn operations() -> &'static [OperationInfo] {
    OPERATIONS
}

/// The operation of that name.
pub(crate) fn find(service: Service, name: &str) -> Option<&'static OperationInfo> {
    OPERATIONS
        .iter()
        .find(|operation| operation.service == service && operation.name == name)
}

const fn read(
    service: Service,
    name: &'static str,
    handler: Handler,
    simplified: &'static str,
) -> OperationInfo {
    OperationInfo {
        service,
        name,
        mutates: false,
        simplified,
        handler,
    }
}

const fn write(
    service: Service,
    name: &'static str,
    handler: Handler,
    simplified: &'static str,
) -> OperationInfo {
    OperationInfo {
        service,
        name,
        mutates: true,
        simplified,
        handler,
    }
}

use Service::{Ec2, Rds, SecretsManager, Sts};

static OPERATIONS: &[OperationInfo] = &[
    write(
        Ec2,
        "AcceptVpcPeeringConnection",
        ec2::peering::accept,
        "one account is both sides",
    ),
    write(
        Ec2,
        "AssociateRouteTable",
        ec2::association::associate,
        "subnets only, no gateways",
    ),
    write(Ec2, "AttachInternetGateway", ec2::gateway::attach, ""),
    write(
        Ec2,
        "AuthorizeSecurityGroupIngress",
        ec2::rules::authorize_ingress,
        "the rule quota is not kept",
    ),
    write(Ec2, "CreateInternetGateway", ec2::gateway::create, ""),
    write(
        Ec2,
        "CreateRoute",
        ec2::route::create,
        "IPv4 to a peering or an internet gateway",
    ),
    write(
        Ec2,
        "CreateRouteTable",
        ec2::route_table::create,
        "no client token",
    ),
    write(
        Ec2,
        "CreateSecurityGroup",
        ec2::group::create,
        "needs VpcId, there is no default VPC",
    ),
    write(
        Ec2,
        "CreateSubnet",
        ec2::subnet::create,
        "IPv4, availability zones only",
    ),
    write(Ec2, "CreateTags", ec2::tags::create, ""),
    write(
        Ec2,
        "CreateVpc",
        ec2::vpc::create,
        "one IPv4 range, no IPAM, no network ACL",
    ),
    write(
        Ec2,
        "CreateVpcPeeringConnection",
        ec2::peering::create,
        "within the account, any two regions",
    ),
    write(Ec2, "DeleteInternetGateway", ec2::gateway::delete, ""),
    write(Ec2, "DeleteRoute", ec2::route::delete, ""),
    write(Ec2, "DeleteRouteTable", ec2::route_table::delete, ""),
    write(Ec2, "DeleteSecurityGroup", ec2::group::delete, ""),
    write(Ec2, "DeleteSubnet", ec2::subnet::delete, ""),
    write(Ec2, "DeleteTags", ec2::tags::delete, ""),
    write(Ec2, "DeleteVpc", ec2::vpc::delete, ""),
    write(Ec2, "DeleteVpcPeeringConnection", ec2::peering::delete, ""),
    read(
        Ec2,
        "DescribeAvailabilityZones",
        ec2::region::describe_zones,
        "no local or wavelength zones",
    ),
    read(Ec2, "DescribeInstances", ec2::instance::describe, ""),
    read(Ec2, "DescribeInternetGateways", ec2::gateway::describe, ""),
    read(
        Ec2,
        "DescribeNetworkInterfaces",
        ec2::interface::describe,
        "those of RDS and of instances",
    ),
    read(
        Ec2,
        "DescribeRegions",
        ec2::region::describe_regions,
        "a selection of regions, one not enabled",
    ),
    read(Ec2, "DescribeRouteTables", ec2::route_table::describe, ""),
    read(Ec2, "DescribeSecurityGroupRules", ec2::rules::describe, ""),
    read(Ec2, "DescribeSecurityGroups", ec2::group::describe, ""),
    read(Ec2, "DescribeSubnets", ec2::subnet::describe, ""),
    read(Ec2, "DescribeTags", ec2::tags::describe, ""),
    read(
        Ec2,
        "DescribeVpcAttribute",
        ec2::vpc::describe_attribute,
        "",
    ),
    read(
        Ec2,
        "DescribeVpcPeeringConnections",
        ec2::peering::describe,
        "",
    ),
    read(Ec2, "DescribeVpcs", ec2::vpc::describe, ""),
    write(Ec2, "DetachInternetGateway", ec2::gateway::detach, ""),
    write(
        Ec2,
        "DisassociateRouteTable",
        ec2::association::disassociate,
        "",
    ),
    write(Ec2, "ModifyVpcAttribute", ec2::vpc::modify_attribute, ""),
    write(Ec2, "RejectVpcPeeringConnection", ec2::peering::reject, ""),
    write(
        Ec2,
        "ReplaceRoute",
        ec2::route::replace,
        "as CreateRoute; takes a peering that has ended while it is still shown",
    ),
    write(
        Ec2,
        "ReplaceRouteTableAssociation",
        ec2::association::replace,
        "",
    ),
    write(
        Ec2,
        "RevokeSecurityGroupIngress",
        ec2::rules::revoke_ingress,
        "",
    ),
    write(
        Ec2,
        "RunInstances",
        ec2::instance::run,
        "one interface in a subnet; no image, key or capacity is checked",
    ),
    write(Ec2, "TerminateInstances", ec2::instance::terminate, ""),
    write(Rds, "AddTagsToResource", rds::tags::add, ""),
    write(
        Rds,
        "CreateDBCluster",
        rds::cluster::create::create,
        "aurora-postgresql with instances; no global databases, replication or parameter groups",
    ),
    write(Rds, "CreateDBClusterSnapshot", rds::snapshot::create, ""),
    write(
        Rds,
        "CreateDBInstance",
        rds::instance::create::create,
        "instances of a cluster only",
    ),
    write(Rds, "CreateDBSubnetGroup", rds::subnet_group::create, ""),
    write(
        Rds,
        "DeleteDBCluster",
        rds::cluster::delete::delete,
        "automated backups are not kept",
    ),
    write(Rds, "DeleteDBClusterSnapshot", rds::snapshot::delete, ""),
    write(Rds, "DeleteDBInstance", rds::instance::delete::delete, ""),
    write(Rds, "DeleteDBSubnetGroup", rds::subnet_group::delete, ""),
    read(
        Rds,
        "DescribeAccountAttributes",
        rds::quota::describe,
        "only the quotas that are kept",
    ),
    read(
        Rds,
        "DescribeDBClusterSnapshots",
        rds::snapshot::describe,
        "manual snapshots only",
    ),
    read(
        Rds,
        "DescribeDBClusters",
        rds::cluster::describe::describe,
        "",
    ),
    read(
        Rds,
        "DescribeDBEngineVersions",
        rds::catalog::describe_versions,
        "aurora-postgresql, a selection of versions",
    ),
    read(
        Rds,
        "DescribeDBInstances",
        rds::instance::describe::describe,
        "",
    ),
    read(
        Rds,
        "DescribeDBSubnetGroups",
        rds::subnet_group::describe,
        "",
    ),
    read(
        Rds,
        "DescribeEvents",
        rds::event::describe,
        "clusters, instances and cluster snapshots",
    ),
    read(
        Rds,
        "DescribeOrderableDBInstanceOptions",
        rds::catalog::describe_orderable,
        "a selection of classes",
    ),
    read(Rds, "ListTagsForResource", rds::tags::list, ""),
    write(
        Rds,
        "ModifyDBCluster",
        rds::cluster::modify::modify,
        "applied at once; no rename, no new subnets",
    ),
    write(
        Rds,
        "ModifyDBInstance",
        rds::instance::modify::modify,
        "applied at once; no rename",
    ),
    write(Rds, "RemoveTagsFromResource", rds::tags::remove, ""),
    write(
        Rds,
        "RestoreDBClusterFromSnapshot",
        rds::cluster::restore::restore,
        "",
    ),
    write(Rds, "StartDBCluster", rds::cluster::power::start, ""),
    write(Rds, "StopDBCluster", rds::cluster::power::stop, ""),
    read(
        SecretsManager,
        "DescribeSecret",
        secrets::describe,
        "secrets that RDS keeps",
    ),
    read(
        SecretsManager,
        "GetSecretValue",
        secrets::get_value,
        "the current version only",
    ),
    read(
        Sts,
        "GetCallerIdentity",
        sts::caller_identity,
        "every caller is one user",
    ),
];
