//! A create whose state file is lost: the next one finds what it left by its
//! tags and completes it, unless the first is still at work.

mod taken_over;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stepwell_engine::{BoxFuture, Clock, Report, Timestamp};
use stepwell_sandbox::{Call, Hook, Verdict};
use stepwell_workflows::Recorded;
use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::{
    CreateParameters, Heard, SignsOfLife, refuse_alive, survey_create,
};

use crate::strikes::{Blow, Strike, Striker, dying, until_death};
use crate::support::{REGION, Wanted, World, connect, ended_well, memory, options, rolled_back};

const MINUTE: Duration = Duration::from_secs(60);

/// After this long a sign of life counts for nothing.
const VALID: Duration = Duration::from_secs(10 * 60);

async fn survey(world: &World) -> Result<CreateParameters, SurveyError> {
    let request = options(2).validate(None).expect("valid");
    survey_create(&world.aws, &request).await
}

async fn create(world: &World) -> Report {
    world
        .create(memory(), world.run_id(), options(2), Wanted::default())
        .await
        .expect("run")
}

/// What a create leaves when nothing goes wrong, and how many appends and
/// mutating calls it takes.
struct Clean {
    census: BTreeMap<String, usize>,
    appends: u64,
    mutating: u64,
}

async fn clean() -> Clean {
    let world = World::new().await;
    let journal = dying(memory(), u64::MAX, Strike::Before);
    let counter = Striker::new(u64::MAX, Blow::Refused, true);
    world.account.set_hook(Some(counter.clone()));
    let report = world
        .create(
            journal.clone(),
            world.run_id(),
            options(2),
            Wanted::default(),
        )
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    Clean {
        census: world.census(),
        appends: journal.appends().len() as u64,
        mutating: counter.counted(),
    }
}

/// A create of two instances that dies at a mutating call, with its journal.
async fn die_at(world: &World, number: u64, blow: Blow) -> Option<String> {
    let striker = Striker::new(number, blow, true);
    world.account.set_hook(Some(striker.clone()));
    tokio::select! {
        biased;
        () = striker.died.notified() => {}
        report = create(world) => panic!("{report:?}"),
    }
    world.account.set_hook(None);
    striker.struck()
}

/// Has a create never come to its instances, and be at work for as long as it
/// lives.
fn keep_at_work(world: &World) {
    world.fails("CreateDBInstance", "InvalidDBClusterStateFault", None);
}

fn is_alive(result: &Result<CreateParameters, SurveyError>) -> bool {
    matches!(result, Err(SurveyError::Alive { .. }))
}

/// Completes what a dead process left, from another host that knows nothing of
/// it, and holds the end against a clean create's.
async fn complete(world: &World, clean: &Clean, context: &str) {
    let other = world.other_process(0).await;
    if world.resources().iter().any(|one| one.kind == "vpc") {
        // Even where only the VPC is there, and not visible to every read yet.
        world.clock.sleep(Duration::from_secs(5)).await;
        let early = survey(&other).await;
        let whole = matches!(early, Err(SurveyError::Exists { .. }));
        assert!(whole || is_alive(&early), "{context}: {early:?}");
    }
    world.clock.sleep(VALID).await;
    create_again(&other, clean, context).await;
}

/// Creates where nobody is at work any more.
async fn create_again(other: &World, clean: &Clean, context: &str) {
    match survey(other).await {
        Ok(_) => {
            let report = create(other).await;
            assert!(ended_well(&report), "{context}: {report:?}");
        }
        Err(SurveyError::Exists { .. }) => {}
        Err(error) => panic!("{context}: {error:?}"),
    }
    assert_eq!(other.census(), clean.census, "{context}");
}

#[tokio::test(start_paused = true)]
async fn what_a_create_left_at_any_append_is_completed_without_its_journal() {
    let clean = clean().await;
    for strike in [Strike::Before, Strike::After] {
        for number in 1..=clean.appends {
            let world = World::new().await;
            let journal = dying(memory(), number, strike);
            let work = world.create(
                journal.clone(),
                world.run_id(),
                options(2),
                Wanted::default(),
            );
            let ended = until_death(&journal, work).await;
            let context = format!("died {strike:?} append {number} of {}", clean.appends);
            assert!(ended.is_none(), "{context}");
            complete(&world, &clean, &context).await;
        }
    }
    println!("died before and after each of {} appends", clean.appends);
}

#[tokio::test(start_paused = true)]
async fn what_a_create_left_at_any_call_is_completed_without_its_journal() {
    let clean = clean().await;
    for blow in [Blow::DeathBefore, Blow::DeathAfter] {
        for number in 1..=clean.mutating {
            let world = World::new().await;
            let struck = die_at(&world, number, blow).await;
            let context = format!("{blow:?} at call {number}, {struck:?}");
            complete(&world, &clean, &context).await;
        }
    }
    println!("died before and after each of {} calls", clean.mutating);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_another_host_is_at_work_on_is_refused() {
    // So slow that the sign that came with the VPC grows old.
    let world = World::with(|options| {
        options.instance_times = Some(Arc::new(|_| Duration::from_secs(25 * 60)));
    })
    .await;
    let other = world.other_process(0).await;
    let run = world.run_id();
    let watch = async {
        // Before and after the VPC's own sign would have grown old.
        for minutes in [3, 12] {
            other
                .clock
                .sleep(Duration::from_secs(minutes * 60).saturating_sub(other.clock.elapsed()))
                .await;
            let refused = survey(&other).await;
            let Err(SurveyError::Alive { message, hint }) = refused else {
                panic!("after {minutes} minutes: {refused:?}");
            };
            for part in [&run.to_string(), "process 1 on test", "keycloak"] {
                assert!(message.contains(part), "{message}");
            }
            assert!(hint.contains("--take-over"), "{hint}");
            let refused = other.survey_delete(None).await;
            assert!(
                matches!(refused, Err(SurveyError::Alive { .. })),
                "{refused:?}"
            );
            // The run itself is not in its own way.
            let own = refuse_alive(&other.aws, REGION, "keycloak", Some(run)).await;
            assert!(own.is_ok(), "{own:?}");
            let taking = other.aws.clone().taking_over(true);
            let overridden = refuse_alive(&taking, REGION, "keycloak", None).await;
            assert!(overridden.is_ok(), "{overridden:?}");
        }
    };
    let (report, ()) = tokio::join!(
        world.create(memory(), run, options(2), Wanted::default()),
        watch
    );
    assert!(ended_well(&report.expect("run")));
    // A run that has ended is in nobody's way.
    let after = survey(&other).await;
    assert!(
        matches!(after, Err(SurveyError::Exists { .. })),
        "{after:?}"
    );
    other.survey_delete(None).await.expect("survey");
}

#[tokio::test(start_paused = true)]
async fn a_dead_run_is_in_the_way_for_ten_minutes_at_most() {
    let world = World::new().await;
    keep_at_work(&world);
    let other = world.other_process(0).await;
    tokio::select! {
        biased;
        report = create(&world) => panic!("{report:?}"),
        () = world.clock.sleep(5 * MINUTE) => {}
    }
    // The last renewal was no more than two minutes before.
    world.clock.sleep(7 * MINUTE).await;
    let early = survey(&other).await;
    assert!(is_alive(&early), "{early:?}");
    world.clock.sleep(3 * MINUTE).await;
    let later = survey(&other).await;
    assert!(later.is_ok(), "{later:?}");
    other.survey_delete(None).await.expect("survey");
}

#[tokio::test(start_paused = true)]
async fn a_suspended_run_is_in_nobodys_way() {
    let world = World::new().await;
    // At a call near the end.
    let striker = Striker::new(12, Blow::Expired, true);
    world.account.set_hook(Some(striker.clone()));
    let report = create(&world).await;
    assert!(!ended_well(&report) && !rolled_back(&report), "{report:?}");
    assert!(world.resources().iter().any(|one| one.kind == "vpc"));
    let report = create(&world.other_process(0).await).await;
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(world.census(), clean().await.census);
}

/// A host's clock that goes wrong by a constant.
struct Skewed {
    inner: Arc<dyn Clock>,
    by: i64,
}

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        Timestamp(self.inner.now().0 + self.by)
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }

    fn to_wall(&self, duration: Duration) -> Duration {
        self.inner.to_wall(duration)
    }

    fn random(&self) -> u64 {
        self.inner.random()
    }
}

#[tokio::test(start_paused = true)]
async fn the_clocks_of_hosts_may_differ() {
    for hours in [-5, 5] {
        let world = World::new().await;
        keep_at_work(&world);
        let mut other = world.other_process(0).await;
        let skewed: Arc<dyn Clock> = Arc::new(Skewed {
            inner: other.clock.clone(),
            by: hours * 3_600_000,
        });
        other.aws = connect(&other.account, &skewed, None).await;
        tokio::select! {
            biased;
            report = create(&other) => panic!("{report:?}"),
            () = world.clock.sleep(3 * MINUTE) => {}
        }
        world.clock.sleep(MINUTE).await;
        assert!(is_alive(&survey(&world).await), "{hours}");
        assert!(is_alive(&survey(&other).await), "{hours}");
        world.clock.sleep(VALID).await;
        assert!(survey(&world).await.is_ok(), "{hours}");
        assert!(survey(&other).await.is_ok(), "{hours}");
    }
}

/// Refuses every sign of life.
#[derive(Default)]
struct Mute(AtomicU64);

impl Hook for Mute {
    fn before(&self, call: &Call) -> Verdict {
        if !["CreateTags", "DeleteTags"].contains(&call.operation.as_str()) {
            return Verdict::Proceed;
        }
        self.0.fetch_add(1, Ordering::SeqCst);
        Verdict::Error {
            code: "UnauthorizedOperation".to_owned(),
            status: 403,
            message: "not for you".to_owned(),
        }
    }

    fn after(&self, _: &Call) -> Verdict {
        Verdict::Proceed
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_can_give_no_sign_goes_on() {
    let world = World::new().await;
    let mute = Arc::new(Mute::default());
    world.account.set_hook(Some(mute.clone()));
    let parameters = survey(&world).await.expect("survey");
    let run = world.run_id();
    let recorded = Recorded::AuroraCreate(Box::new(parameters.clone()));
    let signs = SignsOfLife::of(&world.aws, run, &recorded);
    let notes = std::sync::Mutex::new(Vec::new());
    let report = SignsOfLife::during(
        signs.as_ref(),
        |heard| notes.lock().unwrap().push(heard),
        world.start_create(memory(), run, &parameters, Wanted::default()),
    )
    .await
    .expect("run");
    assert!(ended_well(&report), "{report:?}");
    assert!(mute.0.load(Ordering::SeqCst) > 5);
    let notes = notes.into_inner().unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    let Heard::Failed(note) = &notes[0] else {
        panic!("{notes:?}");
    };
    assert!(note.contains("UnauthorizedOperation"), "{note}");
}

#[tokio::test(start_paused = true)]
async fn two_that_looked_at_the_same_moment_do_not_share_a_vpc() {
    let world = World::new().await;
    let other = world.other_process(0).await;
    // Both see nothing, and one begins a little later.
    let parameters = survey(&other).await.expect("survey");
    let late = async {
        other.clock.sleep(MINUTE).await;
        let run = other.run_id();
        other
            .start_create(memory(), run, &parameters, Wanted::default())
            .await
            .expect("run")
    };
    let (first, second) = tokio::join!(create(&world), late);
    assert!(rolled_back(&second), "{second:?}");
    let (step, fault) = second.fault.expect("fault");
    assert_eq!(&*step, "vpc");
    assert!(fault.message.contains("is at work"), "{fault}");
    assert!(ended_well(&first), "{first:?}");
    assert_eq!(world.census(), clean().await.census);
}
