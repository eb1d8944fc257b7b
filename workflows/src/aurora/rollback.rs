//! What a rollback takes away that can't be had again: the cluster with its
//! data, and what a person wants kept of it.

use aws_sdk_rds::types::{DbCluster, DbInstance};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepwell_engine::{Attempt, Fault, Machine, RunId, Step as _, StepName};

use super::ClusterIdentity;
use super::create::steps::{
    CreateCluster, CreateInstance, CreateRouteTable, CreateSecurityGroup, CreateSubnet,
    CreateSubnetGroup, CreateVpc, RestoreCluster, TakeOver,
};
use super::holders::{Doomed, cluster, look_at_once, refusal};
use crate::aws::{Aws, ec2, rds, states, tags};
use crate::input::{self, InvalidInput};
use crate::{Recorded, Refusal};

/// How what a run of `aurora create` made is to be undone. It is recorded with
/// the rollback, so every process that continues it knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackOptions {
    /// The name of the snapshot to take before the cluster goes; none to lose
    /// the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_snapshot: Option<String>,
}

impl RollbackOptions {
    /// Keeps the data in a snapshot of this name.
    pub fn keeping(snapshot: &str) -> Result<Self, InvalidInput> {
        let name = input::identifier("final-snapshot", snapshot, 255)?;
        Ok(Self {
            final_snapshot: Some(name),
        })
    }

    /// The options that were recorded. What can't be read is a fault: to take it
    /// for "nothing is kept" would cost the data.
    pub fn recorded(options: &Value) -> Result<Self, Fault> {
        if options.is_null() {
            return Ok(Self::default());
        }
        Self::deserialize(options).map_err(|error| {
            Fault::permanent(format!(
                "the options of the rollback can't be read: {error}"
            ))
        })
    }

    /// The options of the rollback that an attempt belongs to.
    pub(crate) fn of(at: &Attempt<Aws>) -> Result<Self, Fault> {
        Self::recorded(at.rollback_options())
    }
}

/// Makes sure, before a rollback takes an instance or the cluster away, that the
/// rest of what the run made can go too. What is in the way is for a person to
/// remove, and the data stays until then.
pub(crate) async fn unless_held(
    at: &Attempt<Aws>,
    region: &str,
    cluster: &str,
) -> Result<(), Fault> {
    let aws = at.context();
    let run = at.run().to_string();
    let vpcs = aws.look(|| ec2::vpcs_of(aws, region, cluster)).await?;
    let own = (vpcs.iter())
        .filter(|vpc| tags::value(vpc.tags(), tags::RUN) == Some(&run))
        .filter_map(|vpc| vpc.vpc_id().map(str::to_owned));
    let doomed = Doomed::by_rollback(region, cluster, own.collect(), at.run());
    Refusal::unless(Box::pin(look_at_once(aws, &doomed, None)).await?)
}

/// A cluster that a rollback would delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtStake {
    /// Which cluster it is.
    pub identity: ClusterIdentity,
    /// Its region.
    pub region: String,
    /// Whether its writer serves.
    pub serves: bool,
    /// Its instances, each with its state.
    pub instances: Vec<String>,
    run: RunId,
}

impl AtStake {
    /// What the rollback does, for the question whether it may.
    pub fn question(&self, options: &RollbackOptions) -> String {
        let data = match &options.final_snapshot {
            Some(name) => format!("whose data is kept in snapshot {name:?}"),
            None => "with all its data".to_owned(),
        };
        let serves = match self.serves {
            true => "which serves",
            false => "which does not serve",
        };
        let instances = match &self.instances[..] {
            [] => "no instances".to_owned(),
            [one] => format!("instance {one}"),
            several => format!("instances {}", several.join(", ")),
        };
        format!(
            "the deletion of cluster {:?} in {} ({}; {instances}), {serves}, {data}",
            self.identity.cluster,
            self.region,
            self.identity.words()
        )
    }

    /// Why a final snapshot of it can't be taken, if there is a reason: RDS
    /// would say so only when the instances are gone.
    pub async fn snapshot_refusal(
        &self,
        aws: &Aws,
        options: &RollbackOptions,
    ) -> Result<Option<Refusal>, Fault> {
        let name = &self.identity.cluster;
        let doomed = Doomed {
            identity: Some(self.identity.clone()),
            final_snapshot: options.final_snapshot.clone(),
            ..Doomed::by_rollback(&self.region, name, Vec::new(), self.run)
        };
        let look = cluster::look(aws, &doomed, None).await?;
        let refusal = refusal(&doomed, &look.obstacles);
        Ok(refusal.map(|refusal| Refusal {
            hint: "say another name or make room, or leave --final-snapshot out and lose the data; nothing was changed".to_owned(),
            ..refusal
        }))
    }
}

/// The cluster that a rollback of the run would delete, if there is one: the
/// run made it or took it over, or may have, and it is there. `kept` are the steps that the
/// rollback is to pass over. One that another run has taken over, or that is
/// being deleted already, is not at stake.
pub async fn at_stake(
    aws: &Aws,
    machine: &Machine,
    kept: &[StepName],
) -> Result<Option<AtStake>, Fault> {
    let recorded = Recorded::of(machine.created());
    let recorded = recorded.map_err(|error| Fault::permanent(error.to_string()))?;
    let Recorded::AuroraCreate(parameters) = recorded else {
        return Ok(None);
    };
    let made = machine.shape().ids().any(|id| {
        let record = machine.shape().record(id);
        [CreateCluster::KIND, RestoreCluster::KIND, TakeOver::KIND].contains(&record.kind.as_str())
            && !kept.contains(&record.name)
            && machine.has_to_undo(id)
    });
    if !made {
        return Ok(None);
    }
    let (region, name) = (&*parameters.region, &*parameters.cluster);
    let found = aws
        .look_confirmed(|| rds::cluster(aws, region, name))
        .await?;
    let Some(cluster) = found else {
        return Ok(None);
    };
    let run = machine.run().to_string();
    if tags::rds_value(cluster.tag_list(), tags::RUN) != Some(&run)
        || cluster.status() == Some("deleting")
    {
        return Ok(None);
    }
    let identity = ClusterIdentity::of(&cluster);
    let instances = aws
        .look(|| rds::instances(aws, region, &identity.cluster))
        .await?;
    Ok(Some(AtStake {
        serves: serves(&cluster, &instances),
        instances: instances.iter().map(described).collect(),
        region: region.to_owned(),
        run: machine.run(),
        identity,
    }))
}

/// Whether what a step of kind `kept` made keeps AWS from deleting what one of
/// kind `other` made in the same run: a cluster its security group, a security
/// group its VPC.
pub(super) fn holds(kept: &str, other: &str) -> bool {
    let held: &[&str] = match kept {
        CreateInstance::KIND => &[
            CreateCluster::KIND,
            RestoreCluster::KIND,
            CreateSubnetGroup::KIND,
            CreateSecurityGroup::KIND,
            CreateSubnet::KIND,
            CreateVpc::KIND,
        ],
        CreateCluster::KIND | RestoreCluster::KIND => &[
            CreateSubnetGroup::KIND,
            CreateSecurityGroup::KIND,
            CreateVpc::KIND,
        ],
        CreateSecurityGroup::KIND | CreateSubnet::KIND | CreateRouteTable::KIND => {
            &[CreateVpc::KIND]
        }
        _ => &[],
    };
    held.contains(&other)
}

/// `keycloak-instance-1 (available)`
fn described(instance: &DbInstance) -> String {
    format!(
        "{} ({})",
        instance.db_instance_identifier().unwrap_or_default(),
        instance.db_instance_status().unwrap_or("state unknown")
    )
}

/// Whether an available instance is the cluster's writer.
fn serves(cluster: &DbCluster, instances: &[DbInstance]) -> bool {
    let writer = cluster
        .db_cluster_members()
        .iter()
        .find(|member| member.is_cluster_writer() == Some(true))
        .and_then(|member| member.db_instance_identifier());
    instances.iter().any(|instance| {
        instance.db_instance_identifier() == writer
            && instance
                .db_instance_status()
                .is_some_and(|status| states::of_instance(status).serves())
    })
}
