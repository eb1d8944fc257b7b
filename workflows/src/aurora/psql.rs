//! `aurora psql`: a look into the database from inside of Kubernetes. It
//! changes nothing by itself and is over when the person is: no run, no history.

use std::time::Duration;

use serde_json::json;
use stepwell_engine::{Clock, Fault, FaultClass};

use super::Endpoint;
use crate::input::{self, InvalidInput};
use crate::kubernetes::pod::{self, Stand};
use crate::kubernetes::{
    CLUSTER, COMPONENT, Client, MANAGED_BY, Place, Server, check_namespace, check_secret,
    default_image, names,
};

const PACE: Duration = Duration::from_secs(2);

/// `aurora psql` as it was asked for; nothing is checked yet.
#[derive(Debug, Clone)]
pub struct PsqlOptions {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// The namespace; none for the context's own.
    pub namespace: Option<String>,
    /// The context; none for the current one.
    pub context: Option<String>,
    /// The image with `psql`; none for the engine's version of it.
    pub image: Option<String>,
    /// The database.
    pub database: String,
    /// The user.
    pub username: String,
    /// The Secret with the password.
    pub secret: String,
    /// The program.
    pub kubectl: String,
    /// What `psql` is told beside where the database is.
    pub arguments: Vec<String>,
}

/// `aurora psql`, checked.
#[derive(Debug, Clone)]
pub struct PsqlRequest {
    cluster: String,
    place: Place,
    image: Option<String>,
    database: String,
    username: String,
    secret: String,
    arguments: Vec<String>,
}

impl PsqlOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<PsqlRequest, InvalidInput> {
        input::region(&self.region)?;
        Ok(PsqlRequest {
            cluster: input::cluster(&self.cluster)?,
            place: Place {
                kubectl: names::kubectl(&self.kubectl)?,
                context: self.context.as_deref().map(names::context).transpose()?,
                namespace: self
                    .namespace
                    .as_deref()
                    .map(names::namespace)
                    .transpose()?,
            },
            image: self.image.as_deref().map(names::image).transpose()?,
            database: input::database(&self.database)?,
            username: input::username(&self.username)?,
            secret: names::object("secret", &self.secret)?,
            arguments: self.arguments,
        })
    }
}

impl PsqlRequest {
    /// A session on a host of the cluster, in a pod of its own.
    pub fn session(&self, endpoint: &Endpoint, host: &str, clock: &dyn Clock) -> PsqlSession {
        PsqlSession {
            place: self.place.clone(),
            pod: format!("stepwell-psql-{:016x}", clock.random()),
            cluster: self.cluster.clone(),
            client: Client {
                image: (self.image.clone())
                    .unwrap_or_else(|| default_image(endpoint.engine_version.as_deref())),
                server: Server {
                    host: host.to_owned(),
                    port: endpoint.port,
                    database: self.database.clone(),
                    username: self.username.clone(),
                    secret: self.secret.clone(),
                },
            },
            arguments: self.arguments.clone(),
        }
    }
}

/// `psql` in a pod that goes with it.
#[derive(Debug, Clone)]
pub struct PsqlSession {
    place: Place,
    pod: String,
    cluster: String,
    client: Client,
    arguments: Vec<String>,
}

impl PsqlSession {
    /// Where.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The name of the pod.
    pub fn pod(&self) -> &str {
        &self.pod
    }

    /// The arguments of `kubectl`; with a terminal for `psql`, or without.
    /// None of them is a secret: the pod takes the password from the Secret.
    pub fn words(&self, terminal: bool) -> Vec<String> {
        let image = format!("--image={}", self.client.image);
        let labels = format!(
            "--labels={MANAGED_BY}=stepwell,{COMPONENT}=psql,{CLUSTER}={}",
            self.cluster
        );
        // Merged into what `kubectl run` makes of the rest, by the name of the
        // container, which is the pod's.
        let overrides = json!({
            "apiVersion": "v1",
            "spec": {
                "automountServiceAccountToken": false,
                "containers": [{
                    "name": self.pod,
                    "env": self.client.environment(),
                    "securityContext": Client::security(),
                }],
            },
        });
        let overrides = format!("--overrides={overrides}");
        let mut words = vec!["run", &self.pod, &image, "--restart=Never", "--rm", "-i"];
        words.extend(terminal.then_some("--tty"));
        words.extend([
            "--quiet",
            // A node that has to pull the image needs more than a minute.
            "--pod-running-timeout=10m",
            &labels,
            "--override-type=strategic",
            &overrides,
            "--command",
            "--",
        ]);
        let mut words = self.place.words(&words);
        words.extend(self.client.command(&self.arguments));
        words
    }

    /// Looks for what it needs, so that what is missing is said before there
    /// is a pod that waits for it.
    pub async fn survey(&self, clock: &dyn Clock) -> Result<(), Fault> {
        check_namespace(&self.place, clock).await?;
        let secret = &self.client.server.secret;
        check_secret(&self.place, clock, secret).await.map(drop)
    }

    /// Watches the pod until it is at work or over; a fault if it can't start.
    pub async fn watch(&self, clock: &dyn Clock) -> Result<(), Fault> {
        let mut since = None;
        loop {
            let pod = match pod::get(&self.place, clock, &self.pod).await {
                Ok(pod) => pod,
                // `kubectl run` will tell whether this is the end.
                Err(fault) if fault.class != FaultClass::Permanent => None,
                Err(fault) => return Err(fault),
            };
            match pod.map(|pod| pod.stand()) {
                Some(Stand::Troubled(trouble)) => {
                    let now = clock.elapsed();
                    let since = since.get_or_insert(now);
                    if now.saturating_sub(*since) >= trouble.patience {
                        return Err(trouble.fault(&self.pod, &self.place));
                    }
                }
                None | Some(Stand::Starting(_)) => since = None,
                Some(Stand::Running | Stand::Succeeded | Stand::Failed(_)) => return Ok(()),
            }
            clock.sleep(PACE).await;
        }
    }

    /// Takes the pod away where `kubectl` could not.
    pub async fn remove(&self, clock: &dyn Clock) -> Result<(), Fault> {
        pod::delete(&self.place, clock, &self.pod).await
    }
}
