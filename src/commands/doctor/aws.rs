//! Checks of what AWS says.

use std::future::Future;

use stepwell_engine::{Fault, Timestamp};
use stepwell_workflows::doctor::{self, DoctorOptions, Identity, Permissions, Quota};

use super::LIMIT;
use crate::Context;
use crate::report::checks::Check;
use crate::session::{Backend, Connection};

/// Where STS is asked if no region is named, or if the one named has none.
const HOME: &str = "us-east-1";

/// How many VPCs a region may have unless AWS was asked for more (Amazon VPC
/// User Guide, "Amazon VPC quotas"); the actual number is with another service.
const VPCS: usize = 5;

/// From how many seconds on clocks differ.
const SKEW: u64 = 60;

/// From how many seconds on that is too much: AWS refuses signatures that are
/// five minutes old (Signature Version 4), those of EC2 fifteen.
const TOO_MUCH: u64 = 5 * 60;

/// Asks AWS. What depends on an answer that failed is not asked.
pub(super) async fn checks(
    context: &Context,
    backend: &Backend,
    options: &DoctorOptions,
) -> Vec<Check> {
    let connecting = backend.connect(&context.settings, None);
    let connection = match connecting.await {
        Ok(connection) => connection,
        Err(problem) => return vec![Check::problem("identity", problem)],
    };
    let aws = &connection.aws;
    let asked = options.region.as_deref().unwrap_or(HOME);
    let (identity, abroad) = match identify(&connection, asked).await {
        Ok(identity) => identity,
        Err(fault) => {
            let mut checks = vec![Check::fault("identity", &fault)];
            // A wrong clock may well be why.
            checks.extend(skew(aws.service_time(), connection.time_there()));
            checks.push(Check::warn(
                "region",
                "not checked, because the identity is not known",
            ));
            return checks;
        }
    };
    let mut checks = vec![Check::ok(
        "identity",
        format!("account {}, {}", identity.account, identity.arn),
    )];
    checks.extend(skew(aws.service_time(), connection.time_there()));
    let Some(region) = options.region.as_deref() else {
        checks.push(
            Check::warn("region", "none is named, so nothing more was asked of aws")
                .hint("--region REGION, AURORA_REGION, AWS_REGION or AWS_DEFAULT_REGION"),
        );
        return checks;
    };
    let zones = match within(&connection, doctor::zones(aws, region)).await {
        Ok(zones) => zones,
        Err(fault) => {
            let check = Check::fault("region", &fault);
            checks.push(if abroad || is_closed(&fault) {
                check.hint(format!(
                    "is {region} enabled for the account, and is it a region's name?"
                ))
            } else {
                check
            });
            return checks;
        }
    };
    checks.push(Check::ok(
        "region",
        format!("{region} is enabled, with {}", zones.join(", ")),
    ));
    let (permissions, databases, offer, quotas, vpcs) = tokio::join!(
        within(&connection, async {
            Ok(doctor::permissions(aws, region).await)
        }),
        within(&connection, doctor::databases(aws, region)),
        within(&connection, doctor::offer(aws, region, options, &zones)),
        within(&connection, doctor::quotas(aws, region)),
        within(&connection, doctor::vpcs(aws, region)),
    );
    match permissions {
        Ok(permissions) => checks.push(allowed(&permissions)),
        Err(fault) => checks.push(Check::fault("permissions", &fault)),
    }
    checks.push(match databases {
        Ok(count) => Check::ok(
            "rds",
            format!(
                "reads are allowed ({count} clusters); writes can't be tried without an effect"
            ),
        ),
        Err(fault) => Check::fault("rds", &fault),
    });
    checks.push(match offer {
        Ok(zones) => offered(options, region, &zones),
        Err(fault) => Check::fault("offer", &fault),
    });
    checks.extend(quota_checks(quotas));
    checks.push(match vpcs {
        Ok(count) if count < VPCS => Check::ok("quota-vpcs", format!("{count} vpcs")),
        Ok(count) => Check::warn(
            "quota-vpcs",
            format!("{count} vpcs, and a region may have {VPCS} unless aws was asked for more"),
        )
        .hint(format!(
            "aws service-quotas get-service-quota --region {region} --service-code vpc --quota-code L-F678F1CE"
        )),
        Err(fault) => Check::fault("quota-vpcs", &fault),
    });
    if let Some(name) = &options.cluster {
        checks.push(cluster(&connection, region, name).await);
    }
    checks
}

/// Bounds a look in time.
async fn within<T>(
    connection: &Connection,
    look: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    tokio::select! {
        biased;
        answer = look => answer,
        () = connection.clock.sleep(LIMIT) => Err(Fault::unreachable(format!(
            "no answer within {} s", LIMIT.as_secs()
        ))),
    }
}

/// Who we are, and whether that took another region than the one named: in a
/// region that is not enabled nobody is known.
async fn identify(connection: &Connection, region: &str) -> Result<(Identity, bool), Fault> {
    match within(connection, doctor::identity(&connection.aws, region)).await {
        Ok(identity) => Ok((identity, false)),
        Err(fault) if region != HOME && is_closed(&fault) => {
            match within(connection, doctor::identity(&connection.aws, HOME)).await {
                Ok(identity) => Ok((identity, true)),
                Err(_) => Err(fault),
            }
        }
        Err(fault) => Err(fault),
    }
}

/// Whether a fault may mean that the region is not enabled.
fn is_closed(fault: &Fault) -> bool {
    matches!(
        fault.code.as_deref(),
        Some(
            "AuthFailure"
                | "InvalidClientTokenId"
                | "OptInRequired"
                | "UnrecognizedClientException"
        )
    )
}

fn allowed(permissions: &Permissions) -> Check {
    let name = "permissions";
    let count = permissions.allowed.len();
    if !permissions.denied.is_empty() {
        return Check {
            code: Some("UnauthorizedOperation".to_owned()),
            ..Check::fail(
                name,
                format!("ec2 does not allow {}", permissions.denied.join(", ")),
            )
        }
        .hint(format!(
            "add to the policy of these credentials, from docs/iam-policy.json: {}",
            doctor::statements(&permissions.denied).join(", ")
        ));
    }
    if let Some((first, fault)) = permissions.untold.first() {
        return Check {
            code: fault.code.clone(),
            ..Check::warn(
                name,
                format!(
                    "of {} operations of ec2 nothing is known, of {first} for one: {fault}",
                    permissions.untold.len()
                ),
            )
        };
    }
    Check::ok(
        name,
        format!("{count} operations of ec2 are allowed (dry runs)"),
    )
}

/// Compares the clocks, if an answer told the time.
fn skew(there: Option<Timestamp>, now: Timestamp) -> Option<Check> {
    let there = there?;
    let seconds = now.since(there).max(there.since(now)).as_secs();
    let side = if now < there { "behind" } else { "ahead of" };
    let text = format!("{seconds} s {side} the service's");
    let check = match seconds {
        0..SKEW => return Some(Check::ok("clock", "agrees with the service's")),
        SKEW..TOO_MUCH => Check::warn("clock", text),
        _ => Check::fail("clock", text),
    };
    Some(check.hint("set the clock; aws refuses signatures that are off by five minutes"))
}

fn offered(options: &DoctorOptions, region: &str, zones: &[String]) -> Check {
    let what = format!("{} with {}", options.engine_version, options.instance_class);
    match zones {
        [] => Check::fail("offer", format!("{what} is not offered in {region}")),
        [one] => Check::fail("offer", format!("{what} is offered in {one} alone; two are needed")),
        many => return Check::ok("offer", format!("{what} in {}", many.join(", "))),
    }
    .hint(format!(
        "aws rds describe-orderable-db-instance-options --region {region} --engine aurora-postgresql"
    ))
}

fn quota_checks(quotas: Result<Vec<Quota>, Fault>) -> Vec<Check> {
    let quotas = match quotas {
        // A quota that can't be asked keeps nothing from being made.
        Err(fault) => {
            return vec![Check::fault("quota-rds", &fault).only_warns("could not be asked")];
        }
        Ok(quotas) => quotas,
    };
    (quotas.iter())
        .map(|quota| {
            let name = match quota.name.as_str() {
                "DBClusters" => "quota-clusters",
                "DBInstances" => "quota-instances",
                _ => "quota-subnet-groups",
            };
            let text = format!("{} of {} are used", quota.used, quota.max);
            if quota.used < quota.max {
                Check::ok(name, text)
            } else {
                Check::fail(name, text).hint("free some, or ask AWS for more")
            }
        })
        .collect()
}

async fn cluster(connection: &Connection, region: &str, name: &str) -> Check {
    match within(connection, doctor::cluster(&connection.aws, region, name)).await {
        Err(fault) => Check::fault("cluster", &fault),
        Ok(None) => Check::ok("cluster", format!("there is no cluster {name} in {region}")),
        Ok(Some(found)) => {
            let text = format!("{name} is {}, {} instances", found.status, found.instances);
            if found.broken {
                Check::warn("cluster", text)
            } else {
                Check::ok("cluster", text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::checks::Health;

    #[test]
    fn a_used_up_quota_fails_and_an_unknown_one_warns() {
        let quota = |name: &str, used| Quota {
            name: name.to_owned(),
            used,
            max: 40,
        };
        let checks = quota_checks(Ok(vec![quota("DBClusters", 39), quota("DBInstances", 40)]));
        assert_eq!(checks[0].status, Health::Ok);
        assert_eq!(checks[1].status, Health::Fail);
        assert_eq!(checks[1].name, "quota-instances");
        let unknown = quota_checks(Err(Fault::permanent("no").with_code("AccessDenied")));
        assert_eq!(unknown[0].status, Health::Warn);
        assert_eq!(unknown[0].code.as_deref(), Some("AccessDenied"));
    }

    #[test]
    fn clocks_may_differ_by_less_than_a_minute_and_never_by_five() {
        let now = Timestamp(1_000_000);
        let told = |there| skew(Some(Timestamp(there)), now).expect("a check");
        assert_eq!(told(1_030_000).status, Health::Ok);
        assert_eq!(told(1_090_000).status, Health::Warn);
        assert_eq!(told(1_090_000).message, "90 s behind the service's");
        assert_eq!(told(900_000).status, Health::Warn);
        assert_eq!(told(1_300_000).status, Health::Fail);
        assert_eq!(told(700_000).message, "300 s ahead of the service's");
        assert!(skew(None, now).is_none());
    }

    #[test]
    fn what_is_denied_is_named_with_the_statements_that_have_it() {
        let check = allowed(&Permissions {
            denied: vec!["CreateSubnet", "CreateVpc", "DeleteNatGateway"],
            ..Permissions::default()
        });
        assert_eq!(check.status, Health::Fail);
        let hint = check.hint.expect("a hint");
        assert!(
            hint.ends_with("MakeNetworks, RemoveWhatHoldsNetworks"),
            "{hint}"
        );
    }
}
