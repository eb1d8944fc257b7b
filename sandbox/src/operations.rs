//! The one table of operations: dispatch, documentation and fault rules use it. EC2's part of it
//! is in `ec2/operations.rs`.

use crate::account::options::{InstanceTimes, Quotas};
use crate::wire::error::ApiResult;
use crate::wire::params::Params;
use crate::world::{Millis, Region, World, ids, timing};
use crate::{ec2, rds, secrets, sts};
use std::fmt;
use std::sync::LazyLock;

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
#[derive(Clone, Copy)]
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
    pub(crate) instance_times: Option<&'a InstanceTimes>,
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

    /// Whether RDS knows an EC2 resource that reads show from `visible_at` on: it learns of it some
    /// time within a further window.
    pub(crate) fn is_known_to_rds(&self, id: &str, visible_at: Millis) -> bool {
        let learns = match self.window {
            0 => 0,
            window => ids::hash(!self.world.seed, id) % (window + 1),
        };
        self.now >= visible_at.saturating_add(learns)
    }

    /// How long the DB instance `id` is `creating`.
    pub(crate) fn creating(&self, id: &str) -> Millis {
        match self.instance_times {
            Some(times) => u64::try_from(times(id).as_millis()).unwrap_or(Millis::MAX),
            None => {
                let spread = ids::hash(self.world.seed, id) % (timing::DB_INSTANCE_SPREAD + 1);
                timing::DB_INSTANCE_CREATING + spread
            }
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
    static ALL: LazyLock<Vec<OperationInfo>> = LazyLock::new(|| {
        let all = ec2::operations::OPERATIONS.iter().chain(OPERATIONS);
        all.copied().collect()
    });
    &ALL
}

/// The operation of that name.
pub(crate) fn find(service: Service, name: &str) -> Option<&'static OperationInfo> {
    operations()
        .iter()
        .find(|operation| operation.service == service && operation.name == name)
}

pub(crate) const fn read(
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

pub(crate) const fn write(
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

use Service::{Rds, SecretsManager, Sts};

/// The operations of every service but EC2.
static OPERATIONS: &[OperationInfo] = &[
    write(Rds, "AddTagsToResource", rds::tags::add, ""),
    write(
        Rds,
        "CreateBlueGreenDeployment",
        rds::blue_green::create,
        "of a cluster; the green one has one instance, and its source's tags",
    ),
    write(
        Rds,
        "CreateDBCluster",
        rds::cluster::create::create,
        "aurora-postgresql; aurora-mysql, docdb and neptune without instances; no parameter groups; a replica of any cluster, which AWS has for Aurora MySQL alone",
    ),
    write(Rds, "CreateDBClusterSnapshot", rds::snapshot::create, ""),
    write(
        Rds,
        "CreateDBInstance",
        rds::instance::create::create,
        "instances of a cluster only",
    ),
    write(Rds, "CreateDBSubnetGroup", rds::subnet_group::create, ""),
    write(Rds, "CreateGlobalCluster", rds::global::create, "no quota"),
    write(
        Rds,
        "DeleteBlueGreenDeployment",
        rds::blue_green::delete,
        "at once",
    ),
    write(
        Rds,
        "DeleteDBCluster",
        rds::cluster::delete::delete,
        "automated backups are not kept",
    ),
    write(Rds, "DeleteDBClusterSnapshot", rds::snapshot::delete, ""),
    write(Rds, "DeleteDBInstance", rds::instance::delete::delete, ""),
    write(Rds, "DeleteDBSubnetGroup", rds::subnet_group::delete, ""),
    write(Rds, "DeleteGlobalCluster", rds::global::delete, "at once"),
    read(
        Rds,
        "DescribeAccountAttributes",
        rds::quota::describe,
        "only the quotas that are kept",
    ),
    read(
        Rds,
        "DescribeBlueGreenDeployments",
        rds::blue_green::describe,
        "no switchover",
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
    read(Rds, "DescribeGlobalClusters", rds::global::describe, ""),
    read(
        Rds,
        "DescribeOrderableDBInstanceOptions",
        rds::catalog::describe_orderable,
        "a selection of classes",
    ),
    write(
        Rds,
        "FailoverDBCluster",
        rds::cluster::failover::failover,
        "",
    ),
    read(Rds, "ListTagsForResource", rds::tags::list, ""),
    write(
        Rds,
        "ModifyDBCluster",
        rds::cluster::modify::modify,
        "applied within a minute, whatever ApplyImmediately says; no rename, no new subnets",
    ),
    write(
        Rds,
        "ModifyDBInstance",
        rds::instance::modify::modify,
        "applied at once; no rename",
    ),
    write(
        Rds,
        "ModifyGlobalCluster",
        rds::global::modify,
        "deletion protection only",
    ),
    write(
        Rds,
        "PromoteReadReplicaDBCluster",
        rds::cluster::replica::promote,
        "",
    ),
    write(Rds, "RemoveFromGlobalCluster", rds::global::remove, ""),
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
