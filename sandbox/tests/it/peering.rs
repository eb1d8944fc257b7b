//! Peering between two regions.

use crate::support::{Aws, ManualTime, roomy};
use stepwell_sandbox::Account;

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
    two.rosa.wait(7201);
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
    let accept = two.rosa.ec2("AcceptVpcPeeringConnection", &by_id(&id));
    let refused = accept.unwrap_err();
    assert_eq!(refused.code, "VpcPeeringConnectionAlreadyExists");
    assert!(refused.message.contains(&id), "{}", refused.message);
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

#[test]
fn ranges_are_told_of_an_active_one_only() {
    let two = Two::new("192.168.0.0/24");
    let id = two.request();
    let ranges = |aws: &Aws| {
        let seen = aws.ec2(
            "DescribeVpcPeeringConnections",
            &[("VpcPeeringConnectionId.1", &id)],
        );
        seen.unwrap().all("cidrBlockSet").len()
    };
    assert_eq!(ranges(&two.rosa), 0);
    two.rosa.wait(3);
    assert_eq!((ranges(&two.rosa), ranges(&two.aurora)), (0, 0));
    two.aurora
        .ec2("AcceptVpcPeeringConnection", &by_id(&id))
        .unwrap();
    assert_eq!(status(&two.rosa, &id), "provisioning");
    assert_eq!(ranges(&two.rosa), 0);
    two.rosa.wait(4);
    assert_eq!((ranges(&two.rosa), ranges(&two.aurora)), (2, 2));
    let by_range = [
        ("Filter.1.Name", "accepter-vpc-info.cidr-block"),
        ("Filter.1.Value.1", "192.168.0.0/24"),
    ];
    let found = || {
        let seen = two.rosa.ec2("DescribeVpcPeeringConnections", &by_range);
        seen.unwrap().all("vpcPeeringConnectionId").len()
    };
    assert_eq!(found(), 1);
    two.rosa
        .ec2("DeleteVpcPeeringConnection", &by_id(&id))
        .unwrap();
    assert_eq!(status(&two.rosa, &id), "deleting");
    assert_eq!((ranges(&two.rosa), found()), (0, 0));
}

#[test]
fn only_the_requester_deletes_a_pending_one() {
    let two = Two::new("192.168.0.0/24");
    let id = two.request();
    two.rosa.wait(3);
    assert_eq!(
        two.aurora
            .ec2_code("DeleteVpcPeeringConnection", &by_id(&id)),
        "OperationNotPermitted"
    );
    assert_eq!(status(&two.aurora, &id), "pending-acceptance");
    two.rosa
        .ec2("DeleteVpcPeeringConnection", &by_id(&id))
        .unwrap();
    two.rosa.wait(3);
    assert_eq!(status(&two.aurora, &id), "deleted");
}

/// Two VPCs of one region with a peering between them that waits to be accepted.
fn near(aws: &Aws, requester: &str, accepter: &str) -> Result<String, String> {
    let params = [("VpcId", requester), ("PeerVpcId", accepter)];
    let made = aws.ec2("CreateVpcPeeringConnection", &params);
    let id = made.map_err(|refused| refused.code)?;
    aws.wait(3);
    Ok(id.one("vpcPeeringConnectionId"))
}

#[test]
fn ended_ones_are_shown_for_hours_or_days() {
    let aws = Aws::new();
    let (a, b) = (aws.vpc("10.0.0.0/16"), aws.vpc("10.1.0.0/16"));
    let overlapping = aws.vpc("10.0.0.0/24");
    let gone = |id: &str| {
        let by_id = [("VpcPeeringConnectionId.1", id)];
        aws.ec2("DescribeVpcPeeringConnections", &by_id).is_err()
    };
    let shown_for = |id: &str, hours: u64| {
        aws.wait(hours * 3600 - 60);
        assert!(!gone(id), "{id} is gone too early");
        aws.wait(120);
        assert!(gone(id), "{id} is shown too long");
    };
    let failed = near(&aws, &a, &overlapping).unwrap();
    assert_eq!(status(&aws, &failed), "failed");
    shown_for(&failed, 2);
    let rejected = near(&aws, &a, &b).unwrap();
    aws.ec2("RejectVpcPeeringConnection", &by_id(&rejected))
        .unwrap();
    shown_for(&rejected, 2);
    let deleted = near(&aws, &a, &b).unwrap();
    aws.ec2("DeleteVpcPeeringConnection", &by_id(&deleted))
        .unwrap();
    // Within a region there is no `deleting`.
    assert_eq!(status(&aws, &deleted), "deleted");
    shown_for(&deleted, 2);
    let expired = near(&aws, &a, &b).unwrap();
    aws.wait(7 * 24 * 3600 - 3);
    assert_eq!(status(&aws, &expired), "expired");
    shown_for(&expired, 48);
}

#[test]
fn active_ones_are_counted_when_accepted_and_pending_ones_when_asked_for() {
    let time = ManualTime::new();
    let mut options = roomy(&time);
    options.quotas.peerings = 2;
    options.quotas.pending_peerings = 3;
    let aws = Aws::of(Account::in_memory(options), time);
    let hub = aws.vpc("10.0.0.0/16");
    let spokes: Vec<String> = (1..6).map(|n| aws.vpc(&format!("10.{n}.0.0/16"))).collect();
    let asked: Vec<String> = spokes[..3]
        .iter()
        .map(|spoke| near(&aws, &hub, spoke).unwrap())
        .collect();
    assert_eq!(
        near(&aws, &hub, &spokes[3]).unwrap_err(),
        "PendingVpcPeeringConnectionLimitExceeded"
    );
    let accept = |id: &str| aws.ec2("AcceptVpcPeeringConnection", &by_id(id));
    accept(&asked[0]).unwrap();
    accept(&asked[1]).unwrap();
    let refused = accept(&asked[2]).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("ActiveVpcPeeringConnectionPerVpcLimitExceeded", 400)
    );
    assert_eq!(status(&aws, &asked[2]), "pending-acceptance");
    // The request waits, and is accepted once there is room.
    aws.ec2("DeleteVpcPeeringConnection", &by_id(&asked[0]))
        .unwrap();
    accept(&asked[2]).unwrap();
}
