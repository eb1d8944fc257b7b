//! What fits together: subnets and zones, classes and versions.

use crate::support::{Aurora, Aws};

#[test]
fn subnet_groups_need_two_zones_of_one_vpc() {
    let aws = Aws::new();
    let (vpc, other) = (aws.vpc("10.0.0.0/16"), aws.vpc("10.1.0.0/16"));
    let a = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let a2 = aws.subnet(&vpc, "10.0.2.0/24", "eu-west-1a");
    let b = aws.subnet(&vpc, "10.0.3.0/24", "eu-west-1b");
    let far = aws.subnet(&other, "10.1.1.0/24", "eu-west-1b");
    let create = |name: &str, one: &str, two: &str| {
        let params = [
            ("DBSubnetGroupName", name),
            ("DBSubnetGroupDescription", "d"),
            ("SubnetIds.SubnetIdentifier.1", one),
            ("SubnetIds.SubnetIdentifier.2", two),
        ];
        aws.rds("CreateDBSubnetGroup", &params)
    };
    assert_eq!(
        create("n", &a, &a2).unwrap_err().code,
        "DBSubnetGroupDoesNotCoverEnoughAZs"
    );
    assert_eq!(create("n", &a, &far).unwrap_err().code, "InvalidSubnet");
    assert_eq!(
        create("n", &a, "subnet-1").unwrap_err().code,
        "InvalidParameterValue"
    );
    let made = create("Net", &a, &b).unwrap();
    assert_eq!(made.one("DBSubnetGroupName"), "net");
    assert_eq!(
        create("net", &a, &b).unwrap_err().code,
        "DBSubnetGroupAlreadyExists"
    );
    let refused = aws
        .rds("DescribeDBSubnetGroups", &[("DBSubnetGroupName", "no")])
        .unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("DBSubnetGroupNotFoundFault", 404)
    );
}

#[test]
fn instances_fit_their_cluster_zone_and_class() {
    let all = Aurora::with_cluster();
    for (name, value, code) in [
        ("DBClusterIdentifier", "none", "DBClusterNotFoundFault"),
        (
            "DBInstanceClass",
            "db.r7g.huge",
            "InvalidParameterCombination",
        ),
        ("DBInstanceClass", "r7g.xlarge", "InvalidParameterValue"),
        (
            "DBInstanceClass",
            "db.serverless",
            "InvalidParameterCombination",
        ),
        ("Engine", "postgres", "InvalidParameterCombination"),
        (
            "AvailabilityZone",
            "eu-west-1c",
            "InvalidVPCNetworkStateFault",
        ),
        ("AvailabilityZone", "eu-west-1z", "InvalidParameterValue"),
        ("PromotionTier", "16", "InvalidParameterValue"),
        ("MasterUsername", "x", "InvalidParameterCombination"),
        (
            "PerformanceInsightsRetentionPeriod",
            "7",
            "InvalidParameterCombination",
        ),
    ] {
        assert_eq!(
            all.instance("i", &[(name, value)]).unwrap_err().code,
            code,
            "{name}={value}"
        );
    }
    all.instance("i", &[]).unwrap();
    assert_eq!(
        all.instance("I", &[]).unwrap_err().code,
        "DBInstanceAlreadyExists"
    );
}

#[test]
fn a_class_may_be_missing_from_a_zone() {
    let aws = Aws::new().at("us-east-1");
    let params = [
        ("Engine", "aurora-postgresql"),
        ("EngineVersion", "17.5"),
        ("DBInstanceClass", "db.r7g.xlarge"),
    ];
    let seen = aws
        .rds("DescribeOrderableDBInstanceOptions", &params)
        .unwrap();
    let zones = seen.all("Name");
    assert_eq!(
        zones,
        ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"]
    );
    let all = Aurora::network_in(aws, &["a", "f"]);
    all.create("db", &[]).unwrap();
    let refused = all
        .instance("i", &[("AvailabilityZone", "us-east-1f")])
        .unwrap_err();
    assert_eq!(refused.code, "InvalidParameterCombination");
    let made = all.instance("i", &[]).unwrap();
    assert_eq!(made.one("AvailabilityZone"), "us-east-1a");
    let again = all.instance("j", &[]).unwrap();
    assert_eq!(again.one("AvailabilityZone"), "us-east-1a");
}

#[test]
fn engine_versions_have_one_default() {
    let aws = Aws::new();
    let engine = ("Engine", "aurora-postgresql");
    let all = aws
        .rds("DescribeDBEngineVersions", &[engine])
        .unwrap()
        .all("DBParameterGroupFamily");
    assert!(all.contains(&"aurora-postgresql13".to_owned()));
    let one = aws
        .rds(
            "DescribeDBEngineVersions",
            &[engine, ("DefaultOnly", "true")],
        )
        .unwrap();
    assert_eq!(one.all("DBEngineVersion").len(), 1);
    let wanted = [engine, ("EngineVersion", "17.5")];
    let one = aws.rds("DescribeDBEngineVersions", &wanted).unwrap();
    assert_eq!(one.all("DBEngineVersion").len(), 1);
}
