//! What holds a cluster, laid out in RDS.

use std::time::Duration;

use stepwell_sandbox::Database;

use super::kinds::{Kind, Laid};
use crate::support::{REGION, World, element};

/// Another region, for what lives elsewhere.
const THERE: &str = "us-east-1";

/// Puts the cluster into a status, for a time or without end.
pub(super) fn status(world: &World, status: &str, lasts: Option<Duration>) {
    let kind = Database::Cluster;
    let set = (world.account).set_status(REGION, kind, "keycloak", status, lasts);
    set.expect("a status");
}

/// The ARN of the cluster.
async fn arn(world: &World) -> String {
    let answer = world
        .call(
            "rds",
            "Action=DescribeDBClusters&DBClusterIdentifier=keycloak",
        )
        .await;
    element(&answer, "DBClusterArn")
}

impl Kind {
    /// The same of what concerns RDS.
    pub(super) async fn lay_database(self, world: &World) -> Laid {
        let of_cluster = "DBClusterIdentifier=keycloak";
        match self {
            Self::OtherDatabase => {
                world.call("rds", "Action=CreateDBCluster&DBClusterIdentifier=reports&Engine=aurora-postgresql&MasterUsername=reports&MasterUserPassword=secret9999&DBSubnetGroupName=keycloak-subnet-group").await;
                Laid::new("reports").rds(
                    "Action=DeleteDBCluster&DBClusterIdentifier=reports&SkipFinalSnapshot=true",
                )
            }
            Self::Protection => {
                let modify = format!("Action=ModifyDBCluster&{of_cluster}&ApplyImmediately=true");
                world
                    .call("rds", &format!("{modify}&DeletionProtection=true"))
                    .await;
                Laid::new("keycloak").rds(format!("{modify}&DeletionProtection=false"))
            }
            Self::GlobalMember => {
                let arn = arn(world).await;
                world.call("rds", &format!("Action=CreateGlobalCluster&GlobalClusterIdentifier=worldwide&SourceDBClusterIdentifier={arn}")).await;
                Laid::new("worldwide")
                    .rds(format!("Action=RemoveFromGlobalCluster&GlobalClusterIdentifier=worldwide&DbClusterIdentifier={arn}"))
                    .rds("Action=DeleteGlobalCluster&GlobalClusterIdentifier=worldwide")
            }
            Self::Replica => {
                let arn = arn(world).await;
                let net = world
                    .call_in(THERE, "ec2", "Action=CreateVpc&CidrBlock=10.8.0.0/24")
                    .await;
                let vpc = element(&net, "vpcId");
                world.clock.sleep(Duration::from_secs(5)).await;
                let mut group =
                    "Action=CreateDBSubnetGroup&DBSubnetGroupName=far&DBSubnetGroupDescription=x"
                        .to_owned();
                for (number, (zone, block)) in [("a", "10.8.0.0/25"), ("b", "10.8.0.128/25")]
                    .into_iter()
                    .enumerate()
                {
                    let form = format!(
                        "Action=CreateSubnet&VpcId={vpc}&CidrBlock={block}&AvailabilityZone={THERE}{zone}"
                    );
                    let made = world.call_in(THERE, "ec2", &form).await;
                    group += &format!(
                        "&SubnetIds.SubnetIdentifier.{}={}",
                        number + 1,
                        element(&made, "subnetId")
                    );
                }
                world.clock.sleep(Duration::from_secs(10)).await;
                world.call_in(THERE, "rds", &group).await;
                world.clock.sleep(Duration::from_secs(5)).await;
                world.call_in(THERE, "rds", &format!("Action=CreateDBCluster&DBClusterIdentifier=mirror&Engine=aurora-postgresql&DBSubnetGroupName=far&ReplicationSourceIdentifier={arn}")).await;
                world.clock.sleep(Duration::from_secs(5 * 60)).await;
                Laid::new(":cluster:mirror").rds_in(
                    THERE,
                    "Action=PromoteReadReplicaDBCluster&DBClusterIdentifier=mirror",
                )
            }
            Self::BlueGreen => {
                let made = world.call("rds", &format!("Action=CreateBlueGreenDeployment&BlueGreenDeploymentName=next&Source={}", arn(world).await)).await;
                let id = element(&made, "BlueGreenDeploymentIdentifier");
                world.clock.sleep(Duration::from_secs(60 * 60)).await;
                Laid::new(&id).rds(format!(
                    "Action=DeleteBlueGreenDeployment&BlueGreenDeploymentIdentifier={id}&DeleteTarget=true"
                ))
            }
            Self::Reader => {
                let name = "application-autoscaling-1";
                world.call("rds", &format!("Action=CreateDBInstance&{of_cluster}&DBInstanceIdentifier={name}&DBInstanceClass=db.r7g.large&Engine=aurora-postgresql")).await;
                Laid::new(name)
            }
            Self::Stopped => {
                world
                    .call("rds", &format!("Action=StopDBCluster&{of_cluster}"))
                    .await;
                Laid::new("keycloak")
            }
            Self::BackingUp => {
                status(world, "backing-up", Some(Duration::from_secs(10 * 60)));
                Laid::new("keycloak")
            }
            Self::Broken => {
                status(world, "inaccessible-encryption-credentials", None);
                Laid::broken("keycloak")
            }
            other => panic!("{other:?} is laid out otherwise"),
        }
    }
}
