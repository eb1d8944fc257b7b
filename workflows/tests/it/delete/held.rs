//! What holds a cluster or its network.

use std::time::Duration;

use stepwell_engine::FaultClass;
use stepwell_workflows::SurveyError;

use super::{created, deleted, refused};
use crate::scripts::Hand;
use crate::support::{REGION, World, element, ended_well, memory};

/// The id of the cluster's VPC.
async fn vpc(world: &World) -> String {
    let form = "Action=DescribeVpcs&Filter.1.Name=tag-key&Filter.1.Value.1=AuroraCluster";
    element(&world.call("ec2", form).await, "vpcId")
}

/// An internet gateway in the cluster's VPC, with tags.
async fn gateway(world: &World, tags: &str) -> String {
    let form = format!("Action=CreateInternetGateway{tags}");
    let id = element(&world.call("ec2", &form).await, "internetGatewayId");
    world.clock.sleep(Duration::from_secs(5)).await;
    let vpc = vpc(world).await;
    let form = format!("Action=AttachInternetGateway&InternetGatewayId={id}&VpcId={vpc}");
    world.call("ec2", &form).await;
    id
}

#[tokio::test(start_paused = true)]
async fn everything_that_is_in_the_way_is_named_at_once() {
    let world = World::new().await;
    created(&world, 1, true).await;
    let gateway = gateway(&world, "").await;
    let form = format!("Action=CreateNetworkAcl&VpcId={}", vpc(&world).await);
    let acl = element(&world.call("ec2", &form).await, "networkAclId");
    world.clock.sleep(Duration::from_secs(5)).await;
    let before = world.account.inventory().expect("inventory");
    let (message, hint) = refused(&world, None).await;
    for what in ["protected against deletion", &gateway, &acl] {
        assert!(message.contains(what), "{what}: {message}");
    }
    for what in [
        "--no-deletion-protection",
        "aws ec2 detach-internet-gateway",
        "aws ec2 delete-network-acl",
        "AuroraCluster=keycloak",
    ] {
        assert!(hint.contains(what), "{what}: {hint}");
    }
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

#[tokio::test(start_paused = true)]
async fn what_bears_the_clusters_tag_goes_with_it_however_it_is_typed() {
    for value in ["keycloak", "Keycloak"] {
        let world = World::new().await;
        created(&world, 1, false).await;
        let tag = format!(
            "&TagSpecification.1.ResourceType=internet-gateway&TagSpecification.1.Tag.1.Key=AuroraCluster&TagSpecification.1.Tag.1.Value={value}"
        );
        gateway(&world, &tag).await;
        deleted(&world, None).await;
        assert_eq!(world.census().values().sum::<usize>(), 0, "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn groups_that_name_each_other_go() {
    let world = World::new().await;
    created(&world, 1, false).await;
    let vpc = vpc(&world).await;
    let filter = format!(
        "Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}&Filter.2.Name=group-name&Filter.2.Value.1=keycloak-security-group"
    );
    let groups = world
        .call("ec2", &format!("Action=DescribeSecurityGroups&{filter}"))
        .await;
    let own = element(&groups, "groupId");
    let form = format!("Action=CreateSecurityGroup&VpcId={vpc}&GroupName=other&GroupDescription=x");
    let other = element(&world.call("ec2", &form).await, "groupId");
    world.clock.sleep(Duration::from_secs(5)).await;
    for (one, named) in [(&own, &other), (&other, &own)] {
        let form = format!(
            "Action=AuthorizeSecurityGroupIngress&GroupId={one}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=1&IpPermissions.1.ToPort=1&IpPermissions.1.Groups.1.GroupId={named}"
        );
        world.call("ec2", &form).await;
    }
    world.clock.sleep(Duration::from_secs(5)).await;
    let found = world.survey_delete(None).await.expect("survey");
    assert_eq!(found.inventory.rules.len(), 2);
    deleted(&world, None).await;
    assert_eq!(world.census().values().sum::<usize>(), 0);
}

/// Else nobody could tell what would keep the deletion from ending.
#[tokio::test(start_paused = true)]
async fn a_look_that_is_denied_says_which_statement_is_missing() {
    for (operation, statement) in [
        ("DescribeNatGateways", "LookAtNetworks"),
        ("DescribeGlobalClusters", "LookAtDatabases"),
    ] {
        let world = World::new().await;
        created(&world, 1, false).await;
        world.fails(operation, "UnauthorizedOperation", None);
        let Err(SurveyError::Fault(fault)) = world.survey_delete(None).await else {
            panic!("it must fail");
        };
        assert_eq!(fault.class, FaultClass::Operator, "{fault}");
        assert!(fault.message.contains(operation), "{fault}");
        let hint = fault.hint.expect("a hint");
        assert!(hint.contains(statement), "{hint}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_comes_meanwhile_goes_too() {
    let world = World::new().await;
    created(&world, 2, false).await;
    let found = world.survey_delete(None).await.expect("survey");
    let form = "Action=CreateDBInstance&DBClusterIdentifier=keycloak&DBInstanceIdentifier=application-autoscaling-1&DBInstanceClass=db.r7g.large&Engine=aurora-postgresql";
    world.call("rds", form).await;
    let report = world.delete(memory(), world.run_id(), &found).await;
    let report = report.expect("run");
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(world.census().values().sum::<usize>(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stopping_cluster_is_waited_for_started_and_deleted() {
    let world = World::new().await;
    created(&world, 1, false).await;
    let stop = "Action=StopDBCluster&DBClusterIdentifier=keycloak";
    world.call("rds", stop).await;
    deleted(&world, None).await;
    assert_eq!(world.census().values().sum::<usize>(), 0);
}

/// Its subnet group is tagged for the cluster, and another database uses it.
#[tokio::test(start_paused = true)]
async fn a_database_in_the_clusters_subnet_group_is_in_the_way_wherever_that_is() {
    let world = World::new().await;
    let hand = Hand::at(&world, REGION);
    hand.aurora_create("keycloak", "192.168.1", 0).await;
    let elsewhere = hand.vpc("10.0.0.0/24", &[]).await;
    hand.subnet_group(&elsewhere, "10.0.0", "reports").await;
    hand.cluster("reports", "reports", 0).await;
    assert!(world.survey_delete(None).await.is_ok());
    hand.cluster("billing", "keycloak-subnet-group", 0).await;
    let (message, _) = refused(&world, None).await;
    assert!(
        message.contains("billing") && !message.contains("reports"),
        "{message}"
    );
}
