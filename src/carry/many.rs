//! Carrying several runs through at once, under the same signals.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use stepwell_engine::summary::RunSummary;
use stepwell_engine::{Begun, Graph, Stop, Stopper, stop_channel};

use super::limits::Limits;
use super::signals::{Asked, Signals};
use super::{Equipment, attend, hook, told};
use crate::problem::Problem;
use crate::progress::Progress;
use crate::report::outcome::Next;
use crate::session::Session;

/// How the others of several runs stand when one was stopped by a signal.
pub enum Ended {
    /// All were let go of in good order; a signal may have asked for it.
    Settled(Option<Asked>),
    /// A second signal: whatever is under way is dropped.
    AtOnce(Asked),
}

/// One run's turn among several.
#[derive(Clone)]
pub struct Turn {
    stop: Stop,
    shown: Arc<Mutex<Vec<Weak<Progress>>>>,
}

impl Turn {
    /// Has the run tell what it waits for once all are asked to stop.
    fn shows(&self, progress: &Arc<Progress>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.push(Arc::downgrade(progress));
    }

    fn shown(&self) -> Vec<Arc<Progress>> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.iter().filter_map(Weak::upgrade).collect()
    }
}

/// Does `work` on each item, four at a time. After a signal no further item is
/// begun, and the runs under way are asked to stop.
pub async fn each<T, F: Future<Output = ()>>(
    session: &Session,
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T, Turn) -> F,
) -> Result<Ended, Problem> {
    let context = &session.context;
    let limits = Limits::of(context, &session.connection)?;
    context.printer.hurry();
    let mut signals = Signals::ladder(&context.signals);
    let (stopper, stop) = stop_channel();
    let turn = Turn {
        stop,
        shown: Arc::default(),
    };
    let waiting: Mutex<VecDeque<T>> = Mutex::new(items.into_iter().collect());
    let lock = || waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let lane = || async {
        loop {
            let next = lock().pop_front();
            let Some(item) = next else { return };
            work(item, turn.clone()).await;
        }
    };
    // Deleting an instance takes AWS ten minutes and more, and nothing here.
    let all = pin!(async { tokio::join!(lane(), lane(), lane(), lane()) });
    let late = |why: String| {
        lock().clear();
        context.printer.progress(why);
    };
    let all = pin!(limits.during(&stopper, late, all));
    let say = |signal: Asked| {
        lock().clear();
        context.printer.progress(format!(
            "{}: nothing new is started, calls in flight may return; once more stops at once",
            signal.name()
        ));
        for progress in turn.shown() {
            progress.stopping(signal.name(), "once more stops at once");
        }
    };
    let (result, asked) = attend(&mut signals, &stopper, say, all).await;
    Ok(match result {
        Ok(_) => Ended::Settled(asked),
        Err(signal) => Ended::AtOnce(signal),
    })
}

/// Starts one run among several and carries it through; its lines are labelled.
pub async fn start(
    session: &Session,
    (begun, graph): (Begun, Graph),
    label: &str,
    turn: &Turn,
) -> Result<RunSummary, Problem> {
    let (context, connection) = (&session.context, &session.connection);
    let (run, created) = (begun.run(), begun.created().clone());
    let progress = Progress::among(
        &context.settings,
        !connection.pace.is_virtual(),
        &created,
        label,
        connection.clock.clone(),
    );
    // It is stopped with the others, and when it is no longer this process's.
    let (stopper, own) = stop_channel();
    let (with, runner) = Equipment::of(session, run, &created, progress.clone(), own)?;
    turn.shows(&progress);
    let work = with.during(session, &stopper, begun.carry(&runner, &graph));
    let result = or_when(turn.stop.clone(), &stopper, work).await;
    progress.finish();
    let told = told(&session.state, run);
    if let Ok((summary, events)) = &told {
        let next = Next::of(summary, events, &context.settings);
        hook::finished(context, &*connection.clock, summary, &next).await;
    }
    result.map_err(|error| with.failed(session, error, &created))?;
    let (summary, _) = told?;
    with.watch.verdict(&summary, &with.resume)?;
    Ok(summary)
}

/// Does `work`; when the others are to stop, so is it, for the same reason.
async fn or_when<T>(mut all: Stop, own: &Stopper, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        result = &mut work => return result,
        reason = all.reason() => own.suspend(reason),
    }
    work.await
}
