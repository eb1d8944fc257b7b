//! `stepwell aurora list`.

use serde::Serialize;
use stepwell_workflows::aurora::{self, Listing};

use crate::arguments::aurora::ListArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::table;
use crate::session::Backend;
use crate::settings::place;
use crate::{Context, runtime};

/// Where AWS is asked which regions are enabled, if no region is named.
const HOME: &str = "us-east-1";

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    #[serde(flatten)]
    listing: &'a Listing,
}

/// Lists clusters.
pub fn run(context: &Context, arguments: &ListArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let named = place::region(arguments.region.as_ref(), &context.environment)?;
    let region = match (&named, arguments.all_regions) {
        (_, true) => None,
        (Some(region), false) => Some(region.as_str()),
        (None, false) => {
            return Err(Problem::usage(
                "the region is not named; allowed: --region REGION, AURORA_REGION, AWS_REGION, or --all-regions",
            ));
        }
    };
    let home = named.as_deref().unwrap_or(HOME);
    let backend = Backend::of(settings)?;
    let listing = runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        aurora::list(&connection.aws, region, home)
            .await
            .map_err(|fault| Problem::from_fault("could not list the clusters", &fault))
    })?;
    let printer = &context.printer;
    for skipped in &listing.skipped {
        printer.warn(format!(
            "region {} is left out: {}",
            skipped.region, skipped.fault
        ));
    }
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
