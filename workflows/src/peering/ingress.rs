//! The rules that let a network reach the database.

use aws_sdk_ec2::types::{IpPermission, IpRange, SecurityGroupRule, TagSpecification};
use ipnet::Ipv4Net;
use stepwell_engine::Fault;

use super::end::End;
use crate::aws::call::fault;
use crate::aws::{Aws, ec2};

/// PostgreSQL's port, and Aurora's default.
pub(crate) const PORT: i32 = 5432;

/// The range that a rule lets in to the database's port and to no other, if it
/// is such a rule.
pub(crate) fn source(rule: &SecurityGroupRule) -> Option<Ipv4Net> {
    let ours = rule.is_egress() == Some(false)
        && rule.ip_protocol() == Some("tcp")
        && rule.from_port() == Some(PORT)
        && rule.to_port() == Some(PORT);
    ours.then(|| rule.cidr_ipv4()?.parse().ok()).flatten()
}

/// The rules of groups that let a range in to the database.
pub(crate) async fn rules(
    aws: &Aws,
    end: &End,
    groups: &[String],
) -> Result<Vec<(Ipv4Net, SecurityGroupRule)>, Fault> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let rules = ec2::rules(end.aws(aws), &end.region, groups).await?;
    Ok(rules
        .into_iter()
        .filter_map(|rule| Some((source(&rule)?, rule)))
        .collect())
}

/// Lets a range in to the database. Gives the rule's id, where AWS names it.
pub(crate) async fn open(
    aws: &Aws,
    end: &End,
    group: &str,
    source: Ipv4Net,
    description: &str,
    tags: TagSpecification,
) -> Result<Option<String>, Fault> {
    let range = IpRange::builder()
        .cidr_ip(source.to_string())
        .description(description)
        .build();
    let permission = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(PORT)
        .to_port(PORT)
        .ip_ranges(range)
        .build();
    let answer = end
        .aws(aws)
        .ec2(&end.region)
        .authorize_security_group_ingress()
        .group_id(group)
        .ip_permissions(permission)
        .tag_specifications(tags)
        .send()
        .await
        .map_err(|error| fault("AuthorizeSecurityGroupIngress", error))?;
    Ok(answer
        .security_group_rules()
        .iter()
        .find_map(|rule| rule.security_group_rule_id().map(str::to_owned)))
}
