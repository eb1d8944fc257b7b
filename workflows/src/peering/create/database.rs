//! The cluster that is to be reached: which group is its own, on which port it
//! serves, and who it is.

use aws_sdk_ec2::types::SecurityGroup;
use aws_sdk_rds::types::DbCluster;
use stepwell_engine::{Event, Fault};

use super::parameters::{CreateParameters, CreateRequest};
use crate::aurora::{ClusterIdentity, refuse_other_engine};
use crate::aws::{Aws, ec2, rds, tags};
use crate::peering::ingress::DEFAULT_PORT;
use crate::{Refusal, SurveyError};

/// What the survey found of the database.
pub(super) struct Database {
    pub(super) group: String,
    pub(super) port: i32,
    pub(super) identity: Option<ClusterIdentity>,
}

impl Database {
    /// Finds the database of a cluster in its VPC. Where there is no cluster
    /// (yet, or any more), its network can be peered all the same.
    pub(super) async fn find(
        aws: &Aws,
        request: &CreateRequest,
        vpc: &str,
    ) -> Result<Self, SurveyError> {
        let (region, name) = (&request.region, &request.cluster);
        let groups = aws.look(|| ec2::security_groups(aws, region, vpc)).await?;
        let cluster = aws.look(|| rds::cluster(aws, region, name)).await?;
        if let Some(cluster) = &cluster {
            refuse_other_engine(cluster, name, region)?;
        }
        Ok(Self {
            group: security_group(&groups, cluster.as_ref(), request, vpc)?,
            port: (cluster.as_ref())
                .and_then(DbCluster::port)
                .unwrap_or(DEFAULT_PORT),
            identity: cluster.as_ref().map(ClusterIdentity::of),
        })
    }
}

/// The cluster's security group: by the cluster's own word, else by its name
/// within the cluster's VPC; a name alone may be another VPC's too. EC2 keeps
/// names as they were typed, RDS in lower case.
fn security_group(
    groups: &[SecurityGroup],
    cluster: Option<&DbCluster>,
    request: &CreateRequest,
    vpc: &str,
) -> Result<String, SurveyError> {
    let (region, name) = (&request.region, &request.cluster);
    let id = |group: &SecurityGroup| group.group_id().map(str::to_owned);
    let has_name = |group: &&SecurityGroup| {
        group
            .group_name()
            .is_some_and(|name| name.eq_ignore_ascii_case(&request.security_group_name))
    };
    let Some(cluster) = cluster else {
        let named = groups.iter().find(has_name);
        return named.and_then(id).ok_or_else(|| SurveyError::Refused {
            message: format!(
                "there is no aurora cluster {name:?} in {region}, and no security group {:?} in {vpc}",
                request.security_group_name
            ),
            hint: "name the group with --security-group-name".to_owned(),
        });
    };
    let own: Vec<&SecurityGroup> = groups
        .iter()
        .filter(|group| {
            cluster
                .vpc_security_groups()
                .iter()
                .any(|member| member.vpc_security_group_id() == group.group_id())
        })
        .collect();
    let chosen = match own.as_slice() {
        [one] => Some(*one),
        several => several.iter().copied().find(has_name),
    };
    chosen.and_then(id).ok_or_else(|| {
        let ids: Vec<&str> = own.iter().filter_map(|group| group.group_id()).collect();
        if ids.is_empty() {
            SurveyError::Refused {
                message: format!("aurora cluster {name:?} has no security group in {vpc}"),
                hint: format!(
                    "the vpc that is tagged {}={name} is not the cluster's; nothing was touched",
                    tags::CLUSTER
                ),
            }
        } else {
            SurveyError::Refused {
                message: format!(
                    "aurora cluster {name:?} has several security groups: {}",
                    ids.join(", ")
                ),
                hint: "name one of them with --security-group-name".to_owned(),
            }
        }
    })
}

/// Why a create that was begun earlier must not be resumed: another cluster has
/// the name by now, and it is not the one that this run was to open.
pub(crate) async fn resume_refusal(aws: &Aws, events: &[Event]) -> Result<Option<Refusal>, Fault> {
    let Some(parameters) = crate::refusal::parameters::<CreateParameters>(events) else {
        return Ok(None);
    };
    let Some(identity) = parameters.identity else {
        return Ok(None);
    };
    let (region, name) = (&parameters.region, &identity.cluster);
    let cluster = aws.look(|| rds::cluster(aws, region, name)).await?;
    let message = cluster.and_then(|cluster| identity.differs(&cluster));
    Ok(message.map(|message| Refusal {
        message,
        hint: "roll this run back, and run `stepwell peering create` again: it looks at the cluster again".to_owned(),
    }))
}
