//! An instance.

use aws_sdk_rds::types::DbInstance;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Owner, Policy, Step};

use super::cluster::look;
use crate::aurora::rollback::unless_held;
use crate::aurora::{ClusterIdentity, InstanceIdentity, gone};
use crate::aws::call::{fault, has_code};
use crate::aws::poll::confirmed;
use crate::aws::state::{Kind, Subject, settled};
use crate::aws::tags::{self, Labels, Tagged as _};
use crate::aws::{Aws, rds, remove};

/// There is no room for an instance of the class in the zone.
const LACKING: [&str; 1] = ["InsufficientDBInstanceCapacity"];

/// Makes an instance, without waiting for it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CreateInstance {
    pub(crate) region: String,
    pub(crate) labels: Labels,
    pub(crate) name: String,
    pub(crate) zone: String,
    pub(crate) class: String,
    pub(crate) engine: String,
}

impl Step for CreateInstance {
    type Context = Aws;
    type Input = ClusterIdentity;
    type Output = InstanceIdentity;
    const KIND: &'static str = "create-instance";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        input: &ClusterIdentity,
    ) -> Result<Found<InstanceIdentity>, Fault> {
        let Some(instance) = rds::instance(at.context(), &self.region, &self.name).await? else {
            return Ok(Found::Nothing);
        };
        let made = InstanceIdentity::of(&instance);
        let found = instance.tag_list();
        let in_place = instance.db_cluster_identifier() == Some(&input.cluster);
        if at.undoing() {
            // RDS takes the tags away from what is going.
            let going = is_going(&instance) && in_place && found.tag(tags::RUN).is_none();
            return Ok(if going {
                Found::Ours(made)
            } else {
                tags::found(found, at, made)
            });
        }
        if tags::is_made_by(found, at) {
            return Ok(Found::Ours(made));
        }
        if !in_place {
            return Err(Fault::permanent(format!(
                "an instance {:?} exists that does not belong to cluster {:?}",
                self.name, input.cluster
            ))
            .with_code("DBInstanceAlreadyExists"));
        }
        if is_going(&instance) {
            return Err(Fault::pending(
                "the instance of this name is being deleted; waiting for it to go",
            ));
        }
        Ok(Found::Theirs(made))
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        input: &ClusterIdentity,
    ) -> Result<InstanceIdentity, Fault> {
        look(at, &self.region, input).await?;
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
        let subject = Subject::to_use(Kind::Cluster, &self.region, &input.cluster);
        match settled(at.context(), &subject, answer).await {
            Ok(answer) => answer
                .db_instance()
                .filter(|instance| instance.dbi_resource_id().is_some())
                .map(InstanceIdentity::of)
                .ok_or_else(|| Fault::transient("rds named no instance").in_doubt()),
            Err(fault) if has_code(&fault, &["DBInstanceAlreadyExists"]) => {
                Err(fault.in_doubt().with_class(FaultClass::Transient))
            }
            // Right after the cluster was accepted not every place at RDS knows
            // of it, or of its state.
            Err(fault) if has_code(&fault, &["DBClusterNotFoundFault"]) => {
                Err(fault.with_class(FaultClass::Transient))
            }
            Err(fault) if has_code(&fault, &LACKING) => Err(fault.with_hint(
                "`stepwell resume` tries again; with --instance-class it asks for another class",
            )),
            Err(fault) => Err(fault),
        }
    }

    /// Has the instance deleted, and does not wait: the undo of the cluster,
    /// which ends only when its instances are gone, waits for all of them at
    /// once.
    async fn undo(
        &self,
        at: &Attempt<Aws>,
        _: &ClusterIdentity,
        output: &InstanceIdentity,
    ) -> Result<(), Fault> {
        take_away(at, &self.region, output).await
    }

    async fn owner(
        &self,
        at: &Attempt<Aws>,
        _: &ClusterIdentity,
        output: &InstanceIdentity,
    ) -> Result<Owner, Fault> {
        let found = rds::instance(at.context(), &self.region, &output.instance).await?;
        Ok(match found {
            None => Owner::ThisRun,
            Some(instance) => match output.differs(&instance) {
                Some(message) => Owner::Other(message),
                None => tags::owner(instance.tag_list(), at),
            },
        })
    }

    fn ids(&self, output: &InstanceIdentity) -> Vec<String> {
        vec![output.instance.clone()]
    }
}

fn is_going(instance: &DbInstance) -> bool {
    instance.db_instance_status() == Some("deleting")
}

/// Has an instance deleted, if nothing keeps the rest from going.
pub(super) async fn take_away(
    at: &Attempt<Aws>,
    region: &str,
    identity: &InstanceIdentity,
) -> Result<(), Fault> {
    let look = || rds::instance(at.context(), region, &identity.instance);
    match confirmed(at, look).await? {
        Some(instance) if identity.is(&instance) && !is_going(&instance) => {
            let cluster = instance.db_cluster_identifier().unwrap_or_default();
            unless_held(at, region, cluster).await?;
            remove::instance(at.context(), region, &identity.instance).await
        }
        _ => Ok(()),
    }
}
