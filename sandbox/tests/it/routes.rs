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

/// A prefix list of that many entries.
fn prefix_list(aws: &Aws, max: &str) -> String {
    let params = [
        ("PrefixListName", "offices"),
        ("AddressFamily", "IPv4"),
        ("MaxEntries", max),
        ("Entry.1.Cidr", "10.7.0.0/16"),
    ];
    let made = aws.ec2("CreateManagedPrefixList", &params).unwrap();
    assert_eq!(made.one("state"), "create-in-progress");
    made.one("prefixListId")
}

#[test]
fn destinations_are_ipv4_ipv6_or_prefix_lists() {
    let aws = Aws::new();
    let (vpc, peer) = (aws.vpc("10.0.0.0/16"), aws.vpc("10.1.0.0/16"));
    let table = table(&aws, &vpc);
    let peering = aws.peering(&vpc, &peer);
    let by_id = [("VpcPeeringConnectionId", peering.as_str())];
    let list = prefix_list(&aws, "10");
    aws.wait(2);
    let shown = aws
        .ec2("DescribeManagedPrefixLists", &[("PrefixListId.1", &list)])
        .unwrap();
    assert_eq!(
        (shown.one("state"), shown.one("maxEntries")),
        ("create-complete".into(), "10".into())
    );
    let to = |name: &'static str, value: &str, peering: &str| {
        let params = [
            ("RouteTableId", table.as_str()),
            (name, value),
            ("VpcPeeringConnectionId", peering),
        ];
        params.map(|(name, value)| (name, value.to_owned()))
    };
    let call = |action: &str, params: &[(&str, String); 3]| {
        let params = params
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        aws.ec2(action, &params)
    };
    let v6 = to("DestinationIpv6CidrBlock", "2001:DB8::1/32", &peering);
    let by_list = to("DestinationPrefixListId", &list, &peering);
    for route in [&v6, &by_list] {
        call("CreateRoute", route).unwrap();
        assert_eq!(
            call("CreateRoute", route).unwrap_err().code,
            "RouteAlreadyExists"
        );
        call("ReplaceRoute", route).unwrap();
    }
    let filter = [
        ("Filter.1.Name", "route.destination-ipv6-cidr-block"),
        ("Filter.1.Value.1", "2001:db8::/32"),
    ];
    let seen = aws.ec2("DescribeRouteTables", &filter).unwrap();
    assert_eq!(seen.all("routeTableId").first(), Some(&table));
    assert_eq!(seen.all("destinationIpv6CidrBlock"), ["2001:db8::/32"]);
    assert_eq!(seen.all("destinationPrefixListId"), [list.as_str()]);
    assert_eq!(seen.all("vpcPeeringConnectionId").len(), 2);
    let inventory = aws.account.inventory().unwrap().to_string();
    assert!(inventory.contains("\"to\":\"offices\""), "{inventory}");

    aws.ec2("DeleteVpcPeeringConnection", &by_id).unwrap();
    aws.wait(3);
    let seen = aws.ec2("DescribeRouteTables", &filter).unwrap();
    assert_eq!(
        seen.all("state")
            .iter()
            .filter(|one| *one == "blackhole")
            .count(),
        2
    );
    for route in [&v6, &by_list] {
        call("DeleteRoute", route).unwrap();
        assert_eq!(
            call("DeleteRoute", route).unwrap_err().code,
            "InvalidRoute.NotFound"
        );
    }
    for (name, value, code) in [
        (
            "DestinationIpv6CidrBlock",
            "10.0.0.0/8",
            "InvalidParameterValue",
        ),
        (
            "DestinationPrefixListId",
            "pl-1",
            "InvalidPrefixListId.Malformed",
        ),
        (
            "DestinationPrefixListId",
            "pl-0123456789abcdef0",
            "InvalidPrefixListID.NotFound",
        ),
    ] {
        let refused = call("CreateRoute", &to(name, value, &peering)).unwrap_err();
        assert_eq!(refused.code, code, "{value}");
    }
    let two = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "10.9.0.0/16"),
        ("DestinationIpv6CidrBlock", "::/0"),
    ];
    assert_eq!(
        aws.ec2_code("DeleteRoute", &two),
        "InvalidParameterCombination"
    );
}

#[test]
fn a_prefix_list_counts_as_all_of_its_entries() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let table = table(&aws, &vpc);
    let gateway = aws.gateway(&vpc);
    let list = prefix_list(&aws, "50");
    let route = |name: &'static str, value| {
        [
            ("RouteTableId", table.as_str()),
            (name, value),
            ("GatewayId", gateway.as_str()),
        ]
    };
    let one = route("DestinationCidrBlock", "10.9.0.0/16");
    aws.ec2("CreateRoute", &one).unwrap();
    let many = route("DestinationPrefixListId", &list);
    assert_eq!(aws.ec2_code("CreateRoute", &many), "RouteLimitExceeded");
    aws.ec2("DeleteRoute", &one[..2]).unwrap();
    aws.ec2("CreateRoute", &many).unwrap();
    assert_eq!(aws.ec2_code("CreateRoute", &one), "RouteLimitExceeded");
}

#[test]
fn routes_lead_to_gateways_of_every_kind() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let table = table(&aws, &vpc);
    let nat = aws
        .ec2(
            "CreateNatGateway",
            &[("SubnetId", &subnet), ("ConnectivityType", "private")],
        )
        .unwrap()
        .one("natGatewayId");
    let egress = aws
        .ec2("CreateEgressOnlyInternetGateway", &[("VpcId", &vpc)])
        .unwrap()
        .one("egressOnlyInternetGatewayId");
    let vpn = aws
        .ec2("CreateVpnGateway", &[("Type", "ipsec.1")])
        .unwrap()
        .one("vpnGatewayId");
    let route = |to: (&'static str, &'static str), via: &'static str, id: &str| {
        let params = [("RouteTableId", table.as_str()), to, (via, id)];
        aws.ec2("CreateRoute", &params)
    };
    let (v4, v6) = ("DestinationCidrBlock", "DestinationIpv6CidrBlock");
    route((v4, "0.0.0.0/0"), "NatGatewayId", &nat).unwrap();
    route((v6, "::/0"), "EgressOnlyInternetGatewayId", &egress).unwrap();
    let wrong = route((v4, "10.8.0.0/16"), "EgressOnlyInternetGatewayId", &egress);
    assert_eq!(wrong.unwrap_err().code, "InvalidParameterValue");
    let early = route((v4, "10.9.0.0/16"), "GatewayId", &vpn).unwrap_err();
    assert!(early.message.contains("different networks"));
    aws.ec2(
        "AttachVpnGateway",
        &[("VpnGatewayId", &vpn), ("VpcId", &vpc)],
    )
    .unwrap();
    aws.wait(20);
    route((v4, "10.9.0.0/16"), "GatewayId", &vpn).unwrap();
    let unknown = route((v4, "10.7.0.0/16"), "NatGatewayId", "nat-0123456789abcdef0");
    assert_eq!(unknown.unwrap_err().code, "InvalidNatGatewayID.NotFound");

    let seen = || {
        let seen = aws.ec2("DescribeRouteTables", &[("RouteTableId.1", &table)]);
        seen.unwrap()
    };
    assert_eq!(seen().one("natGatewayId"), nat);
    assert_eq!(seen().one("egressOnlyInternetGatewayId"), egress);
    assert_eq!(seen().all("gatewayId"), ["local", vpn.as_str()]);
    assert!(!seen().all("state").contains(&"blackhole".to_owned()));
    aws.ec2("DeleteNatGateway", &[("NatGatewayId", &nat)])
        .unwrap();
    assert_eq!(
        seen().all("state"),
        ["active", "blackhole", "active", "active"]
    );
}

#[test]
fn a_page_of_route_tables_has_at_most_a_hundred() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    for _ in 0..100 {
        table(&aws, &vpc);
    }
    let first = aws.ec2("DescribeRouteTables", &[]).unwrap();
    let tables = |page: &crate::support::Body| page.all("vpcId").len();
    assert_eq!(tables(&first), 100);
    let token = first.one("nextToken");
    let last = aws
        .ec2("DescribeRouteTables", &[("NextToken", &token)])
        .unwrap();
    assert_eq!((tables(&last), last.all("nextToken").len()), (1, 0));
    assert_eq!(
        aws.ec2_code("DescribeRouteTables", &[("MaxResults", "101")]),
        "InvalidParameterValue"
    );
    for _ in 0..99 {
        table(&aws, &vpc);
    }
    assert_eq!(
        aws.ec2_code("CreateRouteTable", &[("VpcId", &vpc)]),
        "RouteTableLimitExceeded"
    );
}
