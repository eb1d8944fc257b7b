//! Further ranges of VPCs.

use crate::support::{Aws, Body};

fn associate(aws: &Aws, vpc: &str, more: (&str, &str)) -> crate::support::Answer {
    aws.ec2("AssociateVpcCidrBlock", &[("VpcId", vpc), more])
}

#[test]
fn a_second_range_has_room_for_subnets_and_a_local_route() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let made = associate(&aws, &vpc, ("CidrBlock", "10.1.0.0/16")).unwrap();
    let id = made.one("associationId");
    assert_eq!(made.one("state"), "associating");
    aws.wait(2);
    let shown = aws.ec2("DescribeVpcs", &[("VpcId.1", &vpc)]).unwrap();
    let blocks = Body(shown.one("cidrBlockAssociationSet"));
    assert_eq!(blocks.all("cidrBlock"), ["10.0.0.0/16", "10.1.0.0/16"]);
    assert_eq!(blocks.all("state"), ["associated", "associated"]);
    let primary = blocks.one("associationId");
    let by_range = [
        ("Filter.1.Name", "cidr-block-association.cidr-block"),
        ("Filter.1.Value.1", "10.1.0.0/16"),
    ];
    let found = aws.ec2("DescribeVpcs", &by_range).unwrap();
    assert_eq!(found.all("vpcId"), [vpc.as_str()]);
    let tables = aws.ec2("DescribeRouteTables", &[]).unwrap();
    assert_eq!(
        tables.all("destinationCidrBlock"),
        ["10.0.0.0/16", "10.1.0.0/16"]
    );
    let subnet = aws.subnet(&vpc, "10.1.1.0/24", "eu-west-1a");
    let disassociate = |id: &str| aws.ec2("DisassociateVpcCidrBlock", &[("AssociationId", id)]);
    assert_eq!(
        disassociate(&id).unwrap_err().code,
        "InvalidCidrBlock.InUse"
    );
    assert_eq!(
        disassociate(&primary).unwrap_err().code,
        "OperationNotPermitted"
    );
    aws.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).unwrap();
    disassociate(&id).unwrap();
    assert_eq!(
        disassociate(&id).unwrap_err().code,
        "InvalidVpcCidrBlockAssociationID.NotFound"
    );
}

#[test]
fn ranges_do_not_collide() {
    let aws = Aws::new();
    let (vpc, peer) = (aws.vpc("10.0.0.0/16"), aws.vpc("10.2.0.0/16"));
    for range in [
        "10.0.128.0/20",
        "192.168.0.0/24",
        "172.16.0.0/16",
        "10.0.0.0/8",
    ] {
        let refused = associate(&aws, &vpc, ("CidrBlock", range)).unwrap_err();
        assert_eq!(refused.code, "InvalidVpc.Range", "{range}");
    }
    associate(&aws, &peer, ("CidrBlock", "10.4.0.0/16")).unwrap();
    let params = [("VpcId", vpc.as_str()), ("PeerVpcId", peer.as_str())];
    let status = |aws: &Aws| {
        let made = aws.ec2("CreateVpcPeeringConnection", &params).unwrap();
        let id = made.one("vpcPeeringConnectionId");
        aws.wait(3);
        let by_id = [("VpcPeeringConnectionId.1", id.as_str())];
        let seen = aws.ec2("DescribeVpcPeeringConnections", &by_id).unwrap();
        (id, seen.one("code"))
    };
    let (id, code) = status(&aws);
    assert_eq!(code, "pending-acceptance");
    let by_id = [("VpcPeeringConnectionId", id.as_str())];
    aws.ec2("AcceptVpcPeeringConnection", &by_id).unwrap();
    aws.wait(4);
    let seen = aws.ec2("DescribeVpcPeeringConnections", &[]).unwrap();
    let theirs = Body(Body(seen.one("accepterVpcInfo")).one("cidrBlockSet"));
    assert_eq!(theirs.all("cidrBlock"), ["10.2.0.0/16", "10.4.0.0/16"]);
    let taken = associate(&aws, &vpc, ("CidrBlock", "10.4.0.0/24")).unwrap_err();
    assert_eq!(taken.code, "InvalidVpc.Range");
    aws.ec2("DeleteVpcPeeringConnection", &by_id).unwrap();
    // Second ranges that overlap make a peering fail, too.
    associate(&aws, &vpc, ("CidrBlock", "10.4.0.0/24")).unwrap();
    assert_eq!(status(&aws).1, "failed");
    for range in ["10.5.0.0/16", "10.6.0.0/16", "10.7.0.0/16"] {
        associate(&aws, &vpc, ("CidrBlock", range)).unwrap();
    }
    let sixth = associate(&aws, &vpc, ("CidrBlock", "10.8.0.0/16")).unwrap_err();
    assert_eq!(sixth.code, "CidrLimitExceeded");
}

#[test]
fn amazon_gives_ipv6_ranges() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let v6 = ("AmazonProvidedIpv6CidrBlock", "true");
    let made = associate(&aws, &vpc, v6).unwrap();
    let range = made.one("ipv6CidrBlock");
    assert!(
        range.starts_with("2600:1f") && range.ends_with("/56"),
        "{range}"
    );
    let second = associate(&aws, &vpc, v6).unwrap().one("ipv6CidrBlock");
    assert_ne!(second, range);
    let tables = aws.ec2("DescribeRouteTables", &[]).unwrap();
    assert_eq!(
        tables.all("destinationIpv6CidrBlock"),
        [range.as_str(), second.as_str()]
    );
    let id = made.one("associationId");
    aws.ec2("DisassociateVpcCidrBlock", &[("AssociationId", &id)])
        .unwrap();
    let created = aws
        .ec2("CreateVpc", &[("CidrBlock", "10.1.0.0/16"), v6])
        .unwrap();
    assert_eq!(created.all("ipv6CidrBlock").len(), 1);
}
