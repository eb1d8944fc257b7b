//! `stepwell step …`.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;
use stepwell_engine::event::Outcome;
use stepwell_engine::summary::RunStatus;
use stepwell_engine::{Clock, RunId, Store as _, Word, WordError, retry_by_hand};
use stepwell_state::{Access, Answer, Request, RunRow, Store};

use crate::carry::requests;
use crate::clock::Pace;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{not_understood, outcome};
use crate::session::patient::PatientStore;
use crate::session::takeup::{self, Locks};
use crate::session::which::Purpose;
use crate::session::which::WhichArguments;
use crate::session::{failed, locks, store, unsupported};
use crate::settings::times::WaitArguments;
use crate::{Context, runtime};

/// `stepwell step …`.
#[derive(Debug, Subcommand)]
pub enum StepCommand {
    /// Say that a step of a suspended run is done, because a person made what it was to make
    #[command(
        long_about = "Say that a step of a suspended run is done, because a person made what it was to make.\n\n\
                      The step's own check looks in AWS whether it is so. Where AWS can't tell, --output \
                      says what the step would have made known; what it stands for is then never undone \
                      by a rollback. The run stays suspended."
    )]
    Done(DoneArguments),
    /// Try a step again at once: without the rest of its pause, or after it was given up
    #[command(
        long_about = "Try a step again at once: without the rest of its pause, or after it was given up.\n\n\
                      While a process carries the run, it is asked to, from any terminal with the same \
                      state file. Where none does, the step gets its next try when the run is resumed."
    )]
    Retry(RetryArguments),
}

/// `stepwell step done`.
#[derive(Debug, Clone, Args)]
pub struct DoneArguments {
    /// The run: `latest`, or the beginning of its id
    pub run: String,

    /// The step's name, as `stepwell runs show` has it
    pub step: String,

    /// Why it was done by hand; recorded with the run
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// What the step would have made known, where AWS can't tell: --output JSON means the same
    #[arg(long, value_name = "JSON")]
    pub result: Option<String>,

    /// For how long others are waited for.
    #[command(flatten)]
    pub wait: WaitArguments,
}

/// `stepwell step retry`.
#[derive(Debug, Clone, Args)]
pub struct RetryArguments {
    /// The run: `latest`, or the beginning of its id
    pub run: String,

    /// The step's name, as `stepwell runs show` has it
    pub step: String,

    /// Why; recorded with the run
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// How many times as long as it takes to be heard an answer is waited for: the
/// process may be in the middle of something.
const PATIENCE: u32 = 30;

/// What was recorded of a step.
#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    run: RunId,
    step: &'a str,
    done: bool,
    checked: Option<bool>,
    output: Option<&'a Value>,
    resume: Option<String>,
}

/// Says that a person made what a step was to make.
pub fn done(context: &Context, arguments: &DoneArguments) -> Result<Exit, Problem> {
    let reason = arguments.reason.trim();
    if reason.is_empty() {
        return Err(Problem::usage(
            "--reason \"\" is empty; allowed: a few words on what was done by hand, and why",
        ));
    }
    let output: Option<Value> = (arguments.result.as_deref())
        .map(serde_json::from_str)
        .transpose()
        .map_err(|error| Problem::usage("--output is not JSON").because(&error))?;
    let which = WhichArguments {
        run: Some(arguments.run.clone()),
        cluster: None,
        region: None,
    };
    let found = takeup::find(context, &which, Purpose::Resume, Access::ReadWrite)?;
    let context = &found.context(context);
    runtime::block_on(found.pace(context), async {
        let session = found.connect(context, None, false).await?;
        let taken = found.take(&session, Locks::Take).await?;
        let session = found.verify(session, &taken).await?;
        taken.refuse_alive(&session).await?;
        let executor = session.runner().executor;
        let said = word(context, &arguments.step, reason);
        let done = executor
            .done_by_hand(&taken.recorded().events, said, output)
            .await
            .map_err(|error| refused(error, &arguments.step, taken.created()))?;
        let output = done.outcome.output().cloned().unwrap_or_default();
        let resume = command(context, found.row.id);
        if context.printer.output.is_json() {
            context.printer.document(&Document {
                schema: crate::SCHEMA,
                run: found.row.id,
                step: &arguments.step,
                done: true,
                checked: Some(done.checked),
                output: Some(&output),
                resume: Some(resume),
            })?;
            return Ok(Exit::Success);
        }
        let step = &arguments.step;
        let how = match (done.checked, &done.outcome) {
            (true, Outcome::Ours { .. }) => "found in aws, with the mark of this run",
            (true, _) => "found in aws; a rollback leaves it",
            (false, _) => "not checked; a rollback leaves it",
        };
        context.printer.note(format!("step {step} is done: {how}"));
        context.printer.note(format!("to go on: {resume}"));
        Ok(Exit::Success)
    })
}

/// Has a step tried again at once.
pub fn retry(context: &Context, arguments: &RetryArguments) -> Result<Exit, Problem> {
    let reason = arguments.reason.as_deref().unwrap_or_default().trim();
    let state = store::open(&context.settings, Access::ReadWrite)?;
    let row = store::find(&state, &arguments.run)?;
    let said = word(context, &arguments.step, reason);
    let carried = runtime::block_on(Pace::REAL, async {
        let clock = Pace::REAL.clock();
        match locks::state(&state, &row)? {
            RunStatus::Running => {
                ask(&state, &row, clock.as_ref(), said).await?;
                Ok(true)
            }
            _ => {
                note(context, &state, &row, &clock, said).await?;
                Ok(false)
            }
        }
    })?;
    let resume = (!carried).then(|| command(context, row.id));
    if context.printer.output.is_json() {
        context.printer.document(&Document {
            schema: crate::SCHEMA,
            run: row.id,
            step: &arguments.step,
            done: false,
            checked: None,
            output: None,
            resume,
        })?;
        return Ok(Exit::Success);
    }
    let step = &arguments.step;
    match resume {
        None => (context.printer).note(format!("step {step} is tried again now")),
        Some(resume) => {
            let text = format!("step {step} is tried again when the run goes on: {resume}");
            context.printer.note(text);
        }
    }
    Ok(Exit::Success)
}

/// Asks the process that carries the run, and waits for its answer.
async fn ask(state: &Store, row: &RunRow, clock: &dyn Clock, said: Word) -> Result<(), Problem> {
    let trouble = |error| store::failed(&error);
    let Word { step, by, reason } = said;
    let name = step.to_string();
    let request = Request { step, by, reason };
    let id = (state.ask(row.id, &request, clock.now())).map_err(trouble)?;
    let unanswered = |why: &str| {
        Problem::error(format!("the process that carries the run {why}"))
            .code("not_answered")
            .hint(format!(
                "see how it stands: stepwell runs show {}",
                outcome::short(row.id)
            ))
    };
    let mut answer = Answer::None;
    for _ in 0..PATIENCE * 4 {
        clock.sleep(requests::PERIOD / 4).await;
        let alive = locks::is_held(state, row.id)?;
        answer = state.answered(id).map_err(trouble)?;
        if answer != Answer::None || !alive {
            break;
        }
    }
    if answer != Answer::Dropped {
        state.withdraw(id).map_err(trouble)?;
    }
    match answer {
        Answer::Done => Ok(()),
        Answer::Refused(why) => Err(not_possible(&name, why)),
        Answer::None => Err(unanswered("has not answered")),
        Answer::Dropped => Err(unanswered("was another when it was asked")),
    }
}

/// Records it in the history of a run that no process carries.
async fn note(
    context: &Context,
    state: &Store,
    row: &RunRow,
    clock: &Arc<dyn Clock>,
    said: Word,
) -> Result<(), Problem> {
    let printer = context.printer;
    let wait = context.settings.times.wait;
    let patient = PatientStore::of(state, clock.clone(), wait, move |line| printer.note(line));
    let lock = patient.lock_run(row.id, &context.actor, clock.now()).await;
    let _lock = lock.map_err(|error| locks::failed(context, &error))?;
    let events = patient.history(row.id).await;
    let events = events.map_err(|error| store::unreadable(&error))?;
    let created = stepwell_engine::event::RunCreated::told(&events)
        .ok_or_else(|| Problem::error("the run's history has no beginning"))?;
    if let Some(why) = not_understood::why(&events) {
        let mut problem = unsupported(&why, Some(&created));
        let settings = &context.settings;
        problem.hint = (problem.hint).map(|hint| {
            outcome::placed(&hint, row.id, &created.account, &created.target, settings)
        });
        return Err(problem);
    }
    let step = said.step.to_string();
    let retried = retry_by_hand(state, clock.now(), &events, said).await;
    retried.map_err(|error| refused(error, &step, &created))
}

fn word(context: &Context, step: &str, reason: &str) -> Word {
    Word {
        step: step.into(),
        by: context.actor.clone(),
        reason: reason.to_owned(),
    }
}

fn command(context: &Context, run: RunId) -> String {
    context.settings.command_for("resume", &outcome::short(run))
}

fn not_possible(step: &str, why: String) -> Problem {
    let mut problem = Problem::refused(format!("nothing can be said of step {step} by hand now"))
        .code("not_possible")
        .hint("nothing was changed");
    problem.causes = vec![why];
    problem
}

/// What a person said of a step is not taken.
fn refused(error: WordError, step: &str, created: &stepwell_engine::event::RunCreated) -> Problem {
    match error {
        WordError::Run(error) => failed(error, None, Some(created)),
        WordError::NotPossible(why) => not_possible(step, why.to_string()),
        WordError::NotFound => Problem::refused(format!(
            "what step {step} was to make is not found in aws"
        ))
        .code("not_found")
        .hint("make it first; where aws can't tell, say what the step would have made known: --output JSON"),
        WordError::Otherwise { found } => Problem::refused(format!(
            "what is found in aws of step {step} is not what --output says"
        ))
        .code("found_otherwise")
        .hint(format!("leave --output out to take what is found: {found}")),
        WordError::Output(why) => {
            let mut problem =
                Problem::usage(format!("--output is not what step {step} makes known"));
            problem.causes = vec![why];
            problem
        }
        WordError::Check(fault) => {
            Problem::from_fault(format!("step {step} could not be checked in aws"), &fault)
        }
    }
}
