//! Taking resources away. That something is gone already is a success, once AWS
//! has said so three times: of what is young it may say it by mistake.

use ipnet::Ipv4Net;
use stepwell_engine::Fault;

use super::Aws;
use super::call::{fault, unless_gone};
use super::poll::DOUBTS;

/// Sends a deletion until it is done, or nothing is there to be deleted.
async fn gone<T, F, Fut>(aws: &Aws, mut send: F) -> Result<(), Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Fault>>,
{
    for pause in DOUBTS {
        if unless_gone(send().await)?.is_some() {
            return Ok(());
        }
        aws.clock().sleep(pause).await;
    }
    unless_gone(send().await).map(drop)
}

/// Deletes a VPC.
pub(crate) async fn vpc(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, || async {
        let request = aws.ec2(region).delete_vpc().vpc_id(id);
        (request.send().await).map_err(|error| fault("DeleteVpc", error))
    })
    .await
}

/// Deletes a subnet.
pub(crate) async fn subnet(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, || async {
        let request = aws.ec2(region).delete_subnet().subnet_id(id);
        (request.send().await).map_err(|error| fault("DeleteSubnet", error))
    })
    .await
}

/// Deletes a security group.
pub(crate) async fn security_group(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, || async {
        let request = aws.ec2(region).delete_security_group().group_id(id);
        (request.send().await).map_err(|error| fault("DeleteSecurityGroup", error))
    })
    .await
}

/// Deletes a route table.
pub(crate) async fn route_table(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, || async {
        let request = aws.ec2(region).delete_route_table().route_table_id(id);
        (request.send().await).map_err(|error| fault("DeleteRouteTable", error))
    })
    .await
}

/// Takes a subnet from its route table.
pub(crate) async fn association(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, || async {
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
    destination: Ipv4Net,
) -> Result<(), Fault> {
    gone(aws, || async {
        let request = aws.ec2(region).delete_route().route_table_id(table);
        let request = request.destination_cidr_block(destination.to_string());
        (request.send().await).map_err(|error| fault("DeleteRoute", error))
    })
    .await
}

/// Deletes an ingress rule of a security group.
pub(crate) async fn ingress(aws: &Aws, region: &str, group: &str, rule: &str) -> Result<(), Fault> {
    gone(aws, || async {
        let request = aws.ec2(region).revoke_security_group_ingress();
        let request = request.group_id(group).security_group_rule_ids(rule);
        (request.send().await).map_err(|error| fault("RevokeSecurityGroupIngress", error))
    })
    .await
}

/// Asks for a peering to be deleted. One that has failed, was rejected or has
/// expired can't be: AWS forgets it by itself.
pub(crate) async fn peering(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, || async {
        let request = aws.ec2(region).delete_vpc_peering_connection();
        let answer = request.vpc_peering_connection_id(id).send().await;
        answer.map_err(|error| fault("DeleteVpcPeeringConnection", error))
    })
    .await
}

/// Deletes a DB subnet group.
pub(crate) async fn subnet_group(aws: &Aws, region: &str, name: &str) -> Result<(), Fault> {
    gone(aws, || async {
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
    gone(aws, || async {
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
    let answer = gone(aws, || async {
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
