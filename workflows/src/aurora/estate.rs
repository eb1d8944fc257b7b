//! What bears a deployment's tag: what runs of this program have made of a
//! cluster, in the order in which one run takes it over from another.

use std::collections::BTreeSet;

use aws_sdk_rds::types::DbCluster;
use stepwell_engine::Fault;

use super::{ClusterIdentity, InstanceIdentity};
use crate::aws::tags::{self, Labels, Tagged};
use crate::aws::{Aws, ec2, rds};

/// A thing with its tags of the run and the step that made it.
pub(crate) struct Held<T> {
    pub(crate) what: T,
    /// How RDS names it where it is tagged; empty in EC2.
    arn: String,
    run: String,
    step: Option<String>,
}

impl<T> Held<T> {
    /// The thing, if a run of the deployment made it.
    fn of(
        what: T,
        arn: Option<&str>,
        tags: &(impl Tagged + ?Sized),
        deployment: &str,
    ) -> Option<Self> {
        let own = tags.tag(tags::DEPLOYMENT) == Some(deployment);
        let run = tags.tag(tags::RUN).filter(|_| own)?;
        Some(Self {
            what,
            arn: arn.unwrap_or_default().to_owned(),
            run: run.to_owned(),
            step: tags.tag(tags::STEP).map(str::to_owned),
        })
    }

    /// Whether the run has taken it over.
    pub(crate) fn is_taken_by(&self, run: &str) -> bool {
        self.run == run && self.step.as_deref() == Some(tags::TAKE_OVER)
    }
}

/// What runs have made of a cluster. What is being deleted has lost its tags, so
/// it is not among it.
pub(crate) struct Estate {
    /// The cluster of the name, whoever made it.
    pub(crate) found: Option<DbCluster>,
    /// The VPCs with the cluster's tag, whoever made them.
    pub(crate) places: Vec<String>,
    pub(crate) instances: Vec<Held<InstanceIdentity>>,
    pub(crate) cluster: Option<Held<ClusterIdentity>>,
    pub(crate) subnet_group: Option<Held<String>>,
    /// Security groups, route tables and subnets.
    pub(crate) network: Vec<Held<String>>,
    pub(crate) vpcs: Vec<Held<String>>,
}

impl Estate {
    /// Looks for all of it. Each read has patience for what passes: what meets each
    /// once must not begin them all again.
    pub(crate) async fn of(
        aws: &Aws,
        region: &str,
        labels: &Labels,
        subnet_group: &str,
    ) -> Result<Self, Fault> {
        let (name, deployment) = (&labels.cluster, labels.deployment.as_str());
        let mut estate = Self {
            instances: Vec::new(),
            cluster: None,
            subnet_group: None,
            network: Vec::new(),
            vpcs: Vec::new(),
            places: Vec::new(),
            found: None,
        };
        if let Some(group) = aws
            .look(|| rds::subnet_group(aws, region, subnet_group))
            .await?
        {
            let arn = group.db_subnet_group_arn();
            let read = || rds::tags(aws, region, arn.unwrap_or_default());
            let tags = aws.look(read).await?;
            estate.subnet_group = Held::of(subnet_group.to_owned(), arn, &tags[..], deployment);
        }
        for vpc in aws.look(|| ec2::vpcs_of(aws, region, name)).await? {
            let id = vpc.vpc_id().unwrap_or_default();
            let held = |id: Option<&str>, tags: &[aws_sdk_ec2::types::Tag]| {
                Held::of(id?.to_owned(), None, tags, deployment)
            };
            let groups = aws.look(|| ec2::security_groups(aws, region, id)).await?;
            let tables = aws.look(|| ec2::route_tables(aws, region, id)).await?;
            let subnets = aws.look(|| ec2::subnets(aws, region, id)).await?;
            let of_groups = groups.iter().map(|one| held(one.group_id(), one.tags()));
            let of_tables = tables
                .iter()
                .map(|one| held(one.route_table_id(), one.tags()));
            let of_subnets = subnets.iter().map(|one| held(one.subnet_id(), one.tags()));
            let all = of_groups.chain(of_tables).chain(of_subnets);
            estate.network.extend(all.flatten());
            estate.vpcs.extend(held(Some(id), vpc.tags()));
            estate.places.push(id.to_owned());
        }
        let read = || rds::cluster(aws, region, name);
        // Where its place is there, the cluster may be so young that a read misses it.
        estate.found = if estate.subnet_group.is_some() || !estate.places.is_empty() {
            aws.look_confirmed(read).await?
        } else {
            aws.look(read).await?
        };
        if let Some(cluster) = estate.found.as_ref().filter(|one| !is_going(one.status())) {
            let what = ClusterIdentity::of(cluster);
            let tags = cluster.tag_list();
            estate.cluster = Held::of(what, cluster.db_cluster_arn(), tags, deployment);
            for one in aws.look(|| rds::instances(aws, region, name)).await? {
                let (what, arn) = (InstanceIdentity::of(&one), one.db_instance_arn());
                let held = Held::of(what, arn, one.tag_list(), deployment);
                let stays = held.filter(|_| !is_going(one.db_instance_status()));
                estate.instances.extend(stays);
            }
        }
        Ok(estate)
    }

    /// The runs that the cluster and the VPCs belong to.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &str> {
        let vpcs = self.vpcs.iter().map(|held| held.run.as_str());
        (self.cluster.iter().map(|held| held.run.as_str())).chain(vpcs)
    }

    /// The VPCs that a run made or took over.
    pub(crate) fn vpcs_of(&self, run: &str) -> Vec<String> {
        let own = self.vpcs.iter().filter(|held| held.run == run);
        own.map(|held| held.what.clone()).collect()
    }

    /// The other runs that have made something of it.
    pub(crate) fn of_other_runs(&self, run: &str) -> Vec<String> {
        let network = self.network.iter().chain(&self.vpcs);
        let databases = (self.instances.iter().map(|held| &held.run))
            .chain(self.cluster.iter().map(|held| &held.run))
            .chain(self.subnet_group.iter().map(|held| &held.run));
        let all = databases.chain(network.map(|held| &held.run));
        let others: BTreeSet<&String> = all.filter(|other| *other != run).collect();
        others.into_iter().cloned().collect()
    }

    /// The ARNs of what other runs have made of it in RDS: instances first.
    pub(crate) fn arns_of_others(&self, run: &str) -> Vec<String> {
        fn arn<T>(run: &str) -> impl Fn(&Held<T>) -> Option<String> {
            move |held| (held.run != run).then(|| held.arn.clone())
        }
        (self.instances.iter().filter_map(arn(run)))
            .chain(self.cluster.iter().filter_map(arn(run)))
            .chain(self.subnet_group.iter().filter_map(arn(run)))
            .collect()
    }

    /// The ids of what other runs have made of it in EC2: what is in VPCs, and
    /// the VPCs.
    pub(crate) fn ids_of_others(&self, run: &str) -> (Vec<String>, Vec<String>) {
        let of = |all: &[Held<String>]| -> Vec<String> {
            let others = all.iter().filter(|held| held.run != run);
            others.map(|held| held.what.clone()).collect()
        };
        (of(&self.network), of(&self.vpcs))
    }
}

fn is_going(status: Option<&str>) -> bool {
    status == Some("deleting")
}
