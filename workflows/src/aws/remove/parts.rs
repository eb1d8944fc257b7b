//! Taking gateways, endpoints, attachments and network ACLs away.

use stepwell_engine::Fault;

use super::gone;
use crate::aws::Aws;
use crate::aws::call::{fault, has_code, refused};

/// Takes an internet gateway from its VPC.
pub(crate) async fn detach_internet_gateway(
    aws: &Aws,
    region: &str,
    vpc: &str,
    id: &str,
) -> Result<(), Fault> {
    let answer = gone(aws, None, || async {
        let request = aws.ec2(region).detach_internet_gateway();
        let answer = request.vpc_id(vpc).internet_gateway_id(id).send().await;
        answer.map_err(|error| fault("DetachInternetGateway", error))
    });
    unless(answer.await, "Gateway.NotAttached")
}

/// Deletes an internet gateway that is attached to nothing.
pub(crate) async fn internet_gateway(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).delete_internet_gateway();
        let answer = request.internet_gateway_id(id).send().await;
        answer.map_err(|error| fault("DeleteInternetGateway", error))
    })
    .await
}

/// Asks for a NAT gateway to be deleted; its addresses stay with the account.
pub(crate) async fn nat_gateway(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    let answer = gone(aws, None, || async {
        let request = aws.ec2(region).delete_nat_gateway().nat_gateway_id(id);
        (request.send().await).map_err(|error| fault("DeleteNatGateway", error))
    });
    unless(answer.await, "NatGatewayNotFound")
}

/// Deletes an egress-only internet gateway.
pub(crate) async fn egress_only_gateway(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).delete_egress_only_internet_gateway();
        let answer = request.egress_only_internet_gateway_id(id).send().await;
        answer.map_err(|error| fault("DeleteEgressOnlyInternetGateway", error))
    })
    .await
}

/// Takes a virtual private gateway from its VPC.
pub(crate) async fn detach_vpn_gateway(
    aws: &Aws,
    region: &str,
    vpc: &str,
    id: &str,
) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).detach_vpn_gateway();
        let answer = request.vpc_id(vpc).vpn_gateway_id(id).send().await;
        answer.map_err(|error| fault("DetachVpnGateway", error))
    })
    .await
}

/// Deletes a virtual private gateway that is attached to nothing.
pub(crate) async fn vpn_gateway(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).delete_vpn_gateway().vpn_gateway_id(id);
        (request.send().await).map_err(|error| fault("DeleteVpnGateway", error))
    })
    .await
}

/// Asks for a carrier gateway to be deleted.
pub(crate) async fn carrier_gateway(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).delete_carrier_gateway();
        let answer = request.carrier_gateway_id(id).send().await;
        answer.map_err(|error| fault("DeleteCarrierGateway", error))
    })
    .await
}

/// Asks for a VPC endpoint to be deleted. EC2 answers with success and lists
/// what it could not delete.
pub(crate) async fn endpoint(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).delete_vpc_endpoints().vpc_endpoint_ids(id);
        let answer = (request.send().await).map_err(|error| fault("DeleteVpcEndpoints", error))?;
        match answer.unsuccessful().first().and_then(|item| item.error()) {
            None => Ok(()),
            Some(error) => {
                let code = error.code().unwrap_or_default();
                let said = error.message().unwrap_or("no message");
                Err(refused("DeleteVpcEndpoints", code, said, 400, None))
            }
        }
    })
    .await
}

/// Asks for a VPC's attachment to a transit gateway to be deleted.
pub(crate) async fn transit_attachment(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).delete_transit_gateway_vpc_attachment();
        let answer = request.transit_gateway_attachment_id(id).send().await;
        answer.map_err(|error| fault("DeleteTransitGatewayVpcAttachment", error))
    })
    .await
}

/// Deletes a network ACL that no subnet uses.
pub(crate) async fn network_acl(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).delete_network_acl().network_acl_id(id);
        (request.send().await).map_err(|error| fault("DeleteNetworkAcl", error))
    })
    .await
}

/// Deletes a network interface that is attached to nothing.
pub(crate) async fn network_interface(aws: &Aws, region: &str, id: &str) -> Result<(), Fault> {
    gone(aws, None, || async {
        let request = aws.ec2(region).delete_network_interface();
        let answer = request.network_interface_id(id).send().await;
        answer.map_err(|error| fault("DeleteNetworkInterface", error))
    })
    .await
}

/// A success where a code says that it was done already.
fn unless(answer: Result<(), Fault>, code: &str) -> Result<(), Fault> {
    match answer {
        Err(fault) if has_code(&fault, &[code]) => Ok(()),
        answer => answer,
    }
}
