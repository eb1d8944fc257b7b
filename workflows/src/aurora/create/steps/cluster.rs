//! The cluster itself, its protection, and the wait until it is available.

use std::time::Duration;

use aws_sdk_rds::types::{DbCluster, SourceType};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Policy, Step};

use super::password;
use super::security_group::SecurityGroupMade;
use super::subnet_group::SubnetGroupMade;
use crate::aurora::create::parameters::PasswordSource;
use crate::aurora::gone;
use crate::aws::call::{fault, has_code, unless_gone};
use crate::aws::poll::{Presence, Seen, poll, surely};
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, POLICY, rds, remove};

/// Makes the cluster, without waiting for it.
#[derive(Debug, Serialize)]
pub(crate) struct CreateCluster {
    pub(crate) region: String,
    pub(crate) labels: Labels,
    pub(crate) engine: String,
    pub(crate) engine_version: String,
    pub(crate) username: String,
    pub(crate) password: PasswordSource,
    pub(crate) database: Option<String>,
}

/// The cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClusterMade {
    pub(crate) cluster: String,
}

impl ClusterMade {
    pub(super) fn of(labels: &Labels) -> Self {
        Self {
            cluster: labels.cluster.clone(),
        }
    }
}

impl Step for CreateCluster {
    type Context = Aws;
    type Input = (SubnetGroupMade, SecurityGroupMade);
    type Output = ClusterMade;
    const KIND: &'static str = "create-cluster";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        (group, _): &Self::Input,
    ) -> Result<Found<ClusterMade>, Fault> {
        find(at, &self.region, &self.labels, group, None).await
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (group, security): &Self::Input,
    ) -> Result<ClusterMade, Fault> {
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
            .set_tags(Some(self.labels.rds(at)));
        let request = match self.password {
            PasswordSource::Given => request.master_user_password(password::given(at)?.reveal()),
            // An empty cluster has no password to keep.
            PasswordSource::Managed | PasswordSource::Kept => {
                request.manage_master_user_password(true)
            }
        };
        match request.send().await {
            Ok(_) => Ok(ClusterMade::of(&self.labels)),
            Err(error) => Err(not_made(fault("CreateDBCluster", error))),
        }
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        _: &Self::Input,
        output: &ClusterMade,
    ) -> Result<(), Fault> {
        take_away(at, &self.region, &output.cluster).await
    }

    fn ids(&self, output: &ClusterMade) -> Vec<String> {
        vec![output.cluster.clone()]
    }
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
) -> Result<Found<ClusterMade>, Fault> {
    let name = &labels.cluster;
    let Some(cluster) = rds::cluster(at.context(), region, name).await? else {
        return Ok(Found::Nothing);
    };
    let made = ClusterMade::of(labels);
    let found = cluster.tag_list();
    if tags::is_of_run(tags::rds_value(found, tags::RUN), at) {
        if !at.undoing() {
            refuse_deleting(&cluster)?;
        }
        return Ok(Found::Ours(made));
    }
    if at.undoing() {
        return Ok(Found::Theirs(made));
    }
    refuse_deleting(&cluster)?;
    let deployment = tags::rds_value(found, tags::DEPLOYMENT);
    if deployment == Some(labels.deployment.as_str())
        && cluster.db_subnet_group() == Some(&group.name)
        && tags::rds_value(found, tags::SNAPSHOT) == snapshot
    {
        return Ok(Found::Theirs(made));
    }
    Err(Fault::permanent(format!(
        "a cluster {name:?} exists in {region} that this run did not make"
    ))
    .with_code("DBClusterAlreadyExistsFault"))
}

/// What a refused create or restore means.
pub(super) fn not_made(fault: Fault) -> Fault {
    if has_code(&fault, &["DBClusterAlreadyExistsFault"]) {
        return fault.uncertain().with_class(FaultClass::Transient);
    }
    // RDS learns of a young security group with some delay.
    if has_code(&fault, &["InvalidParameterValue"]) && fault.message.contains("security group") {
        return fault.with_class(FaultClass::Transient);
    }
    fault
}

/// Deletes the cluster and waits until it is gone.
pub(super) async fn take_away(at: &Attempt<Aws>, region: &str, name: &str) -> Result<(), Fault> {
    let look = || rds::cluster(at.context(), region, name);
    let Some(cluster) = surely(at, look).await? else {
        return Ok(());
    };
    if cluster.deletion_protection() == Some(true) {
        return Err(
            Fault::permanent(format!("cluster {name:?} is protected against deletion"))
                .with_hint("switch the protection off, then run the rollback again"),
        );
    }
    if cluster.status() != Some("deleting") {
        remove::cluster(at.context(), region, name, None).await?;
    }
    gone::wait_cluster(at, region, name).await
}

fn refuse_deleting(cluster: &DbCluster) -> Result<(), Fault> {
    if cluster.status() == Some("deleting") {
        return Err(Fault::pending(
            "the cluster of this name is being deleted; waiting for it to go",
        ));
    }
    Ok(())
}

/// Waits until the cluster is available: only then may instances be made.
#[derive(Debug, Serialize)]
pub(crate) struct WaitCluster {
    pub(crate) region: String,
}

impl Step for WaitCluster {
    type Context = Aws;
    type Input = ClusterMade;
    type Output = ClusterMade;
    const KIND: &'static str = "wait-cluster";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, input: &ClusterMade) -> Result<ClusterMade, Fault> {
        let name = &input.cluster;
        let what = format!("cluster {name:?} is not available");
        let (pace, deadline) = (Duration::from_secs(5), Duration::from_secs(120 * 60));
        let presence = Presence::default();
        poll(at, &what, pace, deadline, || async {
            let cluster = rds::cluster(at.context(), &self.region, name).await?;
            let cluster = presence.look(cluster, &format!("cluster {name:?}"))?;
            match cluster.as_ref().and_then(DbCluster::status) {
                Some("available") => Ok(Seen::Done(input.clone())),
                Some(status) if rds::is_terminal(status) => {
                    let kind = SourceType::DbCluster;
                    let words = rds::last_words(at.context(), &self.region, kind, name).await;
                    Err(terminal("cluster", name, status, words))
                }
                status => Ok(Seen::Not(status.unwrap_or("not visible yet").to_owned())),
            }
        })
        .await
    }
}

/// A state that does not become "available", with what RDS says of it.
pub(super) fn terminal(kind: &str, name: &str, status: &str, words: Option<String>) -> Fault {
    let fault = Fault::permanent(format!("{kind} {name:?} is {status}"));
    match words {
        Some(words) => fault.with_cause(format!("RDS says: {words}")),
        None => fault,
    }
}

/// Protects the cluster against deletion, once everything stands: until then a
/// failure must be able to take it away again.
#[derive(Debug, Serialize)]
pub(crate) struct ProtectCluster {
    pub(crate) region: String,
}

impl ProtectCluster {
    async fn set(&self, at: &Attempt<Aws>, cluster: &str, on: bool) -> Result<(), Fault> {
        let answer = at
            .context()
            .rds(&self.region)
            .modify_db_cluster()
            .db_cluster_identifier(cluster)
            .deletion_protection(on)
            .apply_immediately(true)
            .send()
            .await
            .map_err(|error| fault("ModifyDBCluster", error));
        match answer {
            Err(fault) if !on => unless_gone(Err::<(), _>(fault)).map(drop),
            answer => answer.map(drop),
        }
    }
}

impl Step for ProtectCluster {
    type Context = Aws;
    type Input = ClusterMade;
    type Output = ();
    const KIND: &'static str = "protect-cluster";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, input: &ClusterMade) -> Result<Found<()>, Fault> {
        let cluster = rds::cluster(at.context(), &self.region, &input.cluster).await?;
        let Some(cluster) = cluster.filter(|cluster| cluster.deletion_protection() == Some(true))
        else {
            return Ok(Found::Nothing);
        };
        let run = tags::rds_value(cluster.tag_list(), tags::RUN);
        Ok(tags::owned(run, at, ()))
    }

    async fn run(&self, at: &Attempt<Aws>, input: &ClusterMade) -> Result<(), Fault> {
        self.set(at, &input.cluster, true).await
    }

    async fn undo(&self, at: &Attempt<Aws>, input: &ClusterMade, (): &()) -> Result<(), Fault> {
        self.set(at, &input.cluster, false).await
    }
}
