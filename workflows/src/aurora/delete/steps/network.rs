//! Deleting the network, from the subnet group to the VPC.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::gone_if;
use crate::aws::call::{fault, unless_gone};
use crate::aws::poll::confirmed;
use crate::aws::{Aws, POLICY, ec2, rds, remove};

/// A step that takes one thing away: how to see it and how to delete it.
macro_rules! delete_step {
    (
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $type:ty),* } $kind:literal, $policy:expr,
        |$at:ident, $step:ident| look $look:block delete $delete:block
    ) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
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
                Ok(gone_if(confirmed($at, look).await?))
            }

            async fn run(&self, $at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
                let $step = self;
                $delete
            }
        }
    };
}

delete_step! {
    /// Deletes a subnet group. One of the name in another VPC is another.
    DeleteSubnetGroup { name: String, vpc: Option<String> } "delete-subnet-group", POLICY,
    |at, step| look {
        let found = rds::subnet_group(at.context(), &step.region, &step.name).await?;
        if let (Some(found), Some(vpc)) = (&found, &step.vpc)
            && found.vpc_id() != Some(vpc)
        {
            let there = found.vpc_id().unwrap_or("no vpc");
            return Err(Fault::permanent(format!(
                "another subnet group is named {:?} now: in {there}, not in {vpc}",
                step.name
            ))
            .with_hint("this run does not touch the other group"));
        }
        found
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
