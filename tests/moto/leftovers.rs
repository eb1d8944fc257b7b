//! Deleting what another tool made, and what is half made.

use super::account::{Account, REGION, value, values};
use super::stage::Stage;

/// What the shell scripts make, by the same calls, with no tags but the two of
/// the VPC. They also associate the subnets with the VPC's main route table,
/// and that is left out: in moto such an association outlives its subnet, and
/// then neither the scripts nor anybody else can delete the VPC.
pub(super) fn as_the_scripts_do(account: &Account, cluster: &str, network: &str, instances: usize) {
    let vpc = vpc(account, cluster, &format!("{network}.0/24"));
    let mut subnets = Vec::new();
    for (zone, block) in [("a", "0/25"), ("b", "128/25")] {
        let subnet = subnet(account, &vpc, zone, &format!("{network}.{block}"));
        subnets.push(subnet);
    }
    let subnet_group = format!("{cluster}-subnet-group");
    account.call(
        "CreateDBSubnetGroup",
        &[
            ("DBSubnetGroupName", &subnet_group),
            ("DBSubnetGroupDescription", "of the scripts"),
            ("SubnetIds.SubnetIdentifier.1", &subnets[0]),
            ("SubnetIds.SubnetIdentifier.2", &subnets[1]),
        ],
    );
    let group = security_group(account, &vpc, &format!("{cluster}-security-group"));
    account.call(
        "CreateDBCluster",
        &[
            ("DBClusterIdentifier", cluster),
            ("DatabaseName", "keycloak"),
            ("Engine", "aurora-postgresql"),
            ("EngineVersion", "11.13"),
            ("MasterUsername", "keycloak"),
            ("MasterUserPassword", "of-the-scripts"),
            ("VpcSecurityGroupIds.VpcSecurityGroupId.1", &group),
            ("DBSubnetGroupName", &subnet_group),
        ],
    );
    for number in 1..=instances {
        let zone = if number % 2 == 1 { "a" } else { "b" };
        account.call(
            "CreateDBInstance",
            &[
                ("DBClusterIdentifier", cluster),
                (
                    "DBInstanceIdentifier",
                    &format!("{cluster}-instance-{number}"),
                ),
                ("DBInstanceClass", "db.r5.large"),
                ("Engine", "aurora-postgresql"),
                ("EnablePerformanceInsights", "true"),
                ("AvailabilityZone", &format!("{}{zone}", account.region())),
            ],
        );
    }
}

pub(super) fn vpc(account: &Account, cluster: &str, block: &str) -> String {
    let answer = account.call(
        "CreateVpc",
        &[
            ("CidrBlock", block),
            ("TagSpecification.1.ResourceType", "vpc"),
            ("TagSpecification.1.Tag.1.Key", "AuroraCluster"),
            ("TagSpecification.1.Tag.1.Value", cluster),
            ("TagSpecification.1.Tag.2.Key", "Name"),
            (
                "TagSpecification.1.Tag.2.Value",
                &format!("Aurora Cluster {cluster}"),
            ),
        ],
    );
    value(&answer, "vpcId")
}

fn subnet(account: &Account, vpc: &str, zone: &str, block: &str) -> String {
    let answer = account.call(
        "CreateSubnet",
        &[
            ("VpcId", vpc),
            ("CidrBlock", block),
            ("AvailabilityZone", &format!("{}{zone}", account.region())),
        ],
    );
    value(&answer, "subnetId")
}

fn security_group(account: &Account, vpc: &str, name: &str) -> String {
    let answer = account.call(
        "CreateSecurityGroup",
        &[
            ("GroupName", name),
            ("GroupDescription", "of the scripts"),
            ("VpcId", vpc),
        ],
    );
    value(&answer, "groupId")
}

#[test]
fn a_cluster_of_the_scripts_is_found_and_deleted_and_its_neighbour_stays() {
    let stage = Stage::new();
    let account = &stage.account;
    // Its name begins like the other's.
    as_the_scripts_do(account, "keycloak-2", "192.168.8", 1);
    let before = account.snapshot();
    as_the_scripts_do(account, "keycloak", "192.168.7", 2);

    let list = ["-o", "json", "aurora", "list", "--region", REGION];
    let list = stage.home.expect(0, &list).json();
    assert_eq!(list["clusters"][0]["cluster"], "keycloak");
    assert_eq!(list["clusters"][0]["made_by"], "scripts");
    stage.create(1, &[]).says("already exists");

    stage.delete();
    account.snapshot().must_be(&before);
    assert_eq!(account.instances(), ["keycloak-2-instance-1"]);
}

#[test]
fn a_create_keeps_clear_of_the_addresses_of_the_scripts() {
    let stage = Stage::new();
    as_the_scripts_do(&stage.account, "other", "192.168.7", 1);
    let before = stage.account.snapshot();
    stage
        .create(8, &["--vpc-cidr", "192.168.7.0/24"])
        .says("overlaps");
    stage.account.snapshot().must_be(&before);
}

#[test]
fn a_vpc_alone_is_deleted() {
    let stage = Stage::new();
    let before = stage.account.snapshot();
    vpc(&stage.account, "keycloak", "192.168.7.0/24");
    stage.delete();
    stage.account.snapshot().must_be(&before);
}

#[test]
fn two_vpcs_of_one_cluster_are_deleted() {
    let stage = Stage::new();
    let account = &stage.account;
    let before = account.snapshot();
    // A creation that died early, and the one that was tried after it.
    let died = vpc(account, "keycloak", "192.168.6.0/24");
    subnet(account, &died, "a", "192.168.6.0/25");
    as_the_scripts_do(account, "keycloak", "192.168.7", 1);
    assert_eq!(account.vpcs_of("keycloak").len(), 2);
    stage.delete();
    account.snapshot().must_be(&before);
}

#[test]
fn a_network_without_a_cluster_is_deleted() {
    let stage = Stage::new();
    let account = &stage.account;
    let before = account.snapshot();
    let vpc = vpc(account, "keycloak", "192.168.7.0/24");
    let subnet = subnet(account, &vpc, "a", "192.168.7.0/25");
    security_group(account, &vpc, "keycloak-security-group");
    let table = account.call("CreateRouteTable", &[("VpcId", &vpc)]);
    let table = values(&table, "routeTableId").remove(0);
    account.call(
        "AssociateRouteTable",
        &[("RouteTableId", &table), ("SubnetId", &subnet)],
    );
    stage.delete();
    account.snapshot().must_be(&before);
}
