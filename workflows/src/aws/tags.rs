//! The tags by which resources are found again, with or without local state.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Found, Owner, RunId};

use super::Aws;

/// The tag of the shell scripts: its value is the cluster's name.
pub(crate) const CLUSTER: &str = "AuroraCluster";
/// Which deployment (target) a resource belongs to.
pub(crate) const DEPLOYMENT: &str = "stepwell:deployment";
/// Which run made a resource.
pub(crate) const RUN: &str = "stepwell:run";
/// Which step made a resource.
pub(crate) const STEP: &str = "stepwell:step";
/// The tag that spares a cluster from being reaped, whatever its value.
pub(crate) const KEEPALIVE: &str = "keepalive";
/// Which run is at work on a cluster: on its VPC, for as long as it is.
pub(crate) const ALIVE: &str = "stepwell:alive";
/// Which snapshot a cluster was restored from.
pub(crate) const SNAPSHOT: &str = "stepwell:snapshot";
/// How many instances a cluster is to have: on the cluster from its creation.
/// One with fewer is half made.
pub(crate) const INSTANCES: &str = "stepwell:instances";
/// The step's tag of what a run took over from a dead one.
pub(crate) const TAKE_OVER: &str = "take-over";

/// The tags that every resource of a deployment gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    /// The cluster's name.
    pub cluster: String,
    /// The target, for example `aurora/eu-west-1/keycloak`.
    pub deployment: String,
    /// Further tags that the person asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

impl Labels {
    /// The tags of what this attempt makes.
    pub(crate) fn of(&self, at: &Attempt<Aws>, name: Option<&str>) -> Vec<(String, String)> {
        let mut tags: Vec<(String, String)> = self.extra.clone().into_iter().collect();
        tags.push((CLUSTER.to_owned(), self.cluster.clone()));
        if let Some(name) = name {
            tags.push(("Name".to_owned(), name.to_owned()));
        }
        tags.push((DEPLOYMENT.to_owned(), self.deployment.clone()));
        tags.push((RUN.to_owned(), at.run().to_string()));
        tags.push((STEP.to_owned(), at.step().to_string()));
        tags
    }

    /// The same, as EC2 takes them with a create.
    pub(crate) fn specification(
        &self,
        at: &Attempt<Aws>,
        resource: ResourceType,
        name: &str,
    ) -> TagSpecification {
        TagSpecification::builder()
            .resource_type(resource)
            .set_tags(Some(self.ec2(at, name)))
            .build()
    }

    /// The same, as tags of EC2.
    pub(crate) fn ec2(&self, at: &Attempt<Aws>, name: &str) -> Vec<Tag> {
        self.of(at, Some(name))
            .into_iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect()
    }

    /// The same, as RDS takes them.
    pub(crate) fn rds(&self, at: &Attempt<Aws>) -> Vec<aws_sdk_rds::types::Tag> {
        self.of(at, None)
            .into_iter()
            .map(|(key, value)| {
                aws_sdk_rds::types::Tag::builder()
                    .key(key)
                    .value(value)
                    .build()
            })
            .collect()
    }
}

/// Whether a name, in a tag or elsewhere, is a cluster's: RDS compares names
/// without case, and people type tags as they like.
pub(crate) fn names(value: Option<&str>, cluster: &str) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case(cluster))
}

/// Tags as EC2 or RDS gives them.
pub(crate) trait Tagged {
    /// The value of a tag.
    fn tag(&self, key: &str) -> Option<&str>;
}

impl Tagged for [Tag] {
    fn tag(&self, key: &str) -> Option<&str> {
        value(self, key)
    }
}

impl Tagged for [aws_sdk_rds::types::Tag] {
    fn tag(&self, key: &str) -> Option<&str> {
        rds_value(self, key)
    }
}

/// The value of a tag.
pub(crate) fn value<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    tags.iter()
        .find(|tag| tag.key() == Some(key))
        .and_then(Tag::value)
}

/// The value of a tag of an RDS resource.
pub(crate) fn rds_value<'a>(tags: &'a [aws_sdk_rds::types::Tag], key: &str) -> Option<&'a str> {
    tags.iter()
        .find(|tag| tag.key() == Some(key))
        .and_then(aws_sdk_rds::types::Tag::value)
}

/// Whether a tag's key is the one that spares. AWS tells keys apart by case;
/// here a key that was meant so counts, because the mistake would cost data.
pub(crate) fn keeps_alive(key: Option<&str>) -> bool {
    key.is_some_and(|key| key.eq_ignore_ascii_case(KEEPALIVE))
}

/// Whose something is that was found, by its tag of the run.
pub(crate) fn owned<T>(run: Option<&str>, at: &Attempt<Aws>, made: T) -> Found<T> {
    if is_of_run(run, at) {
        Found::Ours(made)
    } else {
        Found::Theirs(made)
    }
}

/// Whether the tag of the run is this attempt's.
pub(crate) fn is_of_run(run: Option<&str>, at: &Attempt<Aws>) -> bool {
    run == Some(at.run().to_string().as_str())
}

/// Whether this attempt's run made something, rather than took it over.
pub(crate) fn is_made_by(tags: &(impl Tagged + ?Sized), at: &Attempt<Aws>) -> bool {
    is_of_run(tags.tag(RUN), at) && tags.tag(STEP) != Some(TAKE_OVER)
}

/// Whose something is that was found. What was taken over is the step's of that
/// name to undo.
pub(crate) fn found<T>(tags: &(impl Tagged + ?Sized), at: &Attempt<Aws>, made: T) -> Found<T> {
    if is_made_by(tags, at) {
        Found::Ours(made)
    } else {
        Found::Theirs(made)
    }
}

/// The run whose tag something bears, if that is another than `run`.
pub(crate) fn other_run(tags: &(impl Tagged + ?Sized), run: RunId) -> Option<&str> {
    tags.tag(RUN).filter(|other| *other != run.to_string())
}

/// Whose something is by now that this attempt's run made: another run's once
/// that one has taken it over. RDS takes the tags away from what is going, so
/// none is no sign of another.
pub(crate) fn owner(tags: &(impl Tagged + ?Sized), at: &Attempt<Aws>) -> Owner {
    match other_run(tags, at.run()) {
        Some(run) => Owner::Other(format!("run {run}")),
        None => Owner::ThisRun,
    }
}
