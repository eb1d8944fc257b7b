//! The tags by which resources are found again, with or without local state.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Found};

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
