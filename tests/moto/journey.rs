//! The whole way, from nothing to a peered cluster with Keycloak's settings and
//! back, in two regions; and the same for what the scripts laid out.

use super::account::{Account, REGION, value, values};
use super::leftovers::as_the_scripts_do;
use super::rosa::{Ocm, RANGE, Rosa, THERE, install};
use super::stage::{CLUSTER, Stage};

const ROSA: [&str; 2] = ["--rosa-cluster", "rosa"];

/// There and back, with the ROSA cluster known by its name alone.
#[track_caller]
fn there_and_back(stage: &Stage, rosa: &Rosa) {
    let before = stage.account.snapshot();
    stage.create(0, &[]);
    let bare = stage.account.snapshot();
    let peering = |verb: &str, more: &[&str]| {
        let words = [&["peering", verb], &CLUSTER[..], more].concat();
        stage.home.expect(0, &words)
    };
    let json = [&ROSA[..], &["-o", "json"]].concat();
    let made = peering("create", &json).json();
    assert_eq!(made["outputs"]["changed"], true);
    assert_eq!(made["outputs"]["rosa_vpc_id"], rosa.vpc);
    assert!(rosa.is_routed(&stage.account));
    let peered = stage.account.snapshot();
    let again = peering("create", &json).json();
    assert_eq!(again["outputs"]["changed"], false);
    stage.account.snapshot().must_be(&peered);

    let words = [&["keycloak", "env"], &CLUSTER[..]].concat();
    let env = stage.home.expect(0, &words);
    env.prints("KC_DATABASE=aurora-postgres")
        .prints("KC_DATABASE_URL=keycloak.cluster-");
    let endpoint = [&["aurora", "endpoint"], &CLUSTER[..]].concat();
    let endpoint = stage.home.expect(0, &endpoint).stdout;
    env.prints(endpoint.trim());

    let list = peering("list", &["-o", "json"]).json();
    assert_eq!(list["peerings"][0]["id"], made["outputs"]["peering_id"]);
    assert_eq!(list["peerings"][0]["rosa_state"], "active");
    peering("delete", &[&ROSA[..], &["--yes"]].concat());
    assert!(!rosa.is_routed(&stage.account));
    stage.account.snapshot().must_be(&bare);
    stage.delete();
    stage.account.snapshot().must_be(&before);
}

#[test]
fn with_a_hosted_cluster_that_rosa_describes() {
    let mut stage = Stage::new();
    let rosa = Rosa::lay_out(&stage.account);
    install(&mut stage.home, &rosa.hosted());
    there_and_back(&stage, &rosa);
}

#[test]
fn with_a_classic_cluster_that_rosa_describes() {
    let mut stage = Stage::new();
    let rosa = Rosa::lay_out(&stage.account);
    install(&mut stage.home, &rosa.classic());
    there_and_back(&stage, &rosa);
}

#[test]
fn with_a_cluster_that_ocm_describes() {
    let mut stage = Stage::new();
    let rosa = Rosa::lay_out(&stage.account);
    let _ocm = Ocm::serve(&mut stage.home, rosa.hosted());
    there_and_back(&stage, &rosa);
}

/// A peering as the scripts make it: asked for by ROSA, with their tag on that
/// side, a route in the table named `*public*` and one in Aurora's main table,
/// and the port opened by the group's name.
pub(super) fn peer_as_the_scripts_do(
    account: &Account,
    there: &str,
    vpc: &str,
    table: &str,
    there_range: &str,
) -> String {
    let aurora = account.vpcs_of("keycloak").remove(0);
    let form = [("VpcId.1", aurora.as_str())];
    let range = value(&account.call("DescribeVpcs", &form), "cidrBlock");
    let made = account.call_in(
        there,
        "CreateVpcPeeringConnection",
        &[
            ("VpcId", vpc),
            ("PeerVpcId", &aurora),
            ("PeerRegion", REGION),
            ("TagSpecification.1.ResourceType", "vpc-peering-connection"),
            ("TagSpecification.1.Tag.1.Key", "AuroraCluster"),
            ("TagSpecification.1.Tag.1.Value", "keycloak"),
        ],
    );
    let peering = value(&made, "vpcPeeringConnectionId");
    let named = [("VpcPeeringConnectionId", peering.as_str())];
    account.call("AcceptVpcPeeringConnection", &named);
    let route = |region: &str, table: &str, range: &str| {
        let form = [
            ("RouteTableId", table),
            ("DestinationCidrBlock", range),
            named[0],
        ];
        account.call_in(region, "CreateRoute", &form);
    };
    route(there, table, &range);
    let main = [
        ("Filter.1.Name", "vpc-id"),
        ("Filter.1.Value.1", aurora.as_str()),
        ("Filter.2.Name", "association.main"),
        ("Filter.2.Value.1", "true"),
    ];
    let main = value(&account.call("DescribeRouteTables", &main), "routeTableId");
    route(REGION, &main, there_range);
    let group = [
        ("Filter.1.Name", "group-name"),
        ("Filter.1.Value.1", "keycloak-security-group"),
    ];
    let group = value(&account.call("DescribeSecurityGroups", &group), "groupId");
    account.call(
        "AuthorizeSecurityGroupIngress",
        &[
            ("GroupId", &group),
            ("IpPermissions.1.IpProtocol", "tcp"),
            ("IpPermissions.1.FromPort", "5432"),
            ("IpPermissions.1.ToPort", "5432"),
            ("IpPermissions.1.IpRanges.1.CidrIp", there_range),
        ],
    );
    peering
}

#[test]
fn what_the_scripts_laid_out_is_found_unpeered_and_deleted_without_rest() {
    let stage = Stage::new();
    let account = &stage.account;
    let rosa = Rosa::lay_out(account);
    let before = account.snapshot();
    as_the_scripts_do(account, "keycloak", "192.168.7", 2);
    let bare = account.snapshot();
    let table = rosa.public_table();
    let peering = peer_as_the_scripts_do(account, THERE, &rosa.vpc, table, RANGE);

    let run = |words: &[&str]| stage.home.expect(0, &[words, &CLUSTER[..]].concat());
    run(&["aurora", "endpoint"]).prints("keycloak.cluster-");
    run(&["keycloak", "env"]).prints("KC_DATABASE_URL=keycloak.cluster-");
    let list = run(&["peering", "list", "-o", "json"]).json();
    assert_eq!(list["peerings"][0]["id"], peering);
    assert_eq!(list["peerings"][0]["rosa_vpc_id"], rosa.vpc);
    // The scripts' peering lacks the route that the workers need.
    let missing = list["peerings"][0]["missing_routes"].as_array();
    assert!(missing.is_some_and(|missing| !missing.is_empty()), "{list}");

    run(&["peering", "delete", "--yes"]);
    let tables = account.call_in(THERE, "DescribeRouteTables", &[]);
    assert!(values(&tables, "vpcPeeringConnectionId").is_empty());
    account.snapshot().must_be(&bare);
    stage.delete();
    account.snapshot().must_be(&before);
}
