//! The tags of the accepter's side.

use aws_sdk_ec2::types::Tag;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::connection::Connection;
use crate::aws::call::{fault, unless_gone};
use crate::aws::poll::confirmed;
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, POLICY};
use crate::peering::link::{self, Link};

/// Tags the peering on the side that did not request it: each side has tags
/// of its own, and whoever looks for the peering there later has no others. A
/// peering that somebody else made is not labelled as ours.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TagAccepter {
    pub(crate) labels: Labels,
}

fn label<'a>(link: Option<&'a Link>, key: &str) -> Option<&'a str> {
    link.and_then(|link| tags::value(&link.tags, key))
}

impl Step for TagAccepter {
    type Context = Aws;
    type Input = Connection;
    type Output = ();
    const KIND: &'static str = "tag-peering";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, connection: &Connection) -> Result<Found<()>, Fault> {
        let id = &connection.peering_id;
        // Whose it is decides for good whether it is tagged at all.
        let requested =
            confirmed(at, || link::from(at.context(), &connection.requester, id)).await?;
        if label(requested.as_ref(), tags::DEPLOYMENT) != Some(&self.labels.deployment) {
            return Ok(Found::Theirs(()));
        }
        let link = link::from(at.context(), &connection.accepter, id).await?;
        Ok(match label(link.as_ref(), tags::CLUSTER) {
            Some(_) => tags::owned(label(link.as_ref(), tags::RUN), at, ()),
            None => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Aws>, connection: &Connection) -> Result<(), Fault> {
        let end = &connection.accepter;
        let name = format!("Aurora Cluster {}", self.labels.cluster);
        let labels = self.labels.of(at, Some(&name));
        let answer = end
            .aws(at.context())
            .ec2(&end.region)
            .create_tags()
            .resources(&connection.peering_id)
            .set_tags(Some(written(labels)))
            .send()
            .await;
        answer.map_err(|error| fault("CreateTags", error)).map(drop)
    }

    async fn undo(&self, at: &Attempt<Aws>, connection: &Connection, (): &()) -> Result<(), Fault> {
        let end = &connection.accepter;
        let look = || link::from(at.context(), end, &connection.peering_id);
        let link = confirmed(at, look).await?;
        if !tags::is_of_run(label(link.as_ref(), tags::RUN), at) {
            return Ok(());
        }
        let name = format!("Aurora Cluster {}", self.labels.cluster);
        // A tag goes only where it has our value.
        let labels = self.labels.of(at, Some(&name));
        let answer = end
            .aws(at.context())
            .ec2(&end.region)
            .delete_tags()
            .resources(&connection.peering_id)
            .set_tags(Some(written(labels)))
            .send()
            .await;
        unless_gone(answer.map_err(|error| fault("DeleteTags", error))).map(drop)
    }
}

fn written(labels: Vec<(String, String)>) -> Vec<Tag> {
    labels
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}
