//! What a person asks for, checked, and the pod that answers it.

use stepwell_engine::{Clock, Fault};

use super::verdict::{self, Culprit, Verdict};
use crate::SurveyError;
use crate::aurora::Endpoint;
use crate::aws::{Aws, YOUNG};
use crate::input::{self, InvalidInput};
use crate::kubernetes::pod;
use crate::kubernetes::probe::{self, Probe};
use crate::kubernetes::said::{Said, Told};
use crate::kubernetes::{
    Client, PODS, Place, Resources, Server, User, check_rights, check_secret, default_image, names,
    namespace, refused_by_server,
};
use crate::peering::end::Accounts;
use crate::peering::list;

/// `peering verify` as it was asked for; nothing is checked yet.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// The cluster's name.
    pub cluster: String,
    /// Its region.
    pub region: String,
    /// The namespace that has the Secret; none for the context's own.
    pub namespace: Option<String>,
    /// The context of the ROSA cluster; none for the current one.
    pub context: Option<String>,
    /// The Secret with user and password.
    pub secret: String,
    /// The database; none for the one made with the cluster.
    pub database: Option<String>,
    /// The user; none for that of the Secret, else the cluster's master user.
    pub username: Option<String>,
    /// The image with psql; none for the engine's version of it.
    pub image: Option<String>,
    /// What the container asks for, and may use: none for a little.
    pub cpu: Option<String>,
    /// The same of memory.
    pub memory: Option<String>,
    /// The program.
    pub kubectl: String,
    /// ROSA's VPC; none if all peerings of the cluster are to be whole.
    pub rosa_vpc: Option<String>,
}

/// `peering verify`, checked.
#[derive(Debug, Clone)]
pub struct VerifyRequest {
    cluster: String,
    region: String,
    place: Place,
    secret: String,
    database: Option<String>,
    username: Option<String>,
    image: Option<String>,
    resources: Resources,
    rosa_vpc: Option<String>,
}

impl VerifyOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<VerifyRequest, InvalidInput> {
        Ok(VerifyRequest {
            cluster: input::cluster(&self.cluster)?,
            region: input::region(&self.region)?,
            place: Place {
                kubectl: names::kubectl(&self.kubectl)?,
                context: self.context.as_deref().map(names::context).transpose()?,
                namespace: (self.namespace.as_deref())
                    .map(names::namespace)
                    .transpose()?,
            },
            secret: names::object("secret", &self.secret)?,
            database: (self.database.as_deref())
                .map(input::database)
                .transpose()?,
            username: (self.username.as_deref())
                .map(input::username)
                .transpose()?,
            image: self.image.as_deref().map(names::image).transpose()?,
            resources: names::resources(self.cpu.as_deref(), self.memory.as_deref())?,
            rosa_vpc: self.rosa_vpc,
        })
    }
}

impl VerifyRequest {
    /// Where the pod is to be.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Names ROSA's VPC, once it is known.
    #[must_use]
    pub fn of_vpc(mut self, vpc: &str) -> Self {
        self.rosa_vpc = Some(vpc.to_owned());
        self
    }

    /// Looks for what the pod needs, so that what is missing is said before
    /// anything is made.
    pub async fn survey(&self, clock: &dyn Clock) -> Result<(), Fault> {
        self.look(clock).await.map(drop)
    }

    /// What the pod needs: the user for the login and for the container.
    async fn look(&self, clock: &dyn Clock) -> Result<(Option<String>, Option<u32>), Fault> {
        let namespace = namespace(&self.place, clock).await?;
        let keys = check_secret(&self.place, clock, &self.secret).await?;
        check_rights(&self.place, clock, &PODS).await?;
        Ok((keys.username, namespace.run_as))
    }

    /// Looks for what the pod needs, takes away what earlier ones left, and
    /// gives the pod that is to try. The server is asked whether it would take it.
    pub async fn session(
        &self,
        clock: &dyn Clock,
        endpoint: &Endpoint,
    ) -> Result<VerifySession, SurveyError> {
        let (key, run_as) = self.look(clock).await?;
        probe::sweep(&self.place, clock, &self.cluster, &self.region).await?;
        let default = endpoint.database.as_deref().unwrap_or("keycloak");
        let user = User::choose(self.username.as_deref(), key.as_deref(), &endpoint.username);
        let probe = Probe {
            name: format!("stepwell-verify-{:016x}", clock.random()),
            cluster: self.cluster.clone(),
            region: self.region.clone(),
            client: Client {
                image: (self.image.clone())
                    .unwrap_or_else(|| default_image(endpoint.engine_version.as_deref())),
                server: Server {
                    host: endpoint.writer.clone(),
                    port: endpoint.port,
                    database: self.database.clone().unwrap_or_else(|| default.to_owned()),
                    user,
                    secret: self.secret.clone(),
                },
                resources: self.resources.clone(),
                run_as,
            },
        };
        let tried = probe.try_out(&self.place, clock).await;
        tried.map_err(refused_by_server)?;
        Ok(VerifySession {
            request: self.clone(),
            probe,
        })
    }
}

/// A pod that tries to reach the database.
#[derive(Debug, Clone)]
pub struct VerifySession {
    request: VerifyRequest,
    probe: Probe,
}

/// What the pod has told.
#[derive(Debug, Clone)]
pub struct Tried(Told);

impl VerifySession {
    /// The name of the pod.
    pub fn pod(&self) -> &str {
        &self.probe.name
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.request.place
    }

    /// The port that it tries.
    pub fn port(&self) -> i32 {
        self.probe.client.server.port
    }

    /// Makes the pod and waits until it has tried. It is to be removed whatever
    /// comes of this, also where this is not waited for.
    pub async fn try_it(&self, clock: &dyn Clock) -> Result<Tried, Fault> {
        let told = self.probe.try_it(&self.request.place, clock).await?;
        Ok(Tried(told))
    }

    /// Takes the pod away.
    pub async fn remove(&self, clock: &dyn Clock) -> Result<(), Fault> {
        pod::delete(&self.request.place, clock, &self.probe.name).await
    }

    /// Says what follows from what the pod told; where that may be the network's
    /// fault, looks at AWS for the part that is missing.
    pub async fn judge(&self, aws: &Aws, accounts: &Accounts, tried: &Tried) -> Verdict {
        let said = Said::of(&tried.0);
        let server = &self.probe.client.server;
        if !said.asks_for_a_look() {
            return verdict::judge(&said, server, None);
        }
        let (region, cluster) = (&self.request.region, &self.request.cluster);
        let look = async || {
            let listing = list(aws, accounts, Some(region), region, Some(cluster)).await;
            let peerings = listing.map(|listing| {
                let wanted = self.request.rosa_vpc.as_deref();
                let mut peerings = listing.peerings;
                peerings.retain(|one| wanted.is_none_or(|vpc| one.rosa_vpc_id == vpc));
                peerings
            });
            verdict::judge(&said, server, Some(&peerings))
        };
        let verdict = look().await;
        let misses = [Culprit::Peering, Culprit::Route, Culprit::Rule];
        if !verdict.culprit.is_some_and(|part| misses.contains(&part)) {
            return verdict;
        }
        // A read may miss what was made just now.
        aws.clock().sleep(YOUNG).await;
        look().await
    }
}
