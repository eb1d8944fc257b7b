//! `stepwell aurora endpoint`.

use clap::Args;
use serde::Serialize;
use stepwell_workflows::aurora::Endpoint;

use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::{Backend, serving};
use crate::settings::place::ClusterArguments;
use crate::settings::place::Place;
use crate::{Context, runtime};

/// `stepwell aurora endpoint`.
#[derive(Debug, Clone, Args)]
pub struct EndpointArguments {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// Print the reader endpoint, not the writer's
    #[arg(long)]
    pub reader: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    cluster: &'a str,
    region: &'a str,
    endpoint: &'a str,
    #[serde(flatten)]
    found: &'a Endpoint,
}

/// Prints the address of a cluster, if it serves.
pub fn run(context: &Context, arguments: &EndpointArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let place = Place::resolve(&arguments.cluster, &context.environment)?;
    let backend = Backend::of(settings)?;
    let found = runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        serving::find(context, &connection, &place).await
    })?;
    let host = serving::host(&found, &place, arguments.reader)?;
    if context.printer.output.is_json() {
        context.printer.document(&Document {
            schema: crate::SCHEMA,
            cluster: &place.cluster,
            region: &place.region,
            endpoint: host,
            found: &found,
        })?;
    } else {
        context.printer.line(host)?;
    }
    Ok(Exit::Success)
}
