//! A cluster in the sandbox, data centres with Keycloak, and the real `kubectl`
//! that reaches them.

use std::fs;
use std::os::unix::fs::symlink;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::api::{Api, Seen};
use crate::command::harness::{Done, Home, KEYCLOAK, Running};
use crate::kubernetes::database::{Database, PASSWORD};
use crate::kubernetes::install;

/// How long something may take to come.
const LIMIT: Duration = Duration::from_secs(180);

/// Data centres, and a home whose `kubectl` reaches each by its name.
pub(crate) struct Site {
    pub(crate) home: Home,
    pub(crate) api: Api,
    contexts: Vec<&'static str>,
}

/// A site whose pods reach a database.
pub(crate) struct Whole {
    pub(crate) site: Site,
    pub(crate) database: Database,
}

impl Whole {
    /// None where PostgreSQL or `kubectl` can't be had.
    pub(crate) fn new() -> Option<Self> {
        install::kubectl()?;
        let database = Database::start()?;
        let reached = json!({
            "program": database.psql(),
            "address": "127.0.0.1",
            "port": database.port(),
        });
        let centres = [("dc1", json!({ "password": PASSWORD }))];
        let site = Site::start(&centres, &reached)?;
        Some(Self { site, database })
    }

    /// As Keycloak does when it finds an empty schema.
    #[track_caller]
    pub(crate) fn fill(&self, table: &str) {
        let sql = format!("CREATE TABLE {table} (id int); INSERT INTO {table} VALUES (1)");
        self.database.ask_as("keycloak", &sql).expect("a table");
    }
}

impl Site {
    /// One data centre that behaves so; none where `kubectl` can't be had.
    pub(crate) fn one(behave: &Value) -> Option<Self> {
        Self::of(&[("dc1", json!({ "behave": behave }))])
    }

    /// Two that behave as they should.
    pub(crate) fn two() -> Option<Self> {
        Self::of(&[("dc1", json!({})), ("dc2", json!({}))])
    }

    /// Data centres as they are described.
    pub(crate) fn of(centres: &[(&'static str, Value)]) -> Option<Self> {
        Self::start(centres, &Value::Null)
    }

    fn start(centres: &[(&'static str, Value)], database: &Value) -> Option<Self> {
        let kubectl = install::kubectl()?;
        let described: Map<String, Value> = (centres.iter())
            .map(|(name, how)| ((*name).to_owned(), how.clone()))
            .collect();
        let api = Api::start(&described.into(), database);
        let mut home = Home::new();
        home.create(0, &[]);
        let bin = home.path().join("bin");
        fs::create_dir(&bin).expect("a folder");
        symlink(kubectl, bin.join("kubectl")).expect("a link");
        let config = home.path().join("kubeconfig").display().to_string();
        home.set("KUBECONFIG", &config);
        home.set("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
        let this = Self {
            home,
            api,
            contexts: centres.iter().map(|(name, _)| *name).collect(),
        };
        let leads: Vec<_> = this.contexts.iter().map(|name| (*name, *name)).collect();
        this.configure(&leads);
        Some(this)
    }

    /// Writes kubectl's configuration: contexts, and the data centres to which they
    /// lead.
    pub(crate) fn configure(&self, contexts: &[(&str, &str)]) {
        let clusters: Vec<_> = (self.contexts.iter())
            .map(|name| {
                let server = format!("http://127.0.0.1:{}", self.api.port(name));
                json!({ "name": name, "cluster": { "server": server } })
            })
            .collect();
        let leads: Vec<_> = (contexts.iter())
            .map(|(name, cluster)| {
                json!({ "name": name, "context": { "cluster": cluster, "user": "developer", "namespace": "keycloak" } })
            })
            .collect();
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": contexts[0].0,
            "users": [{ "name": "developer", "user": { "token": "t" } }],
            "clusters": clusters,
            "contexts": leads,
        });
        fs::write(self.home.path().join("kubeconfig"), config.to_string()).expect("a file");
    }

    /// Changes how the first data centre behaves.
    pub(crate) fn behave(&self, patch: &Value) {
        self.api.behave(self.contexts[0], patch);
    }

    /// Has a request to the first data centre go wrong, once.
    pub(crate) fn strike(&self, faults: &Value) {
        self.behave(&json!({ "faults": faults }));
    }

    /// The words of a reset in all data centres.
    pub(crate) fn words<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let words = ["--sandbox", "aurora", "reset", "--namespace", "keycloak"];
        let mut words = [&words[..], &KEYCLOAK].concat();
        for context in &self.contexts {
            words.extend(["--context", context]);
        }
        [&words[..], more].concat()
    }

    /// A reset in all data centres, confirmed.
    #[track_caller]
    pub(crate) fn reset(&self, code: i32, more: &[&str]) -> Done {
        self.home
            .expect(code, &self.words(&[&["--yes"], more].concat()))
    }

    /// The same, while the test goes on.
    pub(crate) fn begin(&self, more: &[&str]) -> Running {
        self.home.start(&self.words(&[&["--yes"], more].concat()))
    }

    /// `aurora psql` in the first data centre.
    #[track_caller]
    pub(crate) fn psql(&self, code: i32, more: &[&str]) -> Done {
        let words = ["--sandbox", "aurora", "psql", "--namespace", "keycloak"];
        self.home
            .expect(code, &[&words[..], &KEYCLOAK, more].concat())
    }

    /// `peering verify` in the first data centre.
    #[track_caller]
    pub(crate) fn verify(&self, code: i32, more: &[&str]) -> Done {
        let words = ["--sandbox", "peering", "verify", "--namespace", "keycloak"];
        self.home
            .expect(code, &[&words[..], &KEYCLOAK, more].concat())
    }

    /// The status of the last reset.
    #[track_caller]
    pub(crate) fn status(&self) -> String {
        self.home.runs()[0]["status"]
            .as_str()
            .expect("a status")
            .to_owned()
    }

    /// Goes on with the reset.
    #[track_caller]
    pub(crate) fn resume(&self, code: i32) -> Done {
        self.home.expect(code, &["resume"])
    }

    /// All that there is and was.
    #[track_caller]
    pub(crate) fn seen(&self) -> Seen {
        self.api.seen()
    }

    /// Waits until something is so.
    #[track_caller]
    pub(crate) fn until(&self, what: impl Fn(&Seen) -> bool) {
        let start = Instant::now();
        loop {
            let seen = self.seen();
            if what(&seen) {
                return;
            }
            assert!(start.elapsed() < LIMIT, "it does not come: {seen:#?}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// All is as after a reset that came to its end: one drop, Keycloak runs as
    /// before, nothing of ours is left.
    #[track_caller]
    pub(crate) fn is_reset(&self, pods: u64) {
        self.until(|seen| self.contexts.iter().all(|name| seen.ready(name) == pods));
        let seen = self.seen();
        assert_eq!(seen.drops(), 1, "{seen:#?}");
        for context in &self.contexts {
            assert_eq!(seen.pods(context, "stepwell-"), [""; 0], "{seen:#?}");
            for object in ["statefulsets/keycloak", "keycloaks/keycloak"] {
                let notes = &seen.object(context, object)["metadata"]["annotations"];
                assert_eq!(notes["stepwell.io/stopped-pods"], Value::Null, "{notes}");
            }
        }
        assert_eq!(self.status(), "succeeded");
    }
}

/// A case by its name.
pub(crate) type Case<'a> = (&'a str, &'a (dyn Fn() + Sync));

/// Runs cases that mostly wait, beside each other; all of them come to their end
/// before those that failed are told.
#[track_caller]
pub(crate) fn together(cases: &[Case<'_>]) {
    let failed: Vec<&str> = thread::scope(|scope| {
        let running: Vec<_> = (cases.iter())
            .map(|&(name, case)| (name, scope.spawn(case)))
            .collect();
        running
            .into_iter()
            .filter_map(|(name, case)| case.join().is_err().then_some(name))
            .collect()
    });
    assert!(failed.is_empty(), "failed: {failed:?}");
}
