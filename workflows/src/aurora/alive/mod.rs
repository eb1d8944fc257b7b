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
//!
//! A process that stood still for longer than a sign counts (a laptop that
//! slept) may have been taken for dead. So its own sign is also its right to go
//! on: see [`SignsOfLife::lease`].

mod hold;
mod signs;

use std::time::Duration;

use aws_sdk_ec2::types::{Tag, Vpc};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use stepwell_engine::{Attempt, Fault, RunId, Timestamp};

use crate::SurveyError;
use crate::aws::{Aws, ec2, tags};
pub use signs::{Heard, Lost, SignsOfLife};

/// How old a sign may be. Some renewals may fail in between.
const VALID: Duration = Duration::from_secs(10 * 60);

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
            && self.is_fresh(aws)
            && run.is_none_or(|run| run.to_string() != self.run)
    }

    fn is_fresh(&self, aws: &Aws) -> bool {
        aws.time().since(self.at) < VALID
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
                "wait until it is done, or have this command wait: --wait 30m; if it is dead, its sign counts for nothing in {left} minutes, or at once with --take-over"
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
