//! `stepwell aurora …`.

pub mod create;
pub mod delete;
pub mod endpoint;
pub mod list;
pub mod psql;
pub mod reap;
pub mod reset;
pub mod scale;

use clap::Subcommand;

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::settings::place::ClusterArguments;
use crate::settings::times::TimeArguments;
use create::CreateArguments;
use delete::DeleteArguments;
use endpoint::EndpointArguments;
use list::ListArguments;
use psql::PsqlArguments;
use reap::ReapArguments;
use reset::ResetArguments;
use scale::ScaleArguments;

/// `stepwell aurora …`.
#[derive(Debug, Subcommand)]
pub enum AuroraCommand {
    /// Create a cluster with everything it needs
    Create(Box<CreateArguments>),
    /// Print the address of a cluster that serves
    Endpoint(EndpointArguments),
    /// List clusters
    List(ListArguments),
    /// Add readers to a cluster, or take some away
    #[command(long_about = "Add readers to a cluster, or take some away.\n\n\
                      Added ones get the writer's class and go to the zones with the fewest instances; a \
                      failure takes them away again. Of the readers, those with the highest numbers are \
                      taken away first and what autoscaling made last; the writer stays.")]
    Scale(ScaleArguments),
    /// Delete a cluster with everything that was made for it
    Delete(DeleteArguments),
    /// Look into the database with psql, from a pod in Kubernetes
    Psql(Box<PsqlArguments>),
    /// Empty the schema of Keycloak and restart Keycloak in all data centres
    Reset(Box<ResetArguments>),
    /// Delete every cluster that is not tagged `keepalive`, and what is left of others
    #[command(
        long_about = "Delete every cluster that is not tagged `keepalive`, and what is left of others.\n\n\
                      Lists what would go, and deletes it only with --yes, without a snapshot: the data \
                      is lost. Finds clusters of this tool and of the shell scripts by their tags, in \
                      every enabled region; what has neither's tags is left alone."
    )]
    Reap(ReapArguments),
}

impl AuroraCommand {
    /// Does what was asked for.
    pub fn run(&self, context: &Context) -> Result<Exit, Problem> {
        match self {
            Self::Create(arguments) => create::run(context, arguments),
            Self::Endpoint(arguments) => endpoint::run(context, arguments),
            Self::List(arguments) => list::run(context, arguments),
            Self::Scale(arguments) => scale::run(context, arguments),
            Self::Delete(arguments) => delete::run(context, arguments),
            Self::Psql(arguments) => psql::run(context, arguments),
            Self::Reset(arguments) => reset::run(context, arguments),
            Self::Reap(arguments) => reap::run(context, arguments),
        }
    }

    /// How long it may take, where it starts a run.
    pub fn times(&self) -> Option<&TimeArguments> {
        let workflow = match self {
            Self::Create(arguments) => &arguments.workflow,
            Self::Scale(arguments) => &arguments.workflow,
            Self::Delete(arguments) => &arguments.workflow,
            Self::Reset(arguments) => &arguments.workflow,
            Self::Reap(arguments) => &arguments.workflow,
            Self::Endpoint(_) | Self::List(_) | Self::Psql(_) => return None,
        };
        Some(&workflow.times)
    }

    /// The cluster that it is about, where that is one.
    pub fn cluster(&self) -> Option<&ClusterArguments> {
        Some(match self {
            Self::Create(arguments) => &arguments.cluster,
            Self::Endpoint(arguments) => &arguments.cluster,
            Self::Scale(arguments) => &arguments.cluster,
            Self::Delete(arguments) => &arguments.cluster,
            Self::Psql(arguments) => &arguments.cluster,
            Self::Reset(arguments) => &arguments.cluster,
            Self::List(_) | Self::Reap(_) => return None,
        })
    }
}
