//! What new clusters have in common, however they come to be: network, identity, endpoints.

use super::*;
use crate::world::ids;
use crate::world::regions::has_zone;

pub(crate) struct Placement {
    pub(crate) subnet_group: String,
    pub(crate) vpc: String,
    pub(crate) groups: Vec<String>,
    /// The zones of its storage, three where there are three.
    pub(crate) zones: Vec<String>,
}

impl Placement {
    /// A cluster that begins to be created there and has nothing yet but an identity.
    pub(crate) fn cluster(self, context: &mut Context<'_>) -> Cluster {
        let resource_id = format!("cluster-{}", context.world.new_token(26));
        Cluster {
            subnet_group: self.subnet_group,
            vpc: self.vpc,
            groups: self.groups,
            zones: self.zones,
            visible_at: context.visible_at(&resource_id),
            resource_id,
            domain: domain(context),
            created_at: context.now,
            status: ClusterStatus::Creating,
            ..Cluster::default()
        }
    }
}

pub(crate) fn placement(context: &Context<'_>) -> ApiResult<Placement> {
    let params = context.params;
    let name = params.get("DBSubnetGroupName").ok_or_else(|| {
        refusal!("DBSubnetGroupNotFoundFault":
            "DB subnet group 'default' does not exist: the account has no default VPC.")
    })?;
    let (name, group) = subnet_group::seen(context, name)?;
    let covered = subnet_group::zones(context, group);
    if covered.len() < 2 {
        refuse!("DBSubnetGroupDoesNotCoverEnoughAZs":
            "DB Subnet Group doesn't meet availability zone coverage requirement. Please add subnets to cover at least 2 availability zones. Current coverage: {}", covered.len());
    }
    let mut zones = params.wrapped_list("AvailabilityZones", "AvailabilityZone");
    if let Some(bad) = zones.iter().find(|zone| !has_zone(context.region, zone)) {
        refuse!("InvalidVPCNetworkStateFault":
            "Availability zone '{bad}' is unavailable in this region, please choose another zone set.");
    }
    if zones.is_empty() {
        zones = covered.into_iter().take(3).collect();
    }
    let vpc = group.vpc.clone();
    let groups = security_groups(context, &vpc)?;
    Ok(Placement {
        subnet_group: name,
        vpc,
        groups,
        zones,
    })
}

/// The security groups given, all in `vpc`, or its default one.
pub(crate) fn security_groups(context: &Context<'_>, vpc: &str) -> ApiResult<Vec<String>> {
    let given = context
        .params
        .wrapped_list("VpcSecurityGroupIds", "VpcSecurityGroupId");
    for id in &given {
        let known = context.here().groups.get(id);
        let known = known.filter(|group| context.is_known_to_rds(id, group.visible_at));
        let group = known.ok_or_else(|| {
            refusal!("InvalidParameterValue":
                "Invalid security group , groupId= {id}, groupName=.")
        })?;
        if group.vpc != vpc {
            refuse!("InvalidVPCNetworkStateFault":
                "The DB instance and EC2 security group are in different VPCs. The DB instance is in {vpc} and the EC2 security group {id} is in {}", group.vpc);
        }
    }
    if !given.is_empty() {
        return Ok(given);
    }
    let mut groups = context.here().groups.iter();
    Ok(groups
        .find(|(_, group)| group.vpc == vpc && group.name == "default")
        .map(|(id, _)| id.clone())
        .into_iter()
        .collect())
}

/// Refuses a cluster identifier that is taken, and one cluster too many.
pub(crate) fn check_new(context: &Context<'_>, id: &str) -> ApiResult<()> {
    if context.here().clusters.contains_key(id) {
        refuse!("DBClusterAlreadyExistsFault": "DB Cluster already exists");
    }
    if context.here().clusters.len() >= context.quotas.clusters {
        refuse!("DBClusterQuotaExceededFault":
            "User attempted to create a new DB cluster and the user has already reached the maximum allowed DB cluster quota.");
    }
    Ok(())
}

/// The part of endpoint names that is the account's in a region: `c1234567890a.eu-west-1.rds.amazonaws.com`.
fn domain(context: &Context<'_>) -> String {
    let token = ids::hash(context.world.seed, context.region) & 0xfff_ffff_ffff;
    format!("c{token:011x}.{}.rds.amazonaws.com", context.region)
}
