//! From a cluster to a peered one and back, in two regions.

use serde_json::json;

use super::account::{REGION, value, values};
use super::stage::{CLUSTER, Stage};

/// ROSA's region: another one than Aurora's.
const THERE: &str = "eu-west-1";

/// A network as a ROSA cluster has it: a private and a public table, and a
/// subnet without one of its own. Gives the VPC.
fn lay_out(stage: &Stage) -> String {
    let call = |action: &str, form: &[(&str, &str)]| stage.account.call_in(THERE, action, form);
    let made = call("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]);
    let vpc = value(&made, "vpcId");
    for (number, tabled) in [(0, true), (1, true), (2, false)] {
        let block = format!("10.0.{number}.0/24");
        let form = [("VpcId", vpc.as_str()), ("CidrBlock", &block)];
        let subnet = value(&call("CreateSubnet", &form), "subnetId");
        if tabled {
            let table = value(
                &call("CreateRouteTable", &[("VpcId", &vpc)]),
                "routeTableId",
            );
            let form = [("RouteTableId", table.as_str()), ("SubnetId", &subnet)];
            call("AssociateRouteTable", &form);
        }
    }
    vpc
}

/// How many routes of a VPC lead to a peering.
fn routes(stage: &Stage, region: &str, vpc: &str) -> usize {
    let form = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc)];
    let tables = stage.account.call_in(region, "DescribeRouteTables", &form);
    values(&tables, "vpcPeeringConnectionId").len()
}

#[test]
fn a_peering_is_created_listed_and_deleted_across_two_regions() {
    let stage = Stage::new();
    stage.create(0, &[]);
    let vpc = lay_out(&stage);
    let before = stage.account.snapshot();
    let flags = ["--rosa-vpc", &vpc, "--rosa-region", THERE];
    let peering = |code: i32, verb: &str, more: &[&str]| {
        let words = [&["peering", verb], &CLUSTER[..], &flags, more].concat();
        stage.home.expect(code, &words)
    };
    let json = ["-o", "json"];
    let made = peering(0, "create", &json).json();
    let outputs = &made["outputs"];
    assert_eq!(outputs["changed"], true);
    assert_eq!(outputs["state"], "active");
    assert_eq!(routes(&stage, THERE, &vpc), 3);
    let aurora = outputs["vpc_id"].as_str().expect("an id").to_owned();
    assert!(routes(&stage, REGION, &aurora) > 0);

    let peered = stage.account.snapshot();
    let again = peering(0, "create", &json).json();
    assert_eq!(again["outputs"]["changed"], false);
    assert_eq!(again["outputs"]["peering_id"], outputs["peering_id"]);
    peering(0, "create", &["--plan", "--detailed-exitcode"]);
    stage.account.snapshot().must_be(&peered);

    let words = ["peering", "list", "--all-regions", "-o", "json"];
    let list = stage.home.expect(0, &words).json();
    assert_eq!(list["peerings"].as_array().map(Vec::len), Some(1), "{list}");
    let found = &list["peerings"][0];
    assert_eq!(found["id"], outputs["peering_id"]);
    assert_eq!(found["state"], "active");
    assert_eq!(found["rosa_state"], "active");
    assert_eq!(found["missing_routes"], json!([]), "{list}");
    assert_eq!(found["ingress_open"], true);

    let refused = stage.home.expect(8, &Stage::deletion());
    refused.says("peering delete").says(&vpc);
    stage.account.snapshot().must_be(&peered);

    // One that leads to it by another protocol goes, too.
    let form = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", &vpc)];
    let tables = stage.account.call_in(THERE, "DescribeRouteTables", &form);
    let form = [
        ("RouteTableId", value(&tables, "routeTableId")),
        ("DestinationIpv6CidrBlock", "2001:db8:7::/56".to_owned()),
        (
            "VpcPeeringConnectionId",
            outputs["peering_id"].as_str().expect("an id").to_owned(),
        ),
    ];
    let form = form.each_ref().map(|(name, text)| (*name, text.as_str()));
    stage.account.call_in(THERE, "CreateRoute", &form);
    assert_eq!(routes(&stage, THERE, &vpc), 4);

    let gone = peering(0, "delete", &["--yes", "-o", "json"]).json();
    assert_eq!(gone["outputs"]["peerings"][0]["id"], outputs["peering_id"]);
    stage.account.snapshot().must_be(&before);
    stage.delete();
}

#[test]
fn a_peering_is_rolled_back_and_another_deleted_with_the_cluster() {
    let stage = Stage::new();
    let vpc = lay_out(&stage);
    let laid_out = stage.account.snapshot();
    stage.create(0, &[]);
    let before = stage.account.snapshot();
    let flags = ["--rosa-vpc", &vpc, "--rosa-region", THERE];
    let words = [&["peering", "create"], &CLUSTER[..], &flags].concat();
    stage.home.expect(0, &words);
    let run = stage.home.newest();
    stage.home.expect(0, &["rollback", &run, "--yes"]);
    stage.account.snapshot().must_be(&before);

    stage.home.expect(0, &words);
    let deletion = [&Stage::deletion()[..], &["--with-peerings"]].concat();
    stage.home.expect(0, &deletion);
    assert_eq!(routes(&stage, THERE, &vpc), 0);
    stage.account.snapshot().must_be(&laid_out);
}
