//! Transit gateways and their attachments to VPCs.

use crate::support::Aws;

struct Net {
    aws: Aws,
    vpc: String,
    subnet: String,
    transit: String,
}

impl Net {
    fn new() -> Self {
        let aws = Aws::new();
        let vpc = aws.vpc("10.0.0.0/16");
        let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
        let made = aws
            .ec2("CreateTransitGateway", &[("Description", "hub")])
            .unwrap();
        let transit = made.one("transitGatewayId");
        Self {
            aws,
            vpc,
            subnet,
            transit,
        }
    }

    fn attach(&self) -> crate::support::Answer {
        let params = [
            ("TransitGatewayId", self.transit.as_str()),
            ("VpcId", self.vpc.as_str()),
            ("SubnetIds.1", self.subnet.as_str()),
            (
                "TagSpecifications.1.ResourceType",
                "transit-gateway-attachment",
            ),
            ("TagSpecifications.1.Tag.1.Key", "Name"),
            ("TagSpecifications.1.Tag.1.Value", "spoke"),
        ];
        self.aws.ec2("CreateTransitGatewayVpcAttachment", &params)
    }

    fn state(&self, id: &str) -> String {
        let by_id = [("TransitGatewayAttachmentIds.1", id)];
        let one = self
            .aws
            .ec2("DescribeTransitGatewayVpcAttachments", &by_id)
            .unwrap();
        let all = self
            .aws
            .ec2("DescribeTransitGatewayAttachments", &by_id)
            .unwrap();
        assert_eq!(all.one("resourceId"), self.vpc);
        assert_eq!(all.one("state"), one.one("state"));
        one.one("state")
    }
}

#[test]
fn an_attachment_holds_vpc_subnet_and_transit_gateway() {
    let net = Net::new();
    let aws = &net.aws;
    assert_eq!(net.attach().unwrap_err().code, "IncorrectState");
    aws.wait(120);
    let made = net.attach().unwrap();
    let id = made.one("transitGatewayAttachmentId");
    assert_eq!(made.one("state"), "pending");
    assert_eq!(made.one("value"), "spoke");
    assert_eq!(
        net.attach().unwrap_err().code,
        "DuplicateTransitGatewayAttachment"
    );
    let by_id = [("TransitGatewayAttachmentId", id.as_str())];
    assert_eq!(
        aws.ec2_code("DeleteTransitGatewayVpcAttachment", &by_id),
        "IncorrectState"
    );
    aws.wait(60);
    assert_eq!(net.state(&id), "available");
    let held = || {
        for (action, name, held, code) in [
            (
                "DeleteSubnet",
                "SubnetId",
                &net.subnet,
                "DependencyViolation",
            ),
            ("DeleteVpc", "VpcId", &net.vpc, "DependencyViolation"),
            (
                "DeleteTransitGateway",
                "TransitGatewayId",
                &net.transit,
                "IncorrectState",
            ),
        ] {
            assert_eq!(aws.ec2_code(action, &[(name, held)]), code, "{action}");
        }
    };
    held();
    aws.ec2("DeleteTransitGatewayVpcAttachment", &by_id)
        .unwrap();
    assert_eq!(net.state(&id), "deleting");
    held();
    aws.wait(60);
    assert_eq!(net.state(&id), "deleted");
    aws.ec2("DeleteSubnet", &[("SubnetId", &net.subnet)])
        .unwrap();
    aws.ec2("DeleteVpc", &[("VpcId", &net.vpc)]).unwrap();
    let gone = [("TransitGatewayId", net.transit.as_str())];
    let answer = aws.ec2("DeleteTransitGateway", &gone).unwrap();
    assert_eq!(answer.one("state"), "deleting");
    aws.wait(60);
    let seen = aws.ec2(
        "DescribeTransitGateways",
        &[("TransitGatewayIds.1", &net.transit)],
    );
    let seen = seen.unwrap();
    assert_eq!(
        (seen.one("state"), seen.one("description")),
        ("deleted".into(), "hub".into())
    );
    assert!(aws.account.status().unwrap().is_empty());
}

#[test]
fn a_route_needs_the_attachment_and_goes_dark_with_it() {
    let net = Net::new();
    let aws = &net.aws;
    aws.wait(120);
    let table = aws
        .ec2("CreateRouteTable", &[("VpcId", &net.vpc)])
        .unwrap()
        .one("routeTableId");
    let route = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "10.9.0.0/16"),
        ("TransitGatewayId", net.transit.as_str()),
    ];
    assert_eq!(
        aws.ec2_code("CreateRoute", &route),
        "InvalidTransitGatewayID.NotFound"
    );
    let id = net.attach().unwrap().one("transitGatewayAttachmentId");
    aws.wait(60);
    aws.ec2("CreateRoute", &route).unwrap();
    let states = || {
        let seen = aws.ec2("DescribeRouteTables", &[("RouteTableId.1", &table)]);
        let seen = seen.unwrap();
        assert_eq!(seen.one("transitGatewayId"), net.transit);
        seen.all("state")
    };
    assert_eq!(states(), ["active", "active"]);
    aws.ec2(
        "DeleteTransitGatewayVpcAttachment",
        &[("TransitGatewayAttachmentId", &id)],
    )
    .unwrap();
    assert_eq!(states(), ["active", "blackhole"]);
}
