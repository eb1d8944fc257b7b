//! Whose something is, and whether it may go. Pure: looks at what was found.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::Vpc;
use aws_sdk_rds::types::DbCluster;
use stepwell_engine::{RunId, Timestamp};

use super::look::{Group, Region};
use super::{Candidate, Rule, Verdict};
use crate::Target;
use crate::aws::tags;
use crate::input;

/// The description that the scripts give to a subnet group, which they do not
/// tag. It tells theirs from others of such a name once the VPC is gone.
const SCRIPTS_GROUP: &str = "Aurora DB Subnet Group";

/// The candidates of a region, and how many Aurora clusters are nobody's of
/// ours.
pub(super) fn judge(region: &Region, rule: Rule) -> (Vec<Candidate>, usize) {
    let owned: Vec<&DbCluster> = region
        .clusters
        .iter()
        .filter(|cluster| is_aurora(cluster) && is_owned(region, cluster))
        .collect();
    let aurora = region.clusters.iter().filter(|one| is_aurora(one)).count();
    let names: BTreeSet<String> = owned
        .iter()
        .filter_map(|cluster| cluster.db_cluster_identifier().map(str::to_owned))
        .chain(region.vpcs.iter().filter_map(name_of_vpc))
        .chain(
            region
                .groups
                .iter()
                .filter_map(|group| name_of_group(region, group)),
        )
        .collect();
    let candidates = names
        .into_iter()
        .map(|name| candidate(region, &name, rule))
        .collect();
    (candidates, aurora - owned.len())
}

/// RDS also lists clusters of other kinds, such as Neptune's.
fn is_aurora(cluster: &DbCluster) -> bool {
    cluster
        .engine()
        .is_some_and(|engine| engine.starts_with("aurora"))
}

/// Whether a cluster is ours or the scripts': tagged for just this name and
/// place, or in a VPC with the scripts' tag for it. A tag for another place
/// came along with a copy and counts for nothing.
fn is_owned(region: &Region, cluster: &DbCluster) -> bool {
    let Some(name) = cluster.db_cluster_identifier() else {
        return false;
    };
    let tag = |key| tags::rds_value(cluster.tag_list(), key);
    match tag(tags::DEPLOYMENT) {
        Some(deployment) => is_deployment(region, deployment, name),
        None if tag(tags::CLUSTER).is_some() => tags::names(tag(tags::CLUSTER), name),
        None => region.vpc_of(cluster).is_some_and(|vpc| {
            region
                .vpcs
                .iter()
                .any(|one| one.vpc_id() == Some(vpc) && is_vpc_of(one, name))
        }),
    }
}

/// Whether a tag names the deployment of a cluster in the region.
fn is_deployment(region: &Region, tag: &str, name: &str) -> bool {
    tag.eq_ignore_ascii_case(&Target::cluster(&region.name, name).to_string())
}

/// The name of the cluster that a VPC was made for, as RDS spells it: people
/// type tags as they like.
fn name_of_vpc(vpc: &Vpc) -> Option<String> {
    tags::value(vpc.tags(), tags::CLUSTER).map(str::to_ascii_lowercase)
}

/// Whether a VPC was made for a cluster.
fn is_vpc_of(vpc: &Vpc, name: &str) -> bool {
    tags::names(tags::value(vpc.tags(), tags::CLUSTER), name)
}

/// The name of the cluster that a subnet group was made for, if nothing uses
/// it: by its tags, or, for the scripts', by its name together with its VPC's
/// tag, or with their description where the VPC is gone.
fn name_of_group(region: &Region, group: &Group) -> Option<String> {
    if group.used {
        return None;
    }
    let tag = |key| tags::rds_value(&group.tags, key);
    if let Some(name) = tag(tags::CLUSTER) {
        return tag(tags::DEPLOYMENT)
            .is_none_or(|deployment| is_deployment(region, deployment, name))
            .then(|| name.to_ascii_lowercase());
    }
    let name = (group.group.db_subnet_group_name()?).strip_suffix("-subnet-group")?;
    let id = group.group.vpc_id();
    let owned = match region.vpcs.iter().find(|vpc| vpc.vpc_id() == id) {
        Some(vpc) => is_vpc_of(vpc, name),
        None => group.group.db_subnet_group_description() == Some(SCRIPTS_GROUP),
    };
    owned.then(|| name.to_ascii_lowercase())
}

fn candidate(region: &Region, name: &str, rule: Rule) -> Candidate {
    let vpcs: Vec<&Vpc> = region
        .vpcs
        .iter()
        .filter(|vpc| is_vpc_of(vpc, name))
        .collect();
    let groups: Vec<&Group> = region
        .groups
        .iter()
        .filter(|group| name_of_group(region, group).as_deref() == Some(name))
        .collect();
    let cluster = region
        .clusters
        .iter()
        .find(|cluster| cluster.db_cluster_identifier() == Some(name));
    let owned = cluster.filter(|cluster| is_aurora(cluster) && is_owned(region, cluster));
    let instances: Vec<_> = region
        .instances
        .iter()
        .filter(|instance| owned.is_some() && instance.db_cluster_identifier() == Some(name))
        .collect();
    let created_at = created_at(owned, &vpcs, &groups);
    let kept = vpcs
        .iter()
        .flat_map(|vpc| vpc.tags())
        .map(|tag| tag.key())
        .chain(
            owned
                .iter()
                .flat_map(|cluster| cluster.tag_list())
                .chain(instances.iter().flat_map(|one| one.tag_list()))
                .chain(groups.iter().flat_map(|group| &group.tags))
                .map(|tag| tag.key()),
        )
        .any(tags::keeps_alive);
    let spared = if kept {
        Some(format!("tagged {}", tags::KEEPALIVE))
    } else if cluster.is_some() && owned.is_none() {
        Some("a cluster of the name is somebody else's".to_owned())
    } else if input::identifier("cluster", name, 63).is_err() {
        Some("not a name that a cluster can have".to_owned())
    } else if owned.is_some_and(|cluster| cluster.deletion_protection() == Some(true)) {
        Some("protected against deletion".to_owned())
    } else {
        too_young(rule, created_at)
    };
    let ours = vpcs
        .iter()
        .any(|vpc| tags::value(vpc.tags(), tags::DEPLOYMENT).is_some())
        || owned
            .iter()
            .flat_map(|cluster| cluster.tag_list())
            .chain(groups.iter().flat_map(|group| &group.tags))
            .any(|tag| tag.key() == Some(tags::DEPLOYMENT));
    let ids = |list: Vec<Option<&str>>| -> Vec<String> {
        let mut ids: Vec<String> = list.into_iter().flatten().map(str::to_owned).collect();
        ids.sort();
        ids
    };
    let used = owned.and_then(|cluster| cluster.db_subnet_group());
    Candidate {
        cluster: name.to_owned(),
        region: region.name.clone(),
        status: owned
            .map_or("absent", |cluster| cluster.status().unwrap_or("unknown"))
            .to_owned(),
        instances: ids(instances
            .iter()
            .map(|one| one.db_instance_identifier())
            .collect()),
        vpcs: ids(vpcs.iter().map(|vpc| vpc.vpc_id()).collect()),
        subnet_groups: ids(groups
            .iter()
            .map(|group| group.group.db_subnet_group_name())
            .chain([used])
            .collect()),
        made_by: if ours { "stepwell" } else { "scripts" },
        created_at,
        verdict: match spared {
            Some(reason) => Verdict::Spared { reason },
            None => Verdict::Delete,
        },
    }
}

fn too_young(rule: Rule, created_at: Option<Timestamp>) -> Option<String> {
    let older_than = rule.older_than?;
    match created_at {
        None => Some("its age is unknown".to_owned()),
        Some(at) if rule.now.since(at) < older_than => Some("too young".to_owned()),
        Some(_) => None,
    }
}

/// When a cluster was created, by its own word. What is left of one tells only
/// by the run that made it, and nothing at all if the scripts did; of several
/// things the youngest counts, so that nothing newer goes with an old one.
fn created_at(cluster: Option<&DbCluster>, vpcs: &[&Vpc], groups: &[&Group]) -> Option<Timestamp> {
    if let Some(cluster) = cluster {
        let at = cluster.cluster_create_time()?;
        return at.to_millis().ok().map(Timestamp);
    }
    let runs = vpcs
        .iter()
        .map(|vpc| tags::value(vpc.tags(), tags::RUN))
        .chain(
            groups
                .iter()
                .map(|group| tags::rds_value(&group.tags, tags::RUN)),
        );
    let times: Option<Vec<Timestamp>> = runs
        .map(|run| run?.parse::<RunId>().ok()?.created_at())
        .collect();
    times?.into_iter().max()
}
