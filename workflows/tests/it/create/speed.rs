//! How long a create takes, and that all instances are made side by side.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use stepwell_engine::event::{EventBody, Verb};
use stepwell_engine::{Event, Journal as _, Report};
use stepwell_sandbox::{Call, Hook, Verdict};
use stepwell_workflows::aurora::CreateOptions;

use crate::restore::{saved_in, wanted as restored};
use crate::support::{Wanted, World, ended_well, memory, options};

/// A world in which the instance of a number takes so many seconds.
async fn timed(times: &'static [u64]) -> World {
    World::with(|options| {
        options.instance_times = Some(Arc::new(move |name: &str| {
            let number = name.rsplit('-').next().and_then(|one| one.parse().ok());
            let place = number.unwrap_or(1_usize).saturating_sub(1);
            Duration::from_secs(times[place.min(times.len() - 1)])
        }));
    })
    .await
}

/// Counts the failovers.
#[derive(Default)]
struct Failovers(AtomicU32);

impl Hook for Failovers {
    fn before(&self, call: &Call) -> Verdict {
        if call.operation == "FailoverDBCluster" {
            assert_eq!(
                call.parameters["TargetDBInstanceIdentifier"],
                "keycloak-instance-1"
            );
            self.0.fetch_add(1, Ordering::SeqCst);
        }
        Verdict::Proceed
    }

    fn after(&self, _: &Call) -> Verdict {
        Verdict::Proceed
    }
}

/// What a create took, and how often it failed over.
struct Took {
    time: Duration,
    failovers: u32,
    report: Report,
    events: Vec<Event>,
}

async fn create(world: &World, wanted: CreateOptions) -> Took {
    let hook = Arc::new(Failovers::default());
    world.account.set_hook(Some(hook.clone()));
    let (journal, run) = (memory(), world.run_id());
    let started = world.clock.elapsed();
    let report = world
        .create(journal.clone(), run, wanted, Wanted::default())
        .await
        .expect("run");
    let time = world.clock.elapsed() - started;
    world.account.set_hook(None);
    assert!(ended_well(&report), "{report:?}");
    Took {
        time,
        failovers: hook.0.load(Ordering::SeqCst),
        report,
        events: journal.load(run).await.expect("load"),
    }
}

async fn writers(world: &World) -> Vec<String> {
    let found = world.survey_delete(None).await.expect("survey");
    let writers = found.inventory.writers.into_iter();
    writers.map(|writer| writer.instance).collect()
}

/// A failover takes less than this.
const FAILOVER: Duration = Duration::from_secs(60);

/// Any number of instances takes as long as one, and a failover where chance
/// made another the writer.
#[tokio::test(start_paused = true)]
async fn any_number_of_instances_takes_as_long_as_one() {
    for times in [&[600][..], &[600, 597, 599, 594, 598, 595]] {
        let one = create(&timed(times).await, options(1)).await;
        assert_eq!(one.failovers, 0);
        for number in [2, 3, 6] {
            let world = timed(times).await;
            let took = create(&world, options(number)).await;
            println!("{number} instances: {:?}, one: {:?}", took.time, one.time);
            let most = one.time.mul_f64(1.05) + FAILOVER * took.failovers;
            assert!(took.time <= most, "{number}: {:?}", took.time);
            assert_eq!(writers(&world).await, ["keycloak-instance-1"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restore_of_any_number_of_instances_takes_as_long_as_one() {
    let world = async || saved_in(timed(&[600]).await, "17.5").await;
    let one = create(&world().await, restored(1)).await;
    for number in [2, 6] {
        let took = create(&world().await, restored(number)).await;
        let most = one.time.mul_f64(1.05) + FAILOVER * took.failovers;
        assert!(took.time <= most, "{number}: {:?}", took.time);
    }
}

/// Whichever is available first is the writer, and the wanted one at the end.
#[tokio::test(start_paused = true)]
async fn the_first_instance_is_the_writer_in_the_end() {
    for (times, failovers) in [
        (&[600, 600][..], 0),
        (&[600, 540], 1),
        (&[540, 600, 700], 0),
        (&[700, 600, 540], 1),
    ] {
        let world = timed(times).await;
        let took = create(&world, options(times.len() as u32)).await;
        assert_eq!(writers(&world).await, ["keycloak-instance-1"], "{times:?}");
        if times[0] != times[1] {
            assert_eq!(took.failovers, failovers, "{times:?}");
        }
        assert!(took.report.output.is_some());
    }
}

fn place(events: &[Event], wanted: &str, is: fn(&EventBody) -> Option<&str>) -> usize {
    let found = events
        .iter()
        .position(|event| is(&event.body) == Some(wanted));
    found.unwrap_or_else(|| panic!("nothing of {wanted}"))
}

fn started(body: &EventBody) -> Option<&str> {
    match body {
        EventBody::AttemptStarted {
            step,
            verb: Verb::Run,
            ..
        } => Some(step),
        _ => None,
    }
}

fn succeeded(body: &EventBody) -> Option<&str> {
    match body {
        EventBody::AttemptSucceeded {
            step,
            verb: Verb::Run,
            ..
        } => Some(step),
        _ => None,
    }
}

/// The scripts wait for one instance after the other, at most half an hour each.
#[tokio::test(start_paused = true)]
async fn all_instances_are_asked_for_before_any_is_waited_for() {
    let world = timed(&[600]).await;
    let events = create(&world, options(3)).await.events;
    let cluster = place(&events, "cluster-available", succeeded);
    let first_there = (1..=3)
        .map(|number| place(&events, &format!("instance-{number}-available"), succeeded))
        .min();
    for number in 1..=3 {
        let made = place(&events, &format!("instance-{number}"), succeeded);
        assert!(made < cluster, "instance {number} waited for the cluster");
        assert!(Some(made) < first_there, "instance {number} waited");
    }
    // In this order, so that the first has the best chance.
    for pair in [("instance-1", "instance-2"), ("instance-2", "instance-3")] {
        assert!(place(&events, pair.0, succeeded) < place(&events, pair.1, started));
    }
    assert!(place(&events, "writer", succeeded) < place(&events, "endpoint", started));
}

/// A restored cluster takes instances only once it is available.
#[tokio::test(start_paused = true)]
async fn a_restored_cluster_is_waited_for_before_its_instances() {
    let world = saved_in(timed(&[600]).await, "17.5").await;
    let events = create(&world, restored(2)).await.events;
    let cluster = place(&events, "cluster-available", succeeded);
    assert!(cluster < place(&events, "instance-1", started));
    let there = place(&events, "instance-1-available", succeeded);
    assert!(place(&events, "instance-2", succeeded) < there);
}

/// The undo of the cluster waits for all of its instances at once.
#[tokio::test(start_paused = true)]
async fn a_rollback_takes_all_instances_away_at_once() {
    let mut times = Vec::new();
    for number in [1, 6] {
        let world = timed(&[600]).await;
        let before = world.account.inventory().expect("inventory");
        let (journal, run) = (memory(), world.run_id());
        let report = world
            .create(journal.clone(), run, options(number), Wanted::default())
            .await
            .expect("run");
        assert!(ended_well(&report), "{report:?}");
        let started = world.clock.elapsed();
        world.rollback(journal, run).await.expect("rollback");
        times.push(world.clock.elapsed() - started);
        assert_eq!(world.account.inventory().expect("inventory"), before);
    }
    // Each takes up to a minute more or less than another.
    assert!(times[1] < times[0] + Duration::from_secs(90), "{times:?}");
}

/// RDS may not know the cluster yet, or not its state, in the moment after it
/// accepted it.
#[tokio::test(start_paused = true)]
async fn an_instance_that_comes_too_early_is_asked_for_again() {
    for code in ["DBClusterNotFoundFault", "InvalidDBClusterStateFault"] {
        let world = timed(&[600]).await;
        world.fails("CreateDBInstance", code, Some(2));
        let (journal, run) = (memory(), world.run_id());
        let report = world
            .create(journal, run, options(1), Wanted::default())
            .await;
        assert!(ended_well(report.as_ref().expect("run")), "{code}");
    }
}
