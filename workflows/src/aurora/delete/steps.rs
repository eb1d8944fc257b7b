//! The steps of `aurora delete`. None can be undone; each is a success if what
//! it deletes is gone already.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use crate::aurora::gone;
use crate::aws::call::{fault, has_code, unless_gone};
use crate::aws::poll::{Seen, poll, surely, until_gone};
use crate::aws::{Aws, POLICY, ec2, rds, remove};

fn gone_if<T>(nothing: Option<T>) -> Found<()> {
    match nothing {
        None => Found::Ours(()),
        Some(_) => Found::Nothing,
    }
}

/// A step that takes one thing away: how to see it and how to delete it.
macro_rules! delete_step {
    (
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $type:ty),* } $kind:literal, $policy:expr,
        |$at:ident, $step:ident| look $look:block delete $delete:block
    ) => {
        $(#[$doc])*
        #[derive(Debug, Serialize)]
        pub(crate) struct $name {
            pub(crate) region: String,
            $(pub(crate) $field: $type,)*
        }

        impl Step for $name {
            type Context = Aws;
            type Input = ();
            type Output = ();
            const KIND: &'static str = $kind;
            const EFFECT: Effect = Effect::Delete;

            fn policy(&self) -> Policy {
                $policy
            }

            async fn check(&self, $at: &Attempt<Aws>, (): &()) -> Result<Found<()>, Fault> {
                let $step = self;
                let look = || async { Ok::<_, Fault>($look) };
                Ok(gone_if(surely($at, look).await?))
            }

            async fn run(&self, $at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
                let $step = self;
                $delete
            }
        }
    };
}

delete_step! {
    /// Asks RDS to delete an instance.
    DeleteInstance { instance: String } "delete-instance", gone::POLICY,
    |at, step| look {
        rds::instance(at.context(), &step.region, &step.instance)
            .await?
            .filter(|instance| instance.db_instance_status() != Some("deleting"))
    } delete {
        remove::instance(at.context(), &step.region, &step.instance).await
    }
}

delete_step! {
    /// Asks RDS to delete the cluster, with or without a last snapshot.
    DeleteCluster { cluster: String, final_snapshot: Option<String> } "delete-cluster", gone::POLICY,
    |at, step| look {
        rds::cluster(at.context(), &step.region, &step.cluster)
            .await?
            .filter(|cluster| cluster.status() != Some("deleting"))
    } delete {
        remove::cluster(at.context(), &step.region, &step.cluster, step.final_snapshot.clone()).await
    }
}

delete_step! {
    /// Deletes a subnet group.
    DeleteSubnetGroup { name: String } "delete-subnet-group", POLICY,
    |at, step| look {
        rds::subnet_group(at.context(), &step.region, &step.name).await?
    } delete {
        remove::subnet_group(at.context(), &step.region, &step.name).await
    }
}

delete_step! {
    /// Deletes a subnet.
    DeleteSubnet { subnet: String } "delete-subnet", POLICY,
    |at, step| look {
        let answer = at
            .context()
            .ec2(&step.region)
            .describe_subnets()
            .subnet_ids(&step.subnet)
            .send()
            .await
            .map_err(|error| fault("DescribeSubnets", error));
        unless_gone(answer)?.filter(|answer| !answer.subnets().is_empty())
    } delete {
        remove::subnet(at.context(), &step.region, &step.subnet).await
    }
}

delete_step! {
    /// Deletes a security group.
    DeleteSecurityGroup { group: String } "delete-security-group", POLICY,
    |at, step| look {
        let answer = at
            .context()
            .ec2(&step.region)
            .describe_security_groups()
            .group_ids(&step.group)
            .send()
            .await
            .map_err(|error| fault("DescribeSecurityGroups", error));
        unless_gone(answer)?.filter(|answer| !answer.security_groups().is_empty())
    } delete {
        remove::security_group(at.context(), &step.region, &step.group).await
    }
}

delete_step! {
    /// Takes a subnet from its route table.
    Disassociate { vpc: String, association: String } "disassociate-route-table", POLICY,
    |at, step| look {
        ec2::route_tables(at.context(), &step.region, &step.vpc)
            .await?
            .iter()
            .flat_map(|table| table.associations())
            .find(|association| {
                association.route_table_association_id() == Some(&step.association)
            })
            .cloned()
    } delete {
        remove::association(at.context(), &step.region, &step.association).await
    }
}

delete_step! {
    /// Deletes a route table.
    DeleteRouteTable { table: String } "delete-route-table", POLICY,
    |at, step| look {
        let answer = at
            .context()
            .ec2(&step.region)
            .describe_route_tables()
            .route_table_ids(&step.table)
            .send()
            .await
            .map_err(|error| fault("DescribeRouteTables", error));
        unless_gone(answer)?.filter(|answer| !answer.route_tables().is_empty())
    } delete {
        remove::route_table(at.context(), &step.region, &step.table).await
    }
}

delete_step! {
    /// Deletes the VPC, once everything in it is gone.
    DeleteVpc { vpc: String } "delete-vpc", POLICY,
    |at, step| look {
        let answer = at
            .context()
            .ec2(&step.region)
            .describe_vpcs()
            .vpc_ids(&step.vpc)
            .send()
            .await
            .map_err(|error| fault("DescribeVpcs", error));
        unless_gone(answer)?.filter(|answer| !answer.vpcs().is_empty())
    } delete {
        remove::vpc(at.context(), &step.region, &step.vpc).await
    }
}

/// Starts a stopped cluster: RDS deletes no instance of a stopped one.
#[derive(Debug, Serialize)]
pub(crate) struct StartCluster {
    pub(crate) region: String,
    pub(crate) cluster: String,
}

impl Step for StartCluster {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "start-cluster";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<()>, Fault> {
        let cluster = rds::cluster(at.context(), &self.region, &self.cluster).await?;
        Ok(
            match cluster.as_ref().and_then(|cluster| cluster.status()) {
                None | Some("available" | "deleting") => Found::Ours(()),
                Some(_) => Found::Nothing,
            },
        )
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        let answer = at
            .context()
            .rds(&self.region)
            .start_db_cluster()
            .db_cluster_identifier(&self.cluster)
            .send()
            .await
            .map_err(|error| fault("StartDBCluster", error));
        match unless_gone(answer) {
            // It is starting already.
            Err(fault) if has_code(&fault, &["InvalidDBClusterStateFault"]) => {}
            answer => drop(answer?),
        }
        let what = format!("cluster {:?} has not started", self.cluster);
        let (pace, deadline) = (Duration::from_secs(10), Duration::from_secs(90 * 60));
        poll(at, &what, pace, deadline, || async {
            let cluster = rds::cluster(at.context(), &self.region, &self.cluster).await?;
            Ok(
                match cluster.as_ref().and_then(|cluster| cluster.status()) {
                    None | Some("available" | "deleting") => Seen::Done(()),
                    Some(status) => Seen::Not(status.to_owned()),
                },
            )
        })
        .await
    }
}

/// Waits until an instance is gone.
#[derive(Debug, Serialize)]
pub(crate) struct WaitInstanceGone {
    pub(crate) region: String,
    pub(crate) instance: String,
}

impl Step for WaitInstanceGone {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "wait-instance-gone";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        gone::wait_instance(at, &self.region, &self.instance).await
    }
}

/// Waits until the cluster is gone.
#[derive(Debug, Serialize)]
pub(crate) struct WaitClusterGone {
    pub(crate) region: String,
    pub(crate) cluster: String,
}

impl Step for WaitClusterGone {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "wait-cluster-gone";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        gone::wait_cluster(at, &self.region, &self.cluster).await
    }
}

/// Looks once more for anything of the cluster: a delete that left something
/// must say so.
#[derive(Debug, Serialize)]
pub(crate) struct VerifyGone {
    pub(crate) region: String,
    pub(crate) cluster: String,
    pub(crate) subnet_groups: Vec<String>,
    pub(crate) final_snapshot: Option<String>,
}

/// The output of a delete.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Deleted {
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) final_snapshot: Option<String>,
}

impl VerifyGone {
    async fn left(&self, at: &Attempt<Aws>) -> Result<Vec<String>, Fault> {
        let aws = at.context();
        let mut left = Vec::new();
        if rds::cluster(aws, &self.region, &self.cluster)
            .await?
            .is_some()
        {
            left.push(format!("cluster {}", self.cluster));
        }
        for instance in rds::instances(aws, &self.region, &self.cluster).await? {
            let name = instance.db_instance_identifier().unwrap_or_default();
            left.push(format!("instance {name}"));
        }
        for name in &self.subnet_groups {
            if rds::subnet_group(aws, &self.region, name).await?.is_some() {
                left.push(format!("subnet group {name}"));
            }
        }
        for vpc in ec2::vpcs_of(aws, &self.region, &self.cluster).await? {
            left.push(format!("vpc {}", vpc.vpc_id().unwrap_or_default()));
        }
        Ok(left)
    }
}

impl Step for VerifyGone {
    type Context = Aws;
    type Input = ();
    type Output = Deleted;
    const KIND: &'static str = "verify-gone";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<Deleted, Fault> {
        until_gone(at, || self.left(at)).await?;
        Ok(Deleted {
            cluster: self.cluster.clone(),
            region: self.region.clone(),
            final_snapshot: self.final_snapshot.clone(),
        })
    }
}
