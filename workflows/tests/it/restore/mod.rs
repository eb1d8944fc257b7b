//! A create from a snapshot: what it makes and what it refuses.

pub(crate) mod campaign;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stepwell_engine::event::SuspendReason;
use stepwell_engine::machine::Status;
use stepwell_engine::{Journal, Report, RunId};
use stepwell_sandbox::{Call, Hook, Verdict};
use stepwell_workflows::aurora::{
    CreateOptions, CreateParameters, Origin, Provisioned, list, survey_create,
};
use stepwell_workflows::{Secret, SurveyError};

use crate::support::{REGION, Wanted, World, element, ended_well, memory, options};

pub(crate) const PASSWORD: &str = "correct-horse-battery-7";

pub(crate) fn password() -> Secret {
    Secret::new(PASSWORD.to_owned())
}

/// A world in which nothing is left of somebody's cluster but its network and
/// its snapshot.
pub(crate) async fn world(version: &str) -> World {
    saved_in(World::new().await, version).await
}

/// The same, whatever the pace of the world.
pub(crate) async fn saved_in(world: World, version: &str) -> World {
    let rest = async || world.clock.sleep(Duration::from_secs(300)).await;
    let vpc = world
        .call("ec2", "Action=CreateVpc&CidrBlock=10.9.0.0/16")
        .await;
    let vpc = element(&vpc, "vpcId");
    rest().await;
    let mut group =
        "Action=CreateDBSubnetGroup&DBSubnetGroupName=saved&DBSubnetGroupDescription=saved"
            .to_owned();
    for (number, zone) in ["a", "b"].iter().enumerate() {
        let form = format!(
            "Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.9.{number}.0/24&AvailabilityZone={REGION}{zone}"
        );
        let subnet = element(&world.call("ec2", &form).await, "subnetId");
        group.push_str(&format!(
            "&SubnetIds.SubnetIdentifier.{}={subnet}",
            number + 1
        ));
    }
    rest().await;
    world.call("rds", &group).await;
    rest().await;
    let create = format!(
        "Action=CreateDBCluster&DBClusterIdentifier=saved&Engine=aurora-postgresql&EngineVersion={version}&MasterUsername=saver&MasterUserPassword=savers-own&DatabaseName=saved&DBSubnetGroupName=saved"
    );
    world.call("rds", &create).await;
    rest().await;
    world.call("rds", SNAPSHOT).await;
    rest().await;
    let delete = "Action=DeleteDBCluster&DBClusterIdentifier=saved&SkipFinalSnapshot=true";
    world.call("rds", delete).await;
    rest().await;
    world
}

const SNAPSHOT: &str =
    "Action=CreateDBClusterSnapshot&DBClusterIdentifier=saved&DBClusterSnapshotIdentifier=farewell";

pub(crate) fn wanted(instances: u32) -> CreateOptions {
    CreateOptions {
        origin: Origin::Snapshot {
            id: "farewell".to_owned(),
            engine_version: None,
            managed_password: false,
        },
        ..options(instances)
    }
}

fn managed(instances: u32) -> CreateOptions {
    CreateOptions {
        origin: Origin::Snapshot {
            id: "farewell".to_owned(),
            engine_version: None,
            managed_password: true,
        },
        ..options(instances)
    }
}

pub(crate) fn of_version(version: &str) -> CreateOptions {
    CreateOptions {
        origin: Origin::Snapshot {
            id: "farewell".to_owned(),
            engine_version: Some(version.to_owned()),
            managed_password: false,
        },
        ..options(1)
    }
}

async fn restore(
    world: &World,
    journal: Arc<dyn Journal>,
    run: RunId,
    wanted: CreateOptions,
) -> Report {
    world
        .create(journal, run, wanted, Wanted::default())
        .await
        .expect("run")
}

async fn survey(world: &World, wanted: CreateOptions) -> Result<CreateParameters, SurveyError> {
    let request = wanted.validate(None).expect("valid");
    survey_create(&world.aws, &request).await
}

fn output(report: &Report) -> Provisioned {
    assert!(ended_well(report), "{report:?}");
    serde_json::from_value(report.output.clone().expect("output")).expect("provisioned")
}

/// Counts the calls that set a password.
#[derive(Default)]
struct Witness {
    restores: AtomicU64,
    given: AtomicU64,
    managed: AtomicU64,
}

impl Hook for Witness {
    fn before(&self, call: &Call) -> Verdict {
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::SeqCst);
        if call.operation == "RestoreDBClusterFromSnapshot" {
            count(&self.restores);
        }
        if call.operation == "ModifyDBCluster" {
            if call
                .parameters
                .get("MasterUserPassword")
                .map(String::as_str)
                == Some(PASSWORD)
            {
                count(&self.given);
            }
            if call
                .parameters
                .get("ManageMasterUserPassword")
                .map(String::as_str)
                == Some("true")
            {
                count(&self.managed);
            }
        }
        Verdict::Proceed
    }

    fn after(&self, _: &Call) -> Verdict {
        Verdict::Proceed
    }
}

fn witness(world: &World) -> Arc<Witness> {
    let witness = Arc::new(Witness::default());
    world.account.set_hook(Some(witness.clone()));
    witness
}

#[tokio::test(start_paused = true)]
async fn a_restore_brings_back_what_was_saved() {
    let world = world("16.6").await;
    let seen = witness(&world);
    let report = restore(&world, memory(), world.run_id(), wanted(2)).await;
    let made = output(&report);
    assert_eq!(made.username, "saver");
    assert_eq!(made.database.as_deref(), Some("saved"));
    assert_eq!(made.password_secret, None);
    assert_eq!(made.instances.len(), 2);
    let listing = list(&world.aws, Some(REGION), REGION).await.expect("list");
    assert_eq!(listing.clusters[0].engine_version.as_deref(), Some("16.6"));
    assert_eq!(listing.clusters[0].made_by, "stepwell");
    // The password in the snapshot stays unless another is asked for.
    assert_eq!(seen.given.load(Ordering::SeqCst), 0);
    assert_eq!(seen.managed.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_password_that_is_given_is_set() {
    let world = world("17.5").await.with_password(PASSWORD).await;
    let seen = witness(&world);
    let report = restore(&world, memory(), world.run_id(), wanted(1)).await;
    assert_eq!(output(&report).password_secret, None);
    assert_eq!(seen.given.load(Ordering::SeqCst), 1);
}

/// An exhaustive trial found this: the whole cluster was taken back.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_missed_once_gets_its_password_all_the_same() {
    let world = world("17.5").await.with_password(PASSWORD).await;
    world.fails("ModifyDBCluster", "DBClusterNotFoundFault", Some(1));
    let seen = witness(&world);
    let report = restore(&world, memory(), world.run_id(), wanted(1)).await;
    assert!(ended_well(&report), "{report:?}");
    // Asked once more.
    assert_eq!(seen.given.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn rds_keeps_a_new_password_where_that_is_asked_for() {
    let world = world("17.5").await;
    let seen = witness(&world);
    let report = restore(&world, memory(), world.run_id(), managed(1)).await;
    let secret = output(&report).password_secret.expect("a secret");
    assert!(secret.starts_with("arn:aws:secretsmanager:"), "{secret}");
    assert_eq!(seen.managed.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn the_version_is_the_snapshots_or_a_later_one() {
    let world = world("16.6").await;
    let before = world.account.inventory().expect("inventory");
    let refused = survey(&world, of_version("16.4")).await;
    let Err(SurveyError::Invalid(invalid)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(invalid.input, "engine-version");
    assert!(invalid.problem.contains("16.6"), "{invalid}");
    assert_eq!(world.account.inventory().expect("inventory"), before);

    let report = restore(&world, memory(), world.run_id(), of_version("17.5")).await;
    output(&report);
    let listing = list(&world.aws, Some(REGION), REGION).await.expect("list");
    assert_eq!(listing.clusters[0].engine_version.as_deref(), Some("17.5"));
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_restored_is_refused_before_anything_is_touched() {
    let world = world("13.15").await;
    let before = world.account.inventory().expect("inventory");
    let named = |id: &str| CreateOptions {
        origin: Origin::Snapshot {
            id: id.to_owned(),
            engine_version: None,
            managed_password: false,
        },
        ..options(1)
    };
    let account = world.account.account_id().to_owned();
    let arn = format!("arn:aws:rds:{REGION}:{account}:cluster-snapshot:farewell");
    assert!(survey(&world, named(&arn)).await.is_ok(), "by its ARN too");
    for missing in ["no-such", "rds:no-such"] {
        let refused = survey(&world, named(missing)).await;
        let Err(SurveyError::Invalid(invalid)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(invalid.input, "snapshot");
        assert!(invalid.problem.contains("does not exist"), "{invalid}");
    }
    // The class must be on offer for the snapshot's version, not the default one.
    let mut young = wanted(1);
    young.instance_class = "db.r8g.large".to_owned();
    let refused = survey(&world, young).await;
    let Err(SurveyError::Invalid(invalid)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(invalid.input, "instance-class");
    assert!(invalid.problem.contains("13.15"), "{invalid}");
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_is_not_ready_is_refused() {
    let world = World::new().await;
    let mut saved = options(1);
    saved.cluster = "saved".to_owned();
    let report = restore(&world, memory(), world.run_id(), saved).await;
    output(&report);
    world.call("rds", SNAPSHOT).await;
    let refused = survey(&world, wanted(1)).await;
    let Err(SurveyError::Refused { message, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("creating"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_half_made_cluster_of_other_data_is_not_completed() {
    for (first, second) in [(wanted(1), options(1)), (options(1), wanted(1))] {
        let world = world("17.5").await;
        // Suspended before the first instance is made.
        world.fails("CreateDBInstance", "ExpiredToken", None);
        let report = restore(&world, memory(), world.run_id(), first).await;
        assert!(!ended_well(&report), "{report:?}");
        world.clock.sleep(Duration::from_secs(60)).await;
        let before = world.account.inventory().expect("inventory");
        let refused = survey(&world, second).await;
        let Err(SurveyError::Refused { message, hint }) = refused else {
            panic!("{refused:?}");
        };
        assert!(message.contains("farewell"), "{message}");
        assert!(hint.contains("aurora delete"), "{hint}");
        assert_eq!(world.account.inventory().expect("inventory"), before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_resume_needs_the_password_again() {
    let world = world("17.5").await.with_password(PASSWORD).await;
    let (journal, run) = (memory(), world.run_id());
    // Dies while the cluster is being restored.
    tokio::select! {
        biased;
        report = restore(&world, journal.clone(), run, wanted(1)) => panic!("{report:?}"),
        () = world.clock.sleep(Duration::from_secs(120)) => {}
    }
    let without = world.other_process(0).await.without_password().await;
    let report = without.resume(journal.clone(), run).await.expect("resume");
    assert!(
        matches!(
            report.status,
            Status::Suspended(SuspendReason::Operator { .. })
        ),
        "{report:?}"
    );
    let (step, fault) = report.fault.expect("fault");
    assert_eq!(&*step, "password");
    assert!(fault.hint.expect("hint").contains("AURORA_PASSWORD"));
    let seen = witness(&world);
    let report = world.resume(journal.clone(), run).await.expect("resume");
    output(&report);
    assert_eq!(seen.given.load(Ordering::SeqCst), 1);
    let events = journal.load(run).await.expect("load");
    let text = serde_json::to_string(&events).expect("json");
    assert!(!text.contains(PASSWORD));
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_restore_left_is_completed_with_its_password() {
    // While the cluster is restored, and while the password is set.
    for seconds in [120, 265] {
        let world = world("17.5").await.with_password(PASSWORD).await;
        tokio::select! {
            biased;
            report = restore(&world, memory(), world.run_id(), wanted(1)) => panic!("{report:?}"),
            () = world.clock.sleep(Duration::from_secs(seconds)) => {}
        }
        world.clock.sleep(Duration::from_secs(600)).await;
        let other = world.other_process(0).await;
        let seen = witness(&world);
        let report = restore(&other, memory(), other.run_id(), wanted(1)).await;
        assert_eq!(output(&report).instances.len(), 1);
        assert_eq!(seen.restores.load(Ordering::SeqCst), 0, "{seconds}");
        assert_eq!(seen.given.load(Ordering::SeqCst), 1, "{seconds}");
    }
}
