//! Peering between two regions.

use crate::support::Aws;

struct Two {
    rosa: Aws,
    aurora: Aws,
    rosa_vpc: String,
    aurora_vpc: String,
}

impl Two {
    fn new(aurora_cidr: &str) -> Self {
        let rosa = Aws::new();
        let aurora = rosa.at("us-east-1");
        let rosa_vpc = rosa.vpc("10.0.0.0/16");
        let aurora_vpc = aurora.vpc(aurora_cidr);
        Self {
            rosa,
            aurora,
            rosa_vpc,
            aurora_vpc,
        }
    }

    fn request(&self) -> String {
        let params = [
            ("VpcId", self.rosa_vpc.as_str()),
            ("PeerVpcId", self.aurora_vpc.as_str()),
            ("PeerRegion", "us-east-1"),
            ("TagSpecification.1.ResourceType", "vpc-peering-connection"),
            ("TagSpecification.1.Tag.1.Key", "AuroraCluster"),
            ("TagSpecification.1.Tag.1.Value", "db"),
        ];
        let made = self
            .rosa
            .ec2("CreateVpcPeeringConnection", &params)
            .unwrap();
        made.one("vpcPeeringConnectionId")
    }

    fn active(&self) -> String {
        let id = self.request();
        self.rosa.wait(3);
        self.aurora
            .ec2("AcceptVpcPeeringConnection", &by_id(&id))
            .unwrap();
        self.rosa.wait(4);
        assert_eq!(status(&self.rosa, &id), "active");
        id
    }
}

fn by_id(id: &str) -> [(&str, &str); 1] {
    [("VpcPeeringConnectionId", id)]
}

fn status(aws: &Aws, id: &str) -> String {
    let seen = aws.ec2(
        "DescribeVpcPeeringConnections",
        &[("VpcPeeringConnectionId.1", id)],
    );
    seen.unwrap().one("code")
}

#[test]
fn goes_through_its_states_and_is_seen_from_both_sides() {
    let two = Two::new("192.168.0.0/24");
    let id = two.request();
    assert_eq!(status(&two.rosa, &id), "initiating-request");
    assert_eq!(two.request(), id);
    let early = two
        .aurora
        .ec2_code("AcceptVpcPeeringConnection", &by_id(&id));
    assert_eq!(early, "InvalidStateTransition");
    two.rosa.wait(3);
    assert_eq!(status(&two.aurora, &id), "pending-acceptance");
    let wrong = two.rosa.ec2_code("AcceptVpcPeeringConnection", &by_id(&id));
    assert_eq!(wrong, "OperationNotPermitted");
    two.aurora
        .ec2("AcceptVpcPeeringConnection", &by_id(&id))
        .unwrap();
    assert_eq!(status(&two.rosa, &id), "provisioning");
    two.rosa.wait(4);
    assert_eq!(status(&two.aurora, &id), "active");
    assert_eq!(two.request(), id);
    // Tags are those of one side.
    let tagged = [
        ("Filter.1.Name", "tag:AuroraCluster"),
        ("Filter.1.Value.1", "db"),
    ];
    let count = |aws: &Aws| {
        let seen = aws.ec2("DescribeVpcPeeringConnections", &tagged).unwrap();
        seen.all("vpcPeeringConnectionId").len()
    };
    assert_eq!((count(&two.rosa), count(&two.aurora)), (1, 0));
    let elsewhere = two.rosa.at("eu-west-2");
    let code = elsewhere.ec2_code("DeleteVpcPeeringConnection", &by_id(&id));
    assert_eq!(code, "InvalidVpcPeeringConnectionID.NotFound");
}

#[test]
fn routes_need_an_active_peering_and_go_dark_with_it() {
    let two = Two::new("192.168.0.0/24");
    let id = two.request();
    two.rosa.wait(3);
    let table = two
        .rosa
        .ec2("CreateRouteTable", &[("VpcId", &two.rosa_vpc)])
        .unwrap();
    let table = table.one("routeTableId");
    let route = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "192.168.0.0/24"),
        ("VpcPeeringConnectionId", id.as_str()),
    ];
    let refused = two.rosa.ec2("CreateRoute", &route).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterValue");
    assert!(refused.message.contains("belong to different networks"));
    two.aurora
        .ec2("AcceptVpcPeeringConnection", &by_id(&id))
        .unwrap();
    two.rosa.wait(4);
    two.rosa.ec2("CreateRoute", &route).unwrap();
    let delete = two.rosa.ec2_code("DeleteVpc", &[("VpcId", &two.rosa_vpc)]);
    assert_eq!(delete, "DependencyViolation");
    two.aurora
        .ec2("DeleteVpcPeeringConnection", &by_id(&id))
        .unwrap();
    two.rosa.wait(3);
    let seen = two
        .rosa
        .ec2("DescribeRouteTables", &[("RouteTableId.1", &table)])
        .unwrap();
    assert!(seen.all("state").contains(&"blackhole".to_owned()));
    assert_eq!(
        two.rosa.ec2_code("CreateRoute", &route),
        "InvalidStateTransition"
    );

    assert_eq!(status(&two.rosa, &id), "deleted");
    two.aurora
        .ec2("DeleteVpcPeeringConnection", &by_id(&id))
        .unwrap();
    let inventory = two.rosa.account.inventory().unwrap();
    assert_eq!(inventory["peerings"], serde_json::json!([]));
    two.rosa.wait(3601);
    let code = two
        .aurora
        .ec2_code("DeleteVpcPeeringConnection", &by_id(&id));
    assert_eq!(code, "InvalidVpcPeeringConnectionID.NotFound");
    two.aurora
        .ec2("DeleteVpc", &[("VpcId", &two.aurora_vpc)])
        .unwrap();
}

#[test]
fn overlapping_ranges_fail_without_an_error() {
    let two = Two::new("10.0.4.0/24");
    let id = two.request();
    two.rosa.wait(3);
    assert_eq!(status(&two.rosa, &id), "failed");
    assert_eq!(
        two.aurora
            .ec2_code("AcceptVpcPeeringConnection", &by_id(&id)),
        "InvalidStateTransition"
    );
    // A failed one does not hold its VPCs.
    two.rosa
        .ec2("DeleteVpc", &[("VpcId", &two.rosa_vpc)])
        .unwrap();
}

#[test]
fn the_reverse_is_refused_when_accepted() {
    let two = Two::new("192.168.0.0/24");
    two.active();
    let params = [
        ("VpcId", two.aurora_vpc.as_str()),
        ("PeerVpcId", two.rosa_vpc.as_str()),
        ("PeerRegion", "eu-west-1"),
    ];
    let made = two
        .aurora
        .ec2("CreateVpcPeeringConnection", &params)
        .unwrap();
    let id = made.one("vpcPeeringConnectionId");
    two.rosa.wait(3);
    let code = two.rosa.ec2_code("AcceptVpcPeeringConnection", &by_id(&id));
    assert_eq!(code, "VpcPeeringConnectionAlreadyExists");
}

#[test]
fn rejected_and_expired_ones_end() {
    let two = Two::new("192.168.0.0/24");
    let id = two.request();
    two.rosa.wait(3);
    assert_eq!(
        two.rosa.ec2_code("RejectVpcPeeringConnection", &by_id(&id)),
        "OperationNotPermitted"
    );
    two.aurora
        .ec2("RejectVpcPeeringConnection", &by_id(&id))
        .unwrap();
    assert_eq!(status(&two.rosa, &id), "rejected");
    let second = two.request();
    assert_ne!(second, id);
    two.rosa.wait(7 * 24 * 3600);
    assert_eq!(status(&two.rosa, &second), "expired");
}

#[test]
fn a_peer_that_is_not_there() {
    let two = Two::new("192.168.0.0/24");
    let near = [
        ("VpcId", two.rosa_vpc.as_str()),
        ("PeerVpcId", "vpc-0123456789abcdef0"),
    ];
    assert_eq!(
        two.rosa.ec2_code("CreateVpcPeeringConnection", &near),
        "InvalidVpcID.NotFound"
    );
    let far = [near[0], near[1], ("PeerRegion", "us-east-1")];
    let made = two.rosa.ec2("CreateVpcPeeringConnection", &far).unwrap();
    two.rosa.wait(3);
    assert_eq!(
        status(&two.rosa, &made.one("vpcPeeringConnectionId")),
        "failed"
    );
}
