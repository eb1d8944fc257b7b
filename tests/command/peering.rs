//! Peering, as a person or a script sees it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::{Done, Home, KEYCLOAK};
use crate::moto::account::{value, values};
use crate::moto::http;

/// ROSA's region; Aurora is in another one.
const THERE: &str = "us-east-1";
const ROSA_RANGE: &str = "10.0.0.0/16";

/// A ROSA cluster's network in the sandbox of a home.
struct Network {
    vpc: String,
    subnets: Vec<String>,
    private: String,
    public: String,
}

/// Plain calls to the sandbox of a home while it is served.
struct Calls {
    port: u16,
    region: &'static str,
}

impl Calls {
    /// A young resource is missed by reads for a moment, so a call that does
    /// not find one is repeated.
    #[track_caller]
    fn call(&self, action: &str, form: &[(&str, &str)]) -> String {
        let head = [("Action", action), ("Version", "2016-11-15")];
        let form = [&head, form].concat();
        let mut last = None;
        for _ in 0..200 {
            match http::query(self.port, "ec2", self.region, &form) {
                Ok(answer) => return answer,
                Err(error) => last = Some(error),
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("{action}: {last:?}");
    }
}

/// Serves the sandbox of a home while plain calls are made to it.
fn with_calls<T>(home: &Home, region: &'static str, work: impl FnOnce(&Calls) -> T) -> T {
    let mut server = home.start(&["sandbox", "serve", "--sandbox-speed", "1000"]);
    server.until("Ctrl-C");
    let address = server.stdout();
    let port = address.trim().rsplit(':').next().expect("a port");
    let port = port.parse().expect("a number");
    let result = work(&Calls { port, region });
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.end().code, 0);
    result
}

/// Lays out a network as a ROSA cluster has it: one private and one public
/// table, and a subnet that uses the main one.
fn lay_out(home: &Home, region: &'static str, range: &str) -> Network {
    with_calls(home, region, |ec2| {
        let vpc = value(&ec2.call("CreateVpc", &[("CidrBlock", range)]), "vpcId");
        let base = range.trim_end_matches("0.0/16");
        let subnets: Vec<String> = ["a", "b", "c"]
            .iter()
            .enumerate()
            .map(|(number, letter)| {
                let block = format!("{base}{number}.0/24");
                let zone = format!("{region}{letter}");
                let form = [
                    ("VpcId", vpc.as_str()),
                    ("CidrBlock", &block),
                    ("AvailabilityZone", &zone),
                ];
                value(&ec2.call("CreateSubnet", &form), "subnetId")
            })
            .collect();
        let tables: Vec<String> = subnets[..2]
            .iter()
            .map(|subnet| {
                let made = ec2.call("CreateRouteTable", &[("VpcId", &vpc)]);
                let table = value(&made, "routeTableId");
                let form = [("RouteTableId", table.as_str()), ("SubnetId", subnet)];
                ec2.call("AssociateRouteTable", &form);
                table
            })
            .collect();
        Network {
            vpc,
            subnets,
            private: tables[0].clone(),
            public: tables[1].clone(),
        }
    })
}

/// Everything in the sandbox but the clock.
fn resources(home: &Home) -> Value {
    let status = home.expect(0, &["-o", "json", "sandbox", "status"]).json();
    status["regions"].clone()
}

impl Network {
    fn flags(&self) -> [&str; 4] {
        ["--rosa-vpc", &self.vpc, "--rosa-region", THERE]
    }

    /// How many routes of both tables lead to a peering.
    fn routes(&self, home: &Home) -> usize {
        with_calls(home, THERE, |ec2| {
            let form = [
                ("RouteTableId.1", self.private.as_str()),
                ("RouteTableId.2", &self.public),
            ];
            values(
                &ec2.call("DescribeRouteTables", &form),
                "vpcPeeringConnectionId",
            )
            .len()
        })
    }
}

/// A home with an Aurora cluster and a ROSA network.
fn ground() -> (Home, Network) {
    let home = Home::new();
    home.create(0, &[]);
    let network = lay_out(&home, THERE, ROSA_RANGE);
    (home, network)
}

#[track_caller]
fn peering(home: &Home, code: i32, verb: &str, network: &Network, more: &[&str]) -> Done {
    let words = [&["peering", verb], &KEYCLOAK[..], &network.flags(), more].concat();
    home.max(code, &words)
}

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

        home.expect(8, &["rollback", "--sandbox-speed", "max"])
            .says("the removal of the peering of cluster keycloak");
        home.expect(0, &["rollback", "--yes", "--sandbox-speed", "max"])
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
        "UnauthorizedOperation",
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
        .says("stepwell peering delete --cluster keycloak --region eu-west-1")
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

/// A `rosa` that says where the cluster is, as the real one does.
fn install_rosa(home: &mut Home, network: &Network) {
    let folder = home.path().join("bin");
    fs::create_dir(&folder).expect("a folder");
    let description = json!({
        "id": "1a2b3c4d",
        "name": "rosa",
        "state": "ready",
        "hypershift": {"enabled": true},
        "region": {"id": THERE},
        "network": {"machine_cidr": ROSA_RANGE},
        "aws": {"subnet_ids": network.subnets[..2]},
    });
    let script = format!("#!/bin/sh\ncat <<'END'\n{description}\nEND\n");
    let path = folder.join("rosa");
    fs::write(&path, script).expect("the stand-in");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    home.set("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
}

#[test]
fn the_variables_of_the_scripts_suffice() {
    let (mut home, network) = ground();
    let before = resources(&home);
    install_rosa(&mut home, &network);
    home.set("AURORA_CLUSTER", "keycloak");
    home.set("AURORA_REGION", "eu-west-1");
    home.set("CLUSTER_NAME", "rosa");
    home.set("AWS_REGION", THERE);
    let made = home.max(0, &["peering", "create", "-o", "json"]).json();
    assert_eq!(made["outputs"]["rosa_cluster"], "rosa");
    assert_eq!(made["outputs"]["rosa_region"], THERE);
    // The two subnets of the description, not the third.
    assert_eq!(made["outputs"]["routes"].as_array().map(Vec::len), Some(3));
    home.max(0, &["peering", "list"]).prints("keycloak");
    home.max(64, &["peering", "delete", "--all"])
        .says("AURORA_CLUSTER and CLUSTER_NAME");
    home.max(0, &["peering", "delete", "--yes"]);
    assert_eq!(resources(&home), before);
}

#[test]
fn a_profile_for_rosa_is_recorded_and_used_again() {
    let (mut home, network) = ground();
    // The sandbox says that it is one account, and goes on.
    peering(
        &home,
        0,
        "create",
        &network,
        &["--rosa-profile", "rosa", "--plan"],
    )
    .says("the sandbox is one account");

    // Against an endpoint the profile's credentials are what counts, whatever
    // the environment has for Aurora's side.
    let mark = home.path().join("asked");
    let process = home.path().join("credentials");
    let answer = json!({"Version": 1, "AccessKeyId": "rosa", "SecretAccessKey": "rosa"});
    let script = format!("#!/bin/sh\ntouch '{}'\necho '{answer}'\n", mark.display());
    fs::write(&process, script).expect("a script");
    fs::set_permissions(&process, fs::Permissions::from_mode(0o755)).expect("its mode");
    let config = home.path().join("config");
    let text = format!(
        "[profile rosa]\ncredential_process = {}\n",
        process.display()
    );
    fs::write(&config, text).expect("a configuration");
    home.set("AWS_ACCESS_KEY_ID", "aurora");
    home.set("AWS_SECRET_ACCESS_KEY", "aurora");
    home.set("AWS_CONFIG_FILE", &config.display().to_string());
    home.set("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    home.set("PATH", "/usr/bin:/bin");
    home.fault(&["--operation", "CreateRoute", "--error", "ExpiredToken"]);
    let mut server = home.start(&["sandbox", "serve", "--sandbox-speed", "1000"]);
    server.until("Ctrl-C");
    let endpoint = server.stdout().trim().to_owned();
    let create = [
        &["--endpoint-url", &endpoint, "peering", "create"],
        &KEYCLOAK[..],
        &network.flags(),
        &["--rosa-profile", "rosa"],
    ]
    .concat();
    home.expect(3, &create);
    assert!(mark.exists(), "the profile was asked");
    let run = home.show("latest");
    assert_eq!(run["parameters"]["rosa_account"]["profile"], "rosa");
    assert_eq!(
        run["parameters"]["rosa_account"]["id"],
        run["account"]["id"]
    );

    home.expect(0, &["sandbox", "fault", "clear"]);
    fs::remove_file(&mark).expect("the mark");
    let gone = home.path().join("gone");
    fs::rename(&process, &gone).expect("away");
    home.expect(7, &["resume"]).says("profile rosa");
    fs::rename(&gone, &process).expect("back");
    home.expect(0, &["resume"]);
    assert!(mark.exists(), "the profile was asked again");
    let delete = [
        &["--endpoint-url", &endpoint, "peering", "delete", "--yes"],
        &KEYCLOAK[..],
        &["--rosa-profile", "rosa"],
    ]
    .concat();
    home.expect(0, &delete);
    drop(server);
    assert_eq!(home.count("vpc-peering-connection"), 0);
}
