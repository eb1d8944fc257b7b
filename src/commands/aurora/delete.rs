//! `stepwell aurora delete`.

use clap::Args;
use stepwell_engine::{Graph, GraphError};
use stepwell_workflows::aurora::{self, DeleteOptions, DeleteParameters, DeleteRequest};
use stepwell_workflows::{Target, Workflow};

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::launch::{Connecting, Launch, Question, launch};
use crate::session::targets::Targets;
use crate::session::{Connection, Session, deletion, rosa};
use crate::settings::input;
use crate::settings::place::ClusterArguments;
use crate::settings::place::Place;
use crate::settings::workflow::WorkflowSettings;
use crate::settings::workflow::{Policy, TakeOverArguments, WorkflowArguments};

/// `stepwell aurora delete`.
#[derive(Debug, Clone, Args)]
pub struct DeleteArguments {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// Keep the data in a snapshot of this name
    #[arg(long, value_name = "NAME", conflicts_with = "skip_final_snapshot")]
    pub final_snapshot: Option<String>,

    /// Keep nothing of the data
    #[arg(long)]
    pub skip_final_snapshot: bool,

    /// Remove the cluster's peerings first, with their routes on both sides; without this, a
    /// cluster that is peered is refused
    #[arg(long)]
    pub with_peerings: bool,

    /// The AWS profile of the account in which ROSA lives [default: the same as for Aurora]
    #[arg(long, value_name = "PROFILE", requires = "with_peerings")]
    pub rosa_profile: Option<String>,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,

    /// Whether another run may be overridden.
    #[command(flatten)]
    pub take_over: TakeOverArguments,

    /// What to do when a step fails for good: a deletion only goes forward, so it is suspended
    #[arg(long, value_enum, value_name = "POLICY", hide_possible_values = true)]
    pub on_failure: Option<Policy>,
}

/// Deletes a cluster with everything that was made for it.
pub fn run(context: &Context, arguments: &DeleteArguments) -> Result<Exit, Problem> {
    if arguments.final_snapshot.is_none() && !arguments.skip_final_snapshot {
        return Err(Problem::usage(
            "it is not said what becomes of the data; allowed: --final-snapshot NAME or --skip-final-snapshot",
        ));
    }
    let place = Place::resolve(&arguments.cluster, &context.environment)?;
    let options = DeleteOptions {
        cluster: place.cluster,
        region: place.region,
        final_snapshot: arguments.final_snapshot.clone(),
    };
    let mut delete = Delete {
        arguments,
        request: options
            .validate()
            .map_err(|invalid| input::refuse(&invalid, &context.environment))?,
        how: WorkflowSettings::forward_only(&arguments.workflow, arguments.on_failure)?,
    };
    launch(context, &mut delete)
}

struct Delete<'a> {
    arguments: &'a DeleteArguments,
    request: DeleteRequest,
    how: WorkflowSettings,
}

impl Launch for Delete<'_> {
    type Parameters = DeleteParameters;
    const WORKFLOW: Workflow = Workflow::AuroraDelete;

    fn plan(&self) -> bool {
        self.how.plan
    }

    async fn region(&mut self, _: &Context, _: &Connection) -> Result<String, Problem> {
        Ok(self.request.region().to_owned())
    }

    fn connecting(&mut self) -> Connecting<'_> {
        Connecting {
            profile: self.arguments.rosa_profile.as_deref(),
            take_over: self.arguments.take_over.take_over,
            ..Connecting::default()
        }
    }

    async fn target(&mut self, _: &Session) -> Result<Target, Problem> {
        Ok(self.request.target())
    }

    fn supersedes(&self) -> bool {
        true
    }

    async fn survey(
        &mut self,
        session: &Session,
        targets: &mut Targets,
    ) -> Result<DeleteParameters, Problem> {
        if self.arguments.with_peerings {
            let (region, profile) = (
                self.request.region(),
                self.arguments.rosa_profile.as_deref(),
            );
            let (connection, account) = (&session.connection, &session.account);
            let accounts = rosa::accounts(connection, account, region, profile).await?;
            self.request = self.request.clone().with_peerings(accounts);
        }
        deletion::survey(session, &self.request, targets).await
    }

    fn nothing_to_do(&self, found: &DeleteParameters) -> Option<String> {
        found.is_empty().then(|| {
            format!(
                "nothing to delete: there is nothing of cluster {} in {}",
                found.cluster, found.region
            )
        })
    }

    fn announce(&self, session: &Session, found: &DeleteParameters) {
        let printer = &session.context.printer;
        let lines = found.lines();
        if lines.is_empty() {
            return;
        }
        printer.note(format!(
            "found of cluster {} in {}:",
            found.cluster, found.region
        ));
        for line in lines {
            printer.note(format!("  {line}"));
        }
        match (&found.final_snapshot, &self.arguments.final_snapshot) {
            (Some(name), _) => printer.note(format!("the data is kept in snapshot {name}")),
            (None, Some(name)) => printer.warn(format!(
                "there is no cluster of which snapshot {name} could be taken"
            )),
            (None, None) => printer.note("no snapshot is made: the data is lost"),
        }
    }

    fn settings(&self, _: &DeleteParameters) -> Result<WorkflowSettings, Problem> {
        Ok(self.how)
    }

    fn graph(found: &DeleteParameters) -> Result<Graph, GraphError> {
        aurora::delete_graph(found)
    }

    fn question(&self, found: &DeleteParameters) -> Option<Question> {
        Some(Question {
            what: format!("the deletion of cluster {}", found.cluster),
            word: found.cluster.clone(),
        })
    }
}
