//! Taking up a run again: its account, its locks, its graph.

use stepwell_engine::event::{EventBody, RunCreated};
use stepwell_engine::{Event, Graph};
use stepwell_state::{Access, Lock, RunRow, RunStatus, Store};
use stepwell_workflows::{Aws, RebuildError, Workflow, aurora, rebuild};

use super::{Backend, Connection, find, locks, store, survey};
use crate::Context;
use crate::account::AccountRecord;
use crate::clock::Pace;
use crate::problem::Problem;

/// A run that is about to be taken up.
pub struct Found {
    /// The state file.
    pub state: Store,
    /// The run.
    pub row: RunRow,
    /// The account it recorded.
    pub account: AccountRecord,
    /// Which AWS that is.
    pub backend: Backend,
}

/// Finds a run and the account it belongs to.
pub fn find(context: &Context, run: &str) -> Result<Found, Problem> {
    let settings = &context.settings;
    let state = store::open(settings, Access::ReadWrite)?;
    let row = store::find(&state, run)?;
    let account = AccountRecord::read(&row.account)?;
    let backend = Backend::of_record(&account, settings)?;
    Ok(Found {
        state,
        row,
        account,
        backend,
    })
}

/// A run whose locks are held.
pub struct Taken {
    /// Where it stands, now that nobody else is at work on it.
    pub status: RunStatus,
    /// What it started from.
    pub created: RunCreated,
    /// What has happened so far.
    pub events: Vec<Event>,
    /// Its graph, built again.
    pub graph: Graph<Aws>,
    _locks: (Lock, Lock),
}

impl Found {
    /// The context in which the run is gone on with: in real time where it
    /// works with programs of the machine.
    pub fn context(&self, context: &Context) -> Context {
        let mut context = context.clone();
        if Workflow::from_name(&self.row.workflow).is_some_and(Workflow::needs_real_time) {
            context.settings = context.settings.in_real_time();
        }
        context
    }

    /// How fast time passes where the run belongs.
    pub fn pace(&self, context: &Context) -> Pace {
        self.backend.pace(&context.settings)
    }

    /// Takes the locks, reads the history and builds the graph again.
    pub fn take(&self, context: &Context, connection: &Connection) -> Result<Taken, Problem> {
        let now = connection.clock.now();
        let run = locks::run(context, &self.state, self.row.id, now);
        // Whoever carries the run holds both; the run is what a person asked for.
        let run = run?;
        let target = locks::target(context, &self.state, &self.account, &self.row.target, now)?;
        // The target's lock is held, so nobody is at work on any other of its runs.
        let dead = find::dead(&self.state, &self.account, Some(&self.row.target))?;
        connection.aws.bury(dead);
        // Whoever held them before may have brought it to its end.
        let status = store::find(&self.state, &self.row.id.to_string())?.status;
        let events = store::whole(&self.state, self.row.id)?;
        let Some(EventBody::RunCreated(created)) = events.first().map(|event| &event.body) else {
            return Err(Problem::error("the run's history has no beginning"));
        };
        let created = created.as_ref().clone();
        let graph = rebuild(&created.workflow, &created.parameters)
            .map_err(|error| unbuildable(&error, &created))?;
        Ok(Taken {
            status,
            created,
            events,
            graph,
            _locks: (run, target),
        })
    }

    /// Makes sure that this is the account that the run belongs to.
    pub async fn verify(&self, connection: &Connection) -> Result<(), Problem> {
        let current = connection.account(region(&self.row.target)).await?;
        self.account.must_be(&current)
    }
}

impl Taken {
    /// Refuses to go on while another run is at work on the same cluster.
    pub async fn refuse_alive(
        &self,
        context: &Context,
        connection: &Connection,
    ) -> Result<(), Problem> {
        let parameters = &self.created.parameters;
        let run = self.events.first().map(|event| event.run);
        let (Some(region), Some(cluster)) = (
            parameters["region"].as_str(),
            parameters["cluster"].as_str(),
        ) else {
            return Ok(());
        };
        aurora::refuse_alive(&connection.aws, region, cluster, run)
            .await
            .map_err(|error| survey::refused(context, "could not look around in aws", error))
    }
}

/// The region of a target: `aurora/<region>/<cluster>` and
/// `peering/<region>/<cluster>/<vpc>`.
pub fn region(target: &str) -> &str {
    target.split('/').nth(1).unwrap_or("us-east-1")
}

fn unbuildable(error: &RebuildError, created: &RunCreated) -> Problem {
    Problem::error("the run's steps can't be built again")
        .code("graph_changed")
        .because(error)
        .hint(format!(
            "go on with the version that started it: {}",
            created.by.version
        ))
}
