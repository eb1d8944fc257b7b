//! Whether a create that was begun earlier may be resumed or rolled back.

use stepwell_engine::event::{EventBody, RunCreated, Verb};
use stepwell_engine::{Event, Fault, RunId};

use super::CreateParameters;
use crate::Refusal;
use crate::aurora::ClusterIdentity;
use crate::aurora::estate::Estate;
use crate::aurora::holders::{Doomed, refuse_deletion};
use crate::aws::Aws;

/// What the history of a run says.
struct Begun {
    run: RunId,
    parameters: CreateParameters,
    /// The cluster that it made or found.
    cluster: Option<ClusterIdentity>,
    /// Whether it has taken over all that it was to.
    has_taken_over: bool,
}

impl Begun {
    fn of(events: &[Event]) -> Option<Self> {
        let first = events.first()?;
        let created = RunCreated::told(events)?;
        let parameters: CreateParameters =
            serde_json::from_value(created.parameters.clone()).ok()?;
        let is_of_kind = |name: &str, kinds: &[&str]| {
            let step = created.steps.iter().find(|step| *step.name == *name);
            step.is_some_and(|step| kinds.contains(&step.kind.as_str()))
        };
        let mut begun = Self {
            run: first.run,
            has_taken_over: parameters.take_over.is_none(),
            parameters,
            cluster: None,
        };
        for event in events {
            let EventBody::AttemptSucceeded {
                step,
                verb: Verb::Run,
                outcome,
                ..
            } = &event.body
            else {
                continue;
            };
            if is_of_kind(step, &["create-cluster", "restore-cluster"]) {
                let output = outcome.output().cloned().unwrap_or_default();
                begun.cluster = serde_json::from_value(output).ok();
            }
            begun.has_taken_over |= is_of_kind(step, &["take-over"]);
        }
        Some(begun)
    }

    async fn estate(&self, aws: &Aws) -> Result<Estate, Fault> {
        let p = &self.parameters;
        Estate::of(aws, &p.region, &p.labels, &p.subnet_group_name).await
    }

    /// Another cluster of the name: that one is not this run's business.
    fn another(&self, estate: &Estate) -> Option<Refusal> {
        let message = match (&self.cluster, &estate.found) {
            (Some(then), Some(now)) => then.differs(now)?,
            _ => return None,
        };
        let p = &self.parameters;
        Some(Refusal {
            message,
            hint: format!(
                "this run does not touch the other cluster; `stepwell aurora delete --cluster {} --region {}` deletes that one, and gives this run up",
                p.cluster, p.region
            ),
        })
    }

    /// The run that the cluster or its VPC belongs to now, if that is another.
    fn heir<'a>(&self, estate: &'a Estate) -> Option<&'a str> {
        let run = self.run.to_string();
        // Before it has taken over what dead runs left, that is theirs.
        estate
            .runs()
            .find(|other| self.has_taken_over && *other != run)
    }
}

/// Why the run must not be resumed.
pub(crate) async fn resume_refusal(aws: &Aws, events: &[Event]) -> Result<Option<Refusal>, Fault> {
    let Some(begun) = Begun::of(events) else {
        return Ok(None);
    };
    let estate = begun.estate(aws).await?;
    if let Some(refusal) = begun.another(&estate) {
        return Ok(Some(refusal));
    }
    Ok(begun.heir(&estate).map(|run| Refusal {
        message: format!(
            "what there is of cluster {:?} belongs to run {run} now",
            begun.parameters.cluster
        ),
        hint: "`stepwell rollback` ends this run, and leaves what is the other's".to_owned(),
    }))
}

/// Why the run must not be rolled back.
///
/// What another run has taken over as a whole is kept step by step, so that
/// this run can be brought to its end.
pub(crate) async fn rollback_refusal(
    aws: &Aws,
    events: &[Event],
) -> Result<Option<Refusal>, Fault> {
    let Some(begun) = Begun::of(events) else {
        return Ok(None);
    };
    let estate = begun.estate(aws).await?;
    if let Some(refusal) = begun.another(&estate) {
        return Ok(Some(refusal));
    }
    let (region, name) = (&begun.parameters.region, &begun.parameters.cluster);
    let own = begun.run.to_string();
    match begun.heir(&estate) {
        Some(run) if estate.runs().any(|other| other == own) => Ok(Some(Refusal {
            message: format!("run {run} has taken over a part of cluster {name:?}"),
            hint: "resume that run, or roll it back, before this one".to_owned(),
        })),
        Some(_) => Ok(None),
        None => {
            // A VPC that is not this run's stays, whatever is in it.
            let vpcs = estate.vpcs_of(&own);
            let doomed = Doomed::by_rollback(region, name, vpcs, begun.run);
            refuse_deletion(aws, &doomed, None).await
        }
    }
}
