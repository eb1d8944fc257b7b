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
