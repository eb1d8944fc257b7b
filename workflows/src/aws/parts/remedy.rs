//! The commands that remove what is in the way.

use super::PartKind;

/// The command that takes a part away, or from its VPC.
pub(crate) fn of_part(kind: PartKind, id: &str, vpc: &str, region: &str) -> String {
    let words = match kind {
        PartKind::InternetGateway => {
            format!("detach-internet-gateway --vpc-id {vpc} --internet-gateway-id {id}")
        }
        PartKind::NatGateway => format!("delete-nat-gateway --nat-gateway-id {id}"),
        PartKind::EgressOnlyGateway => {
            format!("delete-egress-only-internet-gateway --egress-only-internet-gateway-id {id}")
        }
        PartKind::VpnGateway => format!("detach-vpn-gateway --vpc-id {vpc} --vpn-gateway-id {id}"),
        PartKind::CarrierGateway => format!("delete-carrier-gateway --carrier-gateway-id {id}"),
        PartKind::Endpoint => format!("delete-vpc-endpoints --vpc-endpoint-ids {id}"),
        PartKind::TransitAttachment => {
            format!("delete-transit-gateway-vpc-attachment --transit-gateway-attachment-id {id}")
        }
        PartKind::NetworkAcl => format!("delete-network-acl --network-acl-id {id}"),
        PartKind::Interface => format!("delete-network-interface --network-interface-id {id}"),
    };
    first(region, &words)
}

/// The command that takes a rule away.
pub(crate) fn of_rule(group: &str, rule: &str, egress: bool, region: &str) -> String {
    let direction = if egress { "egress" } else { "ingress" };
    let words = format!(
        "revoke-security-group-{direction} --group-id {group} --security-group-rule-ids {rule}"
    );
    first(region, &words)
}

fn first(region: &str, words: &str) -> String {
    format!("remove it first: aws ec2 {words} --region {region}")
}
