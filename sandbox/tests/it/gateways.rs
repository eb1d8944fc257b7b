//! NAT, egress-only, VPN and carrier gateways.

use crate::support::{Aws, Body};

fn held(aws: &Aws, vpc: &str) {
    assert_eq!(
        aws.ec2_code("DeleteVpc", &[("VpcId", vpc)]),
        "DependencyViolation"
    );
}

fn nat(aws: &Aws, more: &[(&str, &str)]) -> Body {
    aws.ec2("CreateNatGateway", more).unwrap()
}

fn nat_state(aws: &Aws, id: &str) -> String {
    let seen = aws.ec2("DescribeNatGateways", &[("NatGatewayId.1", id)]);
    seen.unwrap().one("state")
}

#[test]
fn a_private_nat_gateway_holds_its_subnet_until_it_is_deleted() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let params = [
        ("SubnetId", subnet.as_str()),
        ("ConnectivityType", "private"),
        ("TagSpecification.1.ResourceType", "natgateway"),
        ("TagSpecification.1.Tag.1.Key", "Name"),
        ("TagSpecification.1.Tag.1.Value", "one"),
    ];
    let made = nat(&aws, &params);
    let id = made.one("natGatewayId");
    assert_eq!(
        (made.one("state"), made.one("connectivityType")),
        ("pending".into(), "private".into())
    );
    aws.wait(90);
    assert_eq!(nat_state(&aws, &id), "available");
    let of_nat = [
        ("Filter.1.Name", "interface-type"),
        ("Filter.1.Value.1", "nat_gateway"),
    ];
    let interface = aws.ec2("DescribeNetworkInterfaces", &of_nat).unwrap();
    assert_eq!(interface.one("subnetId"), subnet);
    assert_eq!(interface.one("requesterManaged"), "true");
    let interface = interface.one("networkInterfaceId");
    assert_eq!(
        aws.ec2_code(
            "DeleteNetworkInterface",
            &[("NetworkInterfaceId", &interface)]
        ),
        "InvalidParameterValue"
    );
    assert_eq!(
        aws.ec2_code("DeleteSubnet", &[("SubnetId", &subnet)]),
        "DependencyViolation"
    );
    let status = aws.account.status().unwrap();
    let shown = status.regions["eu-west-1"]
        .iter()
        .find(|one| one.kind == "natgateway")
        .unwrap();
    assert_eq!(
        (shown.id.as_str(), shown.name.as_str(), shown.state.as_str()),
        (id.as_str(), "one", "available")
    );

    let by_id = [("NatGatewayId", id.as_str())];
    assert_eq!(
        aws.ec2("DeleteNatGateway", &by_id)
            .unwrap()
            .one("natGatewayId"),
        id
    );
    assert_eq!(nat_state(&aws, &id), "deleting");
    // Asking again while it goes is no error.
    aws.ec2("DeleteNatGateway", &by_id).unwrap();
    aws.wait(49);
    assert_eq!(
        aws.ec2_code("DeleteSubnet", &[("SubnetId", &subnet)]),
        "DependencyViolation"
    );
    aws.wait(1);
    assert_eq!(nat_state(&aws, &id), "deleted");
    assert_eq!(
        aws.ec2_code("DeleteNatGateway", &by_id),
        "NatGatewayNotFound"
    );
    aws.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).unwrap();
    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
    // It is still shown, and counts as nothing.
    assert_eq!(nat_state(&aws, &id), "deleted");
    assert!(aws.account.status().unwrap().is_empty());
    aws.wait(3600);
    assert_eq!(
        aws.ec2_code("DescribeNatGateways", &[("NatGatewayId.1", &id)]),
        "NatGatewayNotFound"
    );
}

#[test]
fn a_public_nat_gateway_needs_an_internet_gateway_and_keeps_it_attached() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let address = "eipalloc-0123456789abcdef0";
    let params = [("SubnetId", subnet.as_str()), ("AllocationId", address)];
    assert_eq!(
        aws.ec2_code("CreateNatGateway", &params[..1]),
        "MissingParameter"
    );
    let failing = nat(&aws, &params).one("natGatewayId");
    aws.wait(90);
    let seen = aws
        .ec2("DescribeNatGateways", &[("NatGatewayId.1", &failing)])
        .unwrap();
    assert_eq!(seen.one("state"), "failed");
    assert_eq!(seen.one("failureCode"), "Gateway.NotAttached");

    let gateway = aws.gateway(&vpc);
    let pair = [
        ("InternetGatewayId", gateway.as_str()),
        ("VpcId", vpc.as_str()),
    ];
    let id = nat(&aws, &params).one("natGatewayId");
    assert_eq!(
        aws.ec2_code("CreateNatGateway", &params),
        "Resource.AlreadyAssociated"
    );
    aws.wait(90);
    assert_eq!(nat_state(&aws, &id), "available");
    let refused = aws.ec2("DetachInternetGateway", &pair).unwrap_err();
    assert_eq!(refused.code, "DependencyViolation");
    assert!(
        refused.message.contains("mapped public address"),
        "{}",
        refused.message
    );
    aws.ec2("DeleteNatGateway", &[("NatGatewayId", &id)])
        .unwrap();
    aws.wait(50);
    aws.ec2("DetachInternetGateway", &pair).unwrap();
    let inventory = aws.account.inventory().unwrap();
    let region = &inventory["regions"]["eu-west-1"];
    assert!(region["vpcs"][0].get("edges").is_none(), "{region}");
}

#[test]
fn an_egress_only_gateway_holds_its_vpc_and_goes_at_once() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let made = aws
        .ec2("CreateEgressOnlyInternetGateway", &[("VpcId", &vpc)])
        .unwrap();
    let id = made.one("egressOnlyInternetGatewayId");
    assert_eq!(made.one("state"), "attached");
    held(&aws, &vpc);
    let deleted = aws
        .ec2(
            "DeleteEgressOnlyInternetGateway",
            &[("EgressOnlyInternetGatewayId", &id)],
        )
        .unwrap();
    assert_eq!(deleted.one("returnCode"), "true");
    let seen = aws.ec2("DescribeEgressOnlyInternetGateways", &[]).unwrap();
    assert!(seen.all("egressOnlyInternetGatewayId").is_empty());
    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
    assert_eq!(
        aws.ec2_code(
            "DescribeEgressOnlyInternetGateways",
            &[("MaxResults", "256")]
        ),
        "InvalidParameterValue"
    );
}

fn attachment(aws: &Aws, id: &str) -> Vec<String> {
    let seen = aws.ec2("DescribeVpnGateways", &[("VpnGatewayId.1", id)]);
    let seen = seen.unwrap().one("attachments");
    Body(seen).all("state")
}

#[test]
fn a_vpn_gateway_holds_its_vpc_until_it_is_detached() {
    let aws = Aws::new();
    let (vpc, other) = (aws.vpc("10.0.0.0/16"), aws.vpc("10.1.0.0/16"));
    let create = || {
        let made = aws.ec2("CreateVpnGateway", &[("Type", "ipsec.1")]).unwrap();
        made.one("vpnGatewayId")
    };
    let (id, second) = (create(), create());
    let pair = [("VpnGatewayId", id.as_str()), ("VpcId", vpc.as_str())];
    let attached = aws.ec2("AttachVpnGateway", &pair).unwrap();
    assert_eq!(attached.one("state"), "attaching");
    held(&aws, &vpc);
    aws.wait(20);
    assert_eq!(attachment(&aws, &id), ["attached"]);
    for params in [
        [("VpnGatewayId", second.as_str()), ("VpcId", vpc.as_str())],
        [("VpnGatewayId", id.as_str()), ("VpcId", other.as_str())],
    ] {
        assert_eq!(
            aws.ec2_code("AttachVpnGateway", &params),
            "VpnGatewayAttachmentLimitExceeded"
        );
    }
    assert_eq!(
        aws.ec2_code("DeleteVpnGateway", &pair[..1]),
        "IncorrectState"
    );
    held(&aws, &vpc);
    let by_vpc = [
        ("Filter.1.Name", "attachment.vpc-id"),
        ("Filter.1.Value.1", vpc.as_str()),
    ];
    let seen = aws.ec2("DescribeVpnGateways", &by_vpc).unwrap();
    assert_eq!(seen.all("vpnGatewayId"), [id.as_str()]);

    aws.ec2("DetachVpnGateway", &pair).unwrap();
    assert_eq!(attachment(&aws, &id), ["detaching"]);
    held(&aws, &vpc);
    aws.wait(20);
    assert_eq!(attachment(&aws, &id), ["detached"]);
    assert_eq!(
        aws.ec2_code("DetachVpnGateway", &pair),
        "InvalidVpnGatewayAttachment.NotFound"
    );
    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
    aws.ec2("DeleteVpnGateway", &pair[..1]).unwrap();
    let seen = aws.ec2("DescribeVpnGateways", &[("VpnGatewayId.1", &id)]);
    assert_eq!(seen.unwrap().one("state"), "deleted");
    aws.wait(3600);
    assert_eq!(
        aws.ec2_code("DescribeVpnGateways", &[("VpnGatewayId.1", &id)]),
        "InvalidVpnGatewayID.NotFound"
    );
    // An id of another kind is no VPN gateway.
    let nat = [("VpnGatewayId", "nat-0123456789abcdef0")];
    assert_eq!(
        aws.ec2_code("DeleteVpnGateway", &nat),
        "InvalidVpnGatewayID.NotFound"
    );
}

#[test]
fn a_carrier_gateway_holds_its_vpc_until_it_is_gone() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let made = aws.ec2("CreateCarrierGateway", &[("VpcId", &vpc)]).unwrap();
    let id = made.one("carrierGatewayId");
    assert_eq!(made.one("state"), "pending");
    assert_eq!(
        aws.ec2_code("CreateCarrierGateway", &[("VpcId", &vpc)]),
        "CarrierGatewayLimitExceeded"
    );
    aws.wait(10);
    held(&aws, &vpc);
    let in_vpc = [
        ("Filter.1.Name", "vpc-id"),
        ("Filter.1.Value.1", vpc.as_str()),
    ];
    let seen = aws.ec2("DescribeCarrierGateways", &in_vpc).unwrap();
    assert_eq!(
        (seen.one("carrierGatewayId"), seen.one("state")),
        (id.clone(), "available".into())
    );
    let by_id = [("CarrierGatewayId", id.as_str())];
    let deleted = aws.ec2("DeleteCarrierGateway", &by_id).unwrap();
    assert_eq!(deleted.one("state"), "deleting");
    held(&aws, &vpc);
    aws.wait(10);
    aws.ec2("DeleteVpc", &[("VpcId", &vpc)]).unwrap();
}

#[test]
fn new_gateways_are_missed_by_reads_for_a_moment() {
    use crate::support::ManualTime;
    use std::time::Duration;
    use stepwell_sandbox::{Account, Options};

    let late = (1..40).any(|seed| {
        let time = ManualTime::new();
        let options = Options {
            seed,
            ..Options::new(time.clone())
        };
        let aws = Aws::of(Account::in_memory(options), time);
        let id = aws
            .ec2("CreateVpnGateway", &[("Type", "ipsec.1")])
            .unwrap()
            .one("vpnGatewayId");
        let seen = || aws.ec2("DescribeVpnGateways", &[("VpnGatewayId.1", &id)]);
        let tag = [
            ("ResourceId.1", id.as_str()),
            ("Tag.1.Key", "a"),
            ("Tag.1.Value", "b"),
        ];
        let missed = seen().is_err();
        if missed {
            assert_eq!(
                aws.ec2_code("CreateTags", &tag),
                "InvalidVpnGatewayID.NotFound"
            );
        }
        aws.time.advance(Duration::from_secs(2));
        assert_eq!(seen().unwrap().one("vpnGatewayId"), id);
        aws.ec2("CreateTags", &tag).unwrap();
        let tags = aws.ec2("DescribeTags", &[]).unwrap();
        assert_eq!(tags.one("resourceType"), "vpn-gateway");
        missed
    });
    assert!(late);
}
