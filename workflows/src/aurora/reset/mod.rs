//! `aurora reset`: an empty schema, and Keycloak restarted in all data centres.
//!
//! The schema goes while Keycloak runs, as its documentation has it: what is
//! asked of it in between fails, and the restart ends that.

mod sql;
mod steps;
mod survey;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Graph, GraphError, Precedes};

use crate::aws::Aws;
use crate::input::{self, InvalidInput};
use crate::kubernetes::{Client, Place, Workload, names};
use steps::{DropSchema, Finish, NotePods, RemovePod, RestartWorkload, WaitRestarted};
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
    /// The user.
    pub username: String,
    /// The schema.
    pub schema: String,
    /// The image with `psql`; none for the engine's version of it.
    pub image: Option<String>,
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
    username: String,
    schema: String,
    image: Option<String>,
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
            username: input::username(&self.username)?,
            schema: names::schema(&self.schema)?,
            image: self.image.as_deref().map(names::image).transpose()?,
            kubectl: names::kubectl(&self.kubectl)?,
            anew: self.anew,
        })
    }
}

impl ResetRequest {
    /// What the run works on.
    pub fn target(&self) -> String {
        target(&self.region, &self.cluster)
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

/// What a reset works on: not the cluster itself, so that a run on it need not
/// be over.
fn target(region: &str, cluster: &str) -> String {
    format!("reset/{region}/{cluster}")
}

/// What a run of `aurora reset` starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetParameters {
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) schema: String,
    pub(crate) client: Client,
    pub(crate) places: Vec<Place>,
    pub(crate) workload: Workload,
    pub(crate) leftovers: Vec<String>,
}

impl ResetParameters {
    /// What is about to be done, for people.
    pub fn lines(&self) -> Vec<String> {
        let server = &self.client.server;
        let mut lines = vec![format!(
            "drop schema {} of database {} on {} with all its data, and make it anew",
            self.schema, server.database, server.host
        )];
        let places = self.places.iter();
        lines.extend(places.map(|place| format!("restart {} in {place}", self.workload)));
        lines
    }
}

/// The graph of a reset. Follows from the parameters alone.
pub fn reset_graph(parameters: &ResetParameters) -> Result<Graph<Aws>, GraphError> {
    let p = parameters;
    let mut graph = Graph::builder();
    let first = p.places.first().cloned().unwrap_or(Place {
        kubectl: String::new(),
        context: None,
        namespace: None,
    });

    let removed: Vec<_> = p
        .leftovers
        .iter()
        .map(|pod| {
            graph.add(
                format!("remove-{pod}"),
                RemovePod {
                    place: first.clone(),
                    pod: pod.clone(),
                },
                (),
            )
        })
        .collect();
    let noted: Vec<_> = p
        .places
        .iter()
        .map(|place| {
            graph.add(
                format!("pods-{}", place.context.as_deref().unwrap_or_default()),
                NotePods {
                    place: place.clone(),
                    workload: p.workload.clone(),
                },
                (),
            )
        })
        .collect();
    let mut before: Vec<&dyn Precedes> = removed.iter().map(|handle| handle as _).collect();
    before.extend(noted.iter().map(|handle| handle as &dyn Precedes));
    let dropped = graph.add_after(
        "drop-schema",
        DropSchema {
            place: first.clone(),
            client: p.client.clone(),
            schema: p.schema.clone(),
            cluster: p.cluster.clone(),
            region: p.region.clone(),
        },
        (),
        &before,
    );
    let mut restarted = Vec::new();
    for (place, pods) in p.places.iter().zip(&noted) {
        let context = place.context.as_deref().unwrap_or_default();
        let restart = graph.add_after(
            format!("restart-{context}"),
            RestartWorkload {
                place: place.clone(),
                workload: p.workload.clone(),
            },
            (),
            &[&dropped],
        );
        restarted.push(graph.add_after(
            format!("restarted-{context}"),
            WaitRestarted {
                place: place.clone(),
                workload: p.workload.clone(),
            },
            *pods,
            &[&restart],
        ));
    }
    let finished = graph.add(
        "pod-removed",
        Finish {
            place: first,
            cluster: p.cluster.clone(),
            region: p.region.clone(),
            database: p.client.server.database.clone(),
            schema: p.schema.clone(),
        },
        (dropped, restarted),
    );
    graph.output(finished);
    graph.finish()
}
