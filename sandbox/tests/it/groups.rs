//! Security groups and their rules.

use crate::support::Aws;

fn ingress<'a>(group: &'a str, cidr: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("GroupId", group),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "5432"),
        ("IpPermissions.1.ToPort", "5432"),
        ("IpPermissions.1.IpRanges.1.CidrIp", cidr),
        ("IpPermissions.1.IpRanges.1.Description", "keycloak"),
    ]
}

#[test]
fn names_are_checked_and_unique_in_a_vpc() {
    let aws = Aws::new();
    let (one, two) = (aws.vpc("10.0.0.0/16"), aws.vpc("10.1.0.0/16"));
    aws.group(&one, "db");
    aws.group(&two, "db");
    for (name, code) in [
        ("db", "InvalidGroup.Duplicate"),
        ("sg-db", "InvalidParameterValue"),
        ("default", "InvalidGroup.Reserved"),
        ("ü", "InvalidParameterValue"),
    ] {
        let params = [
            ("VpcId", one.as_str()),
            ("GroupName", name),
            ("GroupDescription", "d"),
        ];
        assert_eq!(aws.ec2_code("CreateSecurityGroup", &params), code, "{name}");
    }
    let params = [("GroupName", "db"), ("GroupDescription", "d")];
    assert_eq!(
        aws.ec2_code("CreateSecurityGroup", &params),
        "VPCIdNotSpecified"
    );
}

#[test]
fn rules_are_exact() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let group = aws.group(&vpc, "db");
    let made = aws
        .ec2(
            "AuthorizeSecurityGroupIngress",
            &ingress(&group, "10.0.0.0/16"),
        )
        .unwrap();
    let rule = made.one("securityGroupRuleId");
    assert!(rule.starts_with("sgr-0"));
    let again = aws.ec2_code(
        "AuthorizeSecurityGroupIngress",
        &ingress(&group, "10.0.9.9/16"),
    );
    assert_eq!(again, "InvalidPermission.Duplicate");
    aws.ec2(
        "AuthorizeSecurityGroupIngress",
        &ingress(&group, "10.1.0.0/16"),
    )
    .unwrap();

    let filter = [
        ("Filter.1.Name", "group-id"),
        ("Filter.1.Value.1", group.as_str()),
    ];
    let seen = aws.ec2("DescribeSecurityGroupRules", &filter).unwrap();
    assert_eq!(seen.all("securityGroupRuleId").len(), 3);
    assert_eq!(
        seen.all("isEgress")
            .iter()
            .filter(|one| *one == "true")
            .count(),
        1
    );
    let seen = aws.ec2("DescribeSecurityGroups", &filter).unwrap();
    assert_eq!(seen.one("fromPort"), "5432");
    let mut ranges = seen.all("cidrIp");
    ranges.sort();
    assert_eq!(ranges, ["0.0.0.0/0", "10.0.0.0/16", "10.1.0.0/16"]);

    let unknown = aws.ec2_code(
        "RevokeSecurityGroupIngress",
        &ingress(&group, "10.7.0.0/16"),
    );
    assert_eq!(unknown, "InvalidPermission.NotFound");
    aws.ec2(
        "RevokeSecurityGroupIngress",
        &ingress(&group, "10.1.0.0/16"),
    )
    .unwrap();
    let by_id = [
        ("GroupId", group.as_str()),
        ("SecurityGroupRuleId.1", rule.as_str()),
    ];
    aws.ec2("RevokeSecurityGroupIngress", &by_id).unwrap();
    let code = aws.ec2_code("RevokeSecurityGroupIngress", &by_id);
    assert_eq!(code, "InvalidSecurityGroupRuleId.NotFound");
    let mut bad = ingress(&group, "10.0.0.0/16");
    bad[3].1 = "70000";
    assert_eq!(
        aws.ec2_code("AuthorizeSecurityGroupIngress", &bad),
        "InvalidParameterValue"
    );
}

#[test]
fn a_group_is_held_by_what_names_it() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let (held, holder) = (aws.group(&vpc, "held"), aws.group(&vpc, "holder"));
    let refer = [
        ("GroupId", holder.as_str()),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.Groups.1.GroupId", held.as_str()),
    ];
    aws.ec2("AuthorizeSecurityGroupIngress", &refer).unwrap();
    assert_eq!(
        aws.ec2_code("DeleteSecurityGroup", &[("GroupId", &held)]),
        "DependencyViolation"
    );
    aws.ec2("RevokeSecurityGroupIngress", &refer).unwrap();
    aws.ec2("DeleteSecurityGroup", &[("GroupId", &held)])
        .unwrap();
    assert_eq!(
        aws.ec2_code("DeleteSecurityGroup", &[("GroupId", &held)]),
        "InvalidGroup.NotFound"
    );
    assert_eq!(
        aws.ec2_code("DeleteSecurityGroup", &[("GroupId", "x")]),
        "InvalidGroupId.Malformed"
    );

    let filter = [
        ("Filter.1.Name", "group-name"),
        ("Filter.1.Value.1", "default"),
        ("Filter.2.Name", "vpc-id"),
        ("Filter.2.Value.1", vpc.as_str()),
    ];
    let default = aws
        .ec2("DescribeSecurityGroups", &filter)
        .unwrap()
        .one("groupId");
    assert_eq!(
        aws.ec2_code("DeleteSecurityGroup", &[("GroupId", &default)]),
        "CannotDelete"
    );
}

#[test]
fn outbound_rules_are_separate_from_inbound_ones() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let group = aws.group(&vpc, "db");
    let all = [
        ("GroupId", group.as_str()),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
    ];
    assert_eq!(
        aws.ec2_code("AuthorizeSecurityGroupEgress", &all),
        "InvalidPermission.Duplicate"
    );
    assert_eq!(
        aws.ec2_code("RevokeSecurityGroupIngress", &all),
        "InvalidPermission.NotFound"
    );
    let revoked = aws.ec2("RevokeSecurityGroupEgress", &all).unwrap();
    assert_eq!(revoked.one("isEgress"), "true");
    let v6 = [
        ("GroupId", group.as_str()),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "5432"),
        ("IpPermissions.1.ToPort", "5433"),
        ("IpPermissions.1.Ipv6Ranges.1.CidrIpv6", "2001:DB8::1/32"),
    ];
    let made = aws.ec2("AuthorizeSecurityGroupEgress", &v6).unwrap();
    assert_eq!(
        (made.one("isEgress"), made.one("cidrIpv6")),
        ("true".into(), "2001:db8::/32".into())
    );
    let rule = made.one("securityGroupRuleId");
    let filter = [
        ("Filter.1.Name", "egress.ip-permission.ipv6-cidr"),
        ("Filter.1.Value.1", "2001:db8::/32"),
    ];
    let seen = aws.ec2("DescribeSecurityGroups", &filter).unwrap();
    assert_eq!(seen.all("groupId"), [group.as_str()]);
    let by_id = [
        ("GroupId", group.as_str()),
        ("SecurityGroupRuleId.1", rule.as_str()),
    ];
    assert_eq!(
        aws.ec2_code("RevokeSecurityGroupIngress", &by_id),
        "InvalidSecurityGroupRuleId.NotFound"
    );
    aws.ec2("RevokeSecurityGroupEgress", &by_id).unwrap();
    let of_group = [
        ("Filter.1.Name", "group-id"),
        ("Filter.1.Value.1", group.as_str()),
    ];
    let left = aws.ec2("DescribeSecurityGroupRules", &of_group).unwrap();
    assert!(left.all("securityGroupRuleId").is_empty());
}

#[test]
fn a_group_of_a_peered_vpc_is_held_while_the_peering_lasts() {
    let aws = Aws::new();
    let (ours, theirs) = (aws.vpc("10.0.0.0/16"), aws.vpc("10.1.0.0/16"));
    let (named, namer) = (aws.group(&ours, "named"), aws.group(&theirs, "namer"));
    let refer = [
        ("GroupId", namer.as_str()),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "0"),
        ("IpPermissions.1.ToPort", "65535"),
        ("IpPermissions.1.Groups.1.GroupId", named.as_str()),
    ];
    let refused = aws
        .ec2("AuthorizeSecurityGroupIngress", &refer)
        .unwrap_err();
    assert_eq!(refused.code, "InvalidGroup.NotFound");
    assert!(refused.message.contains("different networks"));
    let peering = aws.peering(&theirs, &ours);
    let by_id = [("VpcPeeringConnectionId", peering.as_str())];
    let made = aws.ec2("AuthorizeSecurityGroupIngress", &refer).unwrap();
    assert_eq!(made.one("peeringStatus"), "active");
    assert_eq!(made.one("vpcId"), ours);
    let delete = [("GroupId", named.as_str())];
    assert_eq!(
        aws.ec2_code("DeleteSecurityGroup", &delete),
        "DependencyViolation"
    );
    aws.ec2("DeleteVpcPeeringConnection", &by_id).unwrap();
    aws.wait(3);
    // The rule is stale now: it stays, and holds nothing.
    let shown = aws
        .ec2("DescribeSecurityGroups", &[("GroupId.1", &namer)])
        .unwrap();
    assert_eq!(shown.one("peeringStatus"), "deleted");
    aws.ec2("DeleteSecurityGroup", &delete).unwrap();
    let shown = aws
        .ec2("DescribeSecurityGroups", &[("GroupId.1", &namer)])
        .unwrap();
    assert_eq!(shown.all("groupId"), [namer.as_str(), named.as_str()]);
    aws.ec2("RevokeSecurityGroupIngress", &refer).unwrap();
}

#[test]
fn the_default_group_holds_what_its_rules_name() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let group = aws.group(&vpc, "db");
    let filter = [
        ("Filter.1.Name", "group-name"),
        ("Filter.1.Value.1", "default"),
    ];
    let default = aws
        .ec2("DescribeSecurityGroups", &filter)
        .unwrap()
        .one("groupId");
    let refer = [
        ("GroupId", default.as_str()),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.Groups.1.GroupId", group.as_str()),
    ];
    aws.ec2("AuthorizeSecurityGroupEgress", &refer).unwrap();
    assert_eq!(
        aws.ec2_code("DeleteSecurityGroup", &[("GroupId", &group)]),
        "DependencyViolation"
    );
    aws.ec2("RevokeSecurityGroupEgress", &refer).unwrap();
    aws.ec2("DeleteSecurityGroup", &[("GroupId", &group)])
        .unwrap();
}

#[test]
fn rules_are_counted_by_direction_and_family() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let group = aws.group(&vpc, "db");
    for index in 0..60 {
        let cidr = format!("10.0.{index}.0/24");
        aws.ec2("AuthorizeSecurityGroupIngress", &ingress(&group, &cidr))
            .unwrap();
    }
    let more = ingress(&group, "10.0.99.0/24");
    assert_eq!(
        aws.ec2_code("AuthorizeSecurityGroupIngress", &more),
        "RulesPerSecurityGroupLimitExceeded"
    );
    aws.ec2("AuthorizeSecurityGroupEgress", &more).unwrap();
    let v6 = [
        ("GroupId", group.as_str()),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.Ipv6Ranges.1.CidrIpv6", "::/0"),
    ];
    aws.ec2("AuthorizeSecurityGroupIngress", &v6).unwrap();
    let itself = [
        ("GroupId", group.as_str()),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.Groups.1.GroupId", group.as_str()),
    ];
    assert_eq!(
        aws.ec2_code("AuthorizeSecurityGroupIngress", &itself),
        "RulesPerSecurityGroupLimitExceeded"
    );
}
