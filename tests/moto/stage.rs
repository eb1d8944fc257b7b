//! moto, a home, and the command between them.

use std::process::Command;

use serde_json::{Value, json};

use super::account::{Account, REGION};
use super::ground::Plot;
use super::server::Server;
use crate::command::harness::{Done, Home};

/// The cluster of the tests.
pub(crate) const CLUSTER: [&str; 4] = ["--cluster", "keycloak", "--region", REGION];

/// What moto can be asked for: the versions that it offers end with this one.
pub(crate) const OFFERED: [&str; 4] = [
    "--engine-version",
    "11.13",
    "--instance-class",
    "db.r5.large",
];

/// A home whose AWS is an account of its own on moto.
pub(crate) struct Stage {
    pub(crate) home: Home,
    pub(crate) account: Account,
    plot: Plot,
}

impl Stage {
    /// The command talks to moto.
    pub(crate) fn new() -> Self {
        Self::on(Plot::new(false))
    }

    /// The command talks to microburst, and microburst to moto.
    pub(crate) fn with_faults() -> Self {
        Self::on(Plot::new(true))
    }

    fn on(plot: Plot) -> Self {
        let mut home = Home::new();
        let server = plot.microburst.as_ref().unwrap_or(&plot.moto);
        home.set("AWS_ENDPOINT_URL", &server.url());
        home.set("AWS_ACCESS_KEY_ID", &plot.key);
        home.set("AWS_SECRET_ACCESS_KEY", "test");
        Self {
            home,
            account: Account::at(plot.moto.port(), &plot.key),
            plot,
        }
    }

    #[track_caller]
    fn microburst(&self) -> &Server {
        self.plot.microburst.as_ref().expect("a stage with faults")
    }

    /// What makes a rule of microburst one for this account's calls alone.
    fn headers(&self) -> Value {
        json!({ "authorization": self.plot.key })
    }

    /// Adds rules for faults, and gives their ids. The first that fits a call
    /// is the only one for it.
    #[track_caller]
    pub(crate) fn plant(&self, mut rules: Vec<Value>) -> Vec<u64> {
        for rule in &mut rules {
            rule["headers"] = self.headers();
        }
        self.microburst().plant(&json!(rules))
    }

    /// How often rules have fired, as long as they are planted.
    #[track_caller]
    pub(crate) fn fired(&self, rules: &[u64]) -> Vec<u64> {
        let counts = self.microburst().counts();
        let fired = rules.iter().map(|rule| counts.get(rule).copied());
        fired.map(|count| count.expect("a rule")).collect()
    }

    /// What a rule has caught so far, in order.
    #[track_caller]
    pub(crate) fn caught(&self, rule: u64) -> Vec<Value> {
        self.microburst().caught(rule)
    }

    /// Takes every rule away.
    #[track_caller]
    pub(crate) fn calm(&self) {
        let rules = json!({ "headers": self.headers() });
        self.microburst().withdraw(&rules);
    }

    /// `aurora create` with three instances.
    pub(crate) fn create_command(&self) -> Command {
        let words = ["aurora", "create", "--instances", "3"];
        self.home
            .command(&[&words, &CLUSTER[..], &OFFERED].concat())
    }

    /// Creates a cluster with three instances, which must end with this code.
    #[track_caller]
    pub(crate) fn create(&self, code: i32, more: &[&str]) -> Done {
        let words = ["aurora", "create", "--instances", "3"];
        let words = [&words, &CLUSTER[..], &OFFERED, more].concat();
        self.home.expect(code, &words)
    }

    /// Deletes the cluster with all that belongs to it.
    #[track_caller]
    pub(crate) fn delete(&self) -> Done {
        self.home.expect(0, &Self::deletion())
    }

    /// The words of a deletion.
    pub(crate) fn deletion() -> Vec<&'static str> {
        let words = ["aurora", "delete", "--skip-final-snapshot", "--yes"];
        [&words, &CLUSTER[..]].concat()
    }

    /// The latest run, as `runs list` shows it, if there is any.
    #[track_caller]
    pub(crate) fn latest(&self) -> Option<Value> {
        self.home.runs().into_iter().next()
    }

    /// There is one cluster of three instances with its network, and it serves.
    #[track_caller]
    pub(crate) fn must_be_whole(&self) {
        let vpcs = self.account.vpcs_of("keycloak");
        assert_eq!(vpcs.len(), 1, "{vpcs:?}");
        let count = |action, tag| self.account.count(action, &vpcs[0], tag);
        assert_eq!(count("DescribeSubnets", "subnetId"), 3);
        // Its own one beside the main one, and its own one beside the default.
        assert_eq!(count("DescribeRouteTables", "routeTableId"), 2);
        assert_eq!(count("DescribeSecurityGroups", "groupId"), 2);
        assert_eq!(self.account.clusters(), ["keycloak"]);
        assert_eq!(
            self.account.instances(),
            [
                "keycloak-instance-1",
                "keycloak-instance-2",
                "keycloak-instance-3"
            ]
        );
        let endpoint = self
            .home
            .expect(0, &[&["aurora", "endpoint"], &CLUSTER[..]].concat());
        endpoint.prints("keycloak.cluster-");
    }
}
