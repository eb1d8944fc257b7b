//! The route table and its associations with the subnets.

use aws_sdk_ec2::types::{ResourceType, RouteTable};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Owner, Policy, Step};

use super::subnet::SubnetMade;
use super::vpc::VpcMade;
use crate::aws::call::{fault, has_code};
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, POLICY, ec2, remove};

/// Makes the route table of the cluster's subnets.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CreateRouteTable {
    pub(crate) region: String,
    pub(crate) labels: Labels,
}

/// The route table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RouteTableMade {
    pub(crate) route_table_id: String,
}

impl Step for CreateRouteTable {
    type Context = Aws;
    type Input = VpcMade;
    type Output = RouteTableMade;
    const KIND: &'static str = "create-route-table";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        vpc: &VpcMade,
    ) -> Result<Found<RouteTableMade>, Fault> {
        let tables = ec2::route_tables(at.context(), &self.region, &vpc.vpc_id).await?;
        let (own, others): (Vec<_>, Vec<_>) = tables
            .into_iter()
            .filter(|table| {
                // EC2 keeps tags as they were typed, and RDS names in lower case.
                let cluster = tags::value(table.tags(), tags::CLUSTER);
                cluster.is_some_and(|name| name.eq_ignore_ascii_case(&self.labels.cluster))
                    && !ec2::is_main(table)
            })
            .partition(|table| tags::is_made_by(table.tags(), at));
        if let Some(made) = own.first().and_then(made) {
            return Ok(Found::Ours(made));
        }
        Ok(match others.first().and_then(made) {
            Some(made) => Found::Theirs(made),
            None => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Aws>, vpc: &VpcMade) -> Result<RouteTableMade, Fault> {
        let name = format!("Aurora Cluster {}", self.labels.cluster);
        let answer = at
            .context()
            .ec2(&self.region)
            .create_route_table()
            .vpc_id(&vpc.vpc_id)
            .tag_specifications(
                self.labels
                    .specification(at, ResourceType::RouteTable, &name),
            )
            .send()
            .await
            .map_err(|error| fault("CreateRouteTable", error))?;
        answer
            .route_table
            .as_ref()
            .and_then(made)
            .ok_or_else(|| Fault::transient("aws named no route table").in_doubt())
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        _: &VpcMade,
        output: &RouteTableMade,
    ) -> Result<(), Fault> {
        remove::route_table(at.context(), &self.region, &output.route_table_id).await
    }

    async fn owner(
        &self,
        at: &Attempt<Aws>,
        vpc: &VpcMade,
        output: &RouteTableMade,
    ) -> Result<Owner, Fault> {
        owner(at, &self.region, vpc, &output.route_table_id).await
    }

    fn ids(&self, output: &RouteTableMade) -> Vec<String> {
        vec![output.route_table_id.clone()]
    }
}

fn made(table: &RouteTable) -> Option<RouteTableMade> {
    Some(RouteTableMade {
        route_table_id: table.route_table_id()?.to_owned(),
    })
}

/// Whose a route table is by now that this run made.
async fn owner(
    at: &Attempt<Aws>,
    region: &str,
    vpc: &VpcMade,
    table: &str,
) -> Result<Owner, Fault> {
    let tables = ec2::route_tables(at.context(), region, &vpc.vpc_id).await?;
    let found = tables
        .into_iter()
        .find(|found| found.route_table_id() == Some(table));
    Ok(found.map_or(Owner::ThisRun, |found| tags::owner(found.tags(), at)))
}

/// Associates a subnet with the route table.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AssociateSubnet {
    pub(crate) region: String,
}

/// The association.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AssociationMade {
    pub(crate) association_id: String,
}

impl AssociateSubnet {
    /// The association of the subnet, if any, and the table it is with.
    async fn find(
        &self,
        at: &Attempt<Aws>,
        vpc: &str,
        subnet: &str,
    ) -> Result<Option<(RouteTable, AssociationMade)>, Fault> {
        let tables = ec2::route_tables(at.context(), &self.region, vpc).await?;
        for table in tables {
            let association = table.associations().iter().find_map(|association| {
                (association.subnet_id() == Some(subnet))
                    .then(|| association.route_table_association_id())?
            });
            if let Some(id) = association {
                let made = AssociationMade {
                    association_id: id.to_owned(),
                };
                return Ok(Some((table, made)));
            }
        }
        Ok(None)
    }
}

impl Step for AssociateSubnet {
    type Context = Aws;
    type Input = (VpcMade, RouteTableMade, SubnetMade);
    type Output = AssociationMade;
    const KIND: &'static str = "associate-route-table";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        (vpc, table, subnet): &Self::Input,
    ) -> Result<Found<AssociationMade>, Fault> {
        let Some((found, made)) = self.find(at, &vpc.vpc_id, &subnet.subnet_id).await? else {
            return Ok(Found::Nothing);
        };
        if found.route_table_id() != Some(&table.route_table_id) {
            if at.undoing() {
                return Ok(Found::Theirs(made));
            }
            return Err(Fault::permanent(format!(
                "subnet {} is associated with {}, not with {}",
                subnet.subnet_id,
                found.route_table_id().unwrap_or("another route table"),
                table.route_table_id
            )));
        }
        // An association has no tags: it is this run's if its table is.
        Ok(tags::found(found.tags(), at, made))
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (_, table, subnet): &Self::Input,
    ) -> Result<AssociationMade, Fault> {
        let answer = at
            .context()
            .ec2(&self.region)
            .associate_route_table()
            .route_table_id(&table.route_table_id)
            .subnet_id(&subnet.subnet_id)
            .send()
            .await
            .map_err(|error| fault("AssociateRouteTable", error));
        match answer {
            Ok(answer) => answer
                .association_id
                .map(|association_id| AssociationMade { association_id })
                .ok_or_else(|| Fault::transient("aws named no association").in_doubt()),
            Err(fault) if has_code(&fault, &["Resource.AlreadyAssociated"]) => {
                Err(fault.in_doubt().with_class(FaultClass::Transient))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        _: &Self::Input,
        output: &AssociationMade,
    ) -> Result<(), Fault> {
        remove::association(at.context(), &self.region, &output.association_id).await
    }

    async fn owner(
        &self,
        at: &Attempt<Aws>,
        (vpc, table, _): &Self::Input,
        _: &AssociationMade,
    ) -> Result<Owner, Fault> {
        owner(at, &self.region, vpc, &table.route_table_id).await
    }

    fn ids(&self, output: &AssociationMade) -> Vec<String> {
        vec![output.association_id.clone()]
    }
}
