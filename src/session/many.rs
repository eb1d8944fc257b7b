//! Carrying several runs through at once, under the same signals.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use stepwell_engine::{Executor, Stop, stop_channel};
use stepwell_state::Store;
use stepwell_workflows::aurora::SignsOfLife;

use super::Connection;
use super::carry::{self, attend, failed, told};
use super::signals::{Asked, Signals};
use super::start::Begun;
use crate::Context;
use crate::history::Story;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::report::outcome;

/// How the others of several runs stand when one was stopped by a signal.
pub enum Ended {
    /// All were let go of in good order; a signal may have asked for it.
    Settled(Option<Asked>),
    /// A second signal: whatever is under way is dropped.
    AtOnce(Asked),
}

/// Does `work` on each item, four at a time. After a signal no further item is
/// begun, and runs stop as their [`Stop`] tells them to.
pub async fn each<T, F: Future<Output = ()>>(
    context: &Context,
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T, Stop) -> F,
) -> Result<Ended, Problem> {
    let mut signals = Signals::listen()?;
    let (stopper, stop) = stop_channel();
    let waiting: Mutex<VecDeque<T>> = Mutex::new(items.into_iter().collect());
    let lock = || waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let lane = || async {
        loop {
            let next = lock().pop_front();
            let Some(item) = next else { return };
            work(item, stop.clone()).await;
        }
    };
    // Deleting an instance takes AWS ten minutes and more, and nothing here.
    let all = pin!(async { tokio::join!(lane(), lane(), lane(), lane()) });
    let say = |signal: Asked| {
        lock().clear();
        context.printer.progress(format!(
            "{}: nothing new is started, calls in flight may return; once more stops at once",
            signal.name()
        ));
    };
    let (result, asked) = attend(&mut signals, &stopper, say, all).await;
    Ok(match result {
        Ok(_) => Ended::Settled(asked),
        Err(signal) => Ended::AtOnce(signal),
    })
}

/// Starts one run among several and carries it through; its lines are labelled.
pub async fn start(
    context: &Context,
    state: &Store,
    connection: &Connection,
    begun: &Begun,
    label: &str,
    stop: Stop,
) -> Result<Story, Problem> {
    let settings = &context.settings;
    let progress = Progress::among(
        settings,
        !connection.pace.is_virtual(),
        &begun.created,
        label,
        connection.clock.clone(),
    );
    let executor = Executor {
        journal: Arc::new(state.clone()),
        clock: connection.clock.clone(),
        observer: progress.clone(),
        stop,
    };
    let (created, aws) = (begun.created.clone(), connection.aws.clone());
    let signs = SignsOfLife::of(&aws, begun.run, &created.workflow, &created.parameters);
    let work = executor.start(begun.run, created, &begun.graph, aws.clone());
    let note = |text: String| progress.note(&text);
    let result = SignsOfLife::during(signs.as_ref(), note, work).await;
    progress.finish();
    let resume = settings.command_for("resume", &outcome::short(begun.run));
    let resume = carry::begun(state, begun.run, &resume);
    result.map_err(|error| failed(error, resume, &begun.created))?;
    told(state, begun.run)
}
