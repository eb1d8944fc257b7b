//! Whose the two VPCs are. A subnet can be shared with other accounts, which see
//! its VPC and may put machines into it; to peer it and to route in it is up to
//! its owner alone (Amazon VPC User Guide, "Share your VPC subnets with other
//! accounts").

use aws_sdk_ec2::types::Vpc;

use super::create::CreateRequest;
use super::delete::RosaPlace;
use super::end::{Access, Accounts, End};
use crate::SurveyError;
use crate::aws::{Aws, ec2};
use crate::rosa::RosaNetwork;

/// The account that a VPC belongs to; a shared one is not its user's.
fn owner<'a>(vpc: &'a Vpc, account: &'a str) -> &'a str {
    vpc.owner_id().unwrap_or(account)
}

/// ROSA's end as it is to be peered.
pub(super) fn of_rosa(
    vpc: &Vpc,
    rosa: &RosaNetwork,
    accounts: &Accounts,
) -> Result<End, SurveyError> {
    let cluster = match &rosa.cluster {
        Some(name) => format!(" of rosa cluster {name:?}"),
        None => String::new(),
    };
    // What the owner has in its VPC is not all the cluster's.
    let mut parts = format!(" --rosa-machine-cidr {}", rosa.machine_cidr);
    if !rosa.subnets.is_empty() {
        parts.push_str(&format!(" --rosa-subnets {}", rosa.subnets.join(",")));
    }
    reached(
        Some(vpc),
        (&rosa.region, &rosa.vpc_id),
        accounts,
        &cluster,
        &parts,
    )
}

/// ROSA's end whose peerings are looked for: they, too, show to their VPC's
/// owner alone. A VPC that is gone was that of the account for ROSA.
pub(super) async fn of_place(
    aws: &Aws,
    place: &RosaPlace,
    accounts: &Accounts,
) -> Result<End, SurveyError> {
    let vpc = aws
        .look(|| ec2::vpc(aws.rosa(), &place.region, &place.vpc_id))
        .await?;
    let at = (&*place.region, &*place.vpc_id);
    reached(vpc.as_ref(), at, accounts, "", "")
}

/// ROSA's end, with the credentials of the VPC's owner: those for ROSA, or the
/// command's own where ROSA's VPC is shared from there.
fn reached(
    vpc: Option<&Vpc>,
    (region, vpc_id): (&str, &str),
    accounts: &Accounts,
    cluster: &str,
    parts: &str,
) -> Result<End, SurveyError> {
    let user = &*accounts.rosa.id;
    let owner = vpc.map_or(user, |vpc| owner(vpc, user));
    let access = if owner == user {
        Access::Rosa
    } else {
        accounts.access(owner).ok_or_else(|| SurveyError::Refused {
            message: format!("{vpc_id}{cluster} {}", shared(owner, user)),
            hint: format!(
                "have its owner's credentials used: --rosa-profile with a profile of account {owner}, and --rosa-vpc {vpc_id} --rosa-region {region}{parts}, because `rosa` shows that account no cluster of another; nothing was touched"
            ),
        })?
    };
    Ok(End {
        access,
        owner: owner.to_owned(),
        region: region.to_owned(),
        vpc_id: vpc_id.to_owned(),
    })
}

/// Aurora's end, which is the command's own.
pub(super) fn of_aurora(
    vpc: &Vpc,
    request: &CreateRequest,
    accounts: &Accounts,
) -> Result<End, SurveyError> {
    let owner = owner(vpc, &accounts.main);
    let vpc_id = vpc.vpc_id().unwrap_or_default();
    if owner != accounts.main {
        return Err(SurveyError::Refused {
            message: format!(
                "{vpc_id} of aurora cluster {:?} {}",
                request.cluster,
                shared(owner, &accounts.main)
            ),
            hint: format!("use credentials of account {owner}; nothing was touched"),
        });
    }
    Ok(End {
        access: Access::Main,
        owner: owner.to_owned(),
        region: request.region.clone(),
        vpc_id: vpc_id.to_owned(),
    })
}

/// What a VPC is that another account shares.
fn shared(owner: &str, user: &str) -> String {
    format!(
        "belongs to aws account {owner}, which shares it with {user}: only its owner sees its peerings, can peer it and change its routes"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peering::{CreateOptions, RosaAccount};

    fn accounts(rosa: &str) -> Accounts {
        Accounts {
            main: "111111111111".to_owned(),
            rosa: RosaAccount {
                id: rosa.to_owned(),
                profile: Some("rosa".to_owned()),
            },
        }
    }

    fn vpc(owner: Option<&str>) -> Vpc {
        Vpc::builder()
            .vpc_id("vpc-1")
            .set_owner_id(owner.map(str::to_owned))
            .build()
    }

    fn network() -> RosaNetwork {
        RosaNetwork {
            cluster: Some("r1".to_owned()),
            region: "eu-west-1".to_owned(),
            vpc_id: "vpc-1".to_owned(),
            vpc_cidrs: vec!["10.0.0.0/16".parse().expect("a range")],
            machine_cidr: "10.0.0.0/20".parse().expect("a range"),
            pod_cidr: None,
            service_cidr: None,
            subnets: vec!["subnet-1".to_owned(), "subnet-2".to_owned()],
            found_by: "a test".to_owned(),
        }
    }

    fn refused<T: std::fmt::Debug>(result: Result<T, SurveyError>) -> (String, String) {
        match result {
            Err(SurveyError::Refused { message, hint }) => (message, hint),
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn the_owners_credentials_work_on_a_shared_vpc() {
        let of = |owner, rosa| of_rosa(&vpc(owner), &network(), &accounts(rosa)).expect("an end");
        assert_eq!(of(None, "222222222222").access, Access::Rosa);
        assert_eq!(
            of(Some("222222222222"), "222222222222").access,
            Access::Rosa
        );
        // The description is a participant's, the network the command's own.
        let end = of(Some("111111111111"), "222222222222");
        assert_eq!(end.access, Access::Main);
        assert_eq!(end.owner, "111111111111");
        // As runs have recorded it where both are one account.
        assert_eq!(
            of(Some("111111111111"), "111111111111").access,
            Access::Rosa
        );
    }

    #[test]
    fn who_a_vpc_is_shared_with_is_refused_and_told_whose_it_is() {
        let foreign = vpc(Some("333333333333"));
        let (message, hint) = refused(of_rosa(&foreign, &network(), &accounts("222222222222")));
        assert!(message.contains("account 333333333333"), "{message}");
        assert!(message.contains("with 222222222222"), "{message}");
        for part in [
            "--rosa-profile",
            "333333333333",
            "--rosa-vpc vpc-1 --rosa-region eu-west-1 --rosa-machine-cidr 10.0.0.0/20 --rosa-subnets subnet-1,subnet-2",
        ] {
            assert!(hint.contains(part), "{hint}");
        }
        let request = CreateOptions {
            cluster: "keycloak".to_owned(),
            region: "eu-west-1".to_owned(),
            security_group_name: None,
            tags: Vec::new(),
        };
        let request = request.validate().expect("valid");
        let (message, hint) = refused(of_aurora(&foreign, &request, &accounts("222222222222")));
        assert!(message.contains("aurora cluster \"keycloak\""), "{message}");
        assert!(hint.contains("333333333333"), "{hint}");
        assert!(of_aurora(&vpc(None), &request, &accounts("2")).is_ok());
    }
}
