//! Network interfaces of callers.

use crate::support::Aws;

#[test]
fn an_interface_holds_subnet_group_and_vpc() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/28", "eu-west-1a");
    let group = aws.group(&vpc, "one");
    let params = [
        ("SubnetId", subnet.as_str()),
        ("SecurityGroupId.1", group.as_str()),
        ("Description", "left behind"),
        ("PrivateIpAddress", "10.0.1.9"),
        ("TagSpecification.1.ResourceType", "network-interface"),
        ("TagSpecification.1.Tag.1.Key", "Name"),
        ("TagSpecification.1.Tag.1.Value", "mine"),
    ];
    let made = aws.ec2("CreateNetworkInterface", &params).unwrap();
    let id = made.one("networkInterfaceId");
    assert_eq!(
        (made.one("status"), made.one("privateIpAddress")),
        ("available".into(), "10.0.1.9".into())
    );
    assert!(made.all("attachment").is_empty());
    assert_eq!(
        aws.ec2_code("CreateNetworkInterface", &params),
        "InvalidIPAddress.InUse"
    );
    for (name, value, code) in [
        ("PrivateIpAddress", "10.0.2.1", "InvalidParameterValue"),
        ("PrivateIpAddress", "10.0.1.1", "InvalidIPAddress.InUse"),
        (
            "SubnetId",
            "subnet-0123456789abcdef0",
            "InvalidSubnetID.NotFound",
        ),
    ] {
        let mut wrong = params;
        wrong.iter_mut().find(|one| one.0 == name).unwrap().1 = value;
        assert_eq!(
            aws.ec2_code("CreateNetworkInterface", &wrong),
            code,
            "{value}"
        );
    }
    for (action, name, held) in [
        ("DeleteSubnet", "SubnetId", &subnet),
        ("DeleteSecurityGroup", "GroupId", &group),
        ("DeleteVpc", "VpcId", &vpc),
    ] {
        assert_eq!(aws.ec2_code(action, &[(name, held)]), "DependencyViolation");
    }
    let status = aws.account.status().unwrap();
    let shown = status.regions["eu-west-1"].iter();
    let states: Vec<&str> = shown
        .filter(|one| one.kind == "network-interface")
        .map(|one| one.state.as_str())
        .collect();
    assert_eq!(states, ["available"]);
    aws.ec2("DeleteNetworkInterface", &[("NetworkInterfaceId", &id)])
        .unwrap();
    aws.ec2("DeleteSecurityGroup", &[("GroupId", &group)])
        .unwrap();
    aws.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).unwrap();
    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
}

#[test]
fn one_in_use_is_not_deleted_and_a_full_subnet_takes_none() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/28", "eu-west-1a");
    let machines = [
        ("ImageId", "ami-1"),
        ("MinCount", "11"),
        ("MaxCount", "11"),
        ("SubnetId", subnet.as_str()),
    ];
    aws.ec2("RunInstances", &machines).unwrap();
    assert_eq!(
        aws.ec2_code("CreateNetworkInterface", &[("SubnetId", &subnet)]),
        "InsufficientFreeAddressesInSubnet"
    );
    let used = aws.ec2("DescribeNetworkInterfaces", &[]).unwrap();
    assert_eq!(used.one("status"), "in-use");
    let id = used.one("networkInterfaceId");
    let refused = aws
        .ec2("DeleteNetworkInterface", &[("NetworkInterfaceId", &id)])
        .unwrap_err();
    assert_eq!(refused.code, "InvalidParameterValue");
    assert!(refused.message.contains("currently in use"));
}
