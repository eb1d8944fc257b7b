//! The one way from a command line to a new run.

use serde::Serialize;
use stepwell_engine::event::RunCreated;
use stepwell_engine::{Begun, Graph, GraphError, RunId, TargetLock};
use stepwell_state::Access;
use stepwell_workflows::{Secret, Target, Workflow};

use super::targets::Targets;
use super::{Backend, Connection, Session, confirm, rosa, store};
use crate::carry::{Carried, carry};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{self, outcome};
use crate::settings::workflow::WorkflowSettings;
use crate::{Context, runtime};

/// How a command connects.
#[derive(Default)]
pub(crate) struct Connecting<'a> {
    /// A password that a person gave.
    pub password: Option<Secret>,
    /// The profile of ROSA's account, if that is another.
    pub profile: Option<&'a str>,
    /// Whether to go on where another host's run has given a sign of life.
    pub take_over: bool,
}

/// What has to be confirmed before a run begins.
pub(crate) struct Question {
    /// What is lost.
    pub what: String,
    /// The word that a person types.
    pub word: String,
}

/// A workflow as its command starts it: what differs between them.
pub(crate) trait Launch {
    /// What the survey finds; recorded with the run.
    type Parameters: Serialize;

    /// The workflow.
    const WORKFLOW: Workflow;

    /// Whether only a plan is asked for.
    fn plan(&self) -> bool;

    /// The region of what it works on. It may take a look to find out.
    async fn region(
        &mut self,
        context: &Context,
        connection: &Connection,
    ) -> Result<String, Problem>;

    /// How to connect. Asked once.
    fn connecting(&mut self) -> Connecting<'_>;

    /// What the run works on. It may take a look to find out.
    async fn target(&mut self, session: &Session) -> Result<Target, Problem>;

    /// Whether unfinished runs on the targets are given up; else they are in the
    /// way.
    fn supersedes(&self) -> bool {
        false
    }

    /// What to add to the refusal because of an unfinished run.
    fn in_the_way(&self, problem: Problem) -> Problem {
        problem
    }

    /// Looks at what is there and refuses what can't be done. Adds the targets
    /// that end with the run.
    async fn survey(
        &mut self,
        session: &Session,
        targets: &mut Targets,
    ) -> Result<Self::Parameters, Problem>;

    /// What to say where nothing is to be done.
    fn nothing_to_do(&self, found: &Self::Parameters) -> Option<String> {
        let _ = found;
        None
    }

    /// Says what was found.
    fn announce(&self, session: &Session, found: &Self::Parameters) {
        let _ = (session, found);
    }

    /// How it is carried out.
    fn settings(&self, found: &Self::Parameters) -> Result<WorkflowSettings, Problem>;

    /// Whether the run can be rolled back; else it only goes forward.
    fn reversible(found: &Self::Parameters) -> bool {
        let _ = found;
        Self::WORKFLOW.reversible()
    }

    /// The graph, which follows from the parameters alone.
    fn graph(found: &Self::Parameters) -> Result<Graph, GraphError>;

    /// What has to be confirmed.
    fn question(&self, found: &Self::Parameters) -> Option<Question> {
        let _ = found;
        None
    }
}

/// Opens, connects, locks, surveys, and then plans, or starts a run and carries
/// it to its end.
pub(crate) fn launch(context: &Context, workflow: &mut impl Launch) -> Result<Exit, Problem> {
    let (settings, plan) = (&context.settings, workflow.plan());
    let backend = Backend::of(settings)?;
    let access = match plan {
        true => Access::ReadOnly,
        false => Access::ReadWrite,
    };
    let state = store::open(settings, access)?;
    runtime::block_on(backend.pace(settings), async {
        let Connecting {
            password,
            profile,
            take_over,
        } = workflow.connecting();
        let connection = backend.connect(settings, password).await?;
        let connection = rosa::connect(context, &backend, connection, profile).await?;
        let connection = connection.taking_over(take_over);
        let region = workflow.region(context, &connection).await?;
        let account = connection.account(&region).await?;
        let session = Session {
            context: context.clone(),
            state,
            backend,
            connection,
            account,
        };
        launch_in(&session, workflow, &region, plan).await
    })
}

async fn launch_in<L: Launch>(
    session: &Session,
    workflow: &mut L,
    region: &str,
    plan: bool,
) -> Result<Exit, Problem> {
    let context = &session.context;
    let target = workflow.target(session).await?;
    let mut targets = Targets::of(session, target.clone(), plan).await?;
    if !workflow.supersedes() {
        let refused = targets.refuse_unfinished(session);
        refused.map_err(|problem| workflow.in_the_way(problem))?;
    }
    session.forget_dead(Some(&target))?;
    let found = workflow.survey(session, &mut targets).await?;
    let settings = workflow.settings(&found)?;
    let unfinished = match workflow.supersedes() {
        true => targets.unfinished(session, None)?,
        false => Vec::new(),
    };
    let name = L::WORKFLOW.name();
    let nothing = workflow.nothing_to_do(&found);
    let end = |why: &str| outcome::nothing_to_do(&context.printer, name, &target.to_string(), why);
    if unfinished.is_empty()
        && let Some(why) = &nothing
    {
        return end(why);
    }
    workflow.announce(session, &found);
    let prepared = Prepared {
        reversible: L::reversible(&found),
        ..Prepared::new(L::WORKFLOW, &found, L::graph(&found))?
    };
    let Some(lock) = targets.locked(&target) else {
        return show_plan(session, settings, &target, &prepared).await;
    };
    if let Some(Question { what, word }) = workflow.question(&found) {
        confirm::confirm(context, &session.account, region, &what, &word)?;
    }
    let reason = format!("{name} of {target}");
    targets.abandon(session, &unfinished, &reason).await?;
    if let Some(why) = &nothing {
        return end(why);
    }
    start(session, lock, settings, prepared).await
}

/// A workflow that is ready to be started.
pub(crate) struct Prepared {
    workflow: Workflow,
    reversible: bool,
    parameters: serde_json::Value,
    graph: Graph,
}

impl Prepared {
    /// A workflow with its parameters as they are recorded.
    pub(crate) fn new(
        workflow: Workflow,
        parameters: &impl Serialize,
        graph: Result<Graph, GraphError>,
    ) -> Result<Self, Problem> {
        let unusable = || format!("the graph of {} can't be built", workflow.name());
        Ok(Self {
            workflow,
            reversible: workflow.reversible(),
            parameters: serde_json::to_value(parameters)
                .map_err(|error| Problem::error(unusable()).because(&error))?,
            graph: graph.map_err(|error| Problem::error(unusable()).because(&error))?,
        })
    }
}

/// Shows what would be done.
async fn show_plan(
    session: &Session,
    how: WorkflowSettings,
    target: &Target,
    prepared: &Prepared,
) -> Result<Exit, Problem> {
    let what = "could not find out what would be done";
    let steps = session.runner().plan(&prepared.graph).await;
    let steps = steps.map_err(|error| Problem::error(what).because(&error))?;
    if let Some(fault) = steps.iter().find_map(|step| step.fault.as_ref()) {
        return Err(Problem::from_fault(what, fault));
    }
    report::plan::print(
        &session.context.printer,
        prepared.workflow.name(),
        &target.to_string(),
        &prepared.parameters,
        &steps,
    )?;
    Ok(
        match how.detailed_exitcode && report::plan::has_changes(&steps) {
            true => Exit::ChangesPending,
            false => Exit::Success,
        },
    )
}

/// Gives a workflow a run of its own on a target.
pub(crate) async fn begin(
    session: &Session,
    on: &TargetLock,
    how: WorkflowSettings,
    prepared: Prepared,
) -> Result<(Begun, Graph), Problem> {
    let Prepared {
        workflow,
        reversible,
        parameters,
        graph,
    } = prepared;
    let created = RunCreated {
        reversible,
        on_failure: how.on_failure,
        parallel: how.parallel,
        steps: graph.records().clone(),
        output: graph.output().cloned(),
        ..RunCreated::new(workflow.name(), on.target(), parameters)
    };
    let run: RunId = session.connection.new_run();
    let begun = session.runner().begin(run, on, created).await;
    Ok((begun.map_err(|error| session.problem(error))?, graph))
}

/// Starts a run and carries it to its end.
async fn start(
    session: &Session,
    on: &TargetLock,
    how: WorkflowSettings,
    prepared: Prepared,
) -> Result<Exit, Problem> {
    let (begun, graph) = begin(session, on, how, prepared).await?;
    let created = begun.created().clone();
    let carried = Carried {
        run: begun.run(),
        created: &created,
        history: &[],
        asked_back: false,
    };
    carry(session, carried, async |runner| {
        begun.carry(&runner, &graph).await
    })
    .await
}
