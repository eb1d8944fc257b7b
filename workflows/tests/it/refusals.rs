//! What comes of a refusal: who must act suspends a run, what lasts is named within
//! a minute, what passes is waited for, and a wait whose time is over undoes
//! nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use stepwell_engine::event::{EventBody, SuspendReason, Verb};
use stepwell_engine::machine::Status;
use stepwell_engine::{Clock, Event, Fault, FaultClass, Journal, MemoryJournal, Report, RunId};
use stepwell_sandbox::{Call, FaultEffect, FaultRule, Hook, Verdict};

use crate::support::{Wanted, World, element, ended_well, memory, options, rolled_back};

fn suspended_for_a_person(report: &Report) -> bool {
    matches!(
        report.status,
        Status::Suspended(SuspendReason::Operator { .. })
    )
}

async fn create(world: &World, journal: Arc<MemoryJournal>, run: RunId) -> Report {
    let report = world.create(journal, run, options(1), Wanted::default());
    report.await.expect("run")
}

/// The failed attempts of a verb of a step, in order.
fn failed<'a>(events: &'a [Event], name: &str, verb: Verb) -> Vec<(&'a Event, &'a Fault)> {
    (events.iter())
        .filter_map(|event| match &event.body {
            EventBody::AttemptFailed {
                step,
                verb: of,
                fault,
                ..
            } if &**step == name && *of == verb => Some((event, fault)),
            _ => None,
        })
        .collect()
}

/// How long it took from the first of some failures to the last.
fn span(failures: &[(&Event, &Fault)]) -> Duration {
    let (first, last) = (
        failures.first().expect("one"),
        failures.last().expect("one"),
    );
    last.0.at.since(first.0.at)
}

#[tokio::test(start_paused = true)]
async fn what_a_person_must_act_on_suspends_a_create_and_undoes_nothing() {
    let cases = [
        (
            "CreateSubnet",
            "PendingVerification",
            "AWS is verifying the account",
        ),
        ("CreateVpc", "OptInRequired", "enable the region"),
        ("CreateSecurityGroup", "Blocked", "AWS Support"),
        ("CreateRouteTable", "AccountDisabled", "AWS Support"),
        ("CreateSubnet", "RequestTimeTooSkewed", "set the clock"),
        (
            "CreateSubnet",
            "InvalidSecurity.RequestHasExpired",
            "set the clock",
        ),
        (
            "CreateSubnet",
            "IncompleteSignature",
            "renew the AWS credentials",
        ),
        (
            "CreateSubnet",
            "UnauthorizedOperation",
            "ec2:CreateSubnet: statement MakeNetworks",
        ),
        (
            "CreateDBCluster",
            "AccessDenied",
            "rds:CreateDBCluster: statement MakeDatabases",
        ),
        (
            "CreateDBInstance",
            "NotAuthorized",
            "rds:CreateDBInstance: statement MakeDatabases",
        ),
        ("CreateDBCluster", "KMSKeyNotAccessibleFault", "KMS key"),
        (
            "CreateDBSubnetGroup",
            "DBSubnetQuotaExceededFault",
            "higher quota",
        ),
        (
            "CreateDBSubnetGroup",
            "AccessDeniedException",
            "rds:CreateDBSubnetGroup: statement MakeDatabases",
        ),
    ];
    for (operation, code, hint) in cases {
        let world = World::hurried().await;
        let (journal, run) = (memory(), world.run_id());
        world.fails(operation, code, Some(1));
        let report = create(&world, journal.clone(), run).await;
        let context = format!("{operation} {code}: {report:?}");
        assert!(suspended_for_a_person(&report), "{context}");
        let (_, fault) = report.fault.as_ref().expect("a fault");
        assert_eq!(fault.code.as_deref(), Some(code), "{context}");
        assert!(
            fault
                .hint
                .as_deref()
                .is_some_and(|told| told.contains(hint)),
            "{context}"
        );
        let report = world.resume(journal.clone(), run).await.expect("resume");
        assert!(ended_well(&report), "{context} then {report:?}");
        let events = journal.load(run).await.expect("load");
        let undone = |event: &Event| matches!(&event.body, EventBody::RollbackStarted(_));
        assert!(!events.iter().any(undone), "{context}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_aws_has_not_heard_of_yet_is_no_reason_to_undo_anything() {
    for (operation, code) in [
        ("CreateSubnet", "InvalidVpcID.NotFound"),
        ("AssociateRouteTable", "InvalidSubnetId.NotFound"),
        ("CreateDBSubnetGroup", "InvalidSubnet"),
        ("CreateDBCluster", "DBSubnetGroupNotFoundFault"),
        ("CreateDBCluster", "InvalidSubnet"),
        ("CreateDBInstance", "DBClusterNotFoundFault"),
        ("CreateVpc", "ConcurrentTagAccess"),
    ] {
        let world = World::hurried().await;
        world.fails(operation, code, Some(3));
        let report = create(&world, memory(), world.run_id()).await;
        assert!(ended_well(&report), "{operation} {code}: {report:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn subnets_that_no_longer_cover_the_zones_are_not_waited_for() {
    let world = World::new().await;
    world.fails("CreateDBCluster", "InvalidVPCNetworkStateFault", None);
    let before = world.clock.elapsed();
    let report = create(&world, memory(), world.run_id()).await;
    assert!(rolled_back(&report), "{report:?}");
    assert!(world.clock.elapsed() - before < Duration::from_secs(10 * 60));
}

/// A cluster that somebody stops while its second instance can't be made.
#[tokio::test(start_paused = true)]
async fn a_stopped_cluster_is_named_within_a_minute() {
    let world = World::new().await;
    let (journal, run) = (memory(), world.run_id());
    let second = FaultRule {
        operation: "CreateDBInstance".to_owned(),
        matches: vec![(
            "DBInstanceIdentifier".to_owned(),
            "keycloak-instance-2".to_owned(),
        )],
        times: Some(1),
        effect: FaultEffect::Error {
            code: "InsufficientDBInstanceCapacity".to_owned(),
        },
    };
    world.account.add_fault(second).expect("a fault");
    let report = world.create(journal.clone(), run, options(2), Wanted::default());
    let report = report.await.expect("run");
    assert!(suspended_for_a_person(&report), "{report:?}");
    // The first is still being made, and a cluster that is can't be stopped.
    world.clock.sleep(Duration::from_secs(30 * 60)).await;
    let stop = "Action=StopDBCluster&DBClusterIdentifier=keycloak";
    world.call("rds", stop).await;
    world.clock.sleep(Duration::from_secs(30 * 60)).await;
    let before = journal.load(run).await.expect("load").len();
    world.resume(journal.clone(), run).await.expect("resume");
    let events = journal.load(run).await.expect("load");
    // Its own create or the wait for another instance meets it first.
    let given_up = (events[before..].iter()).find_map(|event| match &event.body {
        EventBody::AttemptFailed { fault, .. } if fault.class == FaultClass::Permanent => {
            Some((event, fault))
        }
        _ => None,
    });
    let (event, fault) = given_up.expect("a culprit");
    assert!(fault.to_string().contains("\"keycloak"), "{fault}");
    assert!(fault.to_string().contains("is stopped"), "{fault}");
    let hint = fault.hint.as_deref().unwrap_or_default();
    assert!(hint.contains("aws rds start-db-cluster"), "{hint}");
    let took = event.at.since(events[before].at);
    assert!(took < Duration::from_secs(60), "{took:?}");
}

/// A group that comes into the network, with a rule that names the cluster's,
/// once the cluster's deletion is accepted: no look before could see it.
#[tokio::test(start_paused = true)]
async fn who_holds_a_group_is_named_within_a_minute() {
    let world = World::new().await;
    assert!(ended_well(&create(&world, memory(), world.run_id()).await));
    let parameters = world.survey_delete(None).await.expect("survey");
    let (journal, run) = (memory(), world.run_id());
    let calls = Times::of(&world, "DeleteDBCluster", "DeleteDBCluster");
    world.account.set_hook(Some(calls.clone()));
    let stranger = async {
        while calls.times.lock().unwrap().is_empty() {
            world.clock.sleep(Duration::from_secs(1)).await;
        }
        let vpc = element(&world.call("ec2", "Action=DescribeVpcs").await, "vpcId");
        let form = format!(
            "Action=DescribeSecurityGroups&Filter.1.Name=group-name&Filter.1.Value.1=keycloak-security-group&Filter.2.Name=vpc-id&Filter.2.Value.1={vpc}"
        );
        let own = element(&world.call("ec2", &form).await, "groupId");
        let form =
            format!("Action=CreateSecurityGroup&GroupName=other&GroupDescription=x&VpcId={vpc}");
        let other = element(&world.call("ec2", &form).await, "groupId");
        world.clock.sleep(Duration::from_secs(10)).await;
        let rule = format!(
            "GroupId={other}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=1&IpPermissions.1.ToPort=1&IpPermissions.1.Groups.1.GroupId={own}"
        );
        let form = format!("Action=AuthorizeSecurityGroupIngress&{rule}");
        world.call("ec2", &form).await;
        (other, rule)
    };
    let deletion = world.delete(journal.clone(), run, &parameters);
    let (report, (other, rule)) = tokio::join!(deletion, stranger);
    let report = report.expect("run");
    assert!(matches!(report.status, Status::Suspended(_)), "{report:?}");
    let (step, fault) = report.fault.as_ref().expect("a fault");
    assert_eq!(fault.class, FaultClass::Permanent, "{fault}");
    assert_eq!(
        fault.code.as_deref(),
        Some("DependencyViolation"),
        "{fault}"
    );
    assert!(fault.to_string().contains(&other), "{fault}");
    let hint = fault.hint.as_deref().unwrap_or_default();
    assert!(hint.contains("revoke-security-group-ingress"), "{hint}");
    let events = journal.load(run).await.expect("load");
    let failures = failed(&events, step, Verb::Run);
    let took = span(&failures);
    assert!(took < Duration::from_secs(60), "{took:?}");
    // Once it has let go, the run ends.
    let form = format!("Action=RevokeSecurityGroupIngress&{rule}");
    world.call("ec2", &form).await;
    let form = format!("Action=DeleteSecurityGroup&GroupId={other}");
    world.call("ec2", &form).await;
    let report = world.resume(journal, run).await.expect("resume");
    assert!(ended_well(&report), "{report:?}");
}

/// An internet gateway that somebody attaches holds a VPC that a rollback deletes.
#[tokio::test(start_paused = true)]
async fn who_holds_a_vpc_is_named_by_a_rollback() {
    let world = World::new().await;
    let (journal, run) = (memory(), world.run_id());
    world.fails("CreateDBCluster", "InsufficientDBInstanceCapacity", Some(1));
    let report = create(&world, journal.clone(), run).await;
    assert!(suspended_for_a_person(&report), "{report:?}");
    let vpc = element(&world.call("ec2", "Action=DescribeVpcs").await, "vpcId");
    let gateway = world.call("ec2", "Action=CreateInternetGateway").await;
    let gateway = element(&gateway, "internetGatewayId");
    world.clock.sleep(Duration::from_secs(30)).await;
    let ends = format!("InternetGatewayId={gateway}&VpcId={vpc}");
    world
        .call("ec2", &format!("Action=AttachInternetGateway&{ends}"))
        .await;
    let report = world
        .rollback(journal.clone(), run)
        .await
        .expect("rollback");
    let events = journal.load(run).await.expect("load");
    let failures = failed(&events, "vpc", Verb::Undo);
    let (_, last) = failures.last().unwrap_or_else(|| panic!("{report:?}"));
    assert_eq!(last.class, FaultClass::Permanent, "{last}");
    assert!(last.to_string().contains(&gateway), "{last}");
    let hint = last.hint.as_deref().unwrap_or_default();
    assert!(hint.contains("detach-internet-gateway"), "{hint}");
    assert!(
        span(&failures) < Duration::from_secs(60),
        "{:?}",
        span(&failures)
    );
    world
        .call("ec2", &format!("Action=DetachInternetGateway&{ends}"))
        .await;
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_state_of_passage_is_waited_for_and_told() {
    let world = World::new().await;
    assert!(ended_well(&create(&world, memory(), world.run_id()).await));
    let parameters = world.survey_delete(None).await.expect("survey");
    world.fails("DeleteDBCluster", "InvalidDBClusterStateFault", Some(8));
    let (journal, run) = (memory(), world.run_id());
    let report = world.delete(journal.clone(), run, &parameters).await;
    let report = report.expect("run");
    assert!(ended_well(&report), "{report:?}");
    let events = journal.load(run).await.expect("load");
    let told = (events.iter()).filter_map(|event| match &event.body {
        EventBody::AttemptFailed { fault, .. } => Some(fault),
        _ => None,
    });
    let told: Vec<_> = told
        .filter(|fault| fault.code.as_deref() == Some("InvalidDBClusterStateFault"))
        .collect();
    assert_eq!(told.len(), 8);
    for fault in told {
        assert_eq!(fault.class, FaultClass::Pending, "{fault}");
        assert!(fault.to_string().contains("is deleting"), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_nothing_holds_is_waited_for_as_long_as_it_is_known_to_need() {
    for (operation, minutes) in [
        ("DeleteVpc", 5..7),
        ("DeleteSecurityGroup", 15..17),
        ("DeleteSubnet", 20..22),
    ] {
        let world = World::new().await;
        assert!(ended_well(&create(&world, memory(), world.run_id()).await));
        let parameters = world.survey_delete(None).await.expect("survey");
        world.fails(operation, "DependencyViolation", None);
        let (journal, run) = (memory(), world.run_id());
        let report = world.delete(journal.clone(), run, &parameters).await;
        let report = report.expect("run");
        let (step, fault) = report.fault.as_ref().expect("a fault");
        assert_eq!(fault.class, FaultClass::Permanent, "{operation}: {fault}");
        let events = journal.load(run).await.expect("load");
        let failures = failed(&events, step, Verb::Run);
        let took = span(&failures).as_secs() / 60;
        assert!(minutes.contains(&took), "{operation}: {took} minutes");
        world.account.clear_faults().expect("faults");
        let report = world.resume(journal, run).await.expect("resume");
        assert!(ended_well(&report), "{operation}: {report:?}");
    }
}

/// In a slow account an instance takes longer than the longest wait.
#[tokio::test(start_paused = true)]
async fn a_wait_whose_time_is_over_suspends_and_undoes_nothing() {
    let world = World::with(|options| options.speed = 0.05).await;
    let (journal, run) = (memory(), world.run_id());
    let mut report = create(&world, journal.clone(), run).await;
    let mut waits = 0;
    while !ended_well(&report) {
        assert!(suspended_for_a_person(&report), "{report:?}");
        let (_, fault) = report.fault.as_ref().expect("a fault");
        assert_eq!(fault.code.as_deref(), Some("WaitTimedOut"), "{fault}");
        let hint = fault.hint.as_deref().unwrap_or_default();
        assert!(hint.contains("`stepwell resume` goes on waiting"), "{hint}");
        waits += 1;
        assert!(waits < 10, "{report:?}");
        report = world.resume(journal.clone(), run).await.expect("resume");
    }
    assert!(waits > 0);
    let made = world.resources();
    let instances = made.iter().filter(|one| one.kind == "db-instance").count();
    assert_eq!(instances, 1, "{made:?}");
}

/// Takes note of when an operation is called.
struct Times {
    clock: Arc<dyn Clock>,
    operation: &'static str,
    /// The first call that counts comes with or after one of this operation.
    after: &'static str,
    begun: Mutex<bool>,
    times: Mutex<Vec<Duration>>,
}

impl Times {
    fn of(world: &World, operation: &'static str, after: &'static str) -> Arc<Self> {
        Arc::new(Self {
            clock: world.clock.clone(),
            operation,
            after,
            begun: Mutex::default(),
            times: Mutex::default(),
        })
    }
}

impl Hook for Times {
    fn before(&self, call: &Call) -> Verdict {
        let mut begun = self.begun.lock().unwrap();
        *begun |= call.operation == self.after;
        if *begun && call.operation == self.operation {
            self.times.lock().unwrap().push(self.clock.elapsed());
        }
        Verdict::Proceed
    }

    fn after(&self, _: &Call) -> Verdict {
        Verdict::Proceed
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_looks_again_within_a_second_and_slows_down_to_its_pace() {
    let world = World::new().await;
    let calls = Times::of(&world, "DescribeDBInstances", "CreateDBInstance");
    world.account.set_hook(Some(calls.clone()));
    assert!(ended_well(&create(&world, memory(), world.run_id()).await));
    let times = calls.times.lock().unwrap();
    // Other steps look at the same moment as well.
    let gaps: Vec<Duration> = (times.windows(2).map(|pair| pair[1] - pair[0]))
        .filter(|gap| !gap.is_zero())
        .collect();
    let second = gaps.iter().position(|gap| *gap < Duration::from_secs(1));
    let gaps = &gaps[second.unwrap_or_else(|| panic!("{gaps:?}"))..];
    assert!(gaps[..6].is_sorted(), "{gaps:?}");
    let pace = Duration::from_secs(9)..=Duration::from_secs(11);
    let steady = &gaps[8..20];
    assert!(steady.iter().all(|gap| pace.contains(gap)), "{gaps:?}");
}
