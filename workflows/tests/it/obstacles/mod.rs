//! Anything may be in the way of a deletion, at any moment. Either everything
//! goes and the run succeeds, or the data is whole and what is in the way is
//! named. What comes later suspends the run with its name; once it is removed,
//! a resume succeeds, and the cluster is there unless its deletion had been
//! accepted.

mod database;
pub(crate) mod kinds;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use stepwell_engine::machine::Status;
use stepwell_engine::{Fault, Journal as _, MemoryJournal, Report, RunId};
use stepwell_sandbox::{Call, Hook, Verdict};
use stepwell_workflows::aurora::DeleteParameters;
use stepwell_workflows::{Refusal, SurveyError, Workflow, resume_refusal};

use crate::strikes::{Strike, dying, until_death};
use crate::support::{Wanted, World, ended_well, memory, options};
use kinds::{Kind, Laid, Site};
use stepwell_testkit::Chance;
use stepwell_testkit::cases;

/// When an obstacle is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// Before the command.
    Before,
    /// Between a kill and its resume, before the first instance was deleted.
    Between,
    /// The same, and nobody asks before the run goes on: as if it had been
    /// running.
    During,
    /// Once an instance is being deleted, and the cluster's deletion is not asked
    /// for.
    Later,
    /// Once the cluster's deletion is accepted.
    Last,
}

/// One case, which follows from its number.
#[derive(Debug, Clone, Copy)]
struct Case {
    kind: Kind,
    tagged: bool,
    instances: u32,
    snapshot: bool,
    moment: Moment,
    /// Whether it is so young when it is looked for that a read may miss it.
    young: bool,
    /// How many appends the run makes before it is killed, where that is early.
    appends: u64,
}

impl Case {
    fn of(number: u64) -> Self {
        let mut chance = Chance::new(number.wrapping_mul(0x9e37_79b9));
        let moments = [
            Moment::Before,
            Moment::Between,
            Moment::During,
            Moment::Later,
            Moment::Last,
        ];
        let kind = chance.pick(&Kind::ALL);
        let tagged = chance.one_in(2) && kind.is_part();
        let moment = loop {
            let moment = chance.pick(&moments);
            if fits(kind, moment) {
                break moment;
            }
        };
        Self {
            kind,
            tagged,
            instances: chance.between(1, 3) as u32,
            snapshot: chance.one_in(3),
            moment,
            appends: chance.between(1, 3),
            young: matches!(moment, Moment::Before | Moment::Between) && chance.one_in(2),
        }
    }

    /// Whether it must keep the deletion from going on.
    fn holds(self) -> bool {
        let goes = match self.moment {
            // The survey finds it and takes it along.
            Moment::Before => self.tagged || self.kind.goes_along(),
            _ => false,
        };
        match self.kind {
            Kind::Broken => self.snapshot,
            kind => !goes && !kind.is_harmless(),
        }
    }
}

/// Whether a kind can be laid out at a moment.
fn fits(kind: Kind, moment: Moment) -> bool {
    match moment {
        Moment::Before => kind != Kind::Successor,
        Moment::Between => true,
        Moment::During => kind != Kind::Successor,
        Moment::Later => !kind.needs_a_living_cluster() || kind == Kind::Reader,
        Moment::Last => kind.is_part() && kind != Kind::IngressRule && kind != Kind::EgressRule,
    }
}

/// Has the process die at a call of an operation, before or after its effect.
struct DiesAt {
    operation: &'static str,
    after: bool,
    died: tokio::sync::Notify,
}

impl DiesAt {
    fn new(operation: &'static str, after: bool) -> Arc<Self> {
        let died = tokio::sync::Notify::new();
        Arc::new(Self {
            operation,
            after,
            died,
        })
    }

    fn verdict(&self, call: &Call, after: bool) -> Verdict {
        if call.operation == self.operation && after == self.after {
            self.died.notify_one();
            return Verdict::Hang;
        }
        Verdict::Proceed
    }
}

impl Hook for DiesAt {
    fn before(&self, call: &Call) -> Verdict {
        self.verdict(call, false)
    }

    fn after(&self, call: &Call) -> Verdict {
        self.verdict(call, true)
    }
}

/// A run on a world, over as many processes as it takes.
struct Play {
    world: World,
    case: Case,
    site: Site,
    journal: Arc<MemoryJournal>,
    run: RunId,
}

impl Play {
    async fn new(case: Case) -> Self {
        // A blue/green deployment takes no cluster whose password RDS keeps.
        let world = World::hurried()
            .await
            .with_password("correct-horse-9")
            .await;
        let made = world
            .create(
                memory(),
                world.run_id(),
                options(case.instances),
                Wanted::default(),
            )
            .await
            .expect("run");
        assert!(ended_well(&made), "{made:?}");
        world.clock.sleep(Duration::from_secs(60)).await;
        Self {
            site: Site::of(&world).await,
            run: world.run_id(),
            journal: memory(),
            world,
            case,
        }
    }

    async fn survey(&self) -> Result<DeleteParameters, SurveyError> {
        let snapshot = self.case.snapshot.then_some("farewell");
        self.world.survey_delete(snapshot).await
    }

    /// The process that begins the run, and dies where it is to.
    async fn die(&self, found: &DeleteParameters) {
        let early = matches!(self.case.moment, Moment::Between | Moment::During);
        if early && self.case.appends < 3 {
            let dying = dying(self.journal.clone(), self.case.appends, Strike::After);
            let work = self.world.delete(dying.clone(), self.run, found);
            assert!(until_death(&dying, work).await.is_none());
        } else {
            let (operation, after) = match self.case.moment {
                Moment::Later => ("DeleteDBInstance", true),
                Moment::Last => ("DeleteDBCluster", true),
                _ => ("DeleteDBInstance", false),
            };
            let hook = DiesAt::new(operation, after);
            self.world.account.set_hook(Some(hook.clone()));
            let work = self.world.delete(self.journal.clone(), self.run, found);
            tokio::select! {
                biased;
                () = hook.died.notified() => {}
                report = work => panic!("it did not die: {report:?}"),
            }
            self.world.account.set_hook(None);
        }
    }

    async fn lay(&self) -> Laid {
        if self.case.kind == Kind::Successor {
            // Its dead process's sign of life counts for nothing by now.
            self.world.clock.sleep(Duration::from_secs(11 * 60)).await;
            let other = self.world.other_process(0).await;
            let found = other.survey_delete(None).await.expect("survey");
            let report = other.delete(memory(), other.run_id(), &found).await;
            assert!(ended_well(&report.expect("run")));
            let made = other.create(memory(), other.run_id(), options(1), Wanted::default());
            assert!(ended_well(&made.await.expect("run")));
            return Laid::of_successor();
        }
        let Case { kind, tagged, .. } = self.case;
        let laid = kind.lay(&self.world, &self.site, tagged).await;
        if !self.case.young {
            self.world.clock.sleep(Duration::from_secs(5)).await;
        }
        laid
    }

    /// Whether the run must not be taken up.
    async fn refusal(&self) -> Option<Refusal> {
        let events = self.journal.load(self.run).await.expect("load");
        let workflow = Workflow::AuroraDelete.name();
        let refusal = resume_refusal(&self.world.aws, workflow, &events);
        refusal.await.expect("a look")
    }

    async fn resume(&self) -> Report {
        let report = self.world.resume(self.journal.clone(), self.run).await;
        report.expect("resume")
    }

    /// What RDS has of the cluster: its state, and how many instances are not
    /// being deleted.
    fn data(&self) -> (Option<String>, usize) {
        let resources = self.world.resources();
        let cluster = resources
            .iter()
            .find(|one| one.kind == "db-cluster" && one.id == "keycloak");
        let instances = (resources.iter())
            .filter(|one| one.kind == "db-instance" && one.id.starts_with("keycloak-instance"))
            .filter(|one| !one.id.contains("-green-"))
            .filter(|one| one.state != "deleting");
        (cluster.map(|one| one.state.clone()), instances.count())
    }

    #[track_caller]
    fn data_is_whole(&self) {
        let (cluster, instances) = self.data();
        assert!(cluster.is_some_and(|state| state != "deleting"));
        assert_eq!(instances, self.case.instances as usize);
    }

    /// Whether nothing is left of the cluster and of what went with it.
    #[track_caller]
    fn all_is_gone(&self, laid: &Laid) {
        let left: Vec<String> = (self.world.resources().iter())
            .filter(|one| {
                one.id == self.site.vpc
                    || one.id == laid.id
                    || one.id == "keycloak"
                    || one.id.starts_with("keycloak-")
            })
            .filter(|one| !matches!(one.state.as_str(), "deleted" | "Deleted"))
            .map(|one| format!("{} {} {}", one.kind, one.id, one.state))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        let kept = self
            .world
            .resources()
            .iter()
            .any(|one| one.id == "farewell");
        assert_eq!(kept, self.case.snapshot);
    }

    /// Once what is in the way is removed, the run ends.
    async fn removed(&self, laid: &Laid) {
        laid.remove(&self.world).await;
        assert_eq!(self.refusal().await, None);
        let report = self.resume().await;
        assert!(ended_well(&report), "{report:?}");
        self.all_is_gone(laid);
    }
}

/// Whether what is in the way is named.
#[track_caller]
fn names(text: &str, laid: &Laid) {
    assert!(text.contains(&laid.id), "{} is not named: {text}", laid.id);
}

#[track_caller]
fn suspended(report: &Report) -> &Fault {
    assert!(matches!(report.status, Status::Suspended(_)), "{report:?}");
    &report.fault.as_ref().expect("a fault").1
}

async fn play(case: Case) -> &'static str {
    let play = Play::new(case).await;
    if case.moment == Moment::Before {
        return before(&play).await;
    }
    let found = play.survey().await.expect("survey");
    play.die(&found).await;
    let laid = play.lay().await;
    if !case.holds() {
        assert_eq!(play.refusal().await, None);
        let report = play.resume().await;
        assert!(ended_well(&report), "{report:?}");
        play.all_is_gone(&laid);
        return "went, whatever came";
    }
    match case.moment {
        Moment::Before | Moment::Between => {
            let refusal = play.refusal().await.expect("a refusal");
            names(&refusal.message, &laid);
            if case.kind == Kind::Successor {
                let report = play.resume().await;
                names(&suspended(&report).to_string(), &laid);
                let (cluster, instances) = play.data();
                assert_eq!((cluster.as_deref(), instances), (Some("available"), 1));
                return "refused for another of the name";
            }
            play.data_is_whole();
            play.removed(&laid).await;
            "refused, and went once it was removed"
        }
        Moment::During => {
            let report = play.resume().await;
            names(&suspended(&report).to_string(), &laid);
            play.data_is_whole();
            play.removed(&laid).await;
            "suspended with the data whole, and went once it was removed"
        }
        Moment::Later => {
            let report = play.resume().await;
            names(&suspended(&report).to_string(), &laid);
            assert!(play.data().0.is_some_and(|state| state != "deleting"));
            play.removed(&laid).await;
            "suspended with the cluster there, and went once it was removed"
        }
        Moment::Last => {
            let report = play.resume().await;
            names(&suspended(&report).to_string(), &laid);
            let refusal = play.refusal().await.expect("a refusal");
            names(&refusal.message, &laid);
            play.removed(&laid).await;
            "suspended at its network, and went once it was removed"
        }
    }
}

/// What is there before the command.
async fn before(play: &Play) -> &'static str {
    let laid = play.lay().await;
    if !play.case.holds() {
        let found = play.survey().await.expect("survey");
        let report = play
            .world
            .delete(play.journal.clone(), play.run, &found)
            .await;
        let report = report.expect("run");
        assert!(ended_well(&report), "{report:?}");
        play.all_is_gone(&laid);
        return "taken along, or no hindrance";
    }
    let stood = play.world.account.inventory().expect("inventory");
    let Err(SurveyError::Refused { message, hint }) = play.survey().await else {
        panic!("it must be refused");
    };
    names(&message, &laid);
    assert!(!hint.is_empty());
    play.data_is_whole();
    // What is young changes by itself.
    if !play.case.young {
        assert_eq!(play.world.account.inventory().expect("inventory"), stood);
    }
    laid.remove(&play.world).await;
    let found = play.survey().await.expect("survey");
    let report = play
        .world
        .delete(play.journal.clone(), play.run, &found)
        .await;
    let report = report.expect("run");
    assert!(ended_well(&report), "{report:?}");
    play.all_is_gone(&laid);
    "refused by the survey, and went once it was removed"
}

/// A hundred cases by number, from `STEPWELL_OBSTACLES_FROM` or 1; all that fail
/// are named with what they stand for, the least first.
#[test]
fn a_deletion_takes_everything_or_leaves_the_data_whole() {
    let from: u64 =
        std::env::var("STEPWELL_OBSTACLES_FROM").map_or(1, |text| text.parse().expect("a number"));
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut failed = Vec::new();
    let tried = cases(100);
    for number in from..from + u64::from(tried) {
        let case = Case::of(number);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let played = std::panic::AssertUnwindSafe(|| runtime.block_on(Box::pin(play(case))));
        match std::panic::catch_unwind(played) {
            Ok(end) => *counts.entry(end).or_default() += 1,
            Err(_) => failed.push(format!("case {number}: {case:?}")),
        }
    }
    for (end, count) in &counts {
        println!("{count:4} {end}");
    }
    assert!(failed.is_empty(), "{failed:#?}");
    let is_varied = counts.len() > 6 || tried < 100;
    assert!(is_varied, "too few kinds of ends: {counts:?}");
}
