//! What would be reaped and what is spared: the shell script's defects, one by
//! one.

pub(crate) mod campaign;

use std::time::Duration;

use stepwell_engine::Timestamp;
use stepwell_sandbox::{FaultEffect, FaultRule};
use stepwell_workflows::aurora::{
    Candidate, ReapOptions, ReapRequest, Reaping, Verdict, delete_graph, look_again, survey_delete,
    survey_reap,
};
use stepwell_workflows::peering::{Accounts, RosaAccount};

use crate::scripts::{Hand, of};
use crate::support::{REGION, Wanted, World, element, ended_well, memory, options};

fn asked(world: &World, older_than: Option<Duration>) -> ReapRequest {
    let now = i64::try_from(world.account.now().as_millis()).expect("a time");
    ReapOptions {
        regions: Vec::new(),
        older_than,
    }
    .validate(Timestamp(now))
    .expect("valid")
}

async fn survey(world: &World) -> Reaping {
    survey_reap(&world.aws, &asked(world, None), REGION)
        .await
        .expect("survey")
}

#[track_caller]
fn only(reaping: &Reaping) -> &Candidate {
    let [one] = reaping.candidates.as_slice() else {
        panic!("not one: {reaping:#?}");
    };
    one
}

#[track_caller]
fn spared(candidate: &Candidate, why: &str) {
    let Verdict::Spared { reason } = &candidate.verdict else {
        panic!("not spared: {candidate:#?}");
    };
    assert!(reason.contains(why), "{reason}");
}

/// Carries out what a candidate's deletion would do.
async fn reap(world: &World, candidate: &Candidate) {
    let request = asked(world, None).deletion(candidate).expect("a name");
    let found = survey_delete(&world.aws, &request).await.expect("survey");
    assert!(delete_graph(&found).is_ok());
    let report = world
        .delete(memory(), world.run_id(), &found)
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
}

async fn minutes(count: u64) {
    tokio::time::sleep(Duration::from_secs(count * 60)).await;
}

#[tokio::test(start_paused = true)]
async fn only_the_tag_keepalive_spares() {
    let world = World::new().await;
    let hand = Hand::at(&world, REGION);
    let (_, arn) = hand.aurora_create("tagged", "192.168.1", 1).await;
    hand.tag(&arn, "team", "sso").await;
    let (_, arn) = hand.aurora_create("kept", "192.168.2", 1).await;
    hand.tag(&arn, "keepalive", "false").await;
    let (vpc, _) = hand.aurora_create("kept-by-vpc", "192.168.3", 0).await;
    hand.tag_vpc(&vpc, "KeepAlive", "").await;
    let (_, arn) = hand.aurora_create("kept-by-instance", "192.168.4", 1).await;
    let instance = arn.replace(":cluster:", ":db:") + "-instance-1";
    hand.tag(&instance, "keepalive", "").await;
    let found = survey(&world).await;
    let names: Vec<&str> = found
        .candidates
        .iter()
        .map(|c| c.cluster.as_str())
        .collect();
    assert_eq!(names, ["kept", "kept-by-instance", "kept-by-vpc", "tagged"]);
    for kept in &found.candidates[..3] {
        spared(kept, "tagged keepalive");
    }
    assert_eq!(found.candidates[3].verdict, Verdict::Delete);
    assert_eq!(found.candidates[3].made_by, "scripts");
}

#[tokio::test(start_paused = true)]
async fn tags_given_or_taken_after_the_survey_count() {
    let world = World::new().await;
    let hand = Hand::at(&world, REGION);
    let (vpc, arn) = hand.aurora_create("keycloak", "192.168.1", 0).await;
    let found = survey(&world).await;
    let one = only(&found);
    assert_eq!(one.verdict, Verdict::Delete);
    hand.tag(&arn, "keepalive", "").await;
    let request = asked(&world, None);
    let again = look_again(&world.aws, &request, one).await.expect("a look");
    spared(&again.expect("it is there"), "tagged keepalive");
    hand.untag_vpc(&vpc, "AuroraCluster").await;
    let again = look_again(&world.aws, &request, one).await.expect("a look");
    assert_eq!(again, None, "it is nobody's of ours any more");
}

#[tokio::test(start_paused = true)]
async fn clusters_without_instances_and_orphans_are_found_in_every_region() {
    let world = World::new().await;
    let before = world.account.inventory().expect("inventory");
    let hand = Hand::at(&world, REGION);
    hand.aurora_create("bare", "192.168.1", 0).await;
    hand.vpc("192.168.2.0/24", &of("orphan")).await;
    hand.vpc("192.168.3.0/24", &of("orphan")).await;
    let far = Hand::at(&world, "us-east-2");
    let vpc = far.vpc("192.168.4.0/24", &of("left")).await;
    // With its VPC, and after it.
    far.subnet_group(&vpc, "192.168.4", "left-subnet-group")
        .await;
    let vpc = far.vpc("192.168.5.0/24", &of("homeless")).await;
    let subnets = far
        .subnet_group(&vpc, "192.168.5", "homeless-subnet-group")
        .await;
    far.delete_network(&vpc, &subnets).await;
    minutes(5).await;

    let found = survey(&world).await;
    let lines: Vec<String> = (found.candidates.iter())
        .map(|c| {
            let (vpcs, groups) = (c.vpcs.len(), c.subnet_groups.len());
            format!("{} {} {} {vpcs} {groups}", c.region, c.cluster, c.status)
        })
        .collect();
    assert_eq!(
        lines,
        [
            "eu-west-1 bare available 1 1",
            "eu-west-1 orphan absent 2 0",
            "us-east-2 homeless absent 0 1",
            "us-east-2 left absent 1 1",
        ]
    );
    assert_eq!(found.skipped, []);
    for one in &found.candidates {
        assert_eq!(one.verdict, Verdict::Delete, "{one:#?}");
        reap(&world, one).await;
    }
    assert_eq!(world.account.inventory().expect("inventory"), before);
    assert_eq!(survey(&world).await.candidates, []);
}

#[tokio::test(start_paused = true)]
async fn what_is_somebody_elses_is_not_even_a_candidate() {
    let world = World::new().await;
    let hand = Hand::at(&world, REGION);
    let vpc = hand.vpc("10.0.0.0/24", &[]).await;
    hand.subnet_group(&vpc, "10.0.0", "prod-subnet-group").await;
    let arn = hand.cluster("prod", "prod-subnet-group", 1).await;
    // A copy that came with the tags of what it was copied from.
    hand.cluster("copy", "prod-subnet-group", 0).await;
    hand.tag(
        &arn.replace(":prod", ":copy"),
        "stepwell:deployment",
        "aurora/eu-west-1/prod",
    )
    .await;
    // A group of such a name whose VPC is gone, and which is not the scripts'.
    let gone = hand.vpc("10.0.1.0/24", &[]).await;
    let subnets = hand.subnet_group(&gone, "10.0.1", "mine").await;
    hand.delete_network(&gone, &subnets).await;
    let found = survey(&world).await;
    assert_eq!(found.candidates, []);
    assert_eq!(found.left_alone, 2);
}

#[tokio::test(start_paused = true)]
async fn a_foreign_cluster_of_the_name_of_an_orphan_is_safe() {
    let world = World::new().await;
    let hand = Hand::at(&world, REGION);
    hand.vpc("192.168.1.0/24", &of("keycloak")).await;
    let vpc = hand.vpc("10.0.0.0/24", &[]).await;
    hand.subnet_group(&vpc, "10.0.0", "theirs").await;
    hand.cluster("keycloak", "theirs", 0).await;
    let found = survey(&world).await;
    spared(only(&found), "somebody else's");
    assert_eq!(found.left_alone, 1);
}

#[tokio::test(start_paused = true)]
async fn a_neighbour_in_the_vpc_blocks() {
    let world = World::new().await;
    let hand = Hand::at(&world, REGION);
    let (_, _) = hand.aurora_create("keycloak", "192.168.1", 1).await;
    hand.cluster("reports", "keycloak-subnet-group", 0).await;
    let before = world.account.inventory().expect("inventory");
    let found = survey(&world).await;
    let Verdict::Blocked { reason, .. } = &only(&found).verdict else {
        panic!("{found:#?}");
    };
    assert!(reason.contains("reports"), "{reason}");
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_of_nobody_blocks_and_is_named() {
    let world = World::new().await;
    let hand = Hand::at(&world, REGION);
    let (vpc, _) = hand.aurora_create("keycloak", "192.168.1", 1).await;
    let made = world.call("ec2", "Action=CreateInternetGateway").await;
    let gateway = element(&made, "internetGatewayId");
    minutes(1).await;
    let form = format!("Action=AttachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}");
    world.call("ec2", &form).await;
    let found = survey(&world).await;
    let Verdict::Blocked { reason, hint } = &only(&found).verdict else {
        panic!("{found:#?}");
    };
    assert!(reason.contains(&gateway), "{reason}");
    let hint = hint.as_deref().expect("a hint");
    assert!(hint.contains("detach-internet-gateway"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn what_is_named_in_mixed_case_is_one_and_goes() {
    let world = World::new().await;
    Hand::at(&world, REGION)
        .aurora_create("gh-Octo", "192.168.1", 1)
        .await;
    minutes(20).await;
    let found = survey(&world).await;
    let one = only(&found);
    assert_eq!((one.cluster.as_str(), one.vpcs.len()), ("gh-octo", 1));
    reap(&world, one).await;
    assert_eq!(world.census().values().sum::<usize>(), 0);
}

#[tokio::test(start_paused = true)]
async fn protected_and_peered_clusters_stay() {
    let world = World::new().await;
    let hand = Hand::at(&world, REGION);
    hand.aurora_create("protected", "192.168.1", 0).await;
    minutes(5).await;
    hand.protect("protected").await;
    let one = hand.vpc("192.168.2.0/24", &of("peered")).await;
    let other = hand.vpc("10.0.0.0/24", &[]).await;
    minutes(1).await;
    let peering = hand.peer(&one, &other).await;
    minutes(1).await;
    let found = survey(&world).await;
    let [peered, protected] = found.candidates.as_slice() else {
        panic!("{found:#?}");
    };
    spared(protected, "protected");
    let Verdict::Blocked { reason, hint } = &peered.verdict else {
        panic!("{peered:#?}");
    };
    assert!(reason.contains(&peering), "{reason}");
    assert!(hint.is_some());

    // Unless its peerings are to go too.
    let account = world.account.account_id().to_owned();
    let accounts = Accounts {
        main: account.clone(),
        rosa: RosaAccount {
            id: account,
            profile: None,
        },
    };
    let request = asked(&world, None).with_peerings(accounts);
    let found = survey_reap(&world.aws, &request, REGION)
        .await
        .expect("survey");
    assert_eq!(found.candidates[0].verdict, Verdict::Delete, "{found:#?}");
    let request = request.deletion(&found.candidates[0]).expect("a name");
    let doomed = survey_delete(&world.aws, &request).await.expect("survey");
    let report = world
        .delete(memory(), world.run_id(), &doomed)
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    let left = world.census();
    assert_eq!(left.get("vpc available"), Some(&2), "{left:?}");
    assert_eq!(left.get("vpc-peering-connection active"), None, "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn age_counts_from_the_clusters_creation() {
    let world = World::new().await;
    let hand = Hand::at(&world, REGION);
    hand.aurora_create("old", "192.168.1", 0).await;
    hand.vpc("192.168.3.0/24", &of("orphan")).await;
    minutes(120).await;
    hand.aurora_create("young", "192.168.2", 0).await;
    let hour = Some(Duration::from_secs(3600));
    let found = survey_reap(&world.aws, &asked(&world, hour), REGION)
        .await
        .expect("survey");
    let [old, orphan, young] = found.candidates.as_slice() else {
        panic!("{found:#?}");
    };
    assert_eq!(old.verdict, Verdict::Delete);
    spared(orphan, "age is unknown");
    spared(young, "too young");
}

#[tokio::test(start_paused = true)]
async fn the_leftover_of_a_run_tells_its_age() {
    let world = World::new().await;
    world.fails("CreateDBCluster", "ExpiredToken", None);
    let run = stepwell_engine::RunId::new(Timestamp(1_800_000_000_000));
    let report = world
        .create(memory(), run, options(1), Wanted::default())
        .await
        .expect("run");
    assert!(!ended_well(&report));
    minutes(1).await;
    let asked = |now: i64| {
        let options = ReapOptions {
            regions: vec![REGION.to_owned(), REGION.to_owned()],
            older_than: Some(Duration::from_secs(3600)),
        };
        options.validate(Timestamp(now)).expect("valid")
    };
    let early = survey_reap(&world.aws, &asked(1_800_000_000_000), REGION)
        .await
        .expect("survey");
    assert_eq!(only(&early).made_by, "stepwell");
    assert_eq!(only(&early).created_at, Some(Timestamp(1_800_000_000_000)));
    spared(only(&early), "too young");
    let late = survey_reap(&world.aws, &asked(1_800_007_200_000), REGION)
        .await
        .expect("survey");
    assert_eq!(only(&late).verdict, Verdict::Delete);
    assert_eq!(only(&late).subnet_groups, ["keycloak-subnet-group"]);
}

#[tokio::test(start_paused = true)]
async fn a_group_of_another_name_goes_by_its_tag() {
    let world = World::new().await;
    let before = world.account.inventory().expect("inventory");
    let mut wanted = options(1);
    wanted.subnet_group_name = Some("my-own".to_owned());
    world.fails("CreateDBCluster", "ExpiredToken", Some(1));
    let report = world
        .create(memory(), world.run_id(), wanted, Wanted::default())
        .await
        .expect("run");
    assert!(!ended_well(&report));
    minutes(1).await;
    let found = survey(&world).await;
    assert_eq!(only(&found).subnet_groups, ["my-own"]);
    reap(&world, only(&found)).await;
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

#[tokio::test(start_paused = true)]
async fn a_region_that_fails_is_left_out_unless_all_would() {
    let world = World::new().await;
    Hand::at(&world, REGION)
        .vpc("192.168.1.0/24", &of("keycloak"))
        .await;
    let fault = |region: Option<&str>, code: &str| FaultRule {
        operation: "DescribeDBClusters".to_owned(),
        matches: (region.iter())
            .map(|region| ("region".to_owned(), (*region).to_owned()))
            .collect(),
        times: None,
        effect: FaultEffect::Error {
            code: code.to_owned(),
        },
    };
    let denied = fault(Some("us-east-2"), "AccessDenied");
    world.account.add_fault(denied).expect("a fault");
    let found = survey(&world).await;
    assert_eq!(found.skipped.len(), 1);
    assert_eq!(found.skipped[0].region, "us-east-2");
    assert!(!found.regions.contains(&"us-east-2".to_owned()));
    assert_eq!(only(&found).cluster, "keycloak");

    world.account.clear_faults().expect("no faults");
    world
        .account
        .add_fault(fault(None, "ExpiredToken"))
        .expect("a fault");
    let failed = survey_reap(&world.aws, &asked(&world, None), REGION).await;
    assert_eq!(
        failed.expect_err("a fault").code.as_deref(),
        Some("ExpiredToken")
    );
}
