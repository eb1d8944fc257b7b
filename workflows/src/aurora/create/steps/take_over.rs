//! Taking over what a dead run has left.

use aws_sdk_ec2::types::Tag;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Owner, Policy, Step};

use super::{cluster, instance};
use crate::aurora::estate::{Estate, Held};
use crate::aurora::{ClusterIdentity, InstanceIdentity, alive, gone};
use crate::aws::call::fault;
use crate::aws::poll::confirmed;
use crate::aws::tags::{self, Labels, TAKE_OVER};
use crate::aws::{Aws, ec2, remove};

/// Takes over what dead runs have left of a cluster: gives it this run's tags,
/// so that everybody knows whose it is. The other steps use it as they find it,
/// and do not undo it; undoing this step, which comes last, takes all of it away.
///
/// What scripts or people made bears no tag of a run and is left as it is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TakeOver {
    pub(crate) region: String,
    pub(crate) labels: Labels,
    pub(crate) subnet_group_name: String,
    /// The half-made cluster that was found, if there was one.
    pub(crate) cluster: Option<ClusterIdentity>,
}

/// What was taken over. RDS takes the tags away from what is going, so what it
/// has is known by its identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TakenOver {
    pub(crate) cluster: Option<ClusterIdentity>,
    pub(crate) instances: Vec<InstanceIdentity>,
    pub(crate) subnet_group: Option<String>,
    /// The VPCs in which it is.
    pub(crate) places: Vec<String>,
    /// The ids of all of it in EC2, VPCs among them.
    pub(crate) network: Vec<String>,
}

impl TakeOver {
    async fn estate(&self, at: &Attempt<Aws>) -> Result<Estate, Fault> {
        Estate::of(
            at.context(),
            &self.region,
            &self.labels,
            &self.subnet_group_name,
        )
        .await
    }

    /// What bears this run's tags of a take-over.
    fn taken(at: &Attempt<Aws>, estate: Estate) -> TakenOver {
        let run = at.run().to_string();
        fn own<T>(run: &str) -> impl Fn(Held<T>) -> Option<T> {
            move |held| held.is_taken_by(run).then_some(held.what)
        }
        let network = estate.network.into_iter().chain(estate.vpcs);
        TakenOver {
            cluster: estate.cluster.and_then(own(&run)),
            instances: (estate.instances.into_iter())
                .filter_map(own(&run))
                .collect(),
            subnet_group: estate.subnet_group.and_then(own(&run)),
            places: estate.places,
            network: network.filter_map(own(&run)).collect(),
        }
    }

    async fn tag_rds(&self, at: &Attempt<Aws>, arn: &str) -> Result<(), Fault> {
        let tag = |key: &str, value: String| {
            aws_sdk_rds::types::Tag::builder()
                .key(key)
                .value(value)
                .build()
        };
        at.context()
            .rds(&self.region)
            .add_tags_to_resource()
            .resource_name(arn)
            .tags(tag(tags::RUN, at.run().to_string()))
            .tags(tag(tags::STEP, TAKE_OVER.to_owned()))
            .send()
            .await
            .map(drop)
            .map_err(|error| fault("AddTagsToResource", error))
    }

    async fn tag_ec2(&self, at: &Attempt<Aws>, ids: Vec<String>) -> Result<(), Fault> {
        if ids.is_empty() {
            return Ok(());
        }
        let tag = |key: &str, value: String| Tag::builder().key(key).value(value).build();
        at.context()
            .ec2(&self.region)
            .create_tags()
            .set_resources(Some(ids))
            .tags(tag(tags::RUN, at.run().to_string()))
            .tags(tag(tags::STEP, TAKE_OVER.to_owned()))
            .send()
            .await
            .map(drop)
            .map_err(|error| fault("CreateTags", error))
    }

    /// Takes away what was taken over in a VPC, and the VPC if that was.
    async fn clear(&self, at: &Attempt<Aws>, vpc: &str, own: &[String]) -> Result<(), Fault> {
        let (aws, region) = (at.context(), &self.region);
        let is_own = |id: &&str| own.iter().any(|one| one == id);
        let groups = ec2::security_groups(aws, region, vpc).await?;
        for id in groups
            .iter()
            .filter_map(|one| one.group_id())
            .filter(is_own)
        {
            remove::security_group(aws, region, id).await?;
        }
        let subnets = ec2::subnets(aws, region, vpc).await?;
        for id in subnets
            .iter()
            .filter_map(|one| one.subnet_id())
            .filter(is_own)
        {
            remove::subnet(aws, region, id).await?;
        }
        let tables = ec2::route_tables(aws, region, vpc).await?;
        for table in &tables {
            let Some(id) = table.route_table_id().filter(is_own) else {
                continue;
            };
            for association in table.associations() {
                if let Some(association) = association.route_table_association_id() {
                    remove::association(aws, region, association).await?;
                }
            }
            remove::route_table(aws, region, id).await?;
        }
        if is_own(&vpc) {
            remove::vpc(aws, region, vpc).await?;
        }
        Ok(())
    }
}

impl Step for TakeOver {
    type Context = Aws;
    type Input = ();
    type Output = TakenOver;
    const KIND: &'static str = "take-over";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<TakenOver>, Fault> {
        let estate = self.estate(at).await?;
        let others = estate.of_other_runs(&at.run().to_string());
        let taken = Self::taken(at, estate);
        // A rollback takes away what has been taken over, be it all or a part.
        if taken.is_nothing() || (!at.undoing() && !others.is_empty()) {
            return Ok(Found::Nothing);
        }
        Ok(Found::Ours(taken))
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<TakenOver, Fault> {
        let (aws, region, name) = (at.context(), &self.region, &self.labels.cluster);
        let run = at.run().to_string();
        for vpc in ec2::vpcs_of(aws, region, name).await? {
            alive::refuse_adoption(at, region, name, &vpc)?;
        }
        let estate = self.estate(at).await?;
        if let (Some(then), Some(now)) = (&self.cluster, &estate.found) {
            then.must_be(now)?;
        }
        // The VPC comes last: until it is this run's, what is there is half
        // taken over, and no other run may build on it or undo it.
        for arn in estate.arns_of_others(&run) {
            self.tag_rds(at, &arn).await.map_err(Fault::in_doubt)?;
        }
        let (network, vpcs) = estate.ids_of_others(&run);
        for ids in [network, vpcs] {
            self.tag_ec2(at, ids).await.map_err(Fault::in_doubt)?;
        }
        let estate = confirmed(at, || async {
            let estate = self.estate(at).await.map_err(Fault::in_doubt)?;
            let done = estate.of_other_runs(&run).is_empty();
            Ok(done.then_some(estate))
        });
        match estate.await? {
            Some(estate) => Ok(Self::taken(at, estate)),
            None => Err(Fault::transient("the tags of this run do not show yet").in_doubt()),
        }
    }

    async fn undo(&self, at: &Attempt<Aws>, (): &(), output: &TakenOver) -> Result<(), Fault> {
        let (aws, region) = (at.context(), &self.region);
        for one in &output.instances {
            instance::take_away(at, region, one).await?;
        }
        if let Some(one) = &output.cluster {
            cluster::take_away(at, region, one).await?;
        }
        if let Some(name) = &output.subnet_group {
            remove::subnet_group(aws, region, name).await?;
        }
        for vpc in &output.places {
            self.clear(at, vpc, &output.network).await?;
        }
        Ok(())
    }

    async fn owner(&self, at: &Attempt<Aws>, (): &(), output: &TakenOver) -> Result<Owner, Fault> {
        if let Some(identity) = &output.cluster {
            match cluster::owner(at, &self.region, identity).await? {
                Owner::ThisRun => {}
                other => return Ok(other),
            }
        }
        for id in output
            .places
            .iter()
            .filter(|id| output.network.contains(id))
        {
            if let Some(vpc) = ec2::vpc(at.context(), &self.region, id).await?
                && let Owner::Other(other) = tags::owner(vpc.tags(), at)
            {
                return Ok(Owner::Other(other));
            }
        }
        Ok(Owner::ThisRun)
    }

    fn ids(&self, output: &TakenOver) -> Vec<String> {
        let databases = output.instances.iter().map(|one| &one.instance);
        databases
            .chain(output.cluster.iter().map(|one| &one.cluster))
            .chain(&output.subnet_group)
            .chain(&output.network)
            .cloned()
            .collect()
    }
}

impl TakenOver {
    fn is_nothing(&self) -> bool {
        self.cluster.is_none()
            && self.instances.is_empty()
            && self.subnet_group.is_none()
            && self.network.is_empty()
    }
}
