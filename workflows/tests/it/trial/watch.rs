//! A witness between the processes that work on a run and what they work on: it
//! sees every append to the journal and every call that reaches the account,
//! kills at a point of either, and complains of whatever must not be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stepwell_engine::event::EventBody;
use stepwell_engine::machine::{Phase, Status};
use stepwell_engine::{
    BoxFuture, Event, Journal, JournalError, Machine, MemoryJournal, RunId, Shape,
};
use stepwell_sandbox::{Call, Hook, Verdict};
use tokio::sync::Notify;

use super::faults::{Signature, Trouble};
use crate::strikes::is_sign_of_life;

/// On which side of an append or a call's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// It has not happened.
    Before,
    /// It has happened, and the process never hears of it.
    After,
}

/// Where a process dies: at one of its appends, or of its calls that have an
/// effect, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    Append(u64, When),
    Call(u64, When),
}

/// What a process did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) appends: u64,
    pub(crate) effects: u64,
}

impl Counts {
    /// Every point at which the process may die.
    pub(crate) fn points(self) -> Vec<Point> {
        let sides = [When::Before, When::After];
        let appends =
            (1..=self.appends).flat_map(|number| sides.map(|when| Point::Append(number, when)));
        let calls =
            (1..=self.effects).flat_map(|number| sides.map(|when| Point::Call(number, when)));
        appends.chain(calls).collect()
    }
}

/// How a process is to fare.
#[derive(Default)]
pub(crate) struct Fate {
    /// Where it dies.
    pub(crate) death: Option<Point>,
    /// Only what it does in a rollback counts.
    pub(crate) only_backward: bool,
    /// What goes wrong with its calls.
    pub(crate) trouble: Option<Trouble>,
}

/// One call as it was heard.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) signature: Signature,
    /// The code with which AWS would say that what it names is not there.
    pub(crate) missing: Option<&'static str>,
    pub(crate) mutates: bool,
    /// The attempts that were open; `None` before the run was recorded.
    pub(crate) open: Option<String>,
}

/// What must never be, as it was seen.
#[derive(Debug, Default, Clone)]
pub(crate) struct Complaints {
    /// Effects that no open attempt of the journal covers.
    pub(crate) unrecorded: Vec<String>,
    /// More of a kind of resource than a run ever needs at once.
    pub(crate) duplicates: Vec<String>,
    /// Attempts open in a run that has ended.
    pub(crate) open: Vec<String>,
}

impl Complaints {
    pub(crate) fn all(&self) -> impl Iterator<Item = &String> {
        let both = self.unrecorded.iter().chain(&self.duplicates);
        both.chain(&self.open)
    }
}

/// Counts the resources that are there, by kind.
pub(crate) type Census = Arc<dyn Fn() -> BTreeMap<String, usize> + Send + Sync>;

pub(crate) struct Watch {
    inner: Arc<MemoryJournal>,
    census: Census,
    /// How many of each kind there may be; nothing while that is found out.
    limits: Option<BTreeMap<String, usize>>,
    /// How many simulated seconds go by in one of the clock.
    speed: f64,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The runs by what of them is durable.
    machines: BTreeMap<RunId, Machine>,
    fate: Fate,
    died: Arc<Notify>,
    counts: Counts,
    recording: bool,
    heard: Vec<Heard>,
    /// The calls with an effect that the account was asked for, by operation.
    effects: BTreeMap<String, u64>,
    dying: Option<u64>,
    struck: BTreeSet<u64>,
    peak: BTreeMap<String, usize>,
    complaints: Complaints,
}

impl Watch {
    pub(crate) fn new(
        census: Census,
        limits: Option<BTreeMap<String, usize>>,
        speed: f64,
    ) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::new(MemoryJournal::new()),
            census,
            limits,
            speed,
            seen: Mutex::default(),
        })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process begins; what is returned tells of its death.
    pub(crate) fn process(&self, mut fate: Fate) -> Arc<Notify> {
        let mut seen = self.seen();
        if fate.trouble.is_none() {
            fate.trouble = seen.fate.trouble.take().filter(|trouble| trouble.outlives);
        }
        seen.fate = fate;
        seen.died = Arc::default();
        seen.counts = Counts::default();
        seen.dying = None;
        seen.died.clone()
    }

    /// The world heals: nothing goes wrong any more.
    pub(crate) fn heal(&self) {
        self.seen().fate.trouble = None;
    }

    /// What the present process has done, or the last one did.
    pub(crate) fn counts(&self) -> Counts {
        self.seen().counts
    }

    /// Notes the calls from now on.
    pub(crate) fn record(&self) {
        self.seen().recording = true;
    }

    /// What was noted.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.seen().heard)
    }

    /// How often the account was asked for an effect.
    pub(crate) fn asked(&self, operation: &str) -> u64 {
        self.seen().effects.get(operation).copied().unwrap_or(0)
    }

    /// The most that there was of each kind of resource.
    pub(crate) fn peak(&self) -> BTreeMap<String, usize> {
        self.seen().peak.clone()
    }

    /// How many calls the trouble has hit, and what the first was.
    pub(crate) fn hits(&self) -> (u64, Option<Signature>) {
        match &self.seen().fate.trouble {
            Some(trouble) => (trouble.hits, trouble.struck.clone()),
            None => (0, None),
        }
    }

    pub(crate) fn complaints(&self) -> Complaints {
        self.seen().complaints.clone()
    }

    /// All that is recorded.
    pub(crate) async fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for machine in self.machines() {
            events.extend(self.load(machine.run()).await.expect("load"));
        }
        events
    }

    /// The runs of which anything is recorded.
    pub(crate) fn machines(&self) -> Vec<Machine> {
        self.seen().machines.values().cloned().collect()
    }
}

/// The steps with an attempt under way.
pub(crate) fn open(machine: &Machine) -> Vec<(String, bool)> {
    let shape: &Shape = machine.shape();
    let under_way = |phase| matches!(phase, Phase::Running | Phase::Undoing);
    shape
        .ids()
        .filter(|&id| under_way(machine.step(id).phase))
        .map(|id| {
            let passive = shape.record(id).effect.is_passive();
            (shape.name(id).to_string(), passive)
        })
        .collect()
}

impl Seen {
    fn counts_now(&self, batch: &[Event]) -> bool {
        let turns = |event: &Event| matches!(event.body, EventBody::RollbackStarted(_));
        !self.fate.only_backward
            || self.machines.values().any(Machine::is_rolling_back)
            || batch.iter().any(turns)
    }

    /// Takes note of what is durable now.
    fn durable(&mut self, events: &[Event]) {
        for event in events {
            match self.machines.get_mut(&event.run) {
                Some(machine) => machine.apply(event).expect("a legal event"),
                None => {
                    let machine = Machine::replay(std::slice::from_ref(event));
                    self.machines
                        .insert(event.run, machine.expect("a beginning"));
                }
            }
        }
        for machine in self.machines.values() {
            if matches!(machine.status(), Status::Ended(_)) {
                let open = open(machine);
                if !open.is_empty() || machine.running() > 0 {
                    let complaint = format!("run {} has ended with {open:?}", machine.run());
                    self.complaints.open.push(complaint);
                }
            }
        }
    }

    /// Complains of an effect that no open attempt covers. What names its step
    /// in a tag must be that one's.
    fn must_be_recorded(&mut self, call: &Call) {
        let open: Vec<_> = self.machines.values().flat_map(open).collect();
        let step = step_tag(call);
        let covered = open
            .iter()
            .any(|(name, passive)| !passive && step.is_none_or(|step| step == name));
        if !covered {
            let complaint = format!("{} with {open:?} open", call.operation);
            self.complaints.unrecorded.push(complaint);
        }
    }
}

/// The step that a call names in the tags of what it makes.
fn step_tag(call: &Call) -> Option<&String> {
    let (key, _) = (call.parameters.iter()).find(|(_, value)| *value == "stepwell:step")?;
    call.parameters.get(&key.replace(".Key", ".Value"))
}

impl Journal for Watch {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            let (dies, died) = {
                let mut seen = self.seen();
                let counts = seen.counts_now(&events);
                seen.counts.appends += u64::from(counts);
                let dies = match seen.fate.death {
                    Some(Point::Append(at, when)) if counts && at == seen.counts.appends => {
                        Some(when)
                    }
                    _ => None,
                };
                (dies, seen.died.clone())
            };
            if dies != Some(When::Before) {
                self.inner.append(events.clone()).await?;
                self.seen().durable(&events);
            }
            if dies.is_some() {
                died.notify_one();
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    }

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.inner.load(run)
    }
}

impl Hook for Watch {
    fn before(&self, call: &Call) -> Verdict {
        if is_sign_of_life(call) {
            return Verdict::Proceed;
        }
        let mut seen = self.seen();
        if call.mutates {
            seen.must_be_recorded(call);
            *seen.effects.entry(call.operation.clone()).or_default() += 1;
            if seen.counts_now(&[]) {
                seen.counts.effects += 1;
                let number = seen.counts.effects;
                match seen.fate.death {
                    Some(Point::Call(at, When::Before)) if at == number => {
                        seen.died.notify_one();
                        return Verdict::Hang;
                    }
                    Some(Point::Call(at, When::After)) if at == number => {
                        seen.dying = Some(call.number);
                    }
                    _ => {}
                }
            }
        }
        if seen.recording {
            let open: Option<Vec<String>> = (!seen.machines.is_empty()).then(|| {
                let open = seen.machines.values().flat_map(open);
                open.map(|(name, _)| name).collect()
            });
            seen.heard.push(Heard {
                signature: Signature::of(call),
                missing: super::faults::missing(call),
                mutates: call.mutates,
                open: open.map(|open| open.join(" ")),
            });
        }
        let Some(trouble) = seen.fate.trouble.as_mut() else {
            return Verdict::Proceed;
        };
        if !trouble.hits(call) {
            return Verdict::Proceed;
        }
        let verdict = trouble.fault.before(call, self.speed);
        seen.struck.insert(call.number);
        if seen.dying == Some(call.number) && !matches!(verdict, Verdict::Proceed) {
            // There is no effect after which to die: the refusal is not heard.
            seen.died.notify_one();
            return Verdict::Hang;
        }
        verdict
    }

    fn after(&self, call: &Call) -> Verdict {
        if is_sign_of_life(call) {
            return Verdict::Proceed;
        }
        if call.mutates {
            let census = (self.census)();
            let mut seen = self.seen();
            for (kind, count) in census {
                let most = self
                    .limits
                    .as_ref()
                    .map(|limits| limits.get(&kind).copied());
                if most.is_some_and(|most| count > most.unwrap_or(0)) {
                    let complaint = format!("{count} of {kind} after {}", call.operation);
                    seen.complaints.duplicates.push(complaint);
                }
                let peak = seen.peak.entry(kind).or_default();
                *peak = count.max(*peak);
            }
        }
        let seen = self.seen();
        if seen.dying == Some(call.number) {
            seen.died.notify_one();
            return Verdict::Hang;
        }
        match &seen.fate.trouble {
            Some(trouble) if seen.struck.contains(&call.number) => trouble.fault.after(self.speed),
            _ => Verdict::Proceed,
        }
    }
}
