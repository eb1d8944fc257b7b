//! A ROSA cluster's network in the sandbox of a home, laid out by plain calls.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::command::harness::{Done, Home, KEYCLOAK};
use crate::moto::account::{value, values};
use crate::moto::http;

/// ROSA's region; Aurora is in another one.
pub(crate) const THERE: &str = "us-east-1";
pub(crate) const ROSA_RANGE: &str = "10.0.0.0/16";

/// A ROSA cluster's network in the sandbox of a home.
pub(crate) struct Network {
    pub(crate) vpc: String,
    pub(crate) subnets: Vec<String>,
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
            match http::query(self.port, "test", "ec2", self.region, &form) {
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
pub(crate) fn lay_out(home: &Home, region: &'static str, range: &str) -> Network {
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
pub(crate) fn resources(home: &Home) -> Value {
    let status = home.expect(0, &["-o", "json", "sandbox", "status"]).json();
    status["regions"].clone()
}

impl Network {
    pub(crate) fn flags(&self) -> [&str; 4] {
        ["--rosa-vpc", &self.vpc, "--rosa-region", THERE]
    }

    /// Takes the routes for a range out of the private table.
    pub(crate) fn cut(&self, home: &Home, range: &str) {
        with_calls(home, THERE, |ec2| {
            let form = [
                ("RouteTableId", self.private.as_str()),
                ("DestinationCidrBlock", range),
            ];
            ec2.call("DeleteRoute", &form);
        });
    }

    /// How many routes of both tables lead to a peering.
    pub(crate) fn routes(&self, home: &Home) -> usize {
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

/// Takes a rule out of a group in Aurora's region.
pub(crate) fn close(home: &Home, group: &str, rule: &str) {
    with_calls(home, "eu-west-1", |ec2| {
        let form = [("GroupId", group), ("SecurityGroupRuleId.1", rule)];
        ec2.call("RevokeSecurityGroupIngress", &form);
    });
}

/// A home with an Aurora cluster and a ROSA network.
pub(crate) fn ground() -> (Home, Network) {
    let home = Home::new();
    home.create(0, &[]);
    let network = lay_out(&home, THERE, ROSA_RANGE);
    (home, network)
}

#[track_caller]
pub(crate) fn peering(
    home: &Home,
    code: i32,
    verb: &str,
    network: &Network,
    more: &[&str],
) -> Done {
    let words = [&["peering", verb], &KEYCLOAK[..], &network.flags(), more].concat();
    home.max(code, &words)
}
