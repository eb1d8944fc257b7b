//! One process's work on one run: the loop around the machine.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::{Executor, Report, RetryRequest, RunError, Stop, Stopper, stop_channel};
use crate::event::{End, Event, EventBody, Outcome, Then, Verb};
use crate::fault::Fault;
use crate::graph::{Graph, StepId};
use crate::machine::{HistoryError, Machine, Status};
use crate::retry::Decision;
use crate::step::{Attempt, Failure, ProgressSink};

type Key = (StepId, Verb);

/// An attempt that reached its end.
struct Landed {
    step: StepId,
    verb: Verb,
    number: u32,
    result: Result<Outcome, Failure>,
}

/// A run in the hands of this process.
pub(super) struct Drive<'a, C> {
    executor: &'a Executor,
    graph: &'a Graph<C>,
    context: Arc<C>,
    machine: Machine,
    /// Events applied to the machine and not yet durable.
    batch: Vec<Event>,
    attempts: JoinSet<Landed>,
    /// Attempts under way, for dropping the passive ones.
    aborts: HashMap<Key, (AbortHandle, u32)>,
    /// Pauses: when they end (clock time) and for which step.
    timers: BTreeSet<(Duration, StepId)>,
    /// When a step's first attempt of this process began (clock time).
    since: HashMap<Key, Duration>,
    /// Whether the waits have been dropped. Once is enough: a run that stops or
    /// has turned round starts no other.
    dropped: bool,
    /// Ends the pauses inside of attempts once the run is to be suspended, by a
    /// person or by an operator fault.
    halt: (Stopper, Stop),
    progress: ProgressSink,
}

impl<'a, C: Send + Sync + 'static> Drive<'a, C> {
    pub(super) fn new(
        executor: &'a Executor,
        graph: &'a Graph<C>,
        context: Arc<C>,
        machine: Machine,
        begin: Vec<Event>,
    ) -> Self {
        let observer = executor.observer.clone();
        Self {
            executor,
            graph,
            context,
            machine,
            batch: begin,
            attempts: JoinSet::new(),
            aborts: HashMap::new(),
            timers: BTreeSet::new(),
            since: HashMap::new(),
            dropped: false,
            halt: stop_channel(),
            progress: Arc::new(move |step, message| observer.progress(step, &message)),
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
                return Ok(self.report());
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
                self.since.retain(|&(step, _), _| Some(step) != id);
                self.commit().await?;
                Ok(())
            }
            Err(HistoryError::Illegal { why, .. }) => Err(why),
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
                self.halt.0.stop();
            }
            if !self.dropped && (self.machine.is_stopping() || self.machine.is_backward()) {
                self.dropped = true;
                self.drop_passive()?;
            }
            let bodies = self.machine.next_events();
            if bodies.is_empty() {
                return Ok(());
            }
            for body in bodies {
                let body = self.with_ids(body);
                self.record(body)?;
            }
        }
    }

    fn record(&mut self, body: EventBody) -> Result<(), RunError> {
        if let EventBody::RollbackStarted(_) = body {
            // The pauses were those of steps on the way forward.
            self.timers.clear();
        }
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
        let clock = self.executor.clock.clone();
        self.since
            .entry((id, verb))
            .or_insert_with(|| clock.elapsed());
        let state = self.machine.step(id);
        let at = Attempt {
            context: self.context.clone(),
            clock,
            run: self.machine.run(),
            step: self.machine.shape().name(id).clone(),
            number,
            verb,
            in_doubt: state.in_doubt,
            acting: AtomicBool::new(false),
            progress: self.progress.clone(),
            stop: self.halt.1.clone(),
            lease: self.executor.lease.clone(),
            rollback_options: self.machine.rollback_options().clone(),
        };
        let step = self.graph.steps[id.index()].clone();
        let limit = step.policy().timeout;
        (self.executor.observer).limited(self.machine.shape().name(id), limit);
        let was_in_doubt = state.in_doubt;
        let passive = self.machine.shape().record(id).effect.is_passive();
        let work = match verb {
            Verb::Run => step.forward(at, &self.machine),
            Verb::Undo => step.backward(at, &self.machine, state.output.as_ref()),
        };
        let abort = self.attempts.spawn(async move {
            let result = match work {
                Ok(work) => AssertUnwindSafe(work)
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|panic| Err(panicked(&*panic, passive))),
                Err(fault) => Err(Failure {
                    fault,
                    in_doubt: was_in_doubt,
                }),
            };
            Landed {
                step: id,
                verb,
                number,
                result,
            }
        });
        self.aborts.insert((id, verb), (abort, number));
    }

    fn landed(&mut self, landed: Result<Landed, JoinError>) -> Result<(), RunError> {
        let Some(Landed {
            step: id,
            verb,
            number: attempt,
            result,
        }) = landed.map_or_else(|error| self.broken(error), Some)
        else {
            return Ok(());
        };
        match self.aborts.get(&(id, verb)) {
            Some((_, current)) if *current == attempt => self.aborts.remove(&(id, verb)),
            // It ended between being dropped and being told so.
            _ => return Ok(()),
        };
        let step = self.machine.shape().name(id).clone();
        let body = match result {
            Ok(outcome) => {
                self.since.remove(&(id, verb));
                EventBody::AttemptSucceeded {
                    step,
                    attempt,
                    verb,
                    outcome,
                }
            }
            Err(Failure { fault, .. }) if fault.interrupted => EventBody::AttemptInterrupted {
                step,
                attempt,
                verb,
            },
            Err(Failure { fault, in_doubt }) => {
                let then = self.after(id, verb, &fault);
                EventBody::AttemptFailed {
                    step,
                    attempt,
                    verb,
                    fault,
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
        let (&(step, verb), &(_, number)) = self
            .aborts
            .iter()
            .find(|(_, (abort, _))| abort.id() == task)?;
        let passive = self.machine.shape().record(step).effect.is_passive();
        let failure = match error.try_into_panic() {
            Ok(panic) => panicked(&*panic, passive),
            Err(error) => Failure {
                fault: Fault::transient(error.to_string()).uncertain(),
                in_doubt: !passive,
            },
        };
        Some(Landed {
            step,
            verb,
            number,
            result: Err(failure),
        })
    }

    fn after(&mut self, id: StepId, verb: Verb, fault: &Fault) -> Then {
        if verb == Verb::Run && self.machine.is_backward() {
            // It landed after the run turned round: it is undone, not repeated.
            return Then::GiveUp;
        }
        let clock = &self.executor.clock;
        let now = clock.elapsed();
        let since = self.since.get(&(id, verb)).copied().unwrap_or(now);
        let policy = self.graph.steps[id.index()].policy();
        let failures = self.machine.step(id).failures + 1;
        match policy.decide(fault, failures, now.saturating_sub(since), clock.as_ref()) {
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
        let now = self.executor.clock.elapsed();
        while let Some(&(due, id)) = self.timers.first()
            && due <= now
        {
            self.timers.pop_first();
            self.machine.retry_due(id);
        }
    }

    /// Drops the attempts that change nothing: waits on the way forward when
    /// the run stops or turns round.
    fn drop_passive(&mut self) -> Result<(), RunError> {
        let shape = self.machine.shape().clone();
        let mut passive: Vec<Key> = self
            .aborts
            .keys()
            .filter(|(id, verb)| *verb == Verb::Run && shape.record(*id).effect.is_passive())
            .copied()
            .collect();
        passive.sort_unstable_by_key(|(id, _)| *id);
        for key in passive {
            if let Some((abort, attempt)) = self.aborts.remove(&key) {
                abort.abort();
                self.record(EventBody::AttemptInterrupted {
                    step: shape.name(key.0).clone(),
                    attempt,
                    verb: key.1,
                })?;
            }
        }
        Ok(())
    }

    /// Names what is left by its ids, which only the steps know.
    fn with_ids(&self, mut body: EventBody) -> EventBody {
        if let EventBody::RunEnded(End::Stuck { leftovers }) = &mut body {
            for leftover in leftovers {
                if let Some(id) = self.machine.shape().find(&leftover.step)
                    && let Some(output) = &self.machine.step(id).output
                {
                    leftover.ids = self.graph.steps[id.index()].ids(output);
                }
            }
        }
        body
    }

    fn report(&self) -> Report {
        Report {
            run: self.machine.run(),
            status: self.machine.status().clone(),
            output: self.machine.output().cloned(),
            fault: self
                .machine
                .blame()
                .map(|(step, fault)| (step.clone(), fault.clone())),
        }
    }
}

/// A panic is a failed attempt that may have had its effect.
fn panicked(panic: &(dyn Any + Send), passive: bool) -> Failure {
    Failure {
        fault: Fault::permanent(format!("the step panicked: {}", text(panic))).uncertain(),
        in_doubt: !passive,
    }
}

fn text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
