//! VPC endpoints.

use crate::support::{Aws, Body};

const S3: &str = "com.amazonaws.eu-west-1.s3";

fn main_table(aws: &Aws, vpc: &str) -> String {
    let filter = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc)];
    let seen = aws.ec2("DescribeRouteTables", &filter).unwrap();
    seen.one("routeTableId")
}

fn state(aws: &Aws, id: &str) -> String {
    let seen = aws.ec2("DescribeVpcEndpoints", &[("VpcEndpointId.1", id)]);
    seen.unwrap().one("state")
}

#[test]
fn a_gateway_endpoint_has_a_route_and_takes_it_along() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let table = main_table(&aws, &vpc);
    let params = [
        ("VpcId", vpc.as_str()),
        ("ServiceName", S3),
        ("RouteTableId.1", table.as_str()),
    ];
    let made = aws.ec2("CreateVpcEndpoint", &params).unwrap();
    let id = made.one("vpcEndpointId");
    assert_eq!(made.one("vpcEndpointType"), "Gateway");
    let lists = aws
        .ec2(
            "DescribeManagedPrefixLists",
            &[
                ("Filter.1.Name", "prefix-list-name"),
                ("Filter.1.Value.1", S3),
            ],
        )
        .unwrap();
    let list = lists.one("prefixListId");
    let route = || {
        let filter = [
            ("Filter.1.Name", "route.destination-prefix-list-id"),
            ("Filter.1.Value.1", list.as_str()),
        ];
        aws.ec2("DescribeRouteTables", &filter).unwrap()
    };
    let seen = route();
    assert_eq!(seen.all("gatewayId"), ["local", id.as_str()]);
    assert_eq!(seen.all("destinationPrefixListId"), [list.as_str()]);
    assert_eq!(
        aws.ec2_code("CreateVpcEndpoint", &params),
        "RouteAlreadyExists"
    );
    let own = [
        ("RouteTableId", table.as_str()),
        ("DestinationPrefixListId", list.as_str()),
    ];
    assert_eq!(aws.ec2_code("DeleteRoute", &own), "InvalidParameterValue");
    aws.wait(5);
    assert_eq!(state(&aws, &id), "available");
    let vpc_inventory = aws.account.inventory().unwrap()["regions"]["eu-west-1"]["vpcs"][0].clone();
    assert_eq!(vpc_inventory["edges"][0]["service"], S3);
    assert_eq!(
        vpc_inventory["route_tables"][0]["routes"][0],
        serde_json::json!({ "to": S3, "via": "vpc-endpoint" })
    );
    let delete = || aws.ec2_code("DeleteVpc", &[("VpcId", &vpc)]);
    assert_eq!(delete(), "DependencyViolation");
    let by_id = [("VpcEndpointId.1", id.as_str())];
    let deleted = aws.ec2("DeleteVpcEndpoints", &by_id).unwrap();
    assert_eq!(deleted.one("unsuccessful"), "");
    assert!(route().all("routeTableId").is_empty());
    assert_eq!(delete(), "DependencyViolation");
    aws.wait(5);
    assert_eq!(state(&aws, &id), "deleted");
    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
    aws.wait(60);
    assert_eq!(
        aws.ec2_code("DescribeVpcEndpoints", &by_id),
        "InvalidVpcEndpointId.NotFound"
    );
}

#[test]
fn an_interface_endpoint_holds_subnets_and_groups() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let a = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let twin = aws.subnet(&vpc, "10.0.2.0/24", "eu-west-1a");
    let b = aws.subnet(&vpc, "10.0.3.0/24", "eu-west-1b");
    let group = aws.group(&vpc, "endpoint");
    let params = [
        ("VpcId", vpc.as_str()),
        ("VpcEndpointType", "Interface"),
        ("ServiceName", "com.amazonaws.eu-west-1.secretsmanager"),
        ("SubnetId.1", a.as_str()),
        ("SubnetId.2", b.as_str()),
        ("SecurityGroupId.1", group.as_str()),
    ];
    let mut wrong = params;
    wrong[4].1 = &twin;
    assert_eq!(
        aws.ec2_code("CreateVpcEndpoint", &wrong),
        "DuplicateSubnetsInSameZone"
    );
    let mut dns = params.to_vec();
    dns.push(("PrivateDnsEnabled", "true"));
    assert_eq!(aws.ec2_code("CreateVpcEndpoint", &dns), "InvalidParameter");
    let made = aws.ec2("CreateVpcEndpoint", &params).unwrap();
    let id = made.one("vpcEndpointId");
    assert_eq!(made.one("state"), "pending");
    let interfaces = Body(made.one("networkInterfaceIdSet")).all("item");
    assert_eq!(interfaces.len(), 2);
    aws.wait(90);
    assert_eq!(state(&aws, &id), "available");
    for (action, name, held) in [
        ("DeleteSubnet", "SubnetId", &a),
        ("DeleteSecurityGroup", "GroupId", &group),
        ("DeleteVpc", "VpcId", &vpc),
    ] {
        assert_eq!(aws.ec2_code(action, &[(name, held)]), "DependencyViolation");
    }
    let unknown = "vpce-0123456789abcdef0";
    let deleted = aws
        .ec2(
            "DeleteVpcEndpoints",
            &[("VpcEndpointId.1", &id), ("VpcEndpointId.2", unknown)],
        )
        .unwrap();
    // Those that are not there are told, and the call succeeds.
    assert_eq!(deleted.one("code"), "InvalidVpcEndpointId.NotFound");
    assert_eq!(deleted.one("resourceId"), unknown);
    assert_eq!(state(&aws, &id), "deleting");
    let code = aws.ec2_code("DeleteSecurityGroup", &[("GroupId", &group)]);
    assert_eq!(code, "DependencyViolation");
    aws.wait(90);
    aws.ec2("DeleteSecurityGroup", &[("GroupId", &group)])
        .unwrap();
    for subnet in [&a, &twin, &b] {
        aws.ec2("DeleteSubnet", &[("SubnetId", subnet)]).unwrap();
    }
    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
}

#[test]
fn services_and_tables_are_checked() {
    let aws = Aws::new();
    let (vpc, other) = (aws.vpc("10.0.0.0/16"), aws.vpc("10.1.0.0/16"));
    let foreign = main_table(&aws, &other);
    for (service, kind, table, code) in [
        ("nonsense", "Gateway", "", "InvalidServiceName"),
        (
            "com.amazonaws.us-east-1.s3",
            "Gateway",
            "",
            "InvalidServiceName",
        ),
        (
            "com.amazonaws.eu-west-1.kms",
            "Gateway",
            "",
            "InvalidParameter",
        ),
        (S3, "Gateway", foreign.as_str(), "InvalidParameter"),
        (S3, "GatewayLoadBalancer", "", "InvalidParameter"),
    ] {
        let params = [
            ("VpcId", vpc.as_str()),
            ("ServiceName", service),
            ("VpcEndpointType", kind),
            ("RouteTableId.1", table),
        ];
        let code_of = aws.ec2_code("CreateVpcEndpoint", &params);
        assert_eq!(code_of, code, "{service} {kind}");
    }
}
