//! `stepwell doctor`.

mod aws;
mod local;
mod rosa;

use std::time::Duration;

use clap::Args;
use stepwell_workflows::doctor::DoctorOptions;

use crate::clock::Pace;
use crate::commands::aurora::create;
use crate::environment;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::checks::{self, Check, Health};
use crate::session::Backend;
use crate::settings::place::ClusterArguments;
use crate::settings::rosa::source;
use crate::settings::{input, place};
use crate::{Context, runtime};

/// `stepwell doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArguments {
    /// Which cluster and where.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// A ROSA cluster that is to be peered [env: CLUSTER_NAME]
    #[arg(long, value_name = "NAME")]
    pub rosa_cluster: Option<String>,

    /// The class that instances would have [env: AURORA_INSTANCE_CLASS] [default: db.r7g.xlarge]
    #[arg(long, value_name = "CLASS")]
    pub instance_class: Option<String>,

    /// The engine's version [env: AURORA_ENGINE_VERSION] [default: 17]
    #[arg(long, value_name = "VERSION")]
    pub engine_version: Option<String>,
}

/// How long a check may take: longer than any answer of AWS, and short enough
/// for a person who waits.
const LIMIT: Duration = Duration::from_secs(12);

/// What a check says that took too long.
fn silence(whom: &str) -> String {
    format!("no answer within {} s from {whom}", LIMIT.as_secs())
}

/// Checks whether the other commands could do their work.
pub fn run(context: &Context, arguments: &DoctorArguments) -> Result<Exit, Problem> {
    let environment = &context.environment;
    let text = |flag: &Option<String>, variable| {
        place::input(flag.as_ref(), environment, &[variable]).map(|given| given.value)
    };
    let options = DoctorOptions {
        region: place::region(arguments.cluster.region.as_ref(), environment)?,
        cluster: text(&arguments.cluster.cluster, environment::AURORA_CLUSTER),
        instance_class: text(
            &arguments.instance_class,
            environment::AURORA_INSTANCE_CLASS,
        )
        .unwrap_or_else(|| create::INSTANCE_CLASS.to_owned()),
        engine_version: text(
            &arguments.engine_version,
            environment::AURORA_ENGINE_VERSION,
        )
        .unwrap_or_else(|| create::ENGINE_VERSION.to_owned()),
        rosa_cluster: text(&arguments.rosa_cluster, environment::CLUSTER_NAME),
    }
    .validate()
    .map_err(|invalid| input::refuse(&invalid, environment))?;
    let backend = Backend::of(&context.settings)?;
    let source = source(None, environment);
    let rosa_cluster = options.rosa_cluster.as_deref();
    // Children take wall time, which a sandbox's runtime may not have.
    let (mut found, at_aws) = std::thread::scope(|scope| {
        let here = scope.spawn(|| {
            let tools = runtime::block_on(Pace::REAL, async {
                let clock = Pace::REAL.clock();
                Ok(tokio::join!(
                    rosa::checks(context, &*clock, source, rosa_cluster),
                    local::kubectl(),
                ))
            });
            let mut found = vec![Check::ok("version", format!("stepwell {}", crate::VERSION))];
            found.extend(local::state(&context.settings));
            match tools {
                Ok((rosa, kubectl)) => {
                    found.extend(rosa);
                    found.push(kubectl);
                }
                Err(problem) => found.push(Check::problem("tools", problem)),
            }
            found
        });
        let at_aws = runtime::block_on(backend.pace(&context.settings), async {
            Ok(aws::checks(context, &backend, &options).await)
        });
        let here = here
            .join()
            .unwrap_or_else(|_| vec![Check::fail("here", "the checks of this machine broke off")]);
        (here, at_aws)
    });
    found.extend(at_aws?);
    checks::print(&context.printer, &found)?;
    Ok(match checks::worst(&found) {
        Health::Ok | Health::Warn => Exit::Success,
        Health::Fail => Exit::Error,
    })
}
