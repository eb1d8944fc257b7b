//! What the commands through `kubectl` are asked for: flags, else the scripts'
//! variables, else what Keycloak's own documentation calls things.

use std::path::Path;

use clap::Args;
use stepwell_workflows::peering::{VerifyOptions, VerifyRequest};
use stepwell_workflows::shown;

use super::input;
use super::place::{self, Place};
use crate::environment::{self, Environment};
use crate::problem::Problem;

/// How a pod reaches the database.
#[derive(Debug, Clone, Default, Args)]
pub struct ClientArguments {
    /// The database [default: keycloak]
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,

    /// The user [default: that of the Secret's key `username`, else AURORA_USERNAME, else keycloak]
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,

    /// The Secret in the namespace whose keys `username` and `password` are the database's
    /// [default: keycloak-db-secret]
    #[arg(long, value_name = "NAME")]
    pub secret: Option<String>,

    /// The image with psql [default: docker.io/library/postgres:MAJOR, of the engine's major
    /// version]
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,

    /// The processors that the pod asks for, and may use at most [default: 100m]
    #[arg(long, value_name = "QUANTITY")]
    pub cpu: Option<String>,

    /// The memory that the pod asks for, and may use at most [default: 128Mi]
    #[arg(long, value_name = "QUANTITY")]
    pub memory: Option<String>,

    /// The program that talks to Kubernetes, by name or by path; `oc` does as well
    /// [default: kubectl]
    #[arg(long, value_name = "PROGRAM")]
    pub kubectl: Option<String>,
}

/// The pod of a verification.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Verification options")]
pub struct ProbeArguments {
    /// The namespace in which the pod tries it, which has the Secret [default: the context's]
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,

    /// The ROSA cluster's context in kubectl's configuration [default: the current one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// The Secret whose keys `username` and `password` are the database's
    /// [default: keycloak-db-secret]
    #[arg(long, value_name = "NAME")]
    pub secret: Option<String>,

    /// The database [default: the one made with the cluster, else keycloak]
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,

    /// The user [default: that of the Secret's key `username`, else the cluster's master user]
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,

    /// The image with psql [default: docker.io/library/postgres:MAJOR, of the engine's major
    /// version]
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,

    /// The processors that the pod asks for, and may use at most [default: 100m]
    #[arg(long, value_name = "QUANTITY")]
    pub cpu: Option<String>,

    /// The memory that the pod asks for, and may use at most [default: 128Mi]
    #[arg(long, value_name = "QUANTITY")]
    pub memory: Option<String>,

    /// The program that talks to Kubernetes, by name or by path; `oc` does as well
    /// [default: kubectl]
    #[arg(long, value_name = "PROGRAM")]
    pub kubectl: Option<String>,
}

/// The Secret as Keycloak's documentation calls it.
const SECRET: &str = "keycloak-db-secret";

/// The program.
const KUBECTL: &str = "kubectl";

/// How a pod reaches the database.
pub struct Client {
    /// The database.
    pub database: String,
    /// The user where neither the person nor the Secret names one.
    pub default_username: String,
    /// The Secret.
    pub secret: String,
    /// The program that talks to Kubernetes.
    pub kubectl: String,
}

impl Client {
    /// Resolves the arguments.
    pub fn resolve(
        arguments: &ClientArguments,
        environment: &Environment,
    ) -> Result<Self, Problem> {
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
    .map_err(|invalid| input::refuse(&invalid, environment))
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
