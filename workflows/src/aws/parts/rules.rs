//! Rules of security groups that name another group: EC2 deletes no group while
//! a rule of another one names it (EC2 API reference, `DeleteSecurityGroup`).

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{SecurityGroup, SecurityGroupRule};
use stepwell_engine::Fault;

use crate::aws::{Aws, ec2};

/// How many values a filter may have (EC2 API reference, "Filtering").
const VALUES: usize = 200;

/// The rules of other groups, in this VPC and in peered ones, that name one of
/// `named`. Each read has patience for what passes.
pub(crate) async fn naming(
    aws: &Aws,
    region: &str,
    named: &[String],
) -> Result<Vec<SecurityGroupRule>, Fault> {
    let mut rules = Vec::new();
    for named in named.chunks(VALUES) {
        let by = |name: &str| ec2::filter_any(name, named);
        let (ingress, egress) = tokio::try_join!(
            aws.look(|| ec2::security_groups_by(aws, region, by("ip-permission.group-id"))),
            aws.look(|| ec2::security_groups_by(aws, region, by("egress.ip-permission.group-id"))),
        )?;
        let holders = ingress.iter().chain(&egress);
        let holders: BTreeSet<&str> = holders.filter_map(SecurityGroup::group_id).collect();
        let holders: Vec<String> = holders.into_iter().map(str::to_owned).collect();
        for some in holders.chunks(VALUES) {
            let found = aws.look(|| ec2::rules(aws, region, some)).await?;
            rules.extend(found.into_iter().filter(|rule| names(rule, named)));
        }
    }
    Ok(rules)
}

/// The group that a rule names.
pub(crate) fn referenced(rule: &SecurityGroupRule) -> Option<&str> {
    rule.referenced_group_info()?.group_id()
}

/// Whether a rule names one of the groups and is not the group's own: a group
/// that names itself can go.
fn names(rule: &SecurityGroupRule, named: &[String]) -> bool {
    referenced(rule)
        .is_some_and(|id| rule.group_id() != Some(id) && named.iter().any(|one| one == id))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::ReferencedSecurityGroup;

    use super::*;

    #[test]
    fn only_a_rule_of_another_group_holds_a_group() {
        let rule = |of: &str| {
            SecurityGroupRule::builder()
                .group_id(of)
                .referenced_group_info(ReferencedSecurityGroup::builder().group_id("sg-2").build())
                .build()
        };
        let named = ["sg-2".to_owned()];
        assert!(names(&rule("sg-1"), &named));
        assert!(!names(&rule("sg-1"), &["sg-3".to_owned()]));
        assert!(!names(&rule("sg-2"), &named));
    }
}
