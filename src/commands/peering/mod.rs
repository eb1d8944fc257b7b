//! `stepwell peering …`.

pub mod create;
pub mod delete;
pub mod list;
pub mod verify;

use clap::Subcommand;

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::settings::place::ClusterArguments;
use crate::settings::rosa::RosaArguments;
use crate::settings::times::TimeArguments;
use create::CreateArguments;
use delete::DeleteArguments;
use list::ListArguments;
use verify::VerifyArguments;

/// `stepwell peering …`.
#[derive(Debug, Subcommand)]
pub enum PeeringCommand {
    /// Let the machines of a ROSA cluster reach an Aurora cluster
    Create(Box<CreateArguments>),
    /// Prove that a pod in the ROSA cluster reaches the database, or say what is at fault
    Verify(Box<VerifyArguments>),
    /// List the peerings of Aurora clusters, and what each lacks
    List(ListArguments),
    /// Remove peerings with their routes and ingress rules
    Delete(Box<DeleteArguments>),
}

impl PeeringCommand {
    /// Does what was asked for.
    pub fn run(&self, context: &Context) -> Result<Exit, Problem> {
        match self {
            Self::Create(arguments) => create::run(context, arguments),
            Self::Verify(arguments) => verify::run(context, arguments),
            Self::List(arguments) => list::run(context, arguments),
            Self::Delete(arguments) => delete::run(context, arguments),
        }
    }

    /// How long it may take, where it starts a run.
    pub fn times(&self) -> Option<&TimeArguments> {
        match self {
            Self::Create(arguments) => Some(&arguments.workflow.times),
            Self::Delete(arguments) => Some(&arguments.workflow.times),
            Self::Verify(_) | Self::List(_) => None,
        }
    }

    /// The clusters that it is about, where they are named.
    pub fn clusters(&self) -> Option<(&ClusterArguments, RosaArguments)> {
        match self {
            Self::Create(arguments) => Some((&arguments.cluster, arguments.rosa.clone())),
            Self::Delete(arguments) => Some((&arguments.cluster, arguments.rosa.clone())),
            Self::Verify(arguments) => {
                let rosa = RosaArguments {
                    rosa_vpc: arguments.rosa_vpc.clone(),
                    rosa_profile: arguments.rosa_profile.clone(),
                    ..RosaArguments::default()
                };
                Some((&arguments.cluster, rosa))
            }
            Self::List(_) => None,
        }
    }
}
