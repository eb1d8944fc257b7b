//! Whose the network interfaces in a VPC are.

use aws_sdk_ec2::types::{NetworkInterface, NetworkInterfaceStatus};

use super::{Doomed, Obstacle, Part, PartKind, remedy};
use crate::aws::parts::attached::{self, Attached};

/// Whether an interface goes with what made it.
fn goes_with(interface: &NetworkInterface, parts: &[Attached]) -> bool {
    attached::is_of_rds(interface)
        || (parts.iter()).any(|part| attached::is_made_by(interface, part))
}

/// Sorts the interfaces of the VPCs: parts that go, and what is in the way.
/// `attached` is what else is in them, which is judged for itself.
pub(super) fn judge(
    doomed: &Doomed,
    interfaces: &[NetworkInterface],
    attached: &[Attached],
) -> (Vec<Part>, Vec<Obstacle>) {
    let (mut parts, mut obstacles) = (Vec::new(), Vec::new());
    for one in interfaces {
        if goes_with(one, attached) {
            continue;
        }
        let id = one.network_interface_id().unwrap_or_default();
        let vpc = one.vpc_id().unwrap_or_default();
        let is_free = one.status() == Some(&NetworkInterfaceStatus::Available);
        if is_free && doomed.takes(id, one.tag_set()) {
            parts.push(Part {
                kind: PartKind::Interface,
                id: id.to_owned(),
                vpc: vpc.to_owned(),
            });
            continue;
        }
        obstacles.push(obstacle(doomed, one, id, vpc, is_free));
    }
    (parts, obstacles)
}

fn obstacle(
    doomed: &Doomed,
    one: &NetworkInterface,
    id: &str,
    vpc: &str,
    is_free: bool,
) -> Obstacle {
    let kind = PartKind::Interface;
    let instance = one
        .attachment()
        .and_then(|attachment| attachment.instance_id());
    let what = match (instance, one.description()) {
        (Some(instance), _) => format!(" of instance {instance}"),
        (None, Some(text)) if !text.is_empty() => format!(" ({text})"),
        _ => String::new(),
    };
    let message = format!(
        "{} {id}{what} is in {vpc} and not the database's",
        kind.words()
    );
    if is_free {
        let command = remedy::of_part(kind, id, vpc, &doomed.region);
        let remedy = doomed.remedy(one.tag_set(), command);
        return Obstacle::new(kind.words(), id, message, remedy).taggable();
    }
    let remedy = match instance {
        Some(instance) => format!(
            "remove it first: aws ec2 terminate-instances --instance-ids {instance} --region {}",
            doomed.region
        ),
        None => format!("remove what uses network interface {id} first"),
    };
    Obstacle::new(kind.words(), id, message, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aurora::holders::Standing;

    fn part(id: &str, interfaces: &[&str]) -> Attached {
        Attached {
            kind: PartKind::NatGateway,
            id: id.to_owned(),
            vpc: "vpc-1".to_owned(),
            tags: Vec::new(),
            standing: Standing::There,
            interfaces: interfaces.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    fn interface(requester: &str, description: &str) -> NetworkInterface {
        NetworkInterface::builder()
            .requester_id(requester)
            .description(description)
            .build()
    }

    #[test]
    fn what_another_thing_made_goes_with_that() {
        let parts = ["nat-1", "vpce-1", "tgw-attach-1"].map(|id| part(id, &[]));
        for (requester, description, goes) in [
            ("amazon-rds", "RDSNetworkInterface", true),
            ("", "RDSNetworkInterface", true),
            (
                "amazon-rds",
                "Network interface for DBProxy keycloak",
                false,
            ),
            ("123", "Interface for NAT Gateway nat-1", true),
            ("123", "Interface for NAT Gateway nat-2", false),
            ("123", "VPC Endpoint Interface vpce-1", true),
            (
                "123",
                "Network Interface for Transit Gateway Attachment tgw-attach-1",
                true,
            ),
            ("amazon-elb", "ELB app/keycloak/1", false),
            ("", "", false),
        ] {
            let one = interface(requester, description);
            assert_eq!(goes_with(&one, &parts), goes, "{requester} {description}");
        }
        let named = NetworkInterface::builder().network_interface_id("eni-1");
        let one = named.build();
        assert!(!goes_with(&one, &parts));
        assert!(goes_with(&one, &[part("nat-1", &["eni-1"])]));
    }
}
