//! Peering, as a person or a script sees it.

mod asked;
mod given_up;
pub(crate) mod ground;
pub(super) mod outside;
mod shared;

use serde_json::{Value, json};

use super::harness::{Home, KEYCLOAK};
use ground::{ROSA_RANGE, THERE, ground, lay_out, peering, resources};

#[test]
fn from_create_to_delete() {
    let (home, network) = ground();
    let before = resources(&home);
    let plan = ["--plan", "--detailed-exitcode"];
    peering(&home, 2, "create", &network, &plan)
        .prints("read     rosa-network")
        .prints("create   peering")
        .prints("route-to-aurora-");
    assert_eq!(resources(&home), before, "a plan changes nothing");

    let json = peering(&home, 0, "create", &network, &["-o", "json"]).json();
    assert_eq!(json["workflow"], "peering create");
    assert_eq!(
        json["target"],
        format!("peering/eu-west-1/keycloak/{}", network.vpc)
    );
    let outputs = &json["outputs"];
    assert_eq!(outputs["state"], "active");
    assert_eq!(outputs["changed"], true);
    assert_eq!(outputs["cluster"], "keycloak");
    assert_eq!(outputs["region"], "eu-west-1");
    assert_eq!(outputs["rosa_region"], THERE);
    assert_eq!(outputs["rosa_vpc_id"], network.vpc);
    assert_eq!(outputs["machine_cidr"], ROSA_RANGE);
    let id = outputs["peering_id"].as_str().expect("an id").to_owned();
    let routes = outputs["routes"].as_array().expect("routes");
    assert_eq!(routes.len(), 4, "{routes:?}");
    assert_eq!(network.routes(&home), 2);

    // Again: nothing changes, and that can be seen.
    let after = resources(&home);
    peering(&home, 0, "create", &network, &plan).says("nothing to change");
    let again = peering(&home, 0, "create", &network, &["-o", "json"]);
    assert_eq!(again.json()["outputs"]["changed"], false);
    assert_eq!(again.json()["outputs"]["peering_id"], id);
    assert_eq!(resources(&home), after);

    // Seen from both sides, and whole.
    let list = |more: &[&str]| {
        let words = [&["peering", "list", "-o", "json"], more].concat();
        home.max(0, &words).json()
    };
    for region in ["eu-west-1", THERE] {
        let found = list(&["--region", region]);
        let found = found["peerings"].as_array().expect("peerings");
        assert_eq!(found.len(), 1, "{region}");
        assert_eq!(found[0]["id"], id);
        assert_eq!(found[0]["region"], "eu-west-1");
        assert_eq!(found[0]["rosa_region"], THERE);
        assert_eq!(found[0]["state"], "active");
        assert_eq!(found[0]["rosa_state"], "active");
        assert_eq!(found[0]["missing_routes"], json!([]));
        assert_eq!(found[0]["stale_routes"], json!([]));
        assert_eq!(found[0]["ingress_open"], true);
        assert_eq!(found[0]["requested_by"], "rosa");
    }
    let all = list(&["--all-regions", "--cluster", "keycloak"]);
    assert_eq!(all["peerings"].as_array().map(Vec::len), Some(1));
    let none = list(&["--all-regions", "--cluster", "other"]);
    assert_eq!(none["peerings"], json!([]));
    home.max(0, &["peering", "list", "--region", "eu-west-1"])
        .prints("active")
        .prints("open")
        .prints(&id);

    // A deletion is confirmed.
    peering(&home, 8, "delete", &network, &[]).says("--yes");
    assert_eq!(resources(&home), after);
    let gone = peering(&home, 0, "delete", &network, &["--yes", "-o", "json"]);
    let gone = gone.json();
    assert_eq!(gone["workflow"], "peering delete");
    assert_eq!(gone["outputs"]["peerings"][0]["id"], id);
    assert_eq!(gone["outputs"]["peerings"][0]["cluster"], "keycloak");
    assert_eq!(gone["outputs"]["routes"], 4);
    assert_eq!(gone["outputs"]["ingress_rules"], 1);
    assert_eq!(resources(&home), before);
    assert_eq!(network.routes(&home), 0);
    peering(&home, 0, "delete", &network, &["--yes"]).says("nothing to delete");
    let nothing = peering(&home, 0, "delete", &network, &["--yes", "-o", "json"]);
    assert_eq!(nothing.json()["run"], Value::Null);
}

#[test]
fn a_killed_peering_goes_on_and_a_finished_one_is_rolled_back() {
    let (home, network) = ground();
    let before = resources(&home);
    for moment in ["started peering", "done peering-accepted", "started verify"] {
        let words = [
            &["--sandbox", "--sandbox-speed", "5", "peering", "create"],
            &KEYCLOAK[..],
            &network.flags(),
        ]
        .concat();
        let mut run = home.start(&words);
        run.until(moment);
        run.kill();
        assert_eq!(home.runs()[0]["status"], "interrupted", "{moment}");
        peering(&home, 1, "create", &network, &[]).says("unfinished run");
        home.resume(0).prints("peering_id pcx-");
        assert_eq!(home.count("vpc-peering-connection"), 2, "one, seen twice");
        assert_eq!(network.routes(&home), 2);

        let run = home.newest();
        home.expect(8, &["rollback", &run, "--sandbox-speed", "max"])
            .says("the removal of the peering of cluster keycloak");
        home.expect(0, &["rollback", &run, "--yes", "--sandbox-speed", "max"])
            .says("rolled back");
        assert_eq!(resources(&home), before, "{moment}");
        assert_eq!(network.routes(&home), 0);
    }
    assert_eq!(home.count("db-cluster"), 1, "the cluster is no part of it");
}

#[test]
fn a_killed_deletion_goes_on() {
    let (home, network) = ground();
    let before = resources(&home);
    peering(&home, 0, "create", &network, &[]);
    let words = [
        &[
            "--sandbox",
            "--sandbox-speed",
            "5",
            "peering",
            "delete",
            "--yes",
        ],
        &KEYCLOAK[..],
    ]
    .concat();
    let mut run = home.start(&words);
    run.until("started delete-pcx-");
    run.kill();
    home.expect(8, &["rollback", "--yes"])
        .says("only goes forward");
    home.resume(0);
    assert_eq!(resources(&home), before);
    assert_eq!(network.routes(&home), 0);
}

#[test]
fn a_failed_peering_leaves_both_sides_as_they_were() {
    let (home, network) = ground();
    let before = resources(&home);
    home.fault(&[
        "--operation",
        "AuthorizeSecurityGroupIngress",
        "--error",
        "InvalidParameterValue",
    ]);
    peering(&home, 4, "create", &network, &[]).says("rolled back");
    assert_eq!(resources(&home), before);
    assert_eq!(network.routes(&home), 0);
    // Kept half-way, it is given up by the deletion.
    let keep = ["--on-failure", "suspend", "--parallel", "1"];
    peering(&home, 3, "create", &network, &keep);
    home.expect(0, &["sandbox", "fault", "clear"]);
    peering(&home, 0, "delete", &network, &["--yes"]).says("is given up");
    assert_eq!(resources(&home), before);
    assert_eq!(home.runs()[1]["status"], "abandoned");
}

#[test]
fn a_peered_cluster_is_deleted_only_with_its_peerings() {
    let (home, network) = ground();
    peering(&home, 0, "create", &network, &[]);
    let peered = resources(&home);
    home.delete(8, &[])
        .says("still peered")
        .says(&network.vpc)
        .says("stepwell --sandbox peering delete --cluster keycloak --region eu-west-1")
        .says("--with-peerings");
    assert_eq!(resources(&home), peered);
    home.delete(0, &["--with-peerings"]).says("route for");
    assert_eq!(network.routes(&home), 0);
    let left = resources(&home);
    assert!(left.get("eu-west-1").is_none(), "{left}");
    assert_eq!(home.count("vpc"), 1, "rosa's");
}

#[test]
fn all_of_a_rosa_cluster() {
    let (home, network) = ground();
    let other = ["--cluster", "other", "--region", "eu-central-1"];
    home.max(0, &[&["aurora", "create"], &other[..]].concat());
    let before = resources(&home);
    peering(&home, 0, "create", &network, &[]);
    let words = [&["peering", "create"], &other[..], &network.flags()].concat();
    home.max(0, &words);
    assert_eq!(network.routes(&home), 4);
    let all = [&["peering", "delete", "--all"], &network.flags()[..]].concat();
    home.max(8, &all).says("2 peerings").says("--yes");
    home.max(0, &[&all[..], &["--yes"]].concat());
    assert_eq!(resources(&home), before);
    assert_eq!(network.routes(&home), 0);
}

#[test]
fn of_several_one_has_to_be_named() {
    let (home, network) = ground();
    let second = lay_out(&home, THERE, "10.4.0.0/16");
    peering(&home, 0, "create", &network, &[]);
    peering(&home, 0, "create", &second, &[]);
    let delete = [&["peering", "delete", "--yes"], &KEYCLOAK[..]].concat();
    home.max(8, &delete)
        .says(&network.vpc)
        .says(&second.vpc)
        .says("--rosa-vpc");
    peering(&home, 0, "delete", &network, &["--yes"]);
    assert_eq!(second.routes(&home), 2);
    home.max(0, &delete);
    assert_eq!(second.routes(&home), 0);
}

#[test]
fn what_can_not_work_is_refused_before_anything_is_touched() {
    let home = Home::new();
    home.create(0, &["--vpc-cidr", "10.0.16.0/24"]);
    let network = lay_out(&home, THERE, ROSA_RANGE);
    let before = resources(&home);
    peering(&home, 8, "create", &network, &[])
        .says("10.0.16.0/24")
        .says(ROSA_RANGE)
        .says("overlap");
    let words = [
        &[
            "peering",
            "create",
            "--cluster",
            "none",
            "--region",
            "eu-west-1",
        ],
        &network.flags()[..],
    ]
    .concat();
    home.max(8, &words).says("AuroraCluster=none");
    home.max(64, &[&["peering", "create"], &KEYCLOAK[..]].concat())
        .says("--rosa-cluster");
    home.max(64, &["peering", "delete", "--all"])
        .says("allowed");
    home.max(64, &["peering", "list"]).says("--all-regions");
    assert_eq!(resources(&home), before);
    assert_eq!(home.runs().len(), 1, "no run was begun");
}
