//! `stepwell peering list`.

use clap::Args;
use serde::Serialize;
use stepwell_workflows::peering::{self, PeeringListing, PeeringSummary};

use crate::environment::{self, Environment};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{skipped, table};
use crate::session::{Backend, rosa};
use crate::settings::place::{self, Scope};
use crate::{Context, runtime};

/// `stepwell peering list`.
#[derive(Debug, Clone, Args)]
pub struct ListArguments {
    /// Only those of this Aurora cluster [env: AURORA_CLUSTER]
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,

    /// The region to look in [env: AURORA_REGION, else AWS_REGION]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,

    /// Look in every enabled region
    #[arg(long)]
    pub all_regions: bool,

    /// The AWS profile of the account in which ROSA lives [default: the same as for Aurora]
    #[arg(long, value_name = "PROFILE")]
    pub rosa_profile: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    #[serde(flatten)]
    listing: &'a PeeringListing,
}

/// Lists peerings.
pub fn run(context: &Context, arguments: &ListArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let scope = Scope::resolve(
        arguments.region.as_ref(),
        arguments.all_regions,
        &context.environment,
    )?;
    let (region, home) = (scope.region.as_deref(), scope.home.as_str());
    let cluster = cluster(arguments.cluster.as_ref(), &context.environment)?;
    let profile = arguments.rosa_profile.as_deref();
    let backend = Backend::of(settings)?;
    let listing = runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        let connection = rosa::connect(context, &backend, connection, profile).await?;
        let account = connection.account(home).await?;
        let accounts = rosa::accounts(&connection, &account, home, profile).await?;
        peering::list(&connection.aws, &accounts, region, home, cluster.as_deref())
            .await
            .map_err(|fault| Problem::from_fault("could not list the peerings", &fault))
    })?;
    let printer = &context.printer;
    skipped::warn(printer, &listing.skipped);
    for peering in &listing.peerings {
        if let Some(why) = &peering.unreachable {
            printer.warn(format!("one side of {} can't be seen: {why}", peering.id));
        }
    }
    if printer.output.is_json() {
        printer.document(&Document {
            schema: crate::SCHEMA,
            listing: &listing,
        })?;
        return Ok(Exit::Success);
    }
    if listing.peerings.is_empty() {
        printer.note("no peerings");
        return Ok(Exit::Success);
    }
    let rows: Vec<Vec<String>> = listing.peerings.iter().map(row).collect();
    let header = [
        "CLUSTER",
        "REGION",
        "PEERING",
        "STATE",
        "ROSA VPC",
        "ROSA REGION",
        "ROSA STATE",
        "ROUTES",
        "INGRESS",
    ];
    for line in table::columns(&header, &rows) {
        printer.line(line)?;
    }
    for peering in &listing.peerings {
        for (what, routes) in [
            ("missing", &peering.missing_routes),
            ("stale", &peering.stale_routes),
        ] {
            for route in routes {
                printer.note(format!(
                    "{}: {what} route for {} in {} on {}'s side",
                    peering.id, route.destination, route.table, route.side
                ));
            }
        }
    }
    Ok(Exit::Success)
}

fn row(peering: &PeeringSummary) -> Vec<String> {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mut routes = Vec::new();
    for (what, count) in [
        ("missing", peering.missing_routes.len()),
        ("stale", peering.stale_routes.len()),
    ] {
        if count > 0 {
            routes.push(format!("{count} {what}"));
        }
    }
    vec![
        peering.cluster.clone(),
        peering.region.clone(),
        peering.id.clone(),
        or_dash(&peering.state),
        peering.rosa_vpc_id.clone(),
        peering.rosa_region.clone(),
        or_dash(&peering.rosa_state),
        if routes.is_empty() {
            "ok".to_owned()
        } else {
            routes.join(" ")
        },
        match peering.ingress_open {
            Some(true) => "open".to_owned(),
            Some(false) => "missing".to_owned(),
            None => "-".to_owned(),
        },
    ]
}

/// The cluster that a list is about, if one is named.
fn cluster(flag: Option<&String>, environment: &Environment) -> Result<Option<String>, Problem> {
    Ok(place::input(flag, environment, &[environment::AURORA_CLUSTER]).map(|given| given.value))
}
