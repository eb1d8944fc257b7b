//! What `aurora create` is asked for: flags, else the scripts' variables, else
//! the scripts' defaults.

use stepwell_workflows::aurora::{CreateOptions, CreateRequest, Origin, PasswordSource};
use stepwell_workflows::{InvalidInput, Secret, shown};

use super::place::{self, Place, input};
use crate::arguments::aurora::CreateArguments;
use crate::environment::{self, Environment, Variable};
use crate::problem::Problem;

/// The class of the instances where nothing else is said.
pub const INSTANCE_CLASS: &str = "db.r7g.xlarge";

/// The engine's major version where nothing else is said: the newest minor one
/// that can be ordered, because AWS retires the others.
pub const ENGINE_VERSION: &str = "17";

/// Flags with the variables that stand for them.
const VARIABLES: &[(&str, &[Variable])] = &[
    ("cluster", &[environment::AURORA_CLUSTER]),
    (
        "region",
        &[environment::AURORA_REGION, environment::AWS_REGION],
    ),
    ("rosa-cluster", &[environment::CLUSTER_NAME]),
    ("rosa-vpc", &[environment::ROSA_VPC]),
    ("rosa-region", &[environment::AWS_REGION]),
    ("instances", &[environment::AURORA_INSTANCES]),
    ("instance-class", &[environment::AURORA_INSTANCE_CLASS]),
    ("engine", &[environment::AURORA_ENGINE]),
    ("engine-version", &[environment::AURORA_ENGINE_VERSION]),
    ("snapshot", &[environment::AURORA_DB_SNAPSHOT_ID]),
    ("username", &[environment::AURORA_USERNAME]),
    (
        "subnet-group-name",
        &[environment::AURORA_SUBNET_GROUP_NAME],
    ),
    (
        "security-group-name",
        &[environment::AURORA_SECURITY_GROUP_NAME],
    ),
];

/// Resolves and checks everything, before any effect.
pub fn resolve(
    arguments: &CreateArguments,
    environment: &Environment,
    password: Option<&Secret>,
) -> Result<CreateRequest, Problem> {
    let place = Place::resolve(&arguments.cluster, environment)?;
    let text = |flag: &Option<String>, variable: Variable| {
        input(flag.as_ref(), environment, &[variable]).map(|given| given.value)
    };
    let instances = input(
        arguments.instances.as_ref(),
        environment,
        &[environment::AURORA_INSTANCES],
    );
    CreateOptions {
        cluster: place.cluster,
        region: place.region,
        instances: place::number("--instances", instances, 1, 1..=16)?,
        instance_class: text(
            &arguments.instance_class,
            environment::AURORA_INSTANCE_CLASS,
        )
        .unwrap_or_else(|| INSTANCE_CLASS.to_owned()),
        serverless_capacity: arguments.serverless_capacity.clone(),
        engine: text(&arguments.engine, environment::AURORA_ENGINE)
            .unwrap_or_else(|| "aurora-postgresql".to_owned()),
        origin: origin(arguments, environment)?,
        zones: arguments.zones.clone(),
        vpc_cidr: arguments.vpc_cidr.clone(),
        deletion_protection: arguments.deletion_protection,
        tags: arguments
            .tags
            .iter()
            .map(|tag| pair("--tag", tag))
            .collect::<Result<_, _>>()?,
        subnet_group_name: text(
            &arguments.subnet_group_name,
            environment::AURORA_SUBNET_GROUP_NAME,
        ),
        security_group_name: text(
            &arguments.security_group_name,
            environment::AURORA_SECURITY_GROUP_NAME,
        ),
    }
    .validate(password)
    .map_err(|invalid| refuse(&invalid, environment))
}

/// Where the data comes from.
fn origin(arguments: &CreateArguments, environment: &Environment) -> Result<Origin, Problem> {
    let text = |flag: &Option<String>, variable: Variable| {
        input(flag.as_ref(), environment, &[variable]).map(|given| given.value)
    };
    let engine_version = text(
        &arguments.engine_version,
        environment::AURORA_ENGINE_VERSION,
    );
    let snapshot = text(&arguments.snapshot, environment::AURORA_DB_SNAPSHOT_ID);
    let Some(id) = snapshot else {
        return Ok(Origin::Empty {
            engine_version: engine_version.unwrap_or_else(|| ENGINE_VERSION.to_owned()),
            username: text(&arguments.username, environment::AURORA_USERNAME)
                .unwrap_or_else(|| "keycloak".to_owned()),
            database: arguments
                .database
                .clone()
                .unwrap_or_else(|| "keycloak".to_owned()),
        });
    };
    let own = [
        ("--username", &arguments.username),
        ("--database", &arguments.database),
    ];
    for (flag, given) in own {
        if let Some(value) = given {
            return Err(Problem::usage(format!(
                "{flag} {} is not possible with a snapshot, which brings its own; allowed: {flag} or a snapshot",
                shown(value)
            )));
        }
    }
    Ok(Origin::Snapshot {
        id,
        engine_version,
        managed_password: arguments.managed_password,
    })
}

/// What a person should know of the password, and of how a snapshot is restored.
pub fn notes(request: &CreateRequest, environment: &Environment) -> Vec<String> {
    let mut notes = Vec::new();
    // In the environment it stands for every create, so it is no contradiction.
    if request.is_restore() && environment.get(environment::AURORA_USERNAME).is_some() {
        notes.push("AURORA_USERNAME is ignored: the master user is the snapshot's".to_owned());
    }
    match request.password() {
        PasswordSource::Kept => notes.push(
            "the password stays what it was when the snapshot was taken; --password-file, AURORA_PASSWORD or --managed-password sets another"
                .to_owned(),
        ),
        // Amazon RDS User Guide, "Password management with Amazon RDS and AWS
        // Secrets Manager": rotated every seven days by default.
        PasswordSource::Managed => notes.push(
            "RDS changes the password that it keeps every seven days: have Keycloak follow it with `stepwell keycloak env --format external-secret`, or give one that stays with --password-file"
                .to_owned(),
        ),
        PasswordSource::Given => {}
    }
    notes
}

/// `KEY=VALUE`.
pub fn pair(flag: &str, text: &str) -> Result<(String, String), Problem> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(Problem::usage(format!(
            "{flag} {} is not a pair; allowed: KEY=VALUE",
            shown(text)
        ))),
    }
}

/// An input that is not valid, with the flag or the variable it came from.
pub fn refuse(invalid: &InvalidInput, environment: &Environment) -> Problem {
    let InvalidInput {
        input,
        value,
        problem,
        allowed,
    } = invalid;
    if *input == "password" {
        return Problem::usage(format!("the password {problem}; allowed: {allowed}"))
            .hint("it comes from --password-file or AURORA_PASSWORD");
    }
    if *input == "ocm-token" {
        return Problem::usage(format!("OCM_TOKEN {problem}; allowed: {allowed}"));
    }
    // A flag wins, so the variable is to blame only if it holds this value.
    let variable = VARIABLES
        .iter()
        .filter(|(name, _)| name == input)
        .flat_map(|(_, variables)| *variables)
        .find(|&&variable| environment.text(variable).as_ref() == Some(value));
    let name = place::named(&format!("--{input}"), variable.copied());
    let value = shown(value);
    Problem::usage(format!("{name} {value} {problem}; allowed: {allowed}"))
}
