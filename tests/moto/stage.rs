//! moto, a home, and the command between them.

use std::process::Command;

use serde_json::Value;

use super::account::{Account, REGION};
use super::server::Server;
use crate::command::harness::{Done, Home};

/// The cluster of the tests.
pub(crate) const CLUSTER: [&str; 4] = ["--cluster", "keycloak", "--region", REGION];

/// What moto can be asked for: the versions that it offers end with this one.
const OFFERED: [&str; 4] = [
    "--engine-version",
    "11.13",
    "--instance-class",
    "db.r5.large",
];

/// A home whose AWS is a moto server of its own.
pub(crate) struct Stage {
    pub(crate) home: Home,
    pub(crate) account: Account,
    proxy: Option<Server>,
    _moto: Server,
}

impl Stage {
    /// The command talks to moto.
    pub(crate) fn new() -> Self {
        Self::set(Server::moto(), None)
    }

    /// The command talks to microburst, and microburst to moto.
    pub(crate) fn with_faults() -> Self {
        let moto = Server::moto();
        let proxy = Server::microburst(&moto);
        Self::set(moto, Some(proxy))
    }

    fn set(moto: Server, proxy: Option<Server>) -> Self {
        let mut home = Home::new();
        home.set("AWS_ENDPOINT_URL", &proxy.as_ref().unwrap_or(&moto).url());
        home.set("AWS_ACCESS_KEY_ID", "test");
        home.set("AWS_SECRET_ACCESS_KEY", "test");
        Self {
            home,
            account: Account::at(moto.port()),
            proxy,
            _moto: moto,
        }
    }

    /// microburst.
    #[track_caller]
    pub(crate) fn proxy(&self) -> &Server {
        self.proxy.as_ref().expect("a stage with faults")
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
