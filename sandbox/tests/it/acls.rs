//! Network ACLs.

use crate::support::{Aws, Body};

fn acls(aws: &Aws, filter: &[(&str, &str)]) -> Body {
    aws.ec2("DescribeNetworkAcls", filter).unwrap()
}

#[test]
fn every_vpc_has_a_default_one_that_goes_with_it() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let seen = acls(
        &aws,
        &[("Filter.1.Name", "default"), ("Filter.1.Value.1", "true")],
    );
    assert_eq!(seen.one("vpcId"), vpc);
    assert_eq!(seen.one("subnetId"), subnet);
    assert_eq!(seen.all("ruleAction"), ["allow", "deny", "allow", "deny"]);
    let id = seen.one("networkAclId");
    assert_eq!(
        aws.ec2_code("DeleteNetworkAcl", &[("NetworkAclId", &id)]),
        "InvalidParameterValue"
    );
    let tag = [
        ("ResourceId.1", id.as_str()),
        ("Tag.1.Key", "Name"),
        ("Tag.1.Value", "default"),
    ];
    aws.ec2("CreateTags", &tag).unwrap();
    let tags = aws.ec2("DescribeTags", &[]).unwrap();
    assert_eq!(
        (tags.one("resourceId"), tags.one("resourceType")),
        (id.clone(), "network-acl".into())
    );
    assert_eq!(acls(&aws, &[]).one("value"), "default");
    aws.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).unwrap();
    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
    assert_eq!(
        aws.ec2_code("DescribeNetworkAcls", &[("NetworkAclId.1", &id)]),
        "InvalidNetworkAclID.NotFound"
    );
}

#[test]
fn another_one_holds_its_vpc_and_is_held_by_its_subnets() {
    let aws = Aws::new();
    let (vpc, other) = (aws.vpc("10.0.0.0/16"), aws.vpc("10.1.0.0/16"));
    let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let create = |vpc: &str| {
        let made = aws.ec2("CreateNetworkAcl", &[("VpcId", vpc)]).unwrap();
        assert_eq!(made.one("default"), "false");
        made.one("networkAclId")
    };
    let (acl, foreign) = (create(&vpc), create(&other));
    let of_subnet = [
        ("Filter.1.Name", "association.subnet-id"),
        ("Filter.1.Value.1", subnet.as_str()),
    ];
    let association = || acls(&aws, &of_subnet).one("networkAclAssociationId");
    let default = acls(&aws, &of_subnet).one("networkAclId");
    let first = association();
    let replace = |association: &str, acl: &str| {
        let params = [("AssociationId", association), ("NetworkAclId", acl)];
        aws.ec2("ReplaceNetworkAclAssociation", &params)
    };
    assert_eq!(
        replace(&first, &foreign).unwrap_err().code,
        "InvalidParameterValue"
    );
    let second = replace(&first, &acl).unwrap().one("newAssociationId");
    assert_eq!(
        (association(), second.as_str() != first),
        (second.clone(), true)
    );
    assert_eq!(
        replace(&first, &acl).unwrap_err().code,
        "InvalidAssociationID.NotFound"
    );
    let by_id = [("NetworkAclId", acl.as_str())];
    assert_eq!(
        aws.ec2_code("DeleteNetworkAcl", &by_id),
        "DependencyViolation"
    );
    let inventory = aws.account.inventory().unwrap();
    let vpcs = inventory["regions"]["eu-west-1"]["vpcs"]
        .as_array()
        .unwrap();
    let held = vpcs
        .iter()
        .find(|one| one["cidr"] == "10.0.0.0/16")
        .unwrap();
    assert_eq!(held["acls"][0]["subnets"][0], "10.0.1.0/24");

    let third = replace(&second, &default).unwrap().one("newAssociationId");
    assert_eq!(association(), third);
    aws.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).unwrap();
    assert_eq!(
        aws.ec2_code("DeleteVpc", &[("VpcId", &vpc)]),
        "DependencyViolation"
    );
    aws.ec2("DeleteNetworkAcl", &by_id).unwrap();
    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
    assert_eq!(
        aws.ec2_code("DeleteNetworkAcl", &by_id),
        "InvalidNetworkAclID.NotFound"
    );
}
