//! `stepwell peering create`.

use stepwell_state::Access;
use stepwell_workflows::{Workflow, peering};

use super::verify;
use crate::arguments::peering::CreateArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::start::{self, Prepared};
use crate::session::{Backend, find, locks, rosa, store, survey};
use crate::settings::place::Place;
use crate::settings::rosa::RosaSettings;
use crate::settings::workflow::WorkflowSettings;
use crate::settings::{kubernetes, peering as settings_of};
use crate::{Context, runtime};

/// Lets the machines of a ROSA cluster reach an Aurora cluster.
pub fn run(context: &Context, arguments: &CreateArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let request = settings_of::create(arguments, &context.environment)?;
    let sought = RosaSettings::resolve(&arguments.rosa, &context.environment)?;
    let how = WorkflowSettings::reversible(&arguments.workflow, arguments.on_failure)?;
    let verification = if arguments.verify {
        let place = Place::resolve(&arguments.cluster, &context.environment)?;
        let probe = kubernetes::verify(&arguments.probe, &place, None, &context.environment)?;
        if !how.plan {
            verify::survey(context, &probe)?;
        }
        Some((place, probe))
    } else {
        kubernetes::refuse_idle(&arguments.probe)?;
        None
    };
    let backend = Backend::of(settings)?;
    let access = if how.plan {
        Access::ReadOnly
    } else {
        Access::ReadWrite
    };
    let state = store::open(settings, access)?;
    let mut rosa_vpc = String::new();
    let exit = runtime::block_on(backend.pace(settings), async {
        let profile = sought.profile.as_deref();
        let connection = backend.connect(settings, None).await?;
        let connection = rosa::connect(context, &backend, connection, profile).await?;
        let account = connection.account(request.region()).await?;
        let region = request.region();
        let accounts = rosa::accounts(&backend, &connection, &account, region, profile).await?;
        let network = rosa::find(context, &connection, &sought, &sought.request)
            .await
            .map_err(|error| {
                survey::refused(context, "could not look up the rosa cluster", error)
            })?;
        rosa_vpc.clone_from(&network.vpc_id);
        let target = request.target(&network);
        let _lock = if how.plan {
            None
        } else {
            let clock = connection.clock.as_ref();
            Some(locks::target(context, &state, &account, &target, clock).await?)
        };
        find::refuse_unfinished(context, &state, &account, &target)?;
        context.printer.note(format!(
            "rosa is in {} of {}, found by {}",
            network.vpc_id, network.region, network.found_by
        ));
        let parameters = peering::survey_create(&connection.aws, &request, network, &accounts)
            .await
            .map_err(|error| survey::refused(context, "could not read what is in aws", error))?;
        if !parameters.has_changes() {
            context.printer.note(format!(
                "nothing to change: cluster {} is peered with {} already",
                parameters.cluster, parameters.rosa.vpc_id
            ));
        }
        let graph = peering::create_graph(&parameters);
        let prepared = Prepared::new(Workflow::PeeringCreate, target, &parameters, graph)?;
        if how.plan {
            start::show_plan(context, &connection, &how, &prepared).await
        } else {
            start::start(context, &state, &connection, &account, &how, prepared).await
        }
    })?;
    match verification {
        Some((place, probe)) if exit == Exit::Success && !how.plan => {
            let profile = sought.profile.as_deref();
            verify::verify(context, &place, &probe.of_vpc(&rosa_vpc), profile)
        }
        _ => Ok(exit),
    }
}
