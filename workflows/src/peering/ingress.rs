//! The rules that let a network reach the database.

use aws_sdk_ec2::types::{IpPermission, IpRange, SecurityGroupRule, Tag, TagSpecification};
use ipnet::Ipv4Net;
use stepwell_engine::Fault;

use super::end::End;
use crate::aws::call::fault;
use crate::aws::{Aws, ec2, rds};

/// PostgreSQL's port and Aurora's default: what counts where no cluster is left
/// that could tell another one.
pub(crate) const DEFAULT_PORT: i32 = 5432;

/// The default, for parameters that were recorded without a port.
pub(crate) fn default_port() -> i32 {
    DEFAULT_PORT
}

/// The port on which a cluster serves, as RDS has it.
pub(crate) async fn port_of(aws: &Aws, end: &End, cluster: &str) -> Result<i32, Fault> {
    let found = rds::cluster(end.aws(aws), &end.region, cluster).await?;
    Ok(found
        .and_then(|cluster| cluster.port())
        .unwrap_or(DEFAULT_PORT))
}

/// A rule that lets a range in to one TCP port.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) source: Ipv4Net,
    pub(crate) port: i32,
    /// Its security group.
    pub(crate) group: String,
    /// Its id.
    pub(crate) rule: String,
    pub(crate) tags: Vec<Tag>,
}

impl Opening {
    fn of(rule: &SecurityGroupRule) -> Option<Self> {
        let port = rule.from_port()?;
        let is_one = rule.is_egress() == Some(false)
            && rule.ip_protocol() == Some("tcp")
            && rule.to_port() == Some(port);
        if !is_one {
            return None;
        }
        Some(Self {
            source: rule.cidr_ipv4()?.parse().ok()?,
            port,
            group: rule.group_id()?.to_owned(),
            rule: rule.security_group_rule_id()?.to_owned(),
            tags: rule.tags().to_vec(),
        })
    }

    /// Whether it lets a range in to a port.
    pub(crate) fn is_for(&self, source: Ipv4Net, port: i32) -> bool {
        self.source == source && self.port == port
    }
}

/// The rules of groups that let a range in to one TCP port.
pub(crate) async fn openings(
    aws: &Aws,
    end: &End,
    groups: &[String],
) -> Result<Vec<Opening>, Fault> {
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let rules = ec2::rules(end.aws(aws), &end.region, groups).await?;
    Ok(rules.iter().filter_map(Opening::of).collect())
}

/// The same of all groups of an end's VPC. Each read has patience for what
/// passes: what meets each of them must not begin both again.
pub(crate) async fn all_openings(aws: &Aws, end: &End) -> Result<Vec<Opening>, Fault> {
    let there = end.aws(aws);
    let groups = || ec2::security_groups(there, &end.region, &end.vpc_id);
    let groups: Vec<String> = (there.look(groups).await?)
        .iter()
        .filter_map(|group| group.group_id().map(str::to_owned))
        .collect();
    there.look(|| openings(aws, end, &groups)).await
}

/// Lets a range in to a port. Gives the rule's id, where AWS names it.
pub(crate) async fn open(
    aws: &Aws,
    end: &End,
    group: &str,
    source: Ipv4Net,
    port: i32,
    description: &str,
    tags: TagSpecification,
) -> Result<Option<String>, Fault> {
    let range = IpRange::builder()
        .cidr_ip(source.to_string())
        .description(description)
        .build();
    let permission = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(port)
        .to_port(port)
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
