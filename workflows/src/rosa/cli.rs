//! The `rosa` command: asked for JSON, and understood also when it says no.

use std::path::PathBuf;
use std::time::Duration;

use stepwell_engine::{Clock, Fault};

use super::cluster::Cluster;
use super::said::{complaint_of, message, plain};
use crate::SurveyError;
use crate::child::{self, ChildError, Ended};
use crate::input::InvalidInput;

/// How long the command may take: it asks OCM several times, and STS.
const LIMIT: Duration = Duration::from_secs(90);

/// What helps where the command does not.
const WITHOUT: &str =
    "or name its network with --rosa-vpc, which does without; or set OCM_TOKEN to ask OCM directly";

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

/// `rosa describe cluster`.
pub(super) async fn describe(
    rosa: &RosaCli,
    clock: &dyn Clock,
    name: &str,
    region: Option<&str>,
) -> Result<Cluster, SurveyError> {
    const WHAT: &str = "describe cluster";
    let arguments = ["describe", "cluster", "-c", name, "-o", "json"];
    let ended = rosa
        .run(clock, &arguments, region)
        .await
        .map_err(|error| rosa.failed(WHAT, &error))?;
    if !ended.status.success() {
        return Err(complaint(name, &ended));
    }
    match Cluster::read(&ended.stdout) {
        Ok(cluster) => Ok(cluster),
        // It may have said why on stderr, and ended with 0 all the same.
        Err(_) if ended.stdout.trim_ascii().is_empty() => Err(complaint(name, &ended)),
        Err(error) => Err(Fault::permanent(format!("rosa {WHAT} can't be understood"))
            .with_cause(error.to_string())
            .with_hint(format!(
                "look at `rosa describe cluster -c {name} -o json`; {WITHOUT}"
            ))
            .into()),
    }
}

/// What it means that the command says no.
fn complaint(name: &str, ended: &Ended) -> SurveyError {
    let said = complaint_of(&ended.stderr);
    let low = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| low.contains(word));
    if has(&["there is no cluster with"]) {
        return InvalidInput {
            input: "rosa-cluster",
            value: name.to_owned(),
            problem: "is no cluster that rosa knows in this AWS account".to_owned(),
            allowed: "a name that `rosa list clusters` shows; for another account, --rosa-profile"
                .to_owned(),
        }
        .into();
    }
    if has(&["clusters with identifier or name"]) {
        return SurveyError::Refused {
            message: format!("rosa knows several clusters {name:?}: {said}"),
            hint: "give the id that `rosa list clusters` shows in place of the name".to_owned(),
        };
    }
    if has(&NOT_LOGGED_IN) {
        return not_logged_in(&said).into();
    }
    if has(&[
        "failed to create aws client",
        "expiredtoken",
        "security token",
        "failed to get credentials",
        "failed to refresh cached credentials",
        "nocredentialproviders",
    ]) {
        return Fault::operator("rosa lacks AWS credentials")
            .with_cause(said)
            .with_hint(
                "renew the AWS credentials (for example `aws sso login`); rosa uses them too",
            )
            .into();
    }
    let how = match ended.status.code() {
        Some(code) => format!("rosa describe cluster failed with exit code {code}"),
        None => "rosa describe cluster was killed".to_owned(),
    };
    Fault::permanent(how)
        .with_cause(said)
        .with_hint(format!("try `rosa describe cluster -c {name}`; {WITHOUT}"))
        .into()
}

/// Parts of what the command says without a login, or with one that has ended.
const NOT_LOGGED_IN: [&str; 6] = [
    "not logged in",
    "rosa login",
    "login again",
    "invalid_grant",
    "authorization token needs",
    "not able to get authentication token",
];

fn not_logged_in(said: &str) -> Fault {
    Fault::operator("rosa is not logged in to Red Hat")
        .with_cause(said)
        .with_hint(format!("run `rosa login`; {WITHOUT}"))
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
        None => Err(not_logged_in(&complaint_of(&whoami.stderr)).into()),
    }
}
