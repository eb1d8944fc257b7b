//! Route tables, associations and routes.

use crate::support::Aws;

fn table(aws: &Aws, vpc: &str) -> String {
    aws.ec2("CreateRouteTable", &[("VpcId", vpc)])
        .unwrap()
        .one("routeTableId")
}

#[test]
fn associations_hold_their_table() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let (one, two) = (table(&aws, &vpc), table(&aws, &vpc));
    let pair = [
        ("RouteTableId", one.as_str()),
        ("SubnetId", subnet.as_str()),
    ];
    let association = aws
        .ec2("AssociateRouteTable", &pair)
        .unwrap()
        .one("associationId");
    assert_eq!(
        aws.ec2("AssociateRouteTable", &pair)
            .unwrap()
            .one("associationId"),
        association
    );
    let other = [
        ("RouteTableId", two.as_str()),
        ("SubnetId", subnet.as_str()),
    ];
    assert_eq!(
        aws.ec2_code("AssociateRouteTable", &other),
        "Resource.AlreadyAssociated"
    );
    assert_eq!(
        aws.ec2_code("DeleteRouteTable", &pair[..1]),
        "DependencyViolation"
    );

    let filter = [
        ("Filter.1.Name", "association.subnet-id"),
        ("Filter.1.Value.1", subnet.as_str()),
    ];
    assert_eq!(
        aws.ec2("DescribeRouteTables", &filter)
            .unwrap()
            .one("routeTableId"),
        one
    );
    let swap = [
        ("AssociationId", association.as_str()),
        ("RouteTableId", two.as_str()),
    ];
    let new = aws
        .ec2("ReplaceRouteTableAssociation", &swap)
        .unwrap()
        .one("newAssociationId");
    assert_ne!(new, association);
    aws.ec2("DeleteRouteTable", &pair[..1]).unwrap();
    aws.ec2("DisassociateRouteTable", &[("AssociationId", &new)])
        .unwrap();
    let code = aws.ec2_code("DisassociateRouteTable", &[("AssociationId", &new)]);
    assert_eq!(code, "InvalidAssociationID.NotFound");
    aws.ec2("DeleteRouteTable", &other[..1]).unwrap();

    let main = [
        ("Filter.1.Name", "association.main"),
        ("Filter.1.Value.1", "true"),
    ];
    let seen = aws.ec2("DescribeRouteTables", &main).unwrap();
    let id = seen.one("routeTableId");
    assert_eq!(
        aws.ec2_code("DeleteRouteTable", &[("RouteTableId", &id)]),
        "DependencyViolation"
    );
    let association = seen.one("routeTableAssociationId");
    let code = aws.ec2_code("DisassociateRouteTable", &[("AssociationId", &association)]);
    assert_eq!(code, "InvalidParameterValue");
}

#[test]
fn deleting_a_subnet_frees_its_table() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let one = table(&aws, &vpc);
    let pair = [
        ("RouteTableId", one.as_str()),
        ("SubnetId", subnet.as_str()),
    ];
    aws.ec2("AssociateRouteTable", &pair).unwrap();
    aws.ec2("DeleteSubnet", &pair[1..]).unwrap();
    aws.ec2("DeleteRouteTable", &pair[..1]).unwrap();
}

#[test]
fn networks_do_not_mix() {
    let aws = Aws::new();
    let (one, two) = (aws.vpc("10.0.0.0/16"), aws.vpc("10.1.0.0/16"));
    let subnet = aws.subnet(&one, "10.0.1.0/24", "eu-west-1a");
    let foreign = table(&aws, &two);
    let pair = [
        ("RouteTableId", foreign.as_str()),
        ("SubnetId", subnet.as_str()),
    ];
    assert_eq!(
        aws.ec2_code("AssociateRouteTable", &pair),
        "InvalidParameterValue"
    );
}

#[test]
fn routes_have_one_target_each() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let one = table(&aws, &vpc);
    let gateway = aws
        .ec2("CreateInternetGateway", &[])
        .unwrap()
        .one("internetGatewayId");
    let route = [
        ("RouteTableId", one.as_str()),
        ("DestinationCidrBlock", "0.0.0.0/0"),
        ("GatewayId", gateway.as_str()),
    ];
    assert_eq!(aws.ec2_code("CreateRoute", &route), "InvalidParameterValue");
    let pair = [
        ("InternetGatewayId", gateway.as_str()),
        ("VpcId", vpc.as_str()),
    ];
    aws.ec2("AttachInternetGateway", &pair).unwrap();
    assert_eq!(
        aws.ec2_code("ReplaceRoute", &route),
        "InvalidRoute.NotFound"
    );
    aws.ec2("CreateRoute", &route).unwrap();
    assert_eq!(aws.ec2_code("CreateRoute", &route), "RouteAlreadyExists");
    aws.ec2("ReplaceRoute", &route).unwrap();
    aws.ec2("DeleteRoute", &route[..2]).unwrap();
    assert_eq!(
        aws.ec2_code("DeleteRoute", &route[..2]),
        "InvalidRoute.NotFound"
    );
    let local = [
        ("RouteTableId", one.as_str()),
        ("DestinationCidrBlock", "10.0.0.0/16"),
    ];
    assert_eq!(aws.ec2_code("DeleteRoute", &local), "InvalidParameterValue");
    let nowhere = [
        ("RouteTableId", one.as_str()),
        ("DestinationCidrBlock", "10.9.0.0/16"),
        ("VpcPeeringConnectionId", "pcx-0123456789abcdef0"),
    ];
    assert_eq!(
        aws.ec2_code("CreateRoute", &nowhere),
        "InvalidVpcPeeringConnectionID.NotFound"
    );
    let code = aws.ec2_code("DeleteRoute", &[("RouteTableId", "rtb-1"), local[1]]);
    assert_eq!(code, "InvalidRouteTableId.Malformed");
}
