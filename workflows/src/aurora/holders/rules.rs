//! Rules of security groups that name a group that goes.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::SecurityGroupRule;
use serde::{Deserialize, Serialize};
use stepwell_engine::Fault;

use super::{Doomed, Obstacle, Takes, denied, remedy};
use crate::aws::Aws;
use crate::aws::parts::rules::{naming, referenced};

/// A rule that names a group that goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NamingRule {
    /// The group that has the rule.
    pub group: String,
    /// The rule's id.
    pub rule: String,
    /// Whether it lets out; else it lets in.
    pub egress: bool,
}

/// Looks for the rules that name one of the groups that go. Those of a group
/// that goes too go first; those of any other are in the way, unless they say
/// themselves that they are the cluster's.
pub(super) async fn look(
    aws: &Aws,
    doomed: &Doomed,
    going: &[String],
) -> Result<(Vec<NamingRule>, Vec<Obstacle>), Fault> {
    let region = doomed.region.as_str();
    let (mut rules, mut obstacles) = (BTreeSet::new(), Vec::new());
    let found = naming(aws, region, going).await;
    for rule in found.map_err(|fault| denied("LookAtNetworks", fault))? {
        let Some(naming) = NamingRule::of(&rule) else {
            continue;
        };
        if goes(doomed, going, &rule, &naming) {
            rules.insert(naming);
        } else {
            obstacles.push(obstacle(doomed, &rule, naming));
        }
    }
    Ok((rules.into_iter().collect(), obstacles))
}

impl NamingRule {
    fn of(rule: &SecurityGroupRule) -> Option<Self> {
        Some(Self {
            group: rule.group_id()?.to_owned(),
            rule: rule.security_group_rule_id().unwrap_or_default().to_owned(),
            egress: rule.is_egress() == Some(true),
        })
    }
}

/// Whether a rule goes along: it is listed; or it is one of a group that goes
/// too, or says itself that it is the cluster's.
fn goes(doomed: &Doomed, going: &[String], rule: &SecurityGroupRule, naming: &NamingRule) -> bool {
    match &doomed.takes {
        Takes::Listed(ids) => ids.contains(&naming.rule),
        Takes::MadeBy(_) => doomed.takes(&naming.rule, rule.tags()),
        Takes::WhatIsTagged => going.contains(&naming.group) || is_own(doomed, rule),
    }
}

/// Whether a rule of a foreign group says that it is the cluster's: by its tags,
/// or by a description that names it as descriptions of a cluster's things do.
fn is_own(doomed: &Doomed, rule: &SecurityGroupRule) -> bool {
    let named = format!("aurora cluster {}", doomed.cluster.to_ascii_lowercase());
    let says = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.find(&named).is_some_and(|at| {
            let next = text[at + named.len()..].chars().next();
            next.is_none_or(|next| !next.is_ascii_alphanumeric() && next != '-')
        })
    };
    doomed.is_tagged(rule.tags()) || rule.description().is_some_and(says)
}

fn obstacle(doomed: &Doomed, rule: &SecurityGroupRule, naming: NamingRule) -> Obstacle {
    let NamingRule {
        group,
        rule: id,
        egress,
    } = naming;
    let named = referenced(rule).unwrap_or_default();
    let direction = if egress { "egress" } else { "ingress" };
    Obstacle::new(
        "security group rule",
        &id,
        format!("{direction} rule {id} of security group {group} names {named}, which goes with the cluster"),
        doomed.remedy(rule.tags(), remedy::of_rule(&group, &id, egress, &doomed.region)),
    )
    .taggable()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{ReferencedSecurityGroup, Tag};

    use super::*;

    fn doomed() -> Doomed {
        Doomed {
            region: "eu-west-1".to_owned(),
            cluster: "kc".to_owned(),
            identity: None,
            vpcs: Vec::new(),
            subnet_groups: Vec::new(),
            final_snapshot: None,
            peerings: Vec::new(),
            takes: Takes::WhatIsTagged,
        }
    }

    fn rule(description: &str, tag: Option<(&str, &str)>) -> SecurityGroupRule {
        let tag = tag.map(|(key, value)| Tag::builder().key(key).value(value).build());
        SecurityGroupRule::builder()
            .group_id("sg-1")
            .security_group_rule_id("sgr-1")
            .referenced_group_info(ReferencedSecurityGroup::builder().group_id("sg-2").build())
            .description(description)
            .set_tags(tag.map(|tag| vec![tag]))
            .build()
    }

    #[test]
    fn a_rule_is_the_clusters_if_it_says_so() {
        for (description, tag, own) in [
            ("", None, false),
            ("Aurora Cluster kc", None, true),
            ("let in from aurora cluster KC, since May", None, true),
            ("Aurora Cluster kc-2", None, false),
            ("Aurora Cluster kcx", None, false),
            ("", Some(("AuroraCluster", "KC")), true),
            ("", Some(("AuroraCluster", "other")), false),
            (
                "",
                Some(("stepwell:deployment", "aurora/eu-west-1/kc")),
                true,
            ),
            (
                "",
                Some(("stepwell:deployment", "aurora/us-east-1/kc")),
                false,
            ),
        ] {
            assert_eq!(
                is_own(&doomed(), &rule(description, tag)),
                own,
                "{description} {tag:?}"
            );
        }
    }
}
