//! One process's work on one run: the loop around the machine.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::task::{JoinError, JoinSet};

use super::slot::{Flight, Landed, Patience, Slot, panicked};
use super::{Executor, Report, RunError};
use crate::control::{RetryRequest, Stopper, stop_channel};
use crate::graph::{Failure, Landing, Program, Work};
use crate::machine::{HistoryError, Machine, Status};
use crate::model::event::{Event, EventBody, Then, Verb};
use crate::model::{Effect, Fault, StepId};
use crate::step::{Attempt, Decision, Policy, Shared};

/// A run in the hands of this process.
pub(super) struct Drive<'a, C> {
    executor: &'a Executor<C>,
    program: Program<C>,
    machine: Machine,
    /// What the attempts share.
    shared: Arc<Shared<C>>,
    /// By place in the graph.
    slots: Vec<Slot>,
    /// Events applied to the machine and not yet durable.
    batch: Vec<Event>,
    attempts: JoinSet<Landed>,
    /// Pauses: when they end (clock time) and for which step.
    timers: BTreeSet<(Duration, StepId)>,
    /// Whether the waits have been dropped. Once is enough: a run that stops or
    /// is being rolled back starts no other.
    dropped: bool,
    /// Ends the pauses inside of attempts once the run is to be suspended, by a
    /// person or by an operator fault.
    halt: Stopper,
}

impl<'a, C: Send + Sync + 'static> Drive<'a, C> {
    pub(super) fn new(
        executor: &'a Executor<C>,
        program: Program<C>,
        machine: Machine,
        begin: Vec<Event>,
    ) -> Self {
        let (observer, run) = (executor.observer.clone(), machine.run());
        let (halt, stop) = stop_channel();
        let shared = Shared {
            context: executor.context.clone(),
            clock: executor.clock.clone(),
            run,
            progress: Arc::new(move |step, message| observer.progress(run, step, message)),
            stop,
            lease: executor.lease.clone(),
            rollback_options: machine.rollback_options().clone(),
        };
        let mut slots = Vec::new();
        slots.resize_with(machine.shape().len(), Slot::default);
        Self {
            executor,
            program,
            machine,
            shared: Arc::new(shared),
            slots,
            batch: begin,
            attempts: JoinSet::new(),
            timers: BTreeSet::new(),
            dropped: false,
            halt,
        }
    }

    pub(super) async fn work(&mut self) -> Result<Report, RunError> {
        let mut stop = self.executor.stop.clone();
        loop {
            // Looked at before every decision: a run of quick steps always has
            // one that has landed, and would never get to hear of it below.
            if let Some(reason) = stop.asked()
                && !self.machine.is_stopping()
            {
                self.machine.request_stop(reason);
            }
            // A process that may have lost its right to the run decides nothing
            // but to stop.
            let held_up = !self.machine.is_stopping() && !self.executor.lease.holds();
            if !held_up {
                self.decide()?;
            }
            self.commit().await?;
            if *self.machine.status() != Status::Running {
                return Ok(Report::of(&self.machine));
            }
            let next = self.timers.first().map(|&(due, _)| due);
            let clock = &self.executor.clock;
            let pause = async {
                match next {
                    Some(due) => clock.sleep(due.saturating_sub(clock.elapsed())).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Some(landed) = self.attempts.join_next() => self.landed(landed)?,
                () = stop.requested(), if !self.machine.is_stopping() => {}
                () = self.executor.lease.changed(), if held_up => {}
                request = self.executor.requests.next() => self.asked(request).await?,
                () = pause => {}
            }
            // Whatever else has ended meanwhile shares the next transaction.
            while let Some(landed) = self.attempts.try_join_next() {
                self.landed(landed)?;
            }
            self.wake();
        }
    }

    /// A person wants a step to be tried again. The answer is given once it is
    /// durable.
    async fn asked(&mut self, request: RetryRequest) -> Result<(), RunError> {
        let RetryRequest {
            step,
            by,
            reason,
            answer,
        } = request;
        let id = self.machine.shape().find(&step);
        let now = self.executor.clock.now();
        let body = EventBody::StepRetried { step, by, reason };
        let said = match self.machine.record(now, body) {
            Ok(event) => {
                self.batch.push(event);
                // Its patience begins again, too.
                self.timers.retain(|&(_, paused)| Some(paused) != id);
                if let Some(id) = id {
                    self.slots[id.index()].patience = None;
                }
                self.commit().await?;
                Ok(())
            }
            Err(HistoryError::Illegal { why, .. }) => Err(why.to_string()),
            Err(other) => Err(other.to_string()),
        };
        // The asking process may have gone.
        let _ = answer.send(said);
        Ok(())
    }

    /// Asks the machine until it has nothing more to say.
    fn decide(&mut self) -> Result<(), RunError> {
        loop {
            if self.machine.is_stopping() {
                self.halt.stop();
            }
            if !self.dropped && (self.machine.is_stopping() || self.machine.is_rolling_back()) {
                self.dropped = true;
                self.drop_passive()?;
            }
            let program = &self.program;
            let ids = |machine: &Machine, id| {
                let output = machine.step(id).output.as_ref();
                let step = output.zip(program.step(id));
                step.map_or_else(Vec::new, |(output, step)| step.ids(output))
            };
            let events = self.machine.decide(self.executor.clock.now(), &ids)?;
            if events.is_empty() {
                return Ok(());
            }
            let turned = |event: &Event| matches!(event.body, EventBody::RollbackStarted(_));
            if events.iter().any(turned) {
                // The pauses were those of steps on the way forward.
                self.timers.clear();
            }
            self.batch.extend(events);
        }
    }

    fn record(&mut self, body: EventBody) -> Result<(), RunError> {
        let event = self.machine.record(self.executor.clock.now(), body)?;
        self.batch.push(event);
        Ok(())
    }

    /// Makes the batch durable, tells the observers, and only then begins what
    /// it announces.
    async fn commit(&mut self) -> Result<(), RunError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        self.executor.journal.append(batch.clone()).await?;
        for event in &batch {
            self.executor.observer.event(event);
        }
        for event in batch {
            if let EventBody::AttemptStarted {
                step,
                attempt,
                verb,
            } = event.body
                && let Some(id) = self.machine.shape().find(&step)
            {
                self.launch(id, attempt, verb);
            }
        }
        Ok(())
    }

    fn launch(&mut self, id: StepId, number: u32, verb: Verb) {
        let clock = &self.executor.clock;
        let began = clock.elapsed();
        let state = self.machine.step(id);
        let record = self.machine.shape().record(id);
        let known = self.slots[id.index()].patience;
        let known = known.filter(|(of, _)| *of == verb);
        let patience = known.map_or_else(
            || {
                // The time of day is all that processes share, and may jump: it
                // may end a wait, which loses nothing, and never turns a run
                // round.
                let shared = record.effect == Effect::Wait && number > 1;
                let since = state.since.filter(|_| shared);
                let before = since.map(|since| clock.now().since(since));
                Patience {
                    began,
                    before: before.map_or(Duration::ZERO, |before| clock.scale_wall(before)),
                }
            },
            |(_, patience)| patience,
        );
        self.slots[id.index()].patience = Some((verb, patience));
        let in_doubt = state.in_doubt;
        let at = Attempt {
            number,
            in_doubt,
            since_first: patience.so_far(began),
            ..Attempt::new(self.shared.clone(), record.name.clone(), verb, began)
        };
        let passive = record.effect.is_passive();
        let limit = self.policy(id).timeout;
        (self.executor.observer).limited(self.machine.run(), &record.name, limit);
        let work = self.work_of(id, verb, at);
        let abort = self.attempts.spawn(async move {
            let landing = match work {
                Ok(work) => AssertUnwindSafe(work)
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|panic| Landing::Failed(panicked(&*panic, passive))),
                Err(fault) => Landing::Failed(Failure {
                    fault,
                    reached: false,
                    in_doubt,
                }),
            };
            Landed {
                step: id,
                verb,
                number,
                landing,
            }
        });
        self.slots[id.index()].flight = Some(Flight {
            verb,
            number,
            abort,
        });
    }

    fn work_of(&self, id: StepId, verb: Verb, at: Attempt<C>) -> Result<Work, Fault> {
        let (step, input) = self.program.attempted(&self.machine, id)?;
        let step = step.clone();
        match verb {
            Verb::Run => step.forward(at, input),
            Verb::Undo => step.backward(at, input, self.machine.step(id).output.as_ref()),
        }
    }

    fn policy(&self, id: StepId) -> Policy {
        let step = self.program.step(id);
        step.map_or_else(Policy::default, |step| step.policy())
    }

    fn landed(&mut self, landed: Result<Landed, JoinError>) -> Result<(), RunError> {
        let Some(Landed {
            step: id,
            verb,
            number: attempt,
            landing,
        }) = landed.map_or_else(|error| self.broken(error), Some)
        else {
            return Ok(());
        };
        let slot = &mut self.slots[id.index()];
        let is_this = |flight: &mut Flight| flight.verb == verb && flight.number == attempt;
        if slot.flight.take_if(is_this).is_none() {
            // It ended between being dropped and being told so.
            return Ok(());
        }
        let step = self.machine.shape().name(id).clone();
        let body = match landing {
            Landing::Done(outcome) => {
                slot.patience = None;
                EventBody::AttemptSucceeded {
                    step,
                    attempt,
                    verb,
                    outcome,
                }
            }
            Landing::Interrupted { reached } => EventBody::AttemptInterrupted {
                step,
                attempt,
                verb,
                reached,
            },
            Landing::Failed(Failure {
                fault,
                reached,
                in_doubt,
            }) => {
                let then = self.after(id, verb, &fault);
                EventBody::AttemptFailed {
                    step,
                    attempt,
                    verb,
                    fault,
                    reached,
                    in_doubt,
                    then,
                }
            }
        };
        self.record(body)
    }

    /// What became of an attempt whose task was broken off; nothing if it was
    /// dropped, which is recorded where that is done.
    fn broken(&self, error: JoinError) -> Option<Landed> {
        let task = error.id();
        let mut flights = self.machine.shape().ids().filter_map(|id| {
            let flight = self.slots[id.index()].flight.as_ref()?;
            Some((id, flight))
        });
        let (step, flight) = flights.find(|(_, flight)| flight.abort.id() == task)?;
        let (verb, number) = (flight.verb, flight.number);
        let passive = self.machine.shape().record(step).effect.is_passive();
        let failure = match error.try_into_panic() {
            Ok(panic) => panicked(&*panic, passive),
            Err(error) => Failure {
                fault: Fault::transient(error.to_string()),
                reached: true,
                in_doubt: !passive,
            },
        };
        Some(Landed {
            step,
            verb,
            number,
            landing: Landing::Failed(failure),
        })
    }

    fn after(&mut self, id: StepId, verb: Verb, fault: &Fault) -> Then {
        if verb == Verb::Run && self.machine.is_rolling_back() {
            // It landed after the rollback began: it is undone, not repeated.
            return Then::GiveUp;
        }
        let clock = &self.executor.clock;
        let now = clock.elapsed();
        let patience = self.slots[id.index()].patience;
        let elapsed = patience.map_or(Duration::ZERO, |(_, patience)| patience.so_far(now));
        let failures = self.machine.step(id).failures + 1;
        match (self.policy(id)).decide(fault, failures, elapsed, clock.as_ref()) {
            Decision::GiveUp => Then::GiveUp,
            Decision::Suspend => Then::Suspend,
            Decision::RetryAfter(delay) => {
                self.timers.insert((now + delay, id));
                Then::Retry {
                    at: clock.now().plus(clock.to_wall(delay)),
                }
            }
        }
    }

    fn wake(&mut self) {
        while let Some(&(due, id)) = self.timers.first()
            && due <= self.executor.clock.elapsed()
        {
            self.timers.pop_first();
            self.machine.retry_due(id);
        }
    }

    /// Drops the attempts that change nothing: waits on the way forward when
    /// the run stops or its rollback begins.
    fn drop_passive(&mut self) -> Result<(), RunError> {
        let shape = self.machine.shape().clone();
        for id in shape.ids() {
            if !shape.record(id).effect.is_passive() {
                continue;
            }
            let run = |flight: &mut Flight| flight.verb == Verb::Run;
            if let Some(flight) = self.slots[id.index()].flight.take_if(run) {
                flight.abort.abort();
                self.record(EventBody::AttemptInterrupted {
                    step: shape.name(id).clone(),
                    attempt: flight.number,
                    verb: flight.verb,
                    reached: true,
                })?;
            }
        }
        Ok(())
    }
}
