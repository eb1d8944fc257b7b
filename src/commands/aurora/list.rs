//! `stepwell aurora list`.

use clap::Args;
use serde::Serialize;
use stepwell_workflows::aurora::{self, Listing};

use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{skipped, table};
use crate::session::Backend;
use crate::settings::place::Scope;
use crate::{Context, runtime};

/// `stepwell aurora list`.
#[derive(Debug, Clone, Args)]
pub struct ListArguments {
    /// The region to look in [env: AURORA_REGION, else AWS_REGION]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,

    /// Look in every enabled region
    #[arg(long)]
    pub all_regions: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    #[serde(flatten)]
    listing: &'a Listing,
}

/// Lists clusters.
pub fn run(context: &Context, arguments: &ListArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let scope = Scope::resolve(
        arguments.region.as_ref(),
        arguments.all_regions,
        &context.environment,
    )?;
    let (region, home) = (scope.region.as_deref(), scope.home.as_str());
    let backend = Backend::of(settings)?;
    let listing = runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        aurora::list(&connection.aws, region, home)
            .await
            .map_err(|fault| Problem::from_fault("could not list the clusters", &fault))
    })?;
    let printer = &context.printer;
    skipped::warn(printer, &listing.skipped);
    if printer.output.is_json() {
        printer.document(&Document {
            schema: crate::SCHEMA,
            listing: &listing,
        })?;
        return Ok(Exit::Success);
    }
    if listing.clusters.is_empty() {
        printer.note("no clusters");
        return Ok(Exit::Success);
    }
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let rows: Vec<Vec<String>> = (listing.clusters.iter())
        .map(|found| {
            vec![
                found.cluster.clone(),
                found.region.clone(),
                found.status.clone(),
                found.instances.len().to_string(),
                or_dash(&found.engine_version),
                found.made_by.to_owned(),
                or_dash(&found.endpoint),
            ]
        })
        .collect();
    let header = [
        "CLUSTER",
        "REGION",
        "STATUS",
        "INSTANCES",
        "VERSION",
        "MADE BY",
        "ENDPOINT",
    ];
    for line in table::columns(&header, &rows) {
        printer.line(line)?;
    }
    Ok(Exit::Success)
}
