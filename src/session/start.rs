//! Starting a run.

use serde::Serialize;
use stepwell_engine::event::RunCreated;
use stepwell_engine::{Graph, RunId, plan};
use stepwell_state::{Lock, Store};
use stepwell_workflows::{Aws, DOUBTS, Workflow};

use super::carry::{Carried, carry};
use super::{Connection, locks};
use crate::Context;
use crate::account::AccountRecord;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report;
use crate::settings::workflow::WorkflowSettings;

/// A workflow that is ready to be started.
pub struct Prepared {
    /// Which.
    pub workflow: Workflow,
    /// What it works on.
    pub target: String,
    /// Its parameters.
    pub parameters: serde_json::Value,
    /// Its graph.
    pub graph: Graph<Aws>,
}

impl Prepared {
    /// A workflow with its parameters as they are recorded.
    pub fn new(
        workflow: Workflow,
        target: String,
        parameters: &impl Serialize,
        graph: Result<Graph<Aws>, stepwell_engine::GraphError>,
    ) -> Result<Self, Problem> {
        let unusable = || format!("the graph of {} can't be built", workflow.name());
        Ok(Self {
            workflow,
            target,
            parameters: serde_json::to_value(parameters)
                .map_err(|error| Problem::error(unusable()).because(&error))?,
            graph: graph.map_err(|error| Problem::error(unusable()).because(&error))?,
        })
    }
}

/// Shows what would be done.
pub async fn show_plan(
    context: &Context,
    connection: &Connection,
    how: &WorkflowSettings,
    prepared: &Prepared,
) -> Result<Exit, Problem> {
    let run = RunId::new(connection.clock.now());
    let steps = plan(
        &prepared.graph,
        run,
        connection.aws.clone(),
        connection.clock.clone(),
        &DOUBTS,
    )
    .await
    .map_err(|fault| Problem::from_fault("could not find out what would be done", &fault))?;
    report::plan::print(
        &context.printer,
        prepared.workflow.name(),
        &prepared.target,
        &prepared.parameters,
        &steps,
    )?;
    Ok(
        if how.detailed_exitcode && report::plan::has_changes(&steps) {
            Exit::ChangesPending
        } else {
            Exit::Success
        },
    )
}

/// A run that is about to be started; its own lock is held.
pub struct Begun {
    /// The run.
    pub run: RunId,
    /// What it starts from.
    pub created: RunCreated,
    /// Its graph.
    pub graph: Graph<Aws>,
    _lock: Lock,
}

/// Gives a workflow a run of its own. The lock of its target must be held.
pub async fn begin(
    context: &Context,
    state: &Store,
    connection: &Connection,
    account: &AccountRecord,
    how: &WorkflowSettings,
    prepared: Prepared,
) -> Result<Begun, Problem> {
    let run = connection.new_run();
    let lock = locks::run(context, state, run, connection.clock.as_ref()).await?;
    let created = RunCreated {
        workflow: prepared.workflow.name().to_owned(),
        target: prepared.target,
        account: account.to_value(),
        reversible: prepared.workflow.reverses(&prepared.parameters),
        parameters: prepared.parameters,
        fingerprint: prepared.graph.fingerprint().to_owned(),
        on_failure: how.on_failure,
        parallel: how.parallel,
        by: context.actor.clone(),
        steps: prepared.graph.records().to_vec(),
        output: prepared.graph.output().cloned(),
    };
    Ok(Begun {
        run,
        created,
        graph: prepared.graph,
        _lock: lock,
    })
}

/// Starts a run and carries it through. The lock of its target must be held.
pub async fn start(
    context: &Context,
    state: &Store,
    connection: &Connection,
    account: &AccountRecord,
    how: &WorkflowSettings,
    prepared: Prepared,
) -> Result<Exit, Problem> {
    let begun = begin(context, state, connection, account, how, prepared).await?;
    let carried = Carried {
        run: begun.run,
        created: &begun.created,
        history: &[],
        asked_back: false,
    };
    carry(context, state, connection, carried, async |executor| {
        let (created, aws) = (begun.created.clone(), connection.aws.clone());
        executor.start(begun.run, created, &begun.graph, aws).await
    })
    .await
}
