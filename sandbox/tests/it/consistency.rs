//! Reads that lag behind creates.

use crate::support::{Answer, Aurora, Aws, ManualTime};
use std::time::Duration;
use stepwell_sandbox::{Account, Options};

fn lagging(seed: u64) -> Aws {
    let time = ManualTime::new();
    let options = Options {
        seed,
        ..Options::new(time.clone())
    };
    Aws::of(Account::in_memory(options), time)
}

/// A new VPC that reads do not show yet.
fn hidden() -> (Aws, String) {
    (1..)
        .map(lagging)
        .map(|aws| {
            let vpc = aws.vpc("10.0.0.0/16");
            (aws, vpc)
        })
        .find(|(aws, vpc)| aws.ec2("DescribeVpcs", &[("VpcId.1", vpc)]).is_err())
        .unwrap()
}

#[test]
fn a_new_vpc_is_missed_for_a_moment_by_every_kind_of_read() {
    let (aws, vpc) = hidden();
    assert_eq!(
        aws.ec2_code("DescribeVpcs", &[("VpcId.1", &vpc)]),
        "InvalidVpcID.NotFound"
    );
    assert!(
        aws.ec2("DescribeVpcs", &[])
            .unwrap()
            .all("vpcId")
            .is_empty()
    );
    let subnet = [("VpcId", vpc.as_str()), ("CidrBlock", "10.0.0.0/24")];
    assert_eq!(
        aws.ec2_code("CreateSubnet", &subnet),
        "InvalidVpcID.NotFound"
    );
    let tag = [
        ("ResourceId.1", vpc.as_str()),
        ("Tag.1.Key", "a"),
        ("Tag.1.Value", "b"),
    ];
    assert_eq!(aws.ec2_code("CreateTags", &tag), "InvalidVpcID.NotFound");
    // The account itself knows it.
    assert!(!aws.account.status().unwrap().is_empty());
    aws.time.advance(Duration::from_millis(2000));
    assert_eq!(
        aws.ec2("DescribeVpcs", &[]).unwrap().all("vpcId"),
        [vpc.as_str()]
    );
    aws.ec2("CreateSubnet", &subnet).unwrap();
    // Conflicts are seen at once.
    assert_eq!(
        aws.ec2_code("CreateSubnet", &subnet),
        "InvalidSubnet.Conflict"
    );
    let group = [
        ("VpcId", vpc.as_str()),
        ("GroupName", "g"),
        ("GroupDescription", "d"),
    ];
    aws.ec2("CreateSecurityGroup", &group).unwrap();
    assert_eq!(
        aws.ec2_code("CreateSecurityGroup", &group),
        "InvalidGroup.Duplicate"
    );
}

#[test]
fn the_lag_differs_and_stays_within_the_window() {
    let visible_after = |seed| {
        let aws = lagging(seed);
        aws.vpc("10.0.0.0/16");
        (0..=20)
            .find(|_| {
                let shown = !aws
                    .ec2("DescribeVpcs", &[])
                    .unwrap()
                    .all("vpcId")
                    .is_empty();
                aws.time.advance(Duration::from_millis(100));
                shown
            })
            .unwrap()
    };
    let lags: std::collections::BTreeSet<i32> = (1..30).map(visible_after).collect();
    assert!(lags.len() > 5, "{lags:?}");
    assert_eq!(visible_after(7), visible_after(7));
}

#[test]
fn a_delete_finds_what_reads_miss() {
    let (aws, vpc) = hidden();
    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
    assert!(aws.account.status().unwrap().is_empty());
}

/// Whether `found` is true of an account of some seed. RDS learns of a thing at a different moment
/// in each.
fn some(found: impl Fn(&Aws) -> bool) -> bool {
    (1..200).any(|seed| found(&lagging(seed)))
}

/// A VPC with two subnets that EC2 shows.
fn shown(aws: &Aws) -> Vec<String> {
    let vpc = aws.vpc("10.0.0.0/16");
    aws.wait(5);
    let subnets: Vec<String> = (["a", "b"].iter().enumerate())
        .map(|(index, zone)| {
            aws.subnet(
                &vpc,
                &format!("10.0.{index}.0/24"),
                &format!("eu-west-1{zone}"),
            )
        })
        .collect();
    while aws
        .ec2("DescribeSubnets", &[])
        .unwrap()
        .all("subnetId")
        .len()
        < 2
    {
        aws.time.advance(Duration::from_millis(100));
    }
    subnets
}

fn subnet_group(aws: &Aws, subnets: &[String]) -> Answer {
    let params = [
        ("DBSubnetGroupName", "net"),
        ("DBSubnetGroupDescription", "net"),
        ("SubnetIds.SubnetIdentifier.1", subnets[0].as_str()),
        ("SubnetIds.SubnetIdentifier.2", subnets[1].as_str()),
    ];
    aws.rds("CreateDBSubnetGroup", &params)
}

#[test]
fn rds_learns_of_a_subnet_after_ec2_shows_it() {
    let late = some(|aws| {
        let subnets = shown(aws);
        let first = subnet_group(aws, &subnets);
        if let Err(refused) = &first {
            assert_eq!(refused.code, "InvalidParameterValue");
            let message = &refused.message;
            assert!(
                message.starts_with("Some input subnets in :[subnet-"),
                "{message}"
            );
            aws.time.advance(Duration::from_millis(2000));
            subnet_group(aws, &subnets).unwrap();
        }
        first.is_err()
    });
    assert!(late);
}

#[test]
fn a_young_database_is_missed_by_what_needs_it() {
    let network = |aws: &Aws| {
        let subnets = shown(aws);
        aws.wait(2);
        subnet_group(aws, &subnets).unwrap();
    };
    let cluster = [
        ("DBClusterIdentifier", "db"),
        ("Engine", "aurora-postgresql"),
        ("MasterUsername", "keycloak"),
        ("MasterUserPassword", "correct-horse"),
        ("DBSubnetGroupName", "net"),
    ];
    let instance = [
        ("DBInstanceIdentifier", "one"),
        ("DBClusterIdentifier", "db"),
        ("DBInstanceClass", "db.r7g.xlarge"),
        ("Engine", "aurora-postgresql"),
    ];
    let group_missed = some(|aws| {
        network(aws);
        let first = aws.rds("CreateDBCluster", &cluster);
        first.is_err_and(|refused| refused.code == "DBSubnetGroupNotFoundFault")
    });
    let cluster_missed = some(|aws| {
        network(aws);
        aws.wait(2);
        aws.rds("CreateDBCluster", &cluster).unwrap();
        // What is there can't be made a second time, seen or not.
        assert_eq!(
            aws.rds_code("CreateDBCluster", &cluster),
            "DBClusterAlreadyExistsFault"
        );
        let first = aws.rds("CreateDBInstance", &instance);
        let describe = aws.rds("DescribeDBClusters", &cluster[..1]);
        let missed = describe.is_err_and(|refused| refused.code == "DBClusterNotFoundFault");
        let listed = aws.rds("DescribeDBClusters", &[]).unwrap();
        assert_eq!(listed.all("DBCluster").is_empty(), missed);
        first.is_err_and(|refused| refused.code == "DBClusterNotFoundFault") && missed
    });
    assert!(group_missed && cluster_missed);
    let instance_missed = some(|aws| {
        network(aws);
        aws.wait(2);
        aws.rds("CreateDBCluster", &cluster).unwrap();
        aws.wait(2);
        aws.rds("CreateDBInstance", &instance).unwrap();
        let first = aws.rds("DescribeDBInstances", &instance[..1]);
        // The cluster names it at once, and a deletion finds it.
        let seen = aws.rds("DescribeDBClusters", &[]).unwrap();
        assert_eq!(seen.one("DBInstanceIdentifier"), "one");
        let delete = [instance[0], ("SkipFinalSnapshot", "true")];
        aws.rds("DeleteDBInstance", &delete).unwrap();
        first.is_err_and(|refused| refused.code == "DBInstanceNotFound")
    });
    assert!(instance_missed);
}

#[test]
fn without_a_window_rds_knows_everything_at_once() {
    let all = Aurora::network();
    all.create("db", &[]).unwrap();
    all.instance("one", &[]).unwrap();
    assert_eq!(all.instance_status("one"), "creating");
}
