//! `aurora reset`: an empty schema, and Keycloak started anew in all data centres.
//!
//! Keycloak is stopped first: the members of its cluster find each other by a
//! table of the schema, so of pods that live through the drop each is alone, and
//! new ones never become ready beside them (keycloak/keycloak#46298). It is
//! started in one data centre after the other, since of several that find an
//! empty schema only one can fill it (keycloak/keycloak#41801).

mod centre;
mod graph;
mod keycloak;
mod sql;
mod steps;
mod survey;

use serde::{Deserialize, Serialize};

use crate::Target;
use crate::input::{self, InvalidInput};
use crate::kubernetes::{Client, Place, Resources, Workload, names};
use centre::Centre;
pub use graph::{reset_graph, reset_stopped};
use keycloak::Keycloak;
pub(super) use steps::register;
pub use steps::{Reset, Restarted};
pub use survey::survey_reset;

/// What the pods of a reset are for.
const COMPONENT: &str = "reset";

/// `aurora reset` as it was asked for; nothing is checked yet.
#[derive(Debug, Clone)]
pub struct ResetOptions {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// The namespace in which Keycloak runs, in every data centre.
    pub namespace: String,
    /// The context of every data centre.
    pub contexts: Vec<String>,
    /// The stateful set that runs Keycloak; none for `keycloak`.
    pub statefulset: Option<String>,
    /// What runs Keycloak otherwise: `kind/name`.
    pub workload: Option<String>,
    /// The Secret with the password.
    pub secret: String,
    /// The database.
    pub database: String,
    /// The user; none for that of the Secret, else `default_username`.
    pub username: Option<String>,
    /// The user of a Secret that names none.
    pub default_username: String,
    /// The schema.
    pub schema: String,
    /// The image with `psql`; none for the engine's version of it.
    pub image: Option<String>,
    /// What the container asks for, and may use: none for a little.
    pub cpu: Option<String>,
    /// The same of memory.
    pub memory: Option<String>,
    /// Whether Keycloak goes on while the schema goes, and is replaced pod by pod.
    pub no_stop: bool,
    /// Whether what in other schemas depends on this one goes with it.
    pub cascade: bool,
    /// The program.
    pub kubectl: String,
    /// Whether pods of resets that were given up may be taken away.
    pub anew: bool,
}

/// `aurora reset`, checked.
#[derive(Debug, Clone)]
pub struct ResetRequest {
    cluster: String,
    region: String,
    namespace: String,
    contexts: Vec<String>,
    workload: Workload,
    secret: String,
    database: String,
    username: Option<String>,
    default_username: String,
    schema: String,
    image: Option<String>,
    resources: Resources,
    no_stop: bool,
    cascade: bool,
    kubectl: String,
    anew: bool,
}

impl ResetOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<ResetRequest, InvalidInput> {
        Ok(ResetRequest {
            cluster: input::cluster(&self.cluster)?,
            region: input::region(&self.region)?,
            namespace: names::namespace(&self.namespace)?,
            contexts: names::contexts(&self.contexts)?,
            workload: match &self.workload {
                Some(workload) => Workload::parse(workload)?,
                None => Workload::stateful_set(self.statefulset.as_deref().unwrap_or("keycloak"))?,
            },
            secret: names::object("secret", &self.secret)?,
            database: input::database(&self.database)?,
            username: (self.username.as_deref())
                .map(input::username)
                .transpose()?,
            default_username: input::username(&self.default_username)?,
            schema: names::schema(&self.schema)?,
            image: self.image.as_deref().map(names::image).transpose()?,
            resources: names::resources(self.cpu.as_deref(), self.memory.as_deref())?,
            no_stop: self.no_stop,
            cascade: self.cascade,
            kubectl: names::kubectl(&self.kubectl)?,
            anew: self.anew,
        })
    }
}

impl ResetRequest {
    /// What the run works on.
    pub fn target(&self) -> Target {
        Target::Schema {
            region: self.region.clone(),
            cluster: self.cluster.clone(),
        }
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The cluster's name.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Where Keycloak runs, the first data centre first.
    fn places(&self) -> Vec<Place> {
        (self.contexts.iter())
            .map(|context| Place {
                kubectl: self.kubectl.clone(),
                context: Some(context.clone()),
                namespace: Some(self.namespace.clone()),
            })
            .collect()
    }
}

/// What a run of `aurora reset` starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetParameters {
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) schema: String,
    pub(crate) cascade: bool,
    pub(crate) client: Client,
    pub(crate) centres: Vec<Centre>,
    pub(crate) workload: Workload,
    pub(crate) stop: bool,
    pub(crate) leftovers: Vec<String>,
    pub(crate) caches: Vec<String>,
}

impl ResetParameters {
    /// What is stopped meanwhile; none if Keycloak goes on.
    fn keycloak(&self) -> Option<Keycloak> {
        self.stop.then(|| Keycloak {
            centres: self.centres.clone(),
            workload: self.workload.clone(),
        })
    }

    /// What is about to be done, for people.
    pub fn lines(&self) -> Vec<String> {
        let server = &self.client.server;
        let workload = &self.workload;
        let mut lines = Vec::new();
        if self.stop {
            let centres = self.centres.iter();
            lines.extend(centres.map(|centre| {
                let by = match centre.scaler.operator() {
                    Some(version) => format!(", by {} of {version}", centre.scaler),
                    None => String::new(),
                };
                format!("stop all pods of {workload} in {}{by}", centre.place)
            }));
        }
        let beyond = if self.cascade {
            ", what depends on it in other schemas too,"
        } else {
            ""
        };
        lines.push(format!(
            "drop schema {} of database {} on {} with all its data{beyond} and make it anew",
            self.schema, server.database, server.host
        ));
        let what = if self.stop { "start" } else { "restart" };
        let mut former = None;
        for centre in &self.centres {
            let when = match former {
                Some(name) => format!(", once it is ready in context {name}"),
                None => String::new(),
            };
            lines.push(format!("{what} {workload} in {}{when}", centre.place));
            former = Some(centre.name());
        }
        lines
    }

    /// What outlives the schema, for people.
    pub fn notes(&self) -> Vec<String> {
        (self.caches.iter())
            .map(|host| {
                format!(
                    "keycloak keeps caches in the external infinispan at {host}: what is in them outlives the schema; clear them before users come back"
                )
            })
            .collect()
    }
}
