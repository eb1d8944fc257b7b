//! A process that stood still, as on a laptop that slept, and what became of its
//! run meanwhile.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stepwell_engine::event::{EventBody, SuspendReason};
use stepwell_engine::machine::Status;
use stepwell_engine::{Executor, Journal as _, MemoryJournal, Report, RunId, stop_channel};
use stepwell_sandbox::{Call, Hook, Options, Verdict};
use stepwell_workflows::Recorded;
use stepwell_workflows::Workflow;
use stepwell_workflows::aurora::{Heard, Lost, SignsOfLife, create_graph, survey_create};

use super::support::{Wanted, World, ended_well, options};

const MINUTE: Duration = Duration::from_secs(60);

/// A create in the hands of a process that can be stopped and woken.
struct Sleeper {
    world: World,
    run: RunId,
    journal: Arc<MemoryJournal>,
    lost: Mutex<Vec<Lost>>,
}

impl Sleeper {
    async fn new(change: impl FnOnce(&mut Options)) -> Self {
        let world = World::with(change).await;
        Self {
            run: world.run_id(),
            journal: Arc::default(),
            lost: Mutex::default(),
            world,
        }
    }

    /// Carries the run, as the command does: it ends where its right is lost.
    async fn carry(&self) -> Report {
        let request = options(2).validate(None).expect("valid options");
        let parameters = survey_create(&self.world.aws, &request)
            .await
            .expect("survey");
        let graph = create_graph(&parameters).expect("graph");
        let (workflow, target) = (Workflow::AuroraCreate, parameters.target());
        let value = serde_json::to_value(&parameters).expect("parameters");
        let created = (self.world).created(workflow, target, value, Wanted::default());
        let recorded = Recorded::AuroraCreate(Box::new(parameters));
        let signs = SignsOfLife::of(&self.world.aws, self.run, &recorded);
        let (stopper, stop) = stop_channel();
        let executor = Executor {
            stop,
            lease: signs.as_ref().expect("signs").lease(),
            ..self.world.executor(self.journal.clone())
        };
        let hear = |heard| {
            if let Heard::Lost(lost) = heard {
                self.lost.lock().unwrap().push(lost);
                stopper.stop();
            }
        };
        let work = executor.start(self.run, created, &graph);
        SignsOfLife::during(signs.as_ref(), hear, work)
            .await
            .expect("run")
    }

    /// Carries the run for a while, then stands still while `meanwhile` goes
    /// on, and wakes up.
    async fn sleeps<T>(&self, after: Duration, meanwhile: impl Future<Output = T>) -> (Report, T) {
        let mut work = pin!(self.carry());
        tokio::select! {
            biased;
            report = &mut work => panic!("it did not last: {report:?}"),
            () = self.world.clock.sleep(after) => {}
        }
        let others = meanwhile.await;
        let before = self.events().await.len();
        let report = work.await;
        let events = self.events().await;
        let since = &events[before..];
        let begun = since
            .iter()
            .any(|event| matches!(event.body, EventBody::AttemptStarted { .. }));
        assert!(!begun, "something was begun after waking: {since:#?}");
        (report, others)
    }

    async fn events(&self) -> Vec<stepwell_engine::Event> {
        self.journal.load(self.run).await.expect("the history")
    }

    #[track_caller]
    fn lost(&self) -> Lost {
        let lost = self.lost.lock().unwrap();
        assert_eq!(lost.len(), 1, "{lost:?}");
        lost[0].clone()
    }
}

#[track_caller]
fn assert_interrupted(report: &Report) {
    let interrupted = Status::Suspended(SuspendReason::Interrupted);
    assert_eq!(report.status, interrupted, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn who_sleeps_long_begins_nothing_and_names_who_took_over() {
    // Instances take so long that the other is still at work.
    let slow = |options: &mut Options| {
        options.instance_times = Some(Arc::new(|_| Duration::from_secs(50 * 60)));
    };
    let sleeper = Sleeper::new(slow).await;
    let other = sleeper.world.other_process(0).await;
    let run = other.run_id();
    let meanwhile = async {
        other.clock.sleep(15 * MINUTE).await;
        let journal: Arc<MemoryJournal> = Arc::default();
        let mut taking = Box::pin(other.create(journal, run, options(2), Wanted::default()));
        tokio::select! {
            biased;
            report = &mut taking => panic!("{report:?}"),
            () = other.clock.sleep(10 * MINUTE) => {}
        }
        Some(taking)
    };
    let (report, taking) = sleeper.sleeps(4 * MINUTE, meanwhile).await;
    assert_interrupted(&report);
    let lost = sleeper.lost();
    assert!(lost.message.contains(&run.to_string()), "{lost:?}");
    assert!(lost.message.contains("process 1 on test"), "{lost:?}");
    assert!(
        ended_well(&taking.expect("a run").await.expect("run")),
        "the other was not disturbed"
    );
}

#[tokio::test(start_paused = true)]
async fn who_sleeps_long_and_finds_nobody_leaves_it_to_a_person() {
    let sleeper = Sleeper::new(|_| {}).await;
    let meanwhile = sleeper.world.clock.sleep(15 * MINUTE);
    let (report, ()) = sleeper.sleeps(2 * MINUTE, meanwhile).await;
    assert_interrupted(&report);
    let lost = sleeper.lost();
    assert!(lost.message.contains("none is now"), "{lost:?}");
    assert!(lost.message.contains("no sign of life for 1"), "{lost:?}");
    let again = sleeper
        .world
        .resume(sleeper.journal.clone(), sleeper.run)
        .await;
    assert!(ended_well(&again.expect("run")));
}

#[tokio::test(start_paused = true)]
async fn who_sleeps_shortly_goes_on() {
    let sleeper = Sleeper::new(|_| {}).await;
    let mut work = pin!(sleeper.carry());
    tokio::select! {
        biased;
        report = &mut work => panic!("it did not last: {report:?}"),
        () = sleeper.world.clock.sleep(2 * MINUTE) => {}
    }
    sleeper.world.clock.sleep(6 * MINUTE).await;
    assert!(ended_well(&work.await));
    assert!(sleeper.lost.lock().unwrap().is_empty());
}

/// Nobody can be reached.
struct Nobody;

impl Hook for Nobody {
    fn before(&self, _: &Call) -> Verdict {
        Verdict::Error {
            code: "RequestLimitExceeded".to_owned(),
            status: 503,
            message: "too many".to_owned(),
        }
    }

    fn after(&self, _: &Call) -> Verdict {
        Verdict::Proceed
    }
}

/// A process that is awake and reaches nobody holds still, and goes on where nobody has
/// taken over.
#[tokio::test(start_paused = true)]
async fn who_was_awake_and_could_reach_nobody_goes_on() {
    let sleeper = Sleeper::new(|_| {}).await;
    let mut work = pin!(sleeper.carry());
    tokio::select! {
        biased;
        report = &mut work => panic!("it did not last: {report:?}"),
        () = sleeper.world.clock.sleep(3 * MINUTE) => {}
    }
    sleeper.world.account.set_hook(Some(Arc::new(Nobody)));
    tokio::select! {
        biased;
        report = &mut work => panic!("it did not last: {report:?}"),
        () = sleeper.world.clock.sleep(12 * MINUTE) => {}
    }
    sleeper.world.account.set_hook(None);
    assert!(ended_well(&work.await));
    assert!(sleeper.lost.lock().unwrap().is_empty());
}
