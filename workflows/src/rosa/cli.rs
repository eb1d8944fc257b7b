//! The `rosa` command: asked for JSON, and understood also when it says no.

use std::path::PathBuf;
use std::time::Duration;

use stepwell_engine::{Clock, Fault, Policy, retry};

use super::cluster::Cluster;
use super::complaint::{self, WITHOUT};
use super::said::{message, plain};
use crate::SurveyError;
use crate::child::{self, ChildError, Ended};

/// How long the command may take: it asks OCM several times, and STS.
const LIMIT: Duration = Duration::from_secs(90);

/// The `rosa` command.
#[derive(Debug, Clone)]
pub struct RosaCli {
    /// Its name, to be found by PATH, or its path.
    pub program: PathBuf,
    /// The AWS profile that it is to use; it looks for clusters of this account
    /// alone.
    pub profile: Option<String>,
}

impl RosaCli {
    async fn run(
        &self,
        clock: &dyn Clock,
        arguments: &[&str],
        region: Option<&str>,
    ) -> Result<Ended, ChildError> {
        let mut command = child::command(&self.program);
        command.args(arguments);
        if let Some(profile) = &self.profile {
            command.args(["--profile", profile]);
        }
        if let Some(region) = region {
            command.args(["--region", region]);
        }
        child::run(clock, command, LIMIT).await
    }

    fn failed(&self, what: &str, error: &ChildError) -> Fault {
        let program = self.program.display();
        match error {
            ChildError::Missing => Fault::permanent(format!("the command {program} is not found"))
                .with_hint(format!(
                    "install the rosa command line and log in; {WITHOUT}"
                )),
            ChildError::TimedOut(_) => Fault::unreachable(format!("{program} {what}: {error}"))
                .with_hint(format!(
                    "is Red Hat's OCM reachable? else try again; {WITHOUT}"
                )),
            _ => Fault::permanent(format!("{program} {what}: {error}"))
                .with_hint(format!("try it by hand; {WITHOUT}")),
        }
    }
}

const DESCRIBE: &str = "describe cluster";

/// `rosa describe cluster`. Where it does not reach OCM or AWS, it is asked
/// again under `policy`; one that said nothing in all its time is not.
pub(super) async fn describe(
    rosa: &RosaCli,
    clock: &dyn Clock,
    policy: Policy,
    name: &str,
    region: Option<&str>,
) -> Result<Cluster, SurveyError> {
    let arguments = ["describe", "cluster", "-c", name, "-o", "json"];
    retry(policy, clock, || async {
        let ended = match rosa.run(clock, &arguments, region).await {
            Ok(ended) => ended,
            Err(error) => return Ok(Err(rosa.failed(DESCRIBE, &error).into())),
        };
        match understood(name, &ended) {
            Err(SurveyError::Fault(fault)) if fault.class.passes() => Err(fault),
            done => Ok(done),
        }
    })
    .await?
}

fn understood(name: &str, ended: &Ended) -> Result<Cluster, SurveyError> {
    let complaint = || Err(complaint::meaning(DESCRIBE, Some(name), ended));
    if !ended.status.success() {
        return complaint();
    }
    match Cluster::read(&ended.stdout) {
        Ok(cluster) => Ok(cluster),
        // It may have said why on stderr, and ended with 0 all the same.
        Err(_) if ended.stdout.trim_ascii().is_empty() => complaint(),
        Err(error) => Err(
            Fault::permanent(format!("rosa {DESCRIBE} can't be understood"))
                .with_cause(error.to_string())
                .with_hint(format!(
                    "look at `rosa describe cluster -c {name} -o json`; {WITHOUT}"
                ))
                .into(),
        ),
    }
}

/// Which version, and who is logged in.
pub(super) async fn probe(rosa: &RosaCli, clock: &dyn Clock) -> Result<String, SurveyError> {
    let ask = async |what: &str| {
        let ended = rosa.run(clock, &[what], None).await;
        ended.map_err(|error| rosa.failed(what, &error))
    };
    let version = ask("version").await?;
    let printed = plain(&version.stdout);
    let first = printed
        .lines()
        .map(message)
        .find(|line| !line.is_empty())
        .unwrap_or("of an unknown version");
    let whoami = ask("whoami").await?;
    let printed = plain(&whoami.stdout);
    let field = |name: &str| {
        let rest = printed.lines().find_map(|line| line.strip_prefix(name));
        rest.map(str::trim).filter(|value| !value.is_empty())
    };
    // Without a login it ends with 0 too.
    match field("OCM Account Username:") {
        Some(user) => Ok(format!(
            "rosa {first}, logged in to {} as {user}",
            field("OCM API:").unwrap_or("OCM")
        )),
        None => Err(complaint::meaning("whoami", None, &whoami)),
    }
}
