//! What there is already of a cluster that is to be created: nothing, what dead
//! runs have left, or a cluster that is not to be touched.

use aws_sdk_ec2::types::SecurityGroup;
use aws_sdk_rds::types::DbCluster;

use super::capacity::Capacity;
use super::parameters::{CreateRequest, Inheritance, Origin, PasswordSource};
use super::versions;
use crate::SurveyError;
use crate::aurora::alive::refuse_alive;
use crate::aurora::estate::Estate;
use crate::aws::tags::{self, Tagged as _};
use crate::aws::{Aws, ec2, rds};

/// What a create goes on from.
pub(super) struct Existing {
    /// What is taken over.
    pub(super) take_over: Option<Inheritance>,
    /// The version of the half-made cluster.
    pub(super) engine_version: Option<String>,
    /// Whether the cluster has a VPC.
    pub(super) has_vpc: bool,
}

/// Looks for it. Refuses a cluster that is there already, unless it is a
/// half-made one of this program that was begun with the same settings.
pub(super) async fn survey(aws: &Aws, request: &CreateRequest) -> Result<Existing, SurveyError> {
    let region = &request.region;
    let estate = Estate::of(aws, region, &request.labels, &request.subnet_group_name).await?;
    let mut existing = Existing {
        take_over: None,
        engine_version: None,
        has_vpc: !estate.places.is_empty(),
    };
    if let Some(cluster) = &estate.found {
        refuse_whole(aws, request, cluster).await?;
    }
    refuse_alive(aws, region, &request.cluster, None).await?;
    if let Some(cluster) = estate.found.as_ref().filter(|one| !is_going(one.status())) {
        refuse_other_settings(aws, request, cluster).await?;
        existing.engine_version = cluster.engine_version().map(str::to_owned);
    }
    if let (Some(wanted), [vpc]) = (request.vpc_cidr, &estate.places[..]) {
        let found = aws.look(|| ec2::vpc(aws, region, vpc)).await?;
        let block = found.as_ref().and_then(|vpc| vpc.cidr_block());
        if let Some(block) = block.filter(|block| *block != wanted.to_string()) {
            let differs = format!("the address range {block}, and {wanted} is asked for");
            return Err(other_settings(request, &[differs]));
        }
    }
    // No run has the empty name, so all are others.
    let runs = estate.of_other_runs("");
    existing.take_over = (!runs.is_empty()).then(|| Inheritance {
        runs,
        cluster: estate.cluster.map(|held| held.what),
    });
    Ok(existing)
}

/// Refuses a cluster that is whole, or that is somebody else's.
async fn refuse_whole(
    aws: &Aws,
    request: &CreateRequest,
    cluster: &DbCluster,
) -> Result<(), SurveyError> {
    let (region, name) = (&request.region, &request.cluster);
    let engine = cluster.engine().unwrap_or("an unknown engine");
    if engine != request.engine {
        return Err(SurveyError::Refused {
            message: format!("{name:?} in {region} is a cluster of {engine}"),
            hint: "choose another name with --cluster".to_owned(),
        });
    }
    let instances = aws.look(|| rds::instances(aws, region, name)).await?;
    let tags = cluster.tag_list();
    let own = tags.tag(tags::DEPLOYMENT) == Some(request.labels.deployment.as_str());
    let wanted = tags
        .tag(tags::INSTANCES)
        .and_then(|number| number.parse().ok())
        .unwrap_or(1);
    let status = cluster.status().unwrap_or("state unknown");
    let states = (instances.iter()).filter_map(|instance| instance.db_instance_status());
    let states: Vec<&str> = states.filter(|status| !is_going(Some(status))).collect();
    let is_whole = states.len() >= wanted && !states.contains(&"creating");
    let is_stopped = matches!(status, "stopped" | "stopping");
    if own && !is_stopped && (!is_whole || is_going(Some(status))) {
        return Ok(());
    }
    let hint = if is_stopped {
        format!(
            "nothing was touched; start it with `aws rds start-db-cluster --db-cluster-identifier {name} --region {region}`"
        )
    } else if instances.len() < request.instances as usize {
        format!(
            "nothing was touched; `stepwell aurora scale --cluster {name} --region {region} --instances {}` adds instances",
            request.instances
        )
    } else {
        "nothing was touched; `stepwell aurora endpoint` prints its address".to_owned()
    };
    Err(SurveyError::Exists {
        message: format!(
            "aurora cluster {name:?} already exists in {region} ({status}, {} instances)",
            instances.len()
        ),
        hint,
    })
}

/// Refuses to complete a half-made cluster that is not what is asked for now.
async fn refuse_other_settings(
    aws: &Aws,
    request: &CreateRequest,
    cluster: &DbCluster,
) -> Result<(), SurveyError> {
    let (region, name) = (&request.region, &request.cluster);
    let mut differences = Differences::default();
    differences.of_origin(request, cluster);
    differences.of_password(request, cluster);
    let tags = cluster.tag_list();
    if let Some(number) = tags.tag(tags::INSTANCES) {
        differences.add(
            "number of instances",
            number,
            &request.instances.to_string(),
        );
    }
    if let Some(group) = cluster.db_subnet_group() {
        differences.add("subnet group", group, &request.subnet_group_name);
    }
    differences.add(
        "port",
        &cluster.port().unwrap_or(PORT).to_string(),
        &PORT.to_string(),
    );
    let capacity = Capacity::of(cluster);
    let asked = request.capacity.map(|capacity| capacity.to_string());
    differences.add(
        "serverless capacity",
        capacity.as_deref().unwrap_or("none"),
        asked.as_deref().unwrap_or("none"),
    );
    for instance in aws.look(|| rds::instances(aws, region, name)).await? {
        let class = instance.db_instance_class().unwrap_or_default();
        differences.add("instance class", class, &request.instance_class);
    }
    let ids: Vec<&str> = (cluster.vpc_security_groups().iter())
        .filter_map(|group| group.vpc_security_group_id())
        .collect();
    let mut groups: Vec<SecurityGroup> = Vec::new();
    for vpc in aws.look(|| ec2::vpcs_of(aws, region, name)).await? {
        let id = vpc.vpc_id().unwrap_or_default();
        groups.extend(aws.look(|| ec2::security_groups(aws, region, id)).await?);
    }
    for group in groups {
        let used = group.group_id().is_some_and(|id| ids.contains(&id));
        let own = group.tags().tag(tags::RUN).is_some();
        if let Some(name) = group.group_name().filter(|_| used && own) {
            differences.add("security group", name, &request.security_group_name);
        }
    }
    if differences.0.is_empty() {
        Ok(())
    } else {
        Err(other_settings(request, &differences.0))
    }
}

fn is_going(status: Option<&str>) -> bool {
    status == Some("deleting")
}

/// What a create gives its cluster.
const PORT: i32 = 5432;

/// What differs between a half-made cluster and what is asked for.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn add(&mut self, what: &str, found: &str, asked: &str) {
        let difference = format!("the {what} {found}, and {asked} is asked for");
        if found != asked && !self.0.contains(&difference) {
            self.0.push(difference);
        }
    }

    /// An empty cluster must not pass for a restored one, nor the other way
    /// round.
    fn of_origin(&mut self, request: &CreateRequest, cluster: &DbCluster) {
        let (snapshot, version) = match &request.origin {
            Origin::Empty { engine_version, .. } => (None, Some(engine_version)),
            Origin::Snapshot {
                id, engine_version, ..
            } => (Some(id.as_str()), engine_version.as_ref()),
        };
        let found = cluster.tag_list().tag(tags::SNAPSHOT);
        let words = |id: Option<&str>| id.map_or("none".to_owned(), |id| format!("{id:?}"));
        self.add("snapshot", &words(found), &words(snapshot));
        if let (Some(version), Some(own)) = (version, cluster.engine_version())
            && !versions::is_wanted(own, version)
        {
            self.add("engine version", own, version);
        }
        if let Origin::Empty {
            username, database, ..
        } = &request.origin
            && found.is_none()
        {
            let user = cluster.master_username().unwrap_or("none");
            self.add("master user", user, username);
            self.add(
                "database",
                cluster.database_name().unwrap_or("none"),
                database,
            );
        }
    }

    /// RDS shows whether it keeps the password, and not which one was given. A
    /// restored cluster gets its password later, so one that has none kept may
    /// still be on its way there.
    fn of_password(&mut self, request: &CreateRequest, cluster: &DbCluster) {
        let kept = cluster.master_user_secret().is_some();
        let wanted = request.password == PasswordSource::Managed;
        if kept == wanted || (wanted && request.is_restore()) {
            return;
        }
        let words = |kept: bool| {
            if kept {
                "that RDS keeps"
            } else {
                "that is given"
            }
        };
        self.add("password", words(kept), words(wanted));
    }
}

fn other_settings(request: &CreateRequest, differences: &[String]) -> SurveyError {
    let (region, name) = (&request.region, &request.cluster);
    SurveyError::Refused {
        message: format!(
            "a half-made cluster {name:?} in {region} was begun with other settings: {}",
            differences.join("; ")
        ),
        hint: format!(
            "ask for the same as then, or take it away first: stepwell aurora delete --cluster {name} --region {region}"
        ),
    }
}
