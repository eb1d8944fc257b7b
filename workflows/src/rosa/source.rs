//! Who is asked for the description of a cluster.

use std::fmt;

use stepwell_engine::Clock;

use super::cli::{self, RosaCli};
use super::cluster::Cluster;
use super::ocm::{self, OcmAccess};
use crate::SurveyError;

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

    /// Asks for the description of a cluster.
    pub(super) async fn describe(
        &self,
        clock: &dyn Clock,
        cluster: &str,
        region: Option<&str>,
    ) -> Result<Cluster, SurveyError> {
        match self {
            Self::Cli(rosa) => cli::describe(rosa, clock, cluster, region).await,
            Self::Ocm(access) => ocm::describe(access, clock, cluster).await,
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
/// an error if that would not work.
pub async fn probe(clock: &dyn Clock, source: &RosaSource) -> Result<String, SurveyError> {
    match source {
        RosaSource::Cli(rosa) => cli::probe(rosa, clock).await,
        RosaSource::Ocm(access) => ocm::probe(access, clock).await,
    }
}

/// The state of a cluster, such as `ready`, as who is asked says it; an error
/// if there is no such cluster.
pub async fn state(
    clock: &dyn Clock,
    source: &RosaSource,
    cluster: &str,
) -> Result<String, SurveyError> {
    let found = source.describe(clock, cluster, None).await?;
    Ok(found.state().unwrap_or("in an unknown state").to_owned())
}
