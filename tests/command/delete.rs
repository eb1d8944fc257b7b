//! Deleting.

use super::harness::{Home, KEYCLOAK, Running};
use crate::moto::http::query;

#[test]
fn what_becomes_of_the_data_must_be_said_and_confirmed() {
    let home = Home::new();
    home.create(0, &[]);
    let delete = [&["aurora", "delete"], &KEYCLOAK[..]].concat();
    home.max(64, &delete)
        .says("--final-snapshot NAME or --skip-final-snapshot");
    home.max(
        64,
        &[
            &delete[..],
            &["--skip-final-snapshot", "--final-snapshot", "x"],
        ]
        .concat(),
    );
    let refused = home.max(8, &[&delete[..], &["--skip-final-snapshot"]].concat());
    refused.says("not confirmed").says("hint: ").says("--yes");
    let json = home.max(
        8,
        &[&delete[..], &["--skip-final-snapshot", "-o", "json"]].concat(),
    );
    assert_eq!(json.error()["code"], "not_confirmed");
    assert_eq!(json.stderr.lines().count(), 1, "errors alone: {json:?}");
    assert_eq!(home.count("db-cluster"), 1);

    home.max(
        0,
        &[&delete[..], &["--final-snapshot", "the-end", "--yes"]].concat(),
    );
    assert_eq!(home.count("db-cluster-snapshot"), 1);
    assert_eq!(home.count(""), 1);
}

#[test]
fn a_protected_cluster_is_not_touched() {
    let home = Home::new();
    home.create(0, &["--deletion-protection"]);
    let before = home.count("");
    home.delete(8, &[]).says("protect");
    assert_eq!(home.count(""), before);
    let run = home.newest();
    home.expect(8, &["rollback", &run, "--yes", "--sandbox-speed", "max"])
        .says("protect");
    assert_eq!(home.count(""), before);
}

#[test]
fn an_unfinished_run_is_given_up() {
    let home = Home::new();
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    assert_eq!(home.count("vpc"), 1);
    let words = ["aurora", "delete", "--skip-final-snapshot"];
    let asked = home.max(8, &[&words, &KEYCLOAK[..]].concat());
    asked.says("unfinished run");
    assert_eq!(
        home.runs()[0]["status"],
        "suspended",
        "not confirmed, not given up"
    );

    home.delete(0, &[]).says("is given up");
    assert_eq!(home.count(""), 0);
    let runs = home.runs();
    assert_eq!(runs[0]["status"], "succeeded");
    assert_eq!(runs[0]["workflow"], "aurora delete");
    assert_eq!(runs[1]["status"], "abandoned");
    let id = runs[1]["id"].as_str().expect("an id");
    home.expect(0, &["runs", "show", id]).prints("given up");
    home.expect(1, &["resume", id]).says("was given up");
    home.expect(1, &["rollback", id]).says("was given up");
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.create(0, &[]);
}

#[test]
fn a_failed_deletion_is_suspended_and_goes_on() {
    let home = Home::new();
    home.create(0, &[]);
    home.fault(&[
        "--operation",
        "DeleteVpc",
        "--error",
        "UnauthorizedOperation",
    ]);
    home.delete(3, &["--on-failure", "suspend"]);
    assert_eq!(home.count("vpc"), 1);
    home.expect(8, &["rollback", "latest", "--yes"])
        .says("only goes forward");
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.resume(0);
    assert_eq!(home.count(""), 0);
    home.delete(64, &["--on-failure", "rollback"]);
}

/// Another program that works on the account of a home, which is served to it.
struct Outside {
    server: Running,
    port: u16,
}

impl Outside {
    fn of(home: &Home) -> Self {
        let serve = ["sandbox", "serve", "--port", "0", "--sandbox-speed", "1000"];
        let mut server = home.start(&serve);
        server.until("Ctrl-C");
        let endpoint = server.stdout().trim().to_owned();
        let (_, port) = endpoint.rsplit_once(':').expect("a port");
        let port = port.parse().expect("a number");
        Self { server, port }
    }

    /// Calls until what was made a moment ago is known.
    fn call(&self, service: &str, form: &[(&str, &str)]) -> String {
        let mut said = String::new();
        for _ in 0..100 {
            match query(self.port, "test", service, "eu-west-1", form) {
                Ok(answer) => return answer,
                Err(error) => said = error.to_string(),
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("{form:?}: {said}");
    }

    /// An internet gateway in the cluster's VPC; both ids.
    fn gateway(&self) -> (String, String) {
        let vpcs = self.call("ec2", &[("Action", "DescribeVpcs")]);
        let made = self.call("ec2", &[("Action", "CreateInternetGateway")]);
        let (vpc, gateway) = (text(&vpcs, "vpcId"), text(&made, "internetGatewayId"));
        self.gateway_is("AttachInternetGateway", &vpc, &gateway);
        (vpc, gateway)
    }

    fn gateway_is(&self, action: &str, vpc: &str, gateway: &str) {
        let form = [
            ("Action", action),
            ("VpcId", vpc),
            ("InternetGatewayId", gateway),
        ];
        self.call("ec2", &form);
    }

    fn protect(&self, on: &str) {
        let form = [
            ("Action", "ModifyDBCluster"),
            ("DBClusterIdentifier", "keycloak"),
            ("DeletionProtection", on),
        ];
        self.call("rds", &form);
    }
}

/// The text of the first element of a name.
fn text(xml: &str, name: &str) -> String {
    let rest = xml.split(&format!("<{name}>")).nth(1).expect(name);
    rest.split('<').next().expect("an end").to_owned()
}

#[test]
fn what_holds_the_network_is_refused_and_named() {
    let home = Home::new();
    home.create(0, &[]);
    let outside = Outside::of(&home);
    let (vpc, gateway) = outside.gateway();
    let before = home.count("");
    let refused = home.delete(8, &[]);
    refused.says(&format!("internet gateway {gateway} is in {vpc}"));
    refused.says("aws ec2 detach-internet-gateway");
    assert_eq!(home.count(""), before);
    outside.gateway_is("DetachInternetGateway", &vpc, &gateway);
    home.delete(0, &[]);
    assert_eq!(home.count(""), 1, "the gateway alone");
    outside.server.kill();
}

#[test]
fn what_comes_before_a_resume_is_refused_and_destroys_nothing() {
    let home = Home::new();
    home.create(0, &[]);
    home.fault(&["--operation", "DeleteDBInstance", "--error", "ExpiredToken"]);
    home.delete(3, &[]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    let outside = Outside::of(&home);
    outside.protect("true");
    let (vpc, gateway) = outside.gateway();
    let refused = home.resume(8);
    refused.says("protected against deletion").says(&gateway);
    assert_eq!(home.count("db-instance"), 1);
    outside.protect("false");
    outside.gateway_is("DetachInternetGateway", &vpc, &gateway);
    home.resume(0);
    assert_eq!(home.count(""), 1, "the gateway alone");
    outside.server.kill();
}
