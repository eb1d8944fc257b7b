//! Who is asked for the description of a cluster.

use std::fmt;

use stepwell_engine::{Clock, Policy};

use super::cli::{self, RosaCli};
use super::cluster::Cluster;
use super::ocm::{self, OcmAccess};
use crate::{SurveyError, aws};

/// Faults that pass are retried as those of AWS are, a little less long: a
/// person waits.
const PATIENCE: Policy = Policy {
    attempts: 5,
    ..aws::POLICY
};

/// The same for the command, which tries again by itself.
const PATIENCE_WITH_CLI: Policy = Policy {
    attempts: 3,
    ..PATIENCE
};

/// For a look at how things stand.
const ONCE: Policy = Policy {
    attempts: 1,
    ..PATIENCE
};

/// Who is asked for the description of a cluster.
#[derive(Debug, Clone)]
pub enum RosaSource {
    /// The `rosa` command, which has a login of its own.
    Cli(RosaCli),
    /// OCM's REST API.
    Ocm(OcmAccess),
}

impl RosaSource {
    /// Its name, for people.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Cli(_) => "rosa describe cluster",
            Self::Ocm(_) => "OCM",
        }
    }

    /// Asks for the description of a cluster, again where that fails for a time.
    pub(super) async fn describe(
        &self,
        clock: &dyn Clock,
        cluster: &str,
        region: Option<&str>,
    ) -> Result<Cluster, SurveyError> {
        let policy = match self {
            Self::Cli(_) => PATIENCE_WITH_CLI,
            Self::Ocm(_) => PATIENCE,
        };
        self.ask(clock, policy, cluster, region).await
    }

    async fn ask(
        &self,
        clock: &dyn Clock,
        policy: Policy,
        cluster: &str,
        region: Option<&str>,
    ) -> Result<Cluster, SurveyError> {
        match self {
            Self::Cli(rosa) => cli::describe(rosa, clock, policy, cluster, region).await,
            Self::Ocm(access) => ocm::describe(access, clock, policy, cluster).await,
        }
    }
}

impl fmt::Display for RosaSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cli(rosa) => write!(f, "the command {}", rosa.program.display()),
            Self::Ocm(access) => write!(f, "OCM at {}", access.url),
        }
    }
}

/// Says in a line who would be asked, in which version and with whose login;
/// an error if that would not work. What fails is not tried again.
pub async fn probe(clock: &dyn Clock, source: &RosaSource) -> Result<String, SurveyError> {
    match source {
        RosaSource::Cli(rosa) => cli::probe(rosa, clock).await,
        RosaSource::Ocm(access) => ocm::probe(access, clock, ONCE).await,
    }
}

/// The state of a cluster, such as `ready`, as who is asked says it; an error
/// if there is no such cluster. What fails is not tried again.
pub async fn state(
    clock: &dyn Clock,
    source: &RosaSource,
    cluster: &str,
) -> Result<String, SurveyError> {
    let found = source.ask(clock, ONCE, cluster, None).await?;
    Ok(found.state().unwrap_or("in an unknown state").to_owned())
}
