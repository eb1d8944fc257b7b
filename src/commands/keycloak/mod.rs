//! `stepwell keycloak …`.

pub mod env;

use clap::Subcommand;

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use env::EnvArguments;

/// `stepwell keycloak …`.
#[derive(Debug, Subcommand)]
pub enum KeycloakCommand {
    /// Print what Keycloak needs to reach the database of a cluster that serves
    Env(EnvArguments),
}

impl KeycloakCommand {
    /// Does what was asked for.
    pub fn run(&self, context: &Context) -> Result<Exit, Problem> {
        match self {
            Self::Env(arguments) => env::run(context, arguments),
        }
    }
}
