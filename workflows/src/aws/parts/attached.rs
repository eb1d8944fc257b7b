//! What is in VPCs besides subnets, route tables, security groups and
//! interfaces, or attached to them.

use aws_sdk_ec2::types::{AttachmentStatus, CarrierGatewayState, NetworkInterface, Tag};
use stepwell_engine::Fault;

use super::{PartKind, Standing, endpoint, nat, transit};
use crate::aws::ec2::parts as read;
use crate::aws::{Aws, ec2};

/// A part of a VPC, as it was found.
#[derive(Debug, Clone)]
pub(crate) struct Attached {
    /// What it is.
    pub(crate) kind: PartKind,
    /// Its id.
    pub(crate) id: String,
    /// The VPC.
    pub(crate) vpc: String,
    /// Its tags.
    pub(crate) tags: Vec<Tag>,
    /// How it stands.
    pub(crate) standing: Standing,
    /// The ids of its network interfaces, as far as it names them itself.
    pub(crate) interfaces: Vec<String>,
}

impl Attached {
    fn new(
        kind: PartKind,
        id: Option<&str>,
        vpc: Option<&str>,
        tags: &[Tag],
        standing: Standing,
    ) -> Self {
        Self {
            kind,
            id: id.unwrap_or_default().to_owned(),
            vpc: vpc.unwrap_or_default().to_owned(),
            tags: tags.to_vec(),
            standing,
            interfaces: Vec::new(),
        }
    }

    fn with_interfaces<'a>(self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            interfaces: ids.into_iter().map(str::to_owned).collect(),
            ..self
        }
    }
}

/// Looks at the gateways, endpoints, attachments and network ACLs of VPCs: each
/// kind is one query for all, with patience for what passes.
///
/// Source: EC2 API reference, `DeleteVpc` ("detach or delete all gateways and
/// resources that are associated with the VPC"); it answers DependencyViolation
/// and does not say what is meant.
pub(crate) async fn look(aws: &Aws, region: &str, vpcs: &[String]) -> Result<Vec<Attached>, Fault> {
    let by = |name: &str| ec2::filter_any(name, vpcs);
    let (internet, nats, egress_only, vpn, carrier, endpoints, transits, acls) = tokio::try_join!(
        aws.look(|| read::internet_gateways(aws, region, by("attachment.vpc-id"))),
        aws.look(|| read::nat_gateways(aws, region, by("vpc-id"))),
        aws.look(|| read::egress_only_gateways(aws, region)),
        aws.look(|| read::vpn_gateways(aws, region, by("attachment.vpc-id"))),
        aws.look(|| read::carrier_gateways(aws, region, by("vpc-id"))),
        aws.look(|| read::endpoints(aws, region, by("vpc-id"))),
        aws.look(|| read::transit_attachments(aws, region, by("vpc-id"))),
        aws.look(|| read::network_acls(aws, region, by("vpc-id"))),
    )?;
    let is_here = |vpc: Option<&str>| vpcs.iter().any(|one| Some(one.as_str()) == vpc);
    let there = Standing::There;
    let mut found: Vec<Attached> = Vec::new();
    for one in &internet {
        let (id, here) = (one.internet_gateway_id(), one.attachments().iter());
        found.extend(here.filter(|held| is_here(held.vpc_id())).map(|held| {
            Attached::new(
                PartKind::InternetGateway,
                id,
                held.vpc_id(),
                one.tags(),
                there,
            )
        }));
    }
    for one in &egress_only {
        let id = one.egress_only_internet_gateway_id();
        let here = one.attachments().iter();
        found.extend(here.filter(|held| is_here(held.vpc_id())).map(|held| {
            Attached::new(
                PartKind::EgressOnlyGateway,
                id,
                held.vpc_id(),
                one.tags(),
                there,
            )
        }));
    }
    for one in &vpn {
        let (id, here) = (one.vpn_gateway_id(), one.vpc_attachments().iter());
        found.extend(here.filter(|held| is_here(held.vpc_id())).map(|held| {
            let standing = match held.state() {
                Some(AttachmentStatus::Detached) => Standing::Gone,
                Some(AttachmentStatus::Detaching) => Standing::Going,
                _ => there,
            };
            Attached::new(
                PartKind::VpnGateway,
                id,
                held.vpc_id(),
                one.tags(),
                standing,
            )
        }));
    }
    found.extend(nats.iter().map(|one| {
        let (id, standing) = (one.nat_gateway_id(), nat(one.state()));
        let addresses = one.nat_gateway_addresses().iter();
        Attached::new(PartKind::NatGateway, id, one.vpc_id(), one.tags(), standing)
            .with_interfaces(addresses.filter_map(|address| address.network_interface_id()))
    }));
    found.extend(carrier.iter().map(|one| {
        let standing = match one.state() {
            Some(CarrierGatewayState::Deleted) => Standing::Gone,
            Some(CarrierGatewayState::Deleting) => Standing::Going,
            _ => there,
        };
        let id = one.carrier_gateway_id();
        Attached::new(
            PartKind::CarrierGateway,
            id,
            one.vpc_id(),
            one.tags(),
            standing,
        )
    }));
    found.extend(endpoints.iter().map(|one| {
        let (id, standing) = (one.vpc_endpoint_id(), endpoint(Some(one.state())));
        Attached::new(PartKind::Endpoint, id, one.vpc_id(), one.tags(), standing)
            .with_interfaces(one.network_interface_ids().iter().map(String::as_str))
    }));
    found.extend(transits.iter().map(|one| {
        let (id, standing) = (one.transit_gateway_attachment_id(), transit(one.state()));
        Attached::new(
            PartKind::TransitAttachment,
            id,
            one.vpc_id(),
            one.tags(),
            standing,
        )
    }));
    found.extend(
        (acls.iter())
            .filter(|one| one.is_default() != Some(true))
            .map(|one| {
                let id = one.network_acl_id();
                Attached::new(PartKind::NetworkAcl, id, one.vpc_id(), one.tags(), there)
            }),
    );
    Ok(found)
}

/// Whether an interface is that of a database of RDS, which takes it away some
/// minutes after the database. Those of an RDS proxy are not the database's.
pub(crate) fn is_of_rds(interface: &NetworkInterface) -> bool {
    let description = interface.description().unwrap_or_default();
    let of_rds = interface.requester_id() == Some("amazon-rds") || description.starts_with("RDS");
    of_rds && !description.contains("DBProxy")
}

/// Whether an interface was made by a part, an endpoint, a NAT gateway or an
/// attachment, and goes with it: the part names it, or its description has the
/// part's id (EC2 User Guide, "Requester-managed network interfaces").
pub(crate) fn is_made_by(interface: &NetworkInterface, part: &Attached) -> bool {
    let id = interface.network_interface_id().unwrap_or_default();
    let description = interface.description().unwrap_or_default();
    part.interfaces.iter().any(|one| one == id)
        || description.split_whitespace().any(|word| word == part.id)
}
