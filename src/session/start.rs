//! Starting a run.

use serde::Serialize;
use stepwell_engine::event::RunCreated;
use stepwell_engine::{Graph, RunId};
use stepwell_state::{Lock, Store};
use stepwell_workflows::Workflow;

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
    pub graph: Graph,
}

impl Prepared {
    /// A workflow with its parameters as they are recorded.
    pub fn new(
        workflow: Workflow,
        target: String,
        parameters: &impl Serialize,
        graph: Result<Graph, stepwell_engine::GraphError>,
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
    let what = "could not find out what would be done";
    let steps = connection.planner().of_start(run, &prepared.graph).await;
    let steps = steps.map_err(|error| Problem::error(what).because(&error))?;
    if let Some(fault) = steps.iter().find_map(|step| step.fault.as_ref()) {
        return Err(Problem::from_fault(what, fault));
    }
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
    pub graph: Graph,
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
        account: account.to_value(),
        reversible: prepared.workflow.reverses(&prepared.parameters),
        on_failure: how.on_failure,
        parallel: how.parallel,
        by: context.actor.clone(),
        steps: prepared.graph.records().clone(),
        output: prepared.graph.output().cloned(),
        ..RunCreated::new(
            prepared.workflow.name(),
            prepared.target,
            prepared.parameters,
        )
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
        (executor.start(begun.run, begun.created.clone(), &begun.graph)).await
    })
    .await
}
