//! What the commands through `kubectl` are asked for: flags, else the scripts'
//! variables, else what Keycloak's own documentation calls things.

use std::path::Path;

use stepwell_workflows::aurora::{PsqlOptions, PsqlRequest, ResetOptions, ResetRequest};
use stepwell_workflows::peering::{VerifyOptions, VerifyRequest};
use stepwell_workflows::shown;

use super::create;
use super::place::{self, Place};
use crate::arguments::kubernetes::{
    ClientArguments, ProbeArguments, PsqlArguments, ResetArguments,
};
use crate::environment::{self, Environment};
use crate::problem::Problem;

/// The Secret as Keycloak's documentation calls it.
const SECRET: &str = "keycloak-db-secret";

/// The program.
const KUBECTL: &str = "kubectl";

struct Client {
    database: String,
    default_username: String,
    secret: String,
    kubectl: String,
}

impl Client {
    fn resolve(arguments: &ClientArguments, environment: &Environment) -> Result<Self, Problem> {
        let or = |given: &Option<String>, default: &str| {
            given.clone().unwrap_or_else(|| default.to_owned())
        };
        // The variable is of the cluster's making. The Secret knows its own user.
        let username = place::input(None, environment, &[environment::AURORA_USERNAME]);
        Ok(Self {
            database: or(&arguments.database, "keycloak"),
            default_username: or(&username.map(|given| given.value), "keycloak"),
            secret: or(&arguments.secret, SECRET),
            kubectl: program(or(&arguments.kubectl, KUBECTL))?,
        })
    }
}

/// A path is told from a name by its slash. A run may be resumed elsewhere, so
/// that a path from here must not depend on where here is.
fn program(text: String) -> Result<String, Problem> {
    if !text.contains('/') {
        return Ok(text);
    }
    let path = std::path::absolute(Path::new(&text)).map_err(|error| {
        Problem::usage(format!(
            "--kubectl {} is not a program; allowed: a name such as kubectl or oc, or a path",
            shown(&text)
        ))
        .because(&error)
    })?;
    Ok(path.to_string_lossy().into_owned())
}

/// Resolves and checks everything of `aurora psql`, before any effect.
pub fn psql(
    arguments: &PsqlArguments,
    place: &Place,
    environment: &Environment,
) -> Result<PsqlRequest, Problem> {
    let client = Client::resolve(&arguments.client, environment)?;
    PsqlOptions {
        cluster: place.cluster.clone(),
        region: place.region.clone(),
        namespace: arguments.namespace.clone(),
        context: arguments.context.clone(),
        image: arguments.client.image.clone(),
        database: client.database,
        username: arguments.client.username.clone(),
        default_username: client.default_username,
        secret: client.secret,
        cpu: arguments.client.cpu.clone(),
        memory: arguments.client.memory.clone(),
        kubectl: client.kubectl,
        arguments: arguments.arguments.clone(),
    }
    .validate()
    .map_err(|invalid| create::refuse(&invalid, environment))
}

/// Resolves and checks everything of a verification, before any effect.
pub fn verify(
    arguments: &ProbeArguments,
    place: &Place,
    rosa_vpc: Option<&String>,
    environment: &Environment,
) -> Result<VerifyRequest, Problem> {
    let or =
        |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
    VerifyOptions {
        cluster: place.cluster.clone(),
        region: place.region.clone(),
        namespace: arguments.namespace.clone(),
        context: arguments.context.clone(),
        secret: or(&arguments.secret, SECRET),
        database: arguments.database.clone(),
        username: arguments.username.clone(),
        image: arguments.image.clone(),
        cpu: arguments.cpu.clone(),
        memory: arguments.memory.clone(),
        kubectl: program(or(&arguments.kubectl, KUBECTL))?,
        rosa_vpc: rosa_vpc.cloned(),
    }
    .validate()
    .map_err(|invalid| create::refuse(&invalid, environment))
}

/// Refuses what says how to verify where nothing is to be verified.
pub fn refuse_idle(arguments: &ProbeArguments) -> Result<(), Problem> {
    let given = [
        ("--namespace", &arguments.namespace),
        ("--context", &arguments.context),
        ("--secret", &arguments.secret),
        ("--database", &arguments.database),
        ("--username", &arguments.username),
        ("--image", &arguments.image),
        ("--cpu", &arguments.cpu),
        ("--memory", &arguments.memory),
        ("--kubectl", &arguments.kubectl),
    ];
    match given.iter().find(|(_, value)| value.is_some()) {
        None => Ok(()),
        Some((flag, _)) => Err(Problem::usage(format!(
            "{flag} is of no use without --verify; allowed: both or neither"
        ))),
    }
}

/// Resolves and checks everything of `aurora reset`, before any effect.
pub fn reset(
    arguments: &ResetArguments,
    place: &Place,
    environment: &Environment,
) -> Result<ResetRequest, Problem> {
    let client = Client::resolve(&arguments.client, environment)?;
    ResetOptions {
        cluster: place.cluster.clone(),
        region: place.region.clone(),
        namespace: arguments.namespace.clone(),
        contexts: arguments.contexts.clone(),
        statefulset: arguments.statefulset.clone(),
        workload: arguments.workload.clone(),
        secret: client.secret,
        database: client.database,
        username: arguments.client.username.clone(),
        default_username: client.default_username,
        schema: (arguments.schema.clone()).unwrap_or_else(|| "public".to_owned()),
        image: arguments.client.image.clone(),
        cpu: arguments.client.cpu.clone(),
        memory: arguments.client.memory.clone(),
        no_stop: arguments.no_stop,
        cascade: arguments.cascade,
        kubectl: client.kubectl,
        anew: arguments.anew,
    }
    .validate()
    .map_err(|invalid| create::refuse(&invalid, environment))
}
