//! `stepwell peering delete`.

use stepwell_state::Access;
use stepwell_workflows::peering::{
    self, DeleteOptions, DeleteParameters, DeleteRequest, PeeringInventory, RosaPlace,
};
use stepwell_workflows::{SurveyError, Workflow};

use crate::arguments::peering::DeleteArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::session::confirm::confirm;
use crate::session::start::{self, Prepared};
use crate::session::targets::Targets;
use crate::session::{Backend, Connection, rosa, store, survey};
use crate::settings::create;
use crate::settings::peering::Chosen;
use crate::settings::rosa::RosaSettings;
use crate::settings::workflow::WorkflowSettings;
use crate::{Context, runtime};

/// Removes peerings with their routes and ingress rules.
pub fn run(context: &Context, arguments: &DeleteArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let chosen = Chosen::resolve(arguments, &context.environment)?;
    let how = WorkflowSettings::forward_only(&arguments.workflow, arguments.on_failure)?;
    let backend = Backend::of(settings)?;
    let access = if how.plan {
        Access::ReadOnly
    } else {
        Access::ReadWrite
    };
    let state = store::open(settings, access)?;
    runtime::block_on(backend.pace(settings), async {
        let profile = arguments.rosa.rosa_profile.as_deref();
        let connection = backend.connect(settings, None).await?;
        let connection = rosa::connect(context, &backend, connection, profile).await?;
        let request = request(context, &connection, &chosen).await?;
        let region = request.region();
        let account = connection.account(region).await?;
        let accounts = rosa::accounts(&backend, &connection, &account, region, profile).await?;
        let look = async || {
            peering::survey_delete(&connection.aws, &request, &accounts)
                .await
                .map_err(|error| survey::refused(context, "could not read what is in aws", error))
        };
        // What is found says what has to be locked; what counts is what is
        // found under the locks.
        let mut parameters = look().await?;
        let mut targets = Targets::new(&account, targets(&parameters));
        if let Some(form) = form(&chosen, &parameters) {
            targets.add_unfinished(&state, &form)?;
        }
        if !how.plan {
            targets.lock(context, &state, &connection).await?;
            parameters = look().await?;
            targets.must_cover(&self::targets(&parameters))?;
        }
        if !parameters.skipped.is_empty() {
            // What was not found may be where nothing could be asked.
            targets.narrow_to(&self::targets(&parameters));
        }
        for region in &parameters.skipped {
            context
                .printer
                .warn(format!("not looked for peerings in {region}"));
        }
        let unfinished = targets.unfinished(context, &state, None)?;
        if parameters.peerings.is_empty() && unfinished.is_empty() {
            return nothing(context, &parameters, &chosen.name());
        }
        if !parameters.peerings.is_empty() {
            context.printer.note("found:");
        }
        for line in parameters.peerings.iter().flat_map(PeeringInventory::lines) {
            context.printer.note(format!("  {line}"));
        }
        let target = parameters.target.clone();
        let graph = peering::delete_graph(&parameters);
        let prepared = Prepared::new(Workflow::PeeringDelete, target, &parameters, graph)?;
        if how.plan {
            return start::show_plan(context, &connection, &how, &prepared).await;
        }
        let what = match parameters.peerings.len() {
            1 => format!("the removal of the peering of {}", chosen.name()),
            count => format!("the removal of {count} peerings of {}", chosen.name()),
        };
        confirm(context, &account, region, &what, &chosen.name())?;
        let reason = format!(
            "{} of {}",
            Workflow::PeeringDelete.name(),
            parameters.target
        );
        targets
            .abandon(context, &state, &connection, &unfinished, &reason)
            .await?;
        if parameters.peerings.is_empty() {
            return nothing(context, &parameters, &chosen.name());
        }
        start::start(context, &state, &connection, &account, &how, prepared).await
    })
}

/// Everything that a run on these parameters works on.
fn targets(parameters: &DeleteParameters) -> Vec<String> {
    let mut targets = vec![parameters.target.clone()];
    targets.extend(parameters.peerings.iter().map(PeeringInventory::target));
    targets
}

/// The form of all targets that are meant, where it is not just one: what was
/// begun on one of them and has left no peering ends with the others.
fn form(chosen: &Chosen, parameters: &DeleteParameters) -> Option<String> {
    match chosen {
        Chosen::One(_, Some(_)) => None,
        Chosen::One(place, None) | Chosen::OfCluster(place) => {
            Some(peering::target(&place.region, &place.cluster, "*"))
        }
        // Its target names ROSA's region, those of its peerings Aurora's.
        Chosen::OfRosa(_) => {
            let vpc = parameters.target.rsplit('/').next()?;
            Some(peering::target("*", "*", vpc))
        }
    }
}

/// What is asked for, once it is known where ROSA is.
async fn request(
    context: &Context,
    connection: &Connection,
    chosen: &Chosen,
) -> Result<DeleteRequest, Problem> {
    let options = match chosen {
        Chosen::One(place, sought) => DeleteOptions::One {
            cluster: place.cluster.clone(),
            region: place.region.clone(),
            rosa: match sought {
                Some(sought) => Some(rosa_place(context, connection, sought).await?),
                None => None,
            },
        },
        Chosen::OfCluster(place) => DeleteOptions::OfCluster {
            cluster: place.cluster.clone(),
            region: place.region.clone(),
        },
        Chosen::OfRosa(sought) => {
            DeleteOptions::OfRosa(rosa_place(context, connection, sought).await?)
        }
    };
    options
        .validate()
        .map_err(|invalid| create::refuse(&invalid, &context.environment))
}

/// Where ROSA is, or was: a VPC that is named need not be there any more.
async fn rosa_place(
    context: &Context,
    connection: &Connection,
    sought: &RosaSettings,
) -> Result<RosaPlace, Problem> {
    if let (Some(vpc), Some(region)) = (sought.request.vpc(), sought.request.region()) {
        return Ok(RosaPlace {
            region: region.to_owned(),
            vpc_id: vpc.to_owned(),
            machine_cidr: sought.request.machine_cidr(),
        });
    }
    let request = sought.request.clone().in_any_state();
    let network = rosa::find(context, connection, sought, &request)
        .await
        .map_err(|error| {
            let gone = "if the rosa cluster is gone, name its network with --rosa-vpc, or leave --rosa-cluster and CLUSTER_NAME out: the peering itself knows where it was";
            let is_about_inputs = !matches!(error, SurveyError::Fault(_));
            let problem = survey::refused(context, "could not look up the rosa cluster", error);
            match (&problem.hint, is_about_inputs) {
                (Some(hint), true) => {
                    let hint = format!("{hint}; {gone}");
                    problem.hint(hint)
                }
                _ => problem.hint(gone),
            }
        })?;
    Ok(RosaPlace {
        region: network.region,
        vpc_id: network.vpc_id,
        machine_cidr: Some(network.machine_cidr),
    })
}

fn nothing(context: &Context, parameters: &DeleteParameters, name: &str) -> Result<Exit, Problem> {
    outcome::nothing_to_do(
        &context.printer,
        Workflow::PeeringDelete.name(),
        &parameters.target,
        &format!("nothing to delete: {name} has no peering, and none has left a route behind"),
    )
}
