//! The cluster itself.

use aws_sdk_rds::types::{DbCluster, Tag};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Owner, Policy, Step};

use super::password;
use super::security_group::SecurityGroupMade;
use super::subnet_group::SubnetGroupMade;
use crate::aurora::create::capacity::Capacity;
use crate::aurora::create::parameters::PasswordSource;
use crate::aurora::rollback::unless_held;
use crate::aurora::{ClusterIdentity, RollbackOptions, final_snapshot, gone};
use crate::aws::call::{fault, has_code};
use crate::aws::poll::confirmed;
use crate::aws::state::{Kind, Subject, settled};
use crate::aws::tags::{self, Labels, Tagged as _};
use crate::aws::{Aws, rds, remove};

/// Makes the cluster, without waiting for it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CreateCluster {
    pub(crate) region: String,
    pub(crate) labels: Labels,
    pub(crate) engine: String,
    pub(crate) engine_version: String,
    pub(crate) username: String,
    pub(crate) password: PasswordSource,
    pub(crate) database: Option<String>,
    /// How many instances the cluster is to have.
    pub(crate) instances: usize,
    pub(crate) capacity: Option<Capacity>,
}

impl Step for CreateCluster {
    type Context = Aws;
    type Input = (SubnetGroupMade, SecurityGroupMade);
    type Output = ClusterIdentity;
    const KIND: &'static str = "create-cluster";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        (group, _): &Self::Input,
    ) -> Result<Found<ClusterIdentity>, Fault> {
        find(at, &self.region, &self.labels, group, None).await
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (group, security): &Self::Input,
    ) -> Result<ClusterIdentity, Fault> {
        let request = at
            .context()
            .rds(&self.region)
            .create_db_cluster()
            .db_cluster_identifier(&self.labels.cluster)
            .engine(&self.engine)
            .engine_version(&self.engine_version)
            .set_database_name(self.database.clone())
            .db_subnet_group_name(&group.name)
            .vpc_security_group_ids(&security.group_id)
            .storage_encrypted(true)
            .master_username(&self.username)
            .set_serverless_v2_scaling_configuration(self.capacity.map(Capacity::scaling))
            .set_tags(Some(labels(at, &self.labels, self.instances)));
        let request = match self.password {
            PasswordSource::Given => request.master_user_password(password::given(at)?.reveal()),
            // An empty cluster has no password to keep.
            PasswordSource::Managed | PasswordSource::Kept => {
                request.manage_master_user_password(true)
            }
        };
        let subject = Subject::to_use(Kind::SubnetGroup, &self.region, &group.name);
        let answer = request.send().await;
        let answer = answer.map_err(|error| fault("CreateDBCluster", error));
        match settled(at.context(), &subject, answer).await {
            Ok(answer) => made(answer.db_cluster()),
            Err(fault) => Err(not_made(fault)),
        }
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        _: &Self::Input,
        output: &ClusterIdentity,
    ) -> Result<(), Fault> {
        take_away(at, &self.region, output).await
    }

    async fn owner(
        &self,
        at: &Attempt<Aws>,
        _: &Self::Input,
        output: &ClusterIdentity,
    ) -> Result<Owner, Fault> {
        owner(at, &self.region, output).await
    }

    fn ids(&self, output: &ClusterIdentity) -> Vec<String> {
        vec![output.cluster.clone()]
    }
}

/// The tags of a cluster: by the number of instances another run knows whether
/// it is half made.
pub(super) fn labels(at: &Attempt<Aws>, labels: &Labels, instances: usize) -> Vec<Tag> {
    let mut tags = labels.rds(at);
    let wanted = Tag::builder()
        .key(tags::INSTANCES)
        .value(instances.to_string());
    tags.push(wanted.build());
    tags
}

/// The cluster of an answer.
pub(super) fn made(cluster: Option<&DbCluster>) -> Result<ClusterIdentity, Fault> {
    cluster
        .filter(|cluster| cluster.db_cluster_resource_id().is_some())
        .map(ClusterIdentity::of)
        .ok_or_else(|| Fault::transient("rds named no cluster").in_doubt())
}

/// Finds the cluster and whose it is. An earlier run's half-made one is
/// completed if its data comes from the same `snapshot`, or from none like this
/// one's; any other is not for this run to touch.
pub(super) async fn find(
    at: &Attempt<Aws>,
    region: &str,
    labels: &Labels,
    group: &SubnetGroupMade,
    snapshot: Option<&str>,
) -> Result<Found<ClusterIdentity>, Fault> {
    let name = &labels.cluster;
    let Some(cluster) = rds::cluster(at.context(), region, name).await? else {
        return Ok(Found::Nothing);
    };
    let made = ClusterIdentity::of(&cluster);
    let found = cluster.tag_list();
    let in_place = cluster.db_subnet_group() == Some(&group.name);
    if at.undoing() {
        // RDS takes the tags away from what is going; where its subnets are
        // this run's, it is what this run made.
        let going = is_going(&cluster) && in_place && found.tag(tags::RUN).is_none();
        return Ok(if going {
            Found::Ours(made)
        } else {
            tags::found(found, at, made)
        });
    }
    if is_going(&cluster) {
        return Err(Fault::pending(
            "the cluster of this name is being deleted; waiting for it to go",
        ));
    }
    if tags::is_made_by(found, at) {
        return Ok(Found::Ours(made));
    }
    if found.tag(tags::DEPLOYMENT) == Some(labels.deployment.as_str())
        && in_place
        && found.tag(tags::SNAPSHOT) == snapshot
    {
        return Ok(Found::Theirs(made));
    }
    Err(Fault::permanent(format!(
        "a cluster {name:?} exists in {region} that this run did not make"
    ))
    .with_code("DBClusterAlreadyExistsFault"))
}

fn is_going(cluster: &DbCluster) -> bool {
    cluster.status() == Some("deleting")
}

/// What a refused create or restore means.
pub(super) fn not_made(fault: Fault) -> Fault {
    if has_code(&fault, &["DBClusterAlreadyExistsFault"]) {
        return fault.in_doubt().with_class(FaultClass::Transient);
    }
    // RDS learns of a young security group, subnet or subnet group with some
    // delay.
    let young = has_code(&fault, &["DBSubnetGroupNotFoundFault", "InvalidSubnet"])
        || (has_code(&fault, &["InvalidParameterValue"])
            && fault.message.contains("security group"));
    if young {
        return fault.with_class(FaultClass::Transient);
    }
    fault
}

/// A cluster as it is now, if it is there. Another of its name is a fault.
pub(super) async fn look(
    at: &Attempt<Aws>,
    region: &str,
    identity: &ClusterIdentity,
) -> Result<Option<DbCluster>, Fault> {
    let cluster = rds::cluster(at.context(), region, &identity.cluster).await?;
    if let Some(cluster) = &cluster {
        identity.must_be(cluster)?;
    }
    Ok(cluster)
}

/// Whose a cluster is by now that this run made.
pub(super) async fn owner(
    at: &Attempt<Aws>,
    region: &str,
    identity: &ClusterIdentity,
) -> Result<Owner, Fault> {
    let Some(cluster) = rds::cluster(at.context(), region, &identity.cluster).await? else {
        return Ok(Owner::ThisRun);
    };
    Ok(match identity.differs(&cluster) {
        Some(message) => Owner::Other(message),
        None => tags::owner(cluster.tag_list(), at),
    })
}

/// Deletes the cluster and waits until it is gone, and until the snapshot that a
/// person wants kept of it is there.
pub(super) async fn take_away(
    at: &Attempt<Aws>,
    region: &str,
    identity: &ClusterIdentity,
) -> Result<(), Fault> {
    let snapshot = RollbackOptions::of(at)?.final_snapshot;
    let look = || rds::cluster(at.context(), region, &identity.cluster);
    if let Some(cluster) = confirmed(at, look)
        .await?
        .filter(|found| identity.is(found))
    {
        delete(at, region, identity, &cluster, snapshot.clone()).await?;
    }
    match snapshot {
        Some(snapshot) => {
            final_snapshot::wait_available(at, region, &snapshot, Some(identity)).await
        }
        None => Ok(()),
    }
}

async fn delete(
    at: &Attempt<Aws>,
    region: &str,
    identity: &ClusterIdentity,
    cluster: &DbCluster,
    snapshot: Option<String>,
) -> Result<(), Fault> {
    let name = &identity.cluster;
    // The state lags behind an accepted call; its snapshot does not.
    let asked = match &snapshot {
        Some(snapshot) if at.in_doubt() => {
            final_snapshot::is_of(at.context(), region, snapshot, cluster).await?
        }
        _ => false,
    };
    if !is_going(cluster) && !asked {
        unless_held(at, region, name).await?;
        remove::cluster(at.context(), region, name, snapshot.clone()).await?;
    }
    let id = cluster.db_cluster_resource_id();
    gone::wait_cluster_of(at, region, name, id, snapshot.as_deref()).await
}
