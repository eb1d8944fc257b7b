//! VPCs, subnets, gateways, instances, regions.

use crate::support::Aws;

#[test]
fn a_vpc_comes_with_main_table_and_default_group_and_takes_them_along() {
    let aws = Aws::new();
    let made = aws
        .ec2("CreateVpc", &[("CidrBlock", "192.168.1.5/24")])
        .unwrap();
    assert_eq!(made.one("cidrBlock"), "192.168.1.0/24");
    assert_eq!(made.one("state"), "pending");
    let vpc = made.one("vpcId");
    aws.wait(1);
    let seen = aws.ec2("DescribeVpcs", &[("VpcId.1", &vpc)]).unwrap();
    assert_eq!(seen.all("state"), ["available", "associated"]);

    let filter = [
        ("Filter.1.Name", "vpc-id"),
        ("Filter.1.Value.1", vpc.as_str()),
    ];
    let tables = aws.ec2("DescribeRouteTables", &filter).unwrap();
    assert_eq!(tables.one("main"), "true");
    assert_eq!(tables.one("gatewayId"), "local");
    let groups = aws.ec2("DescribeSecurityGroups", &filter).unwrap();
    assert_eq!(groups.one("groupName"), "default");
    assert_eq!(groups.all("ipProtocol"), ["-1", "-1"]);

    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
    assert!(
        aws.ec2("DescribeRouteTables", &filter)
            .unwrap()
            .all("routeTableId")
            .is_empty()
    );
    assert_eq!(
        aws.ec2_code("DeleteVpc", &[("VpcId", &vpc)]),
        "InvalidVpcID.NotFound"
    );
    assert!(aws.account.status().unwrap().is_empty());
}

#[test]
fn ranges_are_checked() {
    let aws = Aws::new();
    for (cidr, code) in [
        ("10.0.0.0/8", "InvalidVpc.Range"),
        ("10.0.0.0/29", "InvalidVpc.Range"),
        ("10.0.0/24", "InvalidParameterValue"),
        ("", "MissingParameter"),
    ] {
        assert_eq!(
            aws.ec2_code("CreateVpc", &[("CidrBlock", cidr)]),
            code,
            "{cidr}"
        );
    }
    let vpc = aws.vpc("192.168.0.0/24");
    // Two VPCs may have the same range.
    aws.vpc("192.168.0.0/24");
    aws.subnet(&vpc, "192.168.0.0/26", "eu-west-1a");
    for (cidr, zone, code) in [
        ("192.168.1.0/26", "eu-west-1a", "InvalidSubnet.Range"),
        ("192.168.0.0/29", "eu-west-1a", "InvalidSubnet.Range"),
        ("192.168.0.0/16", "eu-west-1a", "InvalidSubnet.Range"),
        ("192.168.0.32/27", "eu-west-1a", "InvalidSubnet.Conflict"),
        ("192.168.0.64/26", "eu-west-1z", "InvalidParameterValue"),
    ] {
        let params = [
            ("VpcId", vpc.as_str()),
            ("CidrBlock", cidr),
            ("AvailabilityZone", zone),
        ];
        assert_eq!(aws.ec2_code("CreateSubnet", &params), code, "{cidr}");
    }
    let params = [
        ("VpcId", "vpc-0123456789abcdef0"),
        ("CidrBlock", "10.0.0.0/24"),
    ];
    assert_eq!(
        aws.ec2_code("CreateSubnet", &params),
        "InvalidVpcID.NotFound"
    );
}

#[test]
fn a_vpc_is_held_by_what_is_in_it() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let held = || {
        assert_eq!(
            aws.ec2_code("DeleteVpc", &[("VpcId", &vpc)]),
            "DependencyViolation"
        )
    };

    let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    held();
    aws.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).unwrap();

    let table = aws
        .ec2("CreateRouteTable", &[("VpcId", &vpc)])
        .unwrap()
        .one("routeTableId");
    held();
    aws.ec2("DeleteRouteTable", &[("RouteTableId", &table)])
        .unwrap();

    let group = aws.group(&vpc, "one");
    held();
    aws.ec2("DeleteSecurityGroup", &[("GroupId", &group)])
        .unwrap();

    let gateway = aws.gateway(&vpc);
    let pair = [
        ("InternetGatewayId", gateway.as_str()),
        ("VpcId", vpc.as_str()),
    ];
    held();
    let code = aws.ec2_code("DeleteInternetGateway", &pair[..1]);
    assert_eq!(code, "DependencyViolation");
    aws.ec2("DetachInternetGateway", &pair).unwrap();
    assert_eq!(
        aws.ec2_code("DetachInternetGateway", &pair),
        "Gateway.NotAttached"
    );
    aws.ec2("DeleteInternetGateway", &pair[..1]).unwrap();

    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
    assert!(aws.account.status().unwrap().is_empty());
}

#[test]
fn an_instance_holds_its_subnet_until_it_is_terminated() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let params = [
        ("ImageId", "ami-1"),
        ("MinCount", "2"),
        ("MaxCount", "2"),
        ("SubnetId", subnet.as_str()),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "api.openshift.com/id"),
        ("TagSpecification.1.Tag.1.Value", "abc"),
    ];
    let ids = aws.ec2("RunInstances", &params).unwrap().all("instanceId");
    assert_eq!(ids.len(), 2);
    aws.wait(30);
    let filter = [
        ("Filter.1.Name", "tag:api.openshift.com/id"),
        ("Filter.1.Value.1", "abc"),
        ("Filter.2.Name", "instance-state-name"),
        ("Filter.2.Value.1", "running"),
    ];
    let seen = aws.ec2("DescribeInstances", &filter).unwrap();
    assert_eq!(seen.all("instanceId").len(), 2);
    assert_eq!(seen.one("vpcId"), vpc);
    assert_eq!(seen.all("reservationId").len(), 1);
    assert_eq!(
        aws.ec2_code("DeleteSubnet", &[("SubnetId", &subnet)]),
        "DependencyViolation"
    );
    aws.ec2(
        "TerminateInstances",
        &[("InstanceId.1", &ids[0]), ("InstanceId.2", &ids[1])],
    )
    .unwrap();
    aws.wait(31);
    aws.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).unwrap();
    let gone = aws
        .ec2("DescribeInstances", &[("InstanceId.1", &ids[0])])
        .unwrap();
    assert!(gone.0.contains("<name>terminated</name>"));
    aws.wait(3601);
    let code = aws.ec2_code("DescribeInstances", &[("InstanceId.1", &ids[0])]);
    assert_eq!(code, "InvalidInstanceID.NotFound");
}

#[test]
fn zones_and_regions_are_as_on_aws() {
    let aws = Aws::new();
    let zones = |region: &'static str| {
        aws.at(region)
            .ec2("DescribeAvailabilityZones", &[])
            .unwrap()
            .all("zoneName")
    };
    assert_eq!(zones("us-west-1"), ["us-west-1a", "us-west-1c"]);
    assert_eq!(zones("ca-central-1").last().unwrap(), "ca-central-1d");
    assert_eq!(zones("ap-northeast-1")[1], "ap-northeast-1c");
    assert_eq!(zones("us-east-1").len(), 5);
    assert_eq!(zones("us-west-2").len(), 4);

    let enabled = aws.ec2("DescribeRegions", &[]).unwrap().all("regionName");
    assert!(enabled.len() >= 10 && !enabled.contains(&"af-south-1".to_owned()));
    let all = aws
        .ec2("DescribeRegions", &[("AllRegions", "true")])
        .unwrap();
    assert!(all.all("optInStatus").contains(&"not-opted-in".to_owned()));
    let closed = aws.at("af-south-1");
    let refused = closed.ec2("DescribeVpcs", &[]).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("AuthFailure", 401)
    );
    assert_eq!(
        closed.rds_code("DescribeDBClusters", &[]),
        "InvalidClientTokenId"
    );
}

#[test]
fn attributes_change_one_at_a_time() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let both = [
        ("VpcId", vpc.as_str()),
        ("EnableDnsHostnames.Value", "true"),
        ("EnableDnsSupport.Value", "true"),
    ];
    assert_eq!(
        aws.ec2_code("ModifyVpcAttribute", &both),
        "InvalidParameterCombination"
    );
    aws.ec2("ModifyVpcAttribute", &both[..2]).unwrap();
    let params = [("VpcId", vpc.as_str()), ("Attribute", "enableDnsHostnames")];
    let seen = aws.ec2("DescribeVpcAttribute", &params).unwrap();
    assert!(
        seen.0
            .contains("<enableDnsHostnames><value>true</value></enableDnsHostnames>")
    );
}

#[test]
fn quotas_end_in_the_codes_of_aws() {
    let aws = Aws::new();
    for index in 0..5 {
        aws.vpc(&format!("10.{index}.0.0/16"));
    }
    assert_eq!(
        aws.ec2_code("CreateVpc", &[("CidrBlock", "10.99.0.0/16")]),
        "VpcLimitExceeded"
    );
    aws.at("eu-central-1").vpc("10.99.0.0/16");
}

#[test]
fn tags_come_and_go() {
    let aws = Aws::new();
    let vpc = aws
        .ec2(
            "CreateVpc",
            &[
                ("CidrBlock", "10.0.0.0/16"),
                ("TagSpecification.1.ResourceType", "vpc"),
                ("TagSpecification.1.Tag.1.Key", "AuroraCluster"),
                ("TagSpecification.1.Tag.1.Value", "a & b <c>"),
            ],
        )
        .unwrap()
        .one("vpcId");
    let by_tag = [
        ("Filter.1.Name", "tag:AuroraCluster"),
        ("Filter.1.Value.1", "a & ? <*>"),
    ];
    assert_eq!(aws.ec2("DescribeVpcs", &by_tag).unwrap().one("vpcId"), vpc);
    let tag = [
        ("ResourceId.1", vpc.as_str()),
        ("Tag.1.Key", "Name"),
        ("Tag.1.Value", "x"),
    ];
    aws.ec2("CreateTags", &tag).unwrap();
    let wrong = [
        ("ResourceId.1", vpc.as_str()),
        ("Tag.1.Key", "Name"),
        ("Tag.1.Value", "y"),
    ];
    aws.ec2("DeleteTags", &wrong).unwrap();
    let of = [
        ("Filter.1.Name", "resource-id"),
        ("Filter.1.Value.1", vpc.as_str()),
    ];
    assert_eq!(
        aws.ec2("DescribeTags", &of).unwrap().all("key"),
        ["AuroraCluster", "Name"]
    );
    aws.ec2("DeleteTags", &tag).unwrap();
    assert_eq!(
        aws.ec2("DescribeTags", &of).unwrap().all("key"),
        ["AuroraCluster"]
    );
    let reserved = [
        ("ResourceId.1", vpc.as_str()),
        ("Tag.1.Key", "aws:x"),
        ("Tag.1.Value", ""),
    ];
    assert_eq!(
        aws.ec2_code("CreateTags", &reserved),
        "InvalidParameterValue"
    );
    let missing = [
        ("ResourceId.1", "subnet-0123456789abcdef0"),
        ("Tag.1.Key", "x"),
    ];
    assert_eq!(
        aws.ec2_code("CreateTags", &missing),
        "InvalidSubnetID.NotFound"
    );
}
