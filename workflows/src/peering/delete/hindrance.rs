//! What would keep a deletion from ending. Asked before the first route goes:
//! half of a peering is worse than a whole one.

use std::collections::BTreeSet;

use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use stepwell_engine::{Event, Fault, FaultClass};

use super::parameters::{DeleteParameters, PeeringInventory};
use crate::Refusal;
use crate::aws::Aws;
use crate::aws::call::{fault, is_denied};
use crate::aws::destination::Destination;
use crate::peering::end::End;
use crate::peering::link::{self, Link};

/// What the credentials of each side lack for the deletion of the peerings, a
/// line each. EC2 answers a dry run with `DryRunOperation` if the call is
/// allowed (EC2 API reference, "DryRun"). Emulators that ignore the flag would
/// delete, so nothing is tried at an endpoint that is not AWS's own.
pub(crate) async fn hindrances(
    aws: &Aws,
    peerings: &[PeeringInventory],
) -> Result<Vec<String>, Fault> {
    let mut lacks = BTreeSet::new();
    for peering in peerings.iter().filter(|_| aws.is_genuine()) {
        let from = peering.requester();
        let link = link::from(aws, from, &peering.id).await?;
        if link.as_ref().is_some_and(Link::is_live) {
            let request = from.aws(aws).ec2(&from.region);
            let request = request.delete_vpc_peering_connection().dry_run(true);
            let answer = request.vpc_peering_connection_id(&peering.id).send().await;
            note(
                &mut lacks,
                "DeleteVpcPeeringConnection",
                &peering.id,
                from,
                answer,
            )?;
        }
        let mut tried = BTreeSet::new();
        for route in &peering.routes {
            if !tried.insert(&route.table) {
                continue;
            }
            let request = route.end.aws(aws).ec2(&route.end.region).delete_route();
            let request = request.dry_run(true).route_table_id(&route.table);
            let request = match &route.destination {
                Destination::Ipv4(range) => request.destination_cidr_block(range.to_string()),
                Destination::Ipv6(range) => request.destination_ipv6_cidr_block(range),
                Destination::PrefixList(list) => request.destination_prefix_list_id(list),
            };
            let answer = request.send().await;
            note(&mut lacks, "DeleteRoute", &route.table, &route.end, answer)?;
        }
        for rule in &peering.rules {
            if !tried.insert(&rule.group) {
                continue;
            }
            let request = rule.end.aws(aws).ec2(&rule.end.region);
            let request = request.revoke_security_group_ingress().dry_run(true);
            let request = request.group_id(&rule.group);
            let answer = request.security_group_rule_ids(&rule.rule).send().await;
            note(
                &mut lacks,
                "RevokeSecurityGroupIngress",
                &rule.group,
                &rule.end,
                answer,
            )?;
        }
    }
    Ok(lacks.into_iter().collect())
}

/// Notes what the answer to a dry run says. What it does not say is for the
/// call itself to say.
fn note<T, E>(
    lacks: &mut BTreeSet<String>,
    operation: &str,
    what: &str,
    end: &End,
    answer: Result<T, SdkError<E, HttpResponse>>,
) -> Result<(), Fault>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let Err(error) = answer else {
        return Ok(());
    };
    let fault = fault(operation, error);
    if is_denied(&fault) {
        lacks.insert(format!(
            "the credentials for account {} do not allow ec2:{operation} on {what} in {}",
            end.owner, end.region
        ));
        return Ok(());
    }
    match fault.class {
        FaultClass::Permanent | FaultClass::Pending => Ok(()),
        FaultClass::Transient | FaultClass::Unreachable | FaultClass::Operator => Err(fault),
    }
}

/// Why a deletion must not begin, if there is a reason.
pub(super) fn refusal(hindrances: &[String]) -> Option<Refusal> {
    (!hindrances.is_empty()).then(|| Refusal {
        message: format!(
            "the peering could not be deleted as a whole: {}",
            hindrances.join("; ")
        ),
        hint: "allow these actions (docs/iam-policy.json has them), or name other credentials: AWS_PROFILE for aurora's account, --rosa-profile for rosa's; nothing was touched".to_owned(),
    })
}

/// Why a deletion that was begun earlier must not be resumed.
pub(crate) async fn resume_refusal(aws: &Aws, events: &[Event]) -> Result<Option<Refusal>, Fault> {
    let Some(parameters) = crate::refusal::parameters::<DeleteParameters>(events) else {
        return Ok(None);
    };
    let hindrances = aws.look(|| hindrances(aws, &parameters.peerings)).await?;
    Ok(refusal(&hindrances))
}
