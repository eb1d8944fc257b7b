//! The account as a whole: status, inventory, determinism, time.

use crate::support::{Aurora, Aws, ManualTime, consistent};
use std::time::Duration;
use stepwell_sandbox::{Account, Options};

/// A cluster with an instance, built with some time between the steps.
fn build(seed: u64, pause: u64) -> Aurora {
    let time = ManualTime::new();
    let options = Options {
        seed,
        ..consistent(&time)
    };
    let all = Aurora::network_in(Aws::of(Account::in_memory(options), time), &["a", "b"]);
    all.aws.wait(pause);
    all.create("db", &[]).unwrap();
    all.aws.wait(91 + pause);
    all.instance("db-1", &[]).unwrap();
    all.aws.wait(800);
    all
}

#[test]
fn the_inventory_has_no_ids_and_no_times() {
    let (one, two) = (build(1, 0), build(2, 77));
    assert_ne!(one.vpc, two.vpc);
    let (a, b) = (
        one.aws.account.inventory().unwrap(),
        two.aws.account.inventory().unwrap(),
    );
    assert_eq!(a, b);
    let text = a.to_string();
    assert!(!text.contains(&one.vpc) && !text.contains(&one.group));
    two.delete_instance("db-1").unwrap();
    assert_ne!(a, two.aws.account.inventory().unwrap());
}

#[test]
fn the_same_seed_gives_the_same_ids() {
    let (one, two) = (build(5, 0), build(5, 0));
    assert_eq!((&one.vpc, &one.subnets), (&two.vpc, &two.subnets));
    assert!(one.vpc.starts_with("vpc-0") && one.vpc.len() == "vpc-".len() + 17);
}

#[test]
fn a_fork_begins_alike_and_goes_its_own_way() {
    let one = build(5, 0);
    let time = ManualTime::new();
    let fork = one.aws.account.fork(consistent(&time)).unwrap();
    assert_eq!(fork.account_id(), one.aws.account.account_id());
    assert_eq!(fork.now(), one.aws.account.now());
    let inventory = one.aws.account.inventory().unwrap();
    assert_eq!(fork.inventory().unwrap(), inventory);
    one.delete_instance("db-1").unwrap();
    assert_eq!(fork.inventory().unwrap(), inventory);
    let fork = Aws::of(fork, time);
    fork.vpc("10.77.0.0/16");
    assert_eq!(fork.ec2("DescribeVpcs", &[]).unwrap().all("vpcId").len(), 2);
    assert_eq!(
        one.aws.ec2("DescribeVpcs", &[]).unwrap().all("vpcId").len(),
        1
    );
}

#[test]
fn only_chosen_regions_are_enabled() {
    let time = ManualTime::new();
    let options = Options {
        regions: Some(vec!["eu-west-1".into(), "us-east-1".into()]),
        ..consistent(&time)
    };
    let aws = Aws::of(Account::in_memory(options), time);
    let regions = aws.ec2("DescribeRegions", &[]).unwrap();
    assert_eq!(regions.all("regionName"), ["eu-west-1", "us-east-1"]);
    aws.at("us-east-1").ec2("DescribeVpcs", &[]).unwrap();
    let refused = aws.at("eu-west-2").ec2("DescribeVpcs", &[]).unwrap_err();
    assert_eq!(refused.code, "AuthFailure");
}

#[test]
fn time_passes_the_same_in_one_step_or_many() {
    let (one, two) = (build(3, 0), build(3, 0));
    for all in [&one, &two] {
        all.delete_instance("db-1").unwrap();
        let params = [("DBClusterIdentifier", "db"), ("SkipFinalSnapshot", "true")];
        all.aws.rds("DeleteDBCluster", &params).unwrap();
    }
    one.aws.wait(5000);
    for _ in 0..5000 {
        two.aws.wait(1);
        two.aws.account.status().unwrap();
    }
    let events = |all: &Aurora| {
        all.aws
            .rds("DescribeEvents", &[("Duration", "600")])
            .unwrap()
            .all("Date")
    };
    assert_eq!(events(&one), events(&two));
    assert_eq!(
        one.aws.account.inventory().unwrap(),
        two.aws.account.inventory().unwrap()
    );
}

#[test]
fn the_status_lists_what_was_made() {
    let all = build(1, 0);
    let status = all.aws.account.status().unwrap();
    let kinds: Vec<&str> = status.regions["eu-west-1"]
        .iter()
        .map(|one| one.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "vpc",
            "subnet",
            "subnet",
            "security-group",
            "network-interface",
            "db-subnet-group",
            "db-cluster",
            "db-instance"
        ]
    );
    let text = serde_json::to_string(&status).unwrap();
    assert_eq!(
        serde_json::from_str::<stepwell_sandbox::Status>(&text).unwrap(),
        status
    );
    all.aws.account.reset().unwrap();
    assert!(all.aws.account.status().unwrap().is_empty());
}

#[test]
fn what_ties_clusters_is_told_and_compared() {
    let all = build(1, 0);
    let told = |kind: &str| {
        let status = all.aws.account.status().unwrap();
        let regions = status.regions.into_iter();
        let found = regions.flat_map(|(region, all)| {
            let these = all.into_iter().filter(|one| one.kind == kind);
            these.map(move |one| (region.clone(), one.name, one.state))
        });
        found.collect::<Vec<_>>()
    };
    let inventory = || all.aws.account.inventory().unwrap();
    let before = inventory();
    let seen = all.aws.rds("DescribeDBClusters", &[]).unwrap();
    let arn = seen.one("DBClusterArn");
    let deployed = [
        ("BlueGreenDeploymentName", "next"),
        ("Source", arn.as_str()),
    ];
    all.aws.rds("CreateBlueGreenDeployment", &deployed).unwrap();
    let one = ("eu-west-1".into(), "next".into(), "PROVISIONING".into());
    assert_eq!(told("blue-green-deployment"), [one]);
    let with_green = inventory();
    assert_ne!(with_green, before);
    let empty = [
        ("GlobalClusterIdentifier", "g"),
        ("Engine", "aurora-postgresql"),
    ];
    all.aws.rds("CreateGlobalCluster", &empty).unwrap();
    let one = ("aws-global".into(), "g".into(), "available".into());
    assert_eq!(told("db-global-cluster"), [one]);
    assert_ne!(inventory(), with_green);
    all.aws.rds("DeleteGlobalCluster", &empty[..1]).unwrap();
    assert_eq!(inventory(), with_green);
}

#[test]
fn passwords_are_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("account.json");
    let time = ManualTime::new();
    let account = Account::open(&path, consistent(&time)).unwrap();
    let all = Aurora::network_in(Aws::of(account, time), &["a", "b"]);
    all.create("db", &[("MasterUserPassword", "very-secret-words")])
        .unwrap();
    assert!(
        !std::fs::read_to_string(&path)
            .unwrap()
            .contains("very-secret-words")
    );
}

#[test]
#[should_panic(expected = "speed")]
fn a_speed_of_zero_is_refused() {
    let _ = Account::in_memory(Options {
        speed: 0.0,
        ..consistent(&ManualTime::new())
    });
}

#[test]
fn clones_are_one_account() {
    let aws = Aws::new();
    let other = aws.clone();
    aws.vpc("10.0.0.0/16");
    assert_eq!(
        other.ec2("DescribeVpcs", &[]).unwrap().all("vpcId").len(),
        1
    );
    assert_eq!(aws.account.calls(), 2);
    assert_eq!(aws.account.now(), Duration::from_secs(1_800_000_000));
}

#[test]
fn status_and_inventory_have_every_kind_of_network_resource() {
    let aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/24", "eu-west-1a");
    let transit = aws.ec2("CreateTransitGateway", &[]).unwrap();
    let transit = transit.one("transitGatewayId");
    let vpn = aws.ec2("CreateVpnGateway", &[("Type", "ipsec.1")]).unwrap();
    let vpn = vpn.one("vpnGatewayId");
    aws.wait(120);
    let (in_vpc, in_subnet) = (("VpcId", vpc.as_str()), ("SubnetId", subnet.as_str()));
    let s3 = ("ServiceName", "com.amazonaws.eu-west-1.s3");
    let kind = |aws: &Aws, kind: &str| {
        let status = aws.account.status().unwrap();
        let all = status.regions["eu-west-1"].iter();
        all.filter(|one| one.kind == kind).count()
    };
    for (action, params, shown) in [
        (
            "CreateNatGateway",
            vec![in_subnet, ("ConnectivityType", "private")],
            "natgateway",
        ),
        ("CreateVpcEndpoint", vec![in_vpc, s3], "vpc-endpoint"),
        (
            "CreateEgressOnlyInternetGateway",
            vec![in_vpc],
            "egress-only-internet-gateway",
        ),
        ("CreateCarrierGateway", vec![in_vpc], "carrier-gateway"),
        ("CreateVpnGateway", vec![("Type", "ipsec.1")], "vpn-gateway"),
        ("CreateTransitGateway", vec![], "transit-gateway"),
        (
            "CreateTransitGatewayVpcAttachment",
            vec![
                in_vpc,
                ("SubnetIds.1", &subnet),
                ("TransitGatewayId", &transit),
            ],
            "transit-gateway-attachment",
        ),
        ("CreateNetworkAcl", vec![in_vpc], "network-acl"),
        (
            "CreateNetworkInterface",
            vec![in_subnet],
            "network-interface",
        ),
        (
            "CreateManagedPrefixList",
            vec![
                ("PrefixListName", "x"),
                ("AddressFamily", "IPv6"),
                ("MaxEntries", "1"),
            ],
            "prefix-list",
        ),
    ] {
        let (before, count) = (aws.account.inventory().unwrap(), kind(&aws, shown));
        aws.ec2(action, &params).unwrap();
        assert_eq!(kind(&aws, shown), count + 1, "{action}");
        let after = aws.account.inventory().unwrap();
        assert_ne!(after, before, "{action}");
        // Ids are told by no inventory.
        assert!(!after.to_string().contains("-0"), "{action}: {after}");
    }
    for (action, params) in [
        ("AttachVpnGateway", vec![in_vpc, ("VpnGatewayId", &vpn)]),
        (
            "AssociateVpcCidrBlock",
            vec![in_vpc, ("CidrBlock", "10.1.0.0/16")],
        ),
        (
            "AssociateVpcCidrBlock",
            vec![in_vpc, ("AmazonProvidedIpv6CidrBlock", "true")],
        ),
    ] {
        let before = aws.account.inventory().unwrap();
        aws.ec2(action, &params).unwrap();
        assert_ne!(aws.account.inventory().unwrap(), before, "{action}");
    }
}
