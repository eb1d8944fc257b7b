//! Plays a scenario.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use stepwell_engine::event::{End, OnFailure, SuspendReason};
use stepwell_engine::machine::Status;
use stepwell_engine::{
    Event, Journal, Machine, MemoryJournal, Report, RunError, RunId, Stop, Stopper, stop_channel,
};
use stepwell_workflows::SurveyError;

use super::judge;
use super::ledger::{Ledger, Pen};
use super::scenario::{Ending, Goes, Life, Scenario};
use super::stage::{Prepared, Stage, runtime};
use super::subject::{Planned, Subject};
use super::tally::Tally;
use super::weather::Weather;
use crate::support::{Wanted, World, memory};
use crate::trial::inventory;

/// How long a peering waits to be accepted (AWS, "VPC peering connection
/// lifecycle").
const REQUEST_EXPIRES: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a scenario left: the same whenever it is played.
#[derive(Debug, PartialEq)]
pub(crate) struct Played {
    /// Of all runs, one after the other.
    pub(crate) events: Vec<Event>,
    pub(crate) account: Value,
    pub(crate) tally: Tally,
}

/// Plays a scenario. The error says what must not be, with the histories.
pub(crate) fn play(stage: &mut Stage, scenario: &Scenario) -> Result<Played, String> {
    let prepared = stage.prepare(scenario.subject);
    let runtime = runtime();
    let mut game = runtime.block_on(async { Game::new(stage, &prepared, scenario) });
    let result = runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(90 * 24 * 3600), game.play())
            .await
            .unwrap_or_else(|_| Err("it does not end within 90 days".to_owned()))
    });
    match result {
        Ok(()) => Ok(runtime.block_on(game.played())),
        Err(problem) => {
            let events = runtime.block_on(game.events());
            let lines: Vec<String> = events.iter().map(line).collect();
            let census = game.world.census();
            Err(format!("{problem}\n{}\n{census:?}", lines.join("\n")))
        }
    }
}

/// What is seen after a run in which nothing goes wrong.
pub(crate) fn undisturbed(stage: &Stage, prepared: &Prepared, scenario: &Scenario) -> Value {
    let runtime = runtime();
    runtime.block_on(async {
        let mut game = Game::new(stage, prepared, scenario);
        game.plan(prepared.planned.clone());
        game.finish().await.expect("an end");
        let ends = game.ends().await.expect("histories");
        assert!(ends.iter().all(|end| *end == End::Succeeded), "{ends:?}");
        scenario.subject.seen(&game.world)
    })
}

fn line(event: &Event) -> String {
    let body = serde_json::to_string(&event.body).unwrap_or_default();
    let body: String = body.chars().take(300).collect();
    format!("{} {} {} {body}", event.run, event.seq, event.at.0)
}

/// One run of the scenario.
#[derive(Clone)]
struct Course {
    run: RunId,
    planned: Planned,
}

struct Game<'a> {
    scenario: &'a Scenario,
    prepared: &'a Prepared,
    world: World,
    journal: Arc<MemoryJournal>,
    ledger: Arc<Ledger>,
    weather: Arc<Weather>,
    courses: Vec<Course>,
    /// Runs whose history was lost.
    forgotten: Vec<Course>,
    tally: Tally,
}

impl<'a> Game<'a> {
    fn new(stage: &Stage, prepared: &'a Prepared, scenario: &'a Scenario) -> Self {
        let ledger = Arc::new(Ledger::default());
        let world = stage.world(prepared, scenario, ledger.clone());
        let weather = Weather::new(scenario.speed, scenario.troubles.clone());
        world.account.set_hook(Some(weather.clone()));
        Self {
            scenario,
            prepared,
            world,
            journal: memory(),
            ledger,
            weather,
            courses: Vec::new(),
            forgotten: Vec::new(),
            tally: Tally::of(scenario.subject),
        }
    }

    fn plan(&mut self, planned: Vec<Planned>) {
        for planned in planned {
            let run = self.world.run_id();
            self.courses.push(Course { run, planned });
        }
    }

    async fn play(&mut self) -> Result<(), String> {
        let subject = self.scenario.subject;
        let planned = if self.scenario.surveys {
            match subject.survey(&self.world).await {
                Ok(planned) => planned,
                Err(_) => {
                    self.tally.refused += 1;
                    return self.same("a survey failed", &self.prepared.before);
                }
            }
        } else {
            self.prepared.planned.clone()
        };
        self.plan(planned);
        for life in &self.scenario.lives {
            self.live(*life).await?;
            judge::nothing_twice(&self.world, self.scenario.subject, &self.prepared.seen)?;
        }
        self.weather.clear();
        if self.scenario.forgets && subject != Subject::Reap {
            return self.forget().await;
        }
        self.finish().await?;
        self.judge().await
    }

    /// One process, from its start to its end, whatever that is.
    async fn live(&mut self, life: Life) -> Result<(), String> {
        let pen = Arc::new(Pen {
            inner: self.journal.clone(),
            ledger: self.ledger.clone(),
            end: life.end,
            appends: Mutex::new(0),
            died: tokio::sync::Notify::new(),
        });
        if let Some(soonest) = self.weather.soonest() {
            tokio::time::sleep_until(soonest).await;
        }
        self.weather.begin(life.end);
        let (stopper, stop) = stop_channel();
        self.world.stop = stop;
        self.tally.processes += 1;
        let ended = self.work(life, &pen, stopper).await;
        let Some(results) = ended else {
            self.tally.deaths += 1;
            return self.within_bounds();
        };
        for result in results {
            match result {
                Ok(()) => {}
                Err(RunError::Journal(_)) if matches!(life.end, Ending::CannotRecord(_)) => {
                    self.tally.full_disks += 1;
                }
                Err(error) => return Err(format!("{error}: {error:?}")),
            }
        }
        self.within_bounds()
    }

    /// What a process does, for as long as it lives; nothing where it dies.
    async fn work(
        &self,
        life: Life,
        pen: &Arc<Pen>,
        stopper: Stopper,
    ) -> Option<Vec<Result<(), RunError>>> {
        let mut work = pin!(join_all(
            (self.courses.iter()).map(|course| self.carry(course, pen, life.goes))
        ));
        let last = async {
            match life.end {
                Ending::Dies(after) | Ending::IsStopped(after) => {
                    tokio::time::sleep(Duration::from_millis(after)).await;
                }
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = pen.died.notified() => return None,
            () = self.weather.died.notified() => return None,
            results = &mut work => return Some(results),
            () = last => {}
        }
        if let Ending::Dies(_) = life.end {
            return None;
        }
        stopper.stop();
        tokio::select! {
            biased;
            () = self.weather.died.notified() => None,
            results = work => Some(results),
        }
    }

    /// What one process does about one run.
    async fn carry(&self, course: &Course, pen: &Arc<Pen>, goes: Goes) -> Result<(), RunError> {
        let journal: Arc<dyn Journal> = pen.clone();
        let events = journal.load(course.run).await?;
        if events.is_empty() {
            return self.start(course, journal).await.map(drop);
        }
        let machine = Machine::replay(&events)?;
        let reversible = machine.created().reversible;
        let back = match machine.status() {
            Status::Ended(End::Stuck { .. }) => true,
            Status::Ended(End::Succeeded) if reversible && goes == Goes::Back => true,
            Status::Ended(_) => return Ok(()),
            Status::Running | Status::Suspended(_) => reversible && goes == Goes::Back,
        };
        if back {
            self.world.rollback(journal, course.run).await.map(drop)
        } else {
            self.world.resume(journal, course.run).await.map(drop)
        }
    }

    async fn start(&self, course: &Course, journal: Arc<dyn Journal>) -> Result<Report, RunError> {
        let planned = &course.planned;
        let on_failure = if planned.workflow.reversible() {
            self.scenario.on_failure
        } else {
            OnFailure::Suspend
        };
        let wanted = Wanted {
            on_failure,
            parallel: self.scenario.parallel,
        };
        let graph = Ok(planned.graph.clone());
        let (workflow, target) = (planned.workflow, planned.target.clone());
        self.world
            .start(
                journal,
                course.run,
                workflow,
                target,
                &planned.parameters,
                graph,
                wanted,
            )
            .await
    }

    /// Takes every run to its end, now that nothing goes wrong any more.
    async fn finish(&mut self) -> Result<(), String> {
        self.world.stop = Stop::never();
        let on = Life {
            goes: Goes::On,
            end: Ending::Done,
        };
        for _ in 0..6 {
            if self.request_expired().await {
                // What the fault asks for: nothing revives the request.
                self.tally.expired += 1;
                let back = Life {
                    goes: Goes::Back,
                    ..on
                };
                self.live(back).await?;
            } else {
                self.live(on).await?;
            }
            if self.ends().await.is_ok() {
                return Ok(());
            }
        }
        Err("the runs do not end though nothing goes wrong".to_owned())
    }

    /// Whether a run waits for a peering that nobody accepted within seven days:
    /// the one fault here that time alone makes permanent.
    async fn request_expired(&self) -> bool {
        let age = self.world.clock.elapsed().mul_f64(self.scenario.speed);
        if age < REQUEST_EXPIRES || !matches!(self.scenario.subject, Subject::Peer { .. }) {
            return false;
        }
        for course in &self.courses {
            let events = self.journal.load(course.run).await.expect("load");
            let Ok(machine) = Machine::replay(&events) else {
                continue;
            };
            if let Status::Suspended(SuspendReason::Failed { step }) = machine.status()
                && &**step == "peering-accepted"
            {
                return true;
            }
        }
        false
    }

    /// How the runs ended, where they have and nothing is left to be done.
    async fn ends(&self) -> Result<Vec<End>, String> {
        let mut ends = Vec::new();
        for course in &self.courses {
            let events = self.journal.load(course.run).await.expect("load");
            let machine = Machine::replay(&events).map_err(|error| error.to_string())?;
            match machine.status() {
                Status::Ended(end @ (End::Succeeded | End::RolledBack { .. })) => {
                    ends.push(end.clone())
                }
                other => return Err(format!("{other:?}")),
            }
        }
        Ok(ends)
    }

    async fn judge(&mut self) -> Result<(), String> {
        for course in &self.courses {
            judge::is_whole(&self.journal.load(course.run).await.expect("load"))?;
        }
        let ends = self.ends().await?;
        if ends.iter().all(|end| *end == End::Succeeded) {
            self.tally.complete += 1;
            let seen = self.scenario.subject.seen(&self.world);
            judge::equal("complete, but otherwise", &seen, &self.prepared.seen)
        } else {
            self.tally.as_before += 1;
            self.same("rolled back", &self.prepared.before)
        }
    }

    /// The state file is lost, and with it every history. What is there is
    /// found by its tags: the same workflow completes it, and its inverse
    /// leaves nothing.
    async fn forget(&mut self) -> Result<(), String> {
        self.tally.forgotten += 1;
        self.forgotten = std::mem::take(&mut self.courses);
        // The signs of life of the dead grow old, at AWS's time, and what is
        // on its way arrives.
        self.world.clock.sleep(Duration::from_secs(1200)).await;
        let subject = self.scenario.subject;
        match subject.survey(&self.world).await {
            Ok(planned) => {
                self.plan(planned);
                self.finish().await?;
                let ends = self.ends().await?;
                if ends.iter().any(|end| *end != End::Succeeded) {
                    return Err(format!("once more after its loss: {ends:?}"));
                }
            }
            Err(SurveyError::Exists { .. } | SurveyError::Refused { .. }) => {}
            Err(error) => return Err(format!("a survey without a history: {error}")),
        }
        let seen = subject.seen(&self.world);
        judge::equal("completed without a history", &seen, &self.prepared.seen)?;
        let Some(inverse) = subject.inverse() else {
            return Ok(());
        };
        self.courses.clear();
        let planned = inverse.survey(&self.world).await;
        self.plan(planned.map_err(|error| format!("the inverse: {error}"))?);
        self.finish().await?;
        self.same("taken back without a history", &self.prepared.before)
    }

    fn within_bounds(&self) -> Result<(), String> {
        let problem = self.weather.problem().or_else(|| self.ledger.unexpected());
        problem.map_or(Ok(()), Err)
    }

    fn same(&self, what: &str, wanted: &Value) -> Result<(), String> {
        judge::equal(what, &inventory(&self.world), wanted)
    }

    async fn events(&self) -> Vec<Event> {
        let mut all = Vec::new();
        for course in self.forgotten.iter().chain(&self.courses) {
            all.extend(self.journal.load(course.run).await.expect("load"));
        }
        all
    }

    async fn played(mut self) -> Played {
        self.tally.calls = u64::from(self.weather.calls());
        self.tally.blows = u64::from(self.weather.blows());
        let events = self.events().await;
        self.tally.note(&events);
        Played {
            events,
            account: inventory(&self.world),
            tally: self.tally,
        }
    }
}
