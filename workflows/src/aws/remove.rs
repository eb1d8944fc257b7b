//! Taking resources away. That something is gone already is a success.

use ipnet::Ipv4Net;
use stepwell_engine::Fault;

use super::Aws;
use super::call::{fault, unless_gone};

/// Deletes a VPC.
pub(crate) async fn vpc(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let answer = aws.ec2(region).delete_vpc().vpc_id(id).send().await;
    unless_gone(answer.map_err(|error| fault("DeleteVpc", error))).map(drop)
}

/// Deletes a subnet.
pub(crate) async fn subnet(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let answer = aws.ec2(region).delete_subnet().subnet_id(id).send().await;
    unless_gone(answer.map_err(|error| fault("DeleteSubnet", error))).map(drop)
}

/// Deletes a security group.
pub(crate) async fn security_group(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let request = aws.ec2(region).delete_security_group().group_id(id);
    let answer = request.send().await;
    unless_gone(answer.map_err(|error| fault("DeleteSecurityGroup", error))).map(drop)
}

/// Deletes a route table.
pub(crate) async fn route_table(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let request = aws.ec2(region).delete_route_table().route_table_id(id);
    let answer = request.send().await;
    unless_gone(answer.map_err(|error| fault("DeleteRouteTable", error))).map(drop)
}

/// Takes a subnet from its route table.
pub(crate) async fn association(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let request = aws.ec2(region).disassociate_route_table();
    let answer = request.association_id(id).send().await;
    unless_gone(answer.map_err(|error| fault("DisassociateRouteTable", error))).map(drop)
}

/// Deletes a route. AWS deletes whatever leads to the destination, so look
/// before where it leads.
pub(crate) async fn route(
    aws: &Aws,
    region: &str,
    table: &str,
    destination: Ipv4Net,
) -> Result<(), Fault> {
    let request = aws.ec2(region).delete_route().route_table_id(table);
    let answer = request
        .destination_cidr_block(destination.to_string())
        .send()
        .await;
    unless_gone(answer.map_err(|error| fault("DeleteRoute", error))).map(drop)
}

/// Deletes an ingress rule of a security group.
pub(crate) async fn ingress(aws: &Aws, region: &str, group: &str, rule: &str) -> Result<(), Fault> {
    let request = aws.ec2(region).revoke_security_group_ingress();
    let answer = request
        .group_id(group)
        .security_group_rule_ids(rule)
        .send()
        .await;
    unless_gone(answer.map_err(|error| fault("RevokeSecurityGroupIngress", error))).map(drop)
}

/// Asks for a peering to be deleted. One that has failed, was rejected or has
/// expired can't be: AWS forgets it by itself.
pub(crate) async fn peering(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let request = aws.ec2(region).delete_vpc_peering_connection();
    let answer = request.vpc_peering_connection_id(id).send().await;
    unless_gone(answer.map_err(|error| fault("DeleteVpcPeeringConnection", error))).map(drop)
}

/// Deletes a DB subnet group.
pub(crate) async fn subnet_group(aws: &Aws, region: &str, name: &str) -> Result<(), Fault> {
    let request = aws.rds(region).delete_db_subnet_group();
    let answer = request.db_subnet_group_name(name).send().await;
    unless_gone(answer.map_err(|error| fault("DeleteDBSubnetGroup", error))).map(drop)
}

/// Asks RDS to delete a cluster, after a last snapshot if one is named.
pub(crate) async fn cluster(
    aws: &Aws,
    region: &str,
    name: &str,
    final_snapshot: Option<String>,
) -> Result<(), Fault> {
    let answer = aws
        .rds(region)
        .delete_db_cluster()
        .db_cluster_identifier(name)
        .skip_final_snapshot(final_snapshot.is_none())
        .set_final_db_snapshot_identifier(final_snapshot)
        .send()
        .await;
    unless_gone(answer.map_err(|error| fault("DeleteDBCluster", error))).map(drop)
}

/// Asks RDS to delete an instance; that it is going already is a success too.
pub(crate) async fn instance(aws: &Aws, region: &str, name: &str) -> Result<(), Fault> {
    let answer = aws
        .rds(region)
        .delete_db_instance()
        .db_instance_identifier(name)
        .skip_final_snapshot(true)
        .send()
        .await;
    match unless_gone(answer.map_err(|error| fault("DeleteDBInstance", error))) {
        Err(fault)
            if fault.code.as_deref() == Some("InvalidDBInstanceState")
                && fault.message.contains("already being deleted") =>
        {
            Ok(())
        }
        answer => answer.map(drop),
    }
}
