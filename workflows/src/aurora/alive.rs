//! Signs of life: how a run tells those on other hosts, with other state
//! files, that it is at work on a cluster.
//!
//! The sign is a tag on the cluster's VPC with the run, its process and the
//! time at AWS. It is set with the VPC, renewed while the process works, and
//! taken away when it lets go of the run. A sign that is no longer renewed is
//! that of a dead process and soon counts for nothing. It is no lock: two that
//! look at the same moment both see none. It is there for what takes minutes
//! and for people who do not know of each other; what is made twice in spite of
//! it is found and refused by the steps.

use std::convert::Infallible;
use std::time::Duration;

use aws_sdk_ec2::types::{Tag, Vpc};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::Value;
use stepwell_engine::{Attempt, Fault, RunId, Timestamp};

use crate::aws::call::{fault, unless_gone};
use crate::aws::{Aws, ec2, tags};
use crate::{SurveyError, Workflow};

/// How often a sign is renewed.
const PERIOD: Duration = Duration::from_secs(2 * 60);

/// How old a sign may be. Some renewals may fail in between.
const VALID: Duration = Duration::from_secs(10 * 60);

/// How long it may take to take a sign away.
const FAREWELL: Duration = Duration::from_secs(10);

/// A sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sign {
    at: Timestamp,
    run: String,
    /// `<pid>@<host>`.
    process: String,
}

impl Sign {
    /// This process's sign for a run, now.
    fn of(aws: &Aws, run: RunId) -> Self {
        let actor = aws.actor();
        // What may stand in the value of a tag (EC2 User Guide, "Tag your
        // Amazon EC2 resources"), and no more of it than fits.
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        let host: String = (actor.host.chars().take(64))
            .map(|c| if plain(c) { c } else { '-' })
            .collect();
        Self {
            at: aws.time(),
            run: run.to_string(),
            process: format!("{}@{host}", actor.pid),
        }
    }

    fn read(vpc: &Vpc) -> Option<Self> {
        let mut words = tags::value(vpc.tags(), tags::ALIVE)?.split(' ');
        let (at, run, process) = (words.next()?, words.next()?, words.next()?);
        let at = DateTime::from_str(at, Format::DateTime).ok()?;
        Some(Self {
            at: Timestamp(at.to_millis().ok()?),
            run: run.to_owned(),
            process: process.to_owned(),
        })
    }

    fn tag(&self) -> Tag {
        // To the second: it has to fit, and to be read by people.
        let at = DateTime::from_secs(self.at.0.div_euclid(1000));
        let at = at.fmt(Format::DateTime).unwrap_or_default();
        let value = format!("{at} {} {}", self.run, self.process);
        Tag::builder().key(tags::ALIVE).value(value).build()
    }

    /// Whether it is the sign of a run that is at work, and not of `run`.
    fn is_in_the_way(&self, aws: &Aws, run: Option<RunId>) -> bool {
        !aws.takes_over()
            && !aws.is_dead(&self.run)
            && aws.time().since(self.at) < VALID
            && run.is_none_or(|run| run.to_string() != self.run)
    }

    /// Says who is at work, and what to do about it.
    fn describe(&self, aws: &Aws, region: &str, cluster: &str) -> (String, String) {
        let age = aws.time().since(self.at);
        let (pid, host) = self.process.split_once('@').unwrap_or(("?", "?"));
        let left = VALID.saturating_sub(age).as_secs().div_ceil(60);
        (
            format!(
                "run {} is at work on cluster {cluster:?} in {region}: process {pid} on {host}, whose last sign of life is {} seconds old",
                self.run,
                age.as_secs()
            ),
            format!(
                "wait until it is done; if it is dead, its sign counts for nothing in {left} minutes, or at once with --take-over"
            ),
        )
    }
}

/// The tag that a VPC gets with its creation.
pub(super) fn tag(aws: &Aws, run: RunId) -> Tag {
    Sign::of(aws, run).tag()
}

/// A fault if another run is at work on the VPC.
pub(super) fn refuse_adoption(
    at: &Attempt<Aws>,
    region: &str,
    cluster: &str,
    vpc: &Vpc,
) -> Result<(), Fault> {
    let aws = at.context();
    match Sign::read(vpc).filter(|sign| sign.is_in_the_way(aws, Some(at.run()))) {
        None => Ok(()),
        Some(sign) => {
            let (message, hint) = sign.describe(aws, region, cluster);
            Err(Fault::permanent(message).with_hint(hint))
        }
    }
}

/// Refuses to touch a cluster that another run than `run` is at work on.
pub async fn refuse_alive(
    aws: &Aws,
    region: &str,
    cluster: &str,
    run: Option<RunId>,
) -> Result<(), SurveyError> {
    if aws.takes_over() {
        return Ok(());
    }
    let vpcs = aws.look(|| ec2::vpcs_of(aws, region, cluster)).await?;
    let sign = vpcs
        .iter()
        .filter_map(Sign::read)
        .filter(|sign| sign.is_in_the_way(aws, run))
        .max_by_key(|sign| sign.at);
    match sign {
        None => Ok(()),
        Some(sign) => {
            let (message, hint) = sign.describe(aws, region, cluster);
            Err(SurveyError::Alive { message, hint })
        }
    }
}

/// The signs that a run gives while a process works on it.
pub struct SignsOfLife {
    aws: Aws,
    run: RunId,
    region: String,
    cluster: String,
}

impl SignsOfLife {
    /// Those of a run; none if its workflow works on no cluster's own network.
    pub fn of(aws: &Aws, run: RunId, workflow: &str, parameters: &Value) -> Option<Self> {
        let works_on_network = matches!(
            Workflow::from_name(workflow)?,
            Workflow::AuroraCreate | Workflow::AuroraDelete
        );
        if !works_on_network {
            return None;
        }
        Some(Self {
            aws: aws.clone(),
            run,
            region: parameters["region"].as_str()?.to_owned(),
            cluster: parameters["cluster"].as_str()?.to_owned(),
        })
    }

    /// Gives signs while `work` is done, and takes them away at its end. A sign
    /// that fails is never the run's failure; `note` hears of the first that does.
    pub async fn during<T>(
        signs: Option<&Self>,
        note: impl Fn(String),
        work: impl Future<Output = T>,
    ) -> T {
        let Some(signs) = signs else {
            return work.await;
        };
        let result = tokio::select! {
            biased;
            result = work => result,
            never = signs.give(note) => match never {},
        };
        signs.end().await;
        result
    }

    async fn give(&self, note: impl Fn(String)) -> Infallible {
        let mut noted = false;
        loop {
            if let Err(message) = self.renew().await
                && !noted
            {
                noted = true;
                note(message);
            }
            self.aws.clock().sleep(PERIOD).await;
        }
    }

    async fn renew(&self) -> Result<(), String> {
        let failed =
            |fault: Fault| format!("other hosts can't be told that this run is at work: {fault}");
        let vpcs = self.vpcs().await.map_err(failed)?;
        for vpc in &vpcs {
            let other = Sign::read(vpc);
            if let Some(other) = other.filter(|sign| sign.is_in_the_way(&self.aws, Some(self.run)))
            {
                return Err(other.describe(&self.aws, &self.region, &self.cluster).0);
            }
            let answer = self
                .aws
                .ec2(&self.region)
                .create_tags()
                .resources(vpc.vpc_id().unwrap_or_default())
                .tags(tag(&self.aws, self.run))
                .send()
                .await
                .map_err(|error| fault("CreateTags", error));
            unless_gone(answer).map_err(failed)?;
        }
        Ok(())
    }

    /// Takes the signs away: nobody is at work any more. What fails here is
    /// left to time.
    async fn end(&self) {
        let work = async {
            for vpc in self.vpcs().await? {
                let own = Sign::read(&vpc).is_some_and(|sign| sign.run == self.run.to_string());
                if own {
                    let request = self.aws.ec2(&self.region).delete_tags();
                    let tag = Tag::builder().key(tags::ALIVE).build();
                    let request = request.resources(vpc.vpc_id().unwrap_or_default());
                    let answer = request.tags(tag).send().await;
                    answer.map_err(|error| fault("DeleteTags", error))?;
                }
            }
            Ok::<_, Fault>(())
        };
        tokio::select! {
            biased;
            _ = work => {}
            () = self.aws.clock().sleep(FAREWELL) => {}
        }
    }

    async fn vpcs(&self) -> Result<Vec<Vpc>, Fault> {
        ec2::vpcs_of(&self.aws, &self.region, &self.cluster).await
    }
}
