//! An instance, and the wait until it is available.

use std::time::Duration;

use aws_sdk_rds::types::{DbCluster, DbInstance, SourceType};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Policy, Step};

use super::cluster::{ClusterMade, terminal};
use crate::aurora::gone;
use crate::aws::call::{fault, has_code};
use crate::aws::poll::{Presence, Seen, poll, surely};
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, rds, remove};

/// Makes an instance, without waiting for it.
#[derive(Debug, Serialize)]
pub(crate) struct CreateInstance {
    pub(crate) region: String,
    pub(crate) labels: Labels,
    pub(crate) name: String,
    pub(crate) zone: String,
    pub(crate) class: String,
    pub(crate) engine: String,
}

/// The instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InstanceMade {
    pub(crate) instance: String,
}

impl CreateInstance {
    fn made(&self) -> InstanceMade {
        InstanceMade {
            instance: self.name.clone(),
        }
    }
}

impl Step for CreateInstance {
    type Context = Aws;
    type Input = ClusterMade;
    type Output = InstanceMade;
    const KIND: &'static str = "create-instance";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        input: &ClusterMade,
    ) -> Result<Found<InstanceMade>, Fault> {
        let Some(instance) = rds::instance(at.context(), &self.region, &self.name).await? else {
            return Ok(Found::Nothing);
        };
        if tags::is_of_run(tags::rds_value(instance.tag_list(), tags::RUN), at) {
            return Ok(Found::Ours(self.made()));
        }
        if at.undoing() {
            return Ok(Found::Theirs(self.made()));
        }
        if instance.db_cluster_identifier() != Some(&input.cluster) {
            return Err(Fault::permanent(format!(
                "an instance {:?} exists that does not belong to cluster {:?}",
                self.name, input.cluster
            ))
            .with_code("DBInstanceAlreadyExists"));
        }
        if instance.db_instance_status() == Some("deleting") {
            return Err(Fault::pending(
                "the instance of this name is being deleted; waiting for it to go",
            ));
        }
        Ok(Found::Theirs(self.made()))
    }

    async fn run(&self, at: &Attempt<Aws>, input: &ClusterMade) -> Result<InstanceMade, Fault> {
        let answer = at
            .context()
            .rds(&self.region)
            .create_db_instance()
            .db_instance_identifier(&self.name)
            .db_cluster_identifier(&input.cluster)
            .db_instance_class(&self.class)
            .engine(&self.engine)
            .availability_zone(&self.zone)
            .auto_minor_version_upgrade(false)
            .publicly_accessible(false)
            .enable_performance_insights(true)
            .performance_insights_retention_period(7)
            .set_tags(Some(self.labels.rds(at)))
            .send()
            .await
            .map_err(|error| fault("CreateDBInstance", error));
        match answer {
            Ok(_) => Ok(self.made()),
            Err(fault) if has_code(&fault, &["DBInstanceAlreadyExists"]) => {
                Err(fault.uncertain().with_class(FaultClass::Transient))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        _: &ClusterMade,
        output: &InstanceMade,
    ) -> Result<(), Fault> {
        let name = &output.instance;
        let look = || rds::instance(at.context(), &self.region, name);
        let Some(instance) = surely(at, look).await? else {
            return Ok(());
        };
        if instance.db_instance_status() != Some("deleting") {
            remove::instance(at.context(), &self.region, name).await?;
        }
        gone::wait_instance(at, &self.region, name).await
    }

    fn ids(&self, output: &InstanceMade) -> Vec<String> {
        vec![output.instance.clone()]
    }
}

/// Waits until an instance is available; the first must also be the writer.
#[derive(Debug, Serialize)]
pub(crate) struct WaitInstance {
    pub(crate) region: String,
    pub(crate) cluster: String,
    pub(crate) writer: bool,
}

impl Step for WaitInstance {
    type Context = Aws;
    type Input = InstanceMade;
    type Output = InstanceMade;
    const KIND: &'static str = "wait-instance";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, input: &InstanceMade) -> Result<InstanceMade, Fault> {
        let name = &input.instance;
        let what = format!("instance {name:?} is not available");
        let (pace, deadline) = (Duration::from_secs(10), Duration::from_secs(90 * 60));
        let presence = Presence::default();
        poll(at, &what, pace, deadline, || async {
            let instance = rds::instance(at.context(), &self.region, name).await?;
            let instance = presence.look(instance, &format!("instance {name:?}"))?;
            match instance.as_ref().and_then(DbInstance::db_instance_status) {
                Some("available") if !self.writer => Ok(Seen::Done(input.clone())),
                Some("available") => {
                    let cluster = rds::cluster(at.context(), &self.region, &self.cluster).await?;
                    Ok(if cluster.as_ref().is_some_and(has_writer) {
                        Seen::Done(input.clone())
                    } else {
                        Seen::Not("available, and not yet the writer".to_owned())
                    })
                }
                Some(status) if rds::is_terminal(status) => {
                    let kind = SourceType::DbInstance;
                    let words = rds::last_words(at.context(), &self.region, kind, name).await;
                    Err(terminal("instance", name, status, words))
                }
                status => Ok(Seen::Not(status.unwrap_or("not visible yet").to_owned())),
            }
        })
        .await
    }
}

/// Whether the cluster has a writer. Any member will do: after a failover
/// during a long create, it need not be the first.
pub(crate) fn has_writer(cluster: &DbCluster) -> bool {
    cluster
        .db_cluster_members()
        .iter()
        .any(|member| member.is_cluster_writer() == Some(true))
}
