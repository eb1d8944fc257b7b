//! Taking resources away. That something is gone already is a success, once AWS
//! has said so three times: of what is young it may say it by mistake.

pub(crate) mod parts;

use stepwell_engine::Fault;

use super::Aws;
use super::call::{fault, unless_gone};
use super::destination::Destination;
use super::poll::DOUBTS;
use super::state::{Kind, Subject, settled};

/// Sends a deletion until it is done, or nothing is there to be deleted. Where it
/// is refused, a look at the subject tells what that means.
async fn gone<T, F, Fut>(aws: &Aws, subject: Option<Subject>, mut send: F) -> Result<(), Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Fault>>,
{
    for pause in DOUBTS.into_iter().map(Some).chain([None]) {
        let mut answer = send().await;
        if let Some(subject) = &subject {
            answer = settled(aws, subject, answer).await;
        }
        if unless_gone(answer)?.is_some() {
            break;
        }
        if let Some(pause) = pause {
            aws.clock().sleep(pause).await;
        }
    }
    Ok(())
}

/// Deletes a VPC.
pub(crate) async fn vpc(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let subject = Subject::to_remove(Kind::Vpc, region, id);
    gone(aws, Some(subject), || async {
        let request = aws.ec2(region).delete_vpc().vpc_id(id);
        (request.send().await).map_err(|error| fault("DeleteVpc", error))
    })
    .await
}

/// Deletes a subnet.
pub(crate) async fn subnet(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let subject = Subject::to_remove(Kind::Subnet, region, id);
    gone(aws, Some(subject), || async {
        let request = aws.ec2(region).delete_subnet().subnet_id(id);
        (request.send().await).map_err(|error| fault("DeleteSubnet", error))
    })
    .await
}

/// Deletes a security group.
pub(crate) async fn security_group(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let subject = Subject::to_remove(Kind::SecurityGroup, region, id);
    gone(aws, Some(subject), || async {
        let request = aws.ec2(region).delete_security_group().group_id(id);
        (request.send().await).map_err(|error| fault("DeleteSecurityGroup", error))
    })
    .await
}

/// Deletes a route table.
pub(crate) async fn route_table(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let subject = Subject::to_remove(Kind::RouteTable, region, id);
    gone(aws, Some(subject), || async {
        let request = aws.ec2(region).delete_route_table().route_table_id(id);
        (request.send().await).map_err(|error| fault("DeleteRouteTable", error))
    })
    .await
}

/// Takes a subnet from its route table.
pub(crate) async fn association(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).disassociate_route_table();
        let answer = request.association_id(id).send().await;
        answer.map_err(|error| fault("DisassociateRouteTable", error))
    })
    .await
}

/// Deletes a route. AWS deletes whatever leads to the destination, so look
/// before where it leads.
pub(crate) async fn route(
    aws: &Aws,
    region: &str,
    table: &str,
    destination: &Destination,
) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).delete_route().route_table_id(table);
        let request = match destination {
            Destination::Ipv4(range) => request.destination_cidr_block(range.to_string()),
            Destination::Ipv6(range) => request.destination_ipv6_cidr_block(range),
            Destination::PrefixList(list) => request.destination_prefix_list_id(list),
        };
        (request.send().await).map_err(|error| fault("DeleteRoute", error))
    })
    .await
}

/// Deletes an egress rule of a security group.
pub(crate) async fn egress(aws: &Aws, region: &str, group: &str, rule: &str) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).revoke_security_group_egress();
        let request = request.group_id(group).security_group_rule_ids(rule);
        (request.send().await).map_err(|error| fault("RevokeSecurityGroupEgress", error))
    })
    .await
}

/// Deletes an ingress rule of a security group.
pub(crate) async fn ingress(aws: &Aws, region: &str, group: &str, rule: &str) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).revoke_security_group_ingress();
        let request = request.group_id(group).security_group_rule_ids(rule);
        (request.send().await).map_err(|error| fault("RevokeSecurityGroupIngress", error))
    })
    .await
}

/// Asks for a peering to be deleted. One that has failed, was rejected or has
/// expired can't be: AWS forgets it by itself.
pub(crate) async fn peering(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let subject = Subject::to_remove(Kind::Peering, region, id);
    gone(aws, Some(subject), || async {
        let request = aws.ec2(region).delete_vpc_peering_connection();
        let answer = request.vpc_peering_connection_id(id).send().await;
        answer.map_err(|error| fault("DeleteVpcPeeringConnection", error))
    })
    .await
}

/// Deletes a DB subnet group.
pub(crate) async fn subnet_group(aws: &Aws, region: &str, name: &str) -> Result<(), Fault> {
    let subject = Subject::to_remove(Kind::SubnetGroup, region, name);
    gone(aws, Some(subject), || async {
        let request = aws.rds(region).delete_db_subnet_group();
        let answer = request.db_subnet_group_name(name).send().await;
        answer.map_err(|error| fault("DeleteDBSubnetGroup", error))
    })
    .await
}

/// Asks RDS to delete a cluster, after a last snapshot if one is named.
pub(crate) async fn cluster(
    aws: &Aws,
    region: &str,
    name: &str,
    final_snapshot: Option<String>,
) -> Result<(), Fault> {
    let subject = Subject::to_remove(Kind::Cluster, region, name);
    gone(aws, Some(subject), || async {
        aws.rds(region)
            .delete_db_cluster()
            .db_cluster_identifier(name)
            .skip_final_snapshot(final_snapshot.is_none())
            .set_final_db_snapshot_identifier(final_snapshot.clone())
            .send()
            .await
            .map_err(|error| fault("DeleteDBCluster", error))
    })
    .await
}

/// Asks RDS to delete an instance; that it is going already is a success too.
pub(crate) async fn instance(aws: &Aws, region: &str, name: &str) -> Result<(), Fault> {
    let subject = Subject::to_remove(Kind::Instance, region, name);
    let answer = gone(aws, Some(subject), || async {
        aws.rds(region)
            .delete_db_instance()
            .db_instance_identifier(name)
            .skip_final_snapshot(true)
            .send()
            .await
            .map_err(|error| fault("DeleteDBInstance", error))
    });
    match answer.await {
        Err(fault)
            if fault.code.as_deref() == Some("InvalidDBInstanceState")
                && fault.message.contains("already being deleted") =>
        {
            Ok(())
        }
        answer => answer,
    }
}
