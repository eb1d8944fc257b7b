//! The address ranges of the two networks, of those that either is peered with,
//! and of those inside of the ROSA cluster.

use ipnet::Ipv4Net;
use stepwell_engine::Fault;

use super::overlap::{self, Named};
use super::parameters::CreateRequest;
use crate::SurveyError;
use crate::aurora::overlap;
use crate::aws::Aws;
use crate::peering::end::Accounts;
use crate::peering::link::Link;
use crate::peering::ranges;
use crate::rosa::RosaNetwork;

/// Adds the ranges that AWS does not tell of peerings that are not active yet.
pub(super) async fn complete(
    aws: &Aws,
    links: &mut [Link],
    accounts: &Accounts,
    vpcs: [&str; 2],
) -> Result<(), Fault> {
    for link in links {
        if !vpcs.iter().any(|vpc| link.touches(vpc)) {
            continue;
        }
        for end in [&mut link.requester, &mut link.accepter] {
            let access = accounts.access(&end.owner);
            let told = aws.look(|| ranges::of_end(aws, end, access)).await?;
            end.cidrs = told.unwrap_or_default();
        }
    }
    Ok(())
}

/// The networks inside of a ROSA cluster. Its nodes keep what is addressed to
/// them, so that nothing of it ever leaves for the peering (Red Hat OpenShift
/// Service on AWS, "CIDR range definitions").
fn inside(rosa: &RosaNetwork) -> Vec<Named> {
    let cluster = match &rosa.cluster {
        Some(name) => format!("rosa cluster {name}"),
        None => "the rosa cluster".to_owned(),
    };
    [("pods", rosa.pod_cidr), ("services", rosa.service_cidr)]
        .into_iter()
        .filter_map(|(what, range)| {
            Some(Named {
                what: format!("the {what} of {cluster}"),
                cidrs: vec![range?],
            })
        })
        .collect()
}

/// Refuses ranges that collide: of the two networks, of each with what the other
/// is peered with already, and of Aurora's with those inside of the ROSA cluster.
pub(super) fn refuse_overlaps(
    request: &CreateRequest,
    rosa: &RosaNetwork,
    vpc: &str,
    cidrs: &[Ipv4Net],
    links: &[Link],
) -> Result<(), SurveyError> {
    let aurora = Named {
        what: format!("{vpc} (aurora cluster {})", request.cluster),
        cidrs: cidrs.to_vec(),
    };
    let mut machines = rosa.vpc_cidrs.clone();
    if !machines.contains(&rosa.machine_cidr) {
        machines.push(rosa.machine_cidr);
    }
    if !rosa.vpc_cidrs.is_empty()
        && !rosa
            .vpc_cidrs
            .iter()
            .any(|block| overlap(*block, rosa.machine_cidr))
    {
        let ranges: Vec<String> = rosa.vpc_cidrs.iter().map(Ipv4Net::to_string).collect();
        return Err(SurveyError::Refused {
            message: format!(
                "the machine range {} is not in {}, which has {}",
                rosa.machine_cidr,
                rosa.vpc_id,
                ranges.join(", ")
            ),
            hint: "name the range with --rosa-machine-cidr, or the vpc with --rosa-vpc".to_owned(),
        });
    }
    let rosa_named = Named {
        what: format!("{} (rosa)", rosa.vpc_id),
        cidrs: machines,
    };
    let peered = |own: &str| -> Vec<Named> {
        links
            .iter()
            .filter(|link| link.touches(own) && !link.joins(vpc, &rosa.vpc_id))
            .flat_map(|link| {
                link.ends()
                    .into_iter()
                    .filter(|end| end.vpc_id != own)
                    .map(|end| Named {
                        what: format!("{}, peered with {own} by {}", end.vpc_id, link.id),
                        cidrs: end.cidrs.clone(),
                    })
            })
            .collect()
    };
    let mut lines = overlap::between(&aurora, std::slice::from_ref(&rosa_named));
    lines.extend(overlap::between(&aurora, &inside(rosa)));
    lines.extend(overlap::between(&aurora, &peered(&rosa.vpc_id)));
    lines.extend(overlap::between(&rosa_named, &peered(vpc)));
    if lines.is_empty() {
        return Ok(());
    }
    Err(SurveyError::Refused {
        message: format!("address ranges overlap: {}", lines.join("; ")),
        hint: "networks that overlap can't be peered: one of them needs another range (aurora create chooses one that is free); nothing was touched".to_owned(),
    })
}
