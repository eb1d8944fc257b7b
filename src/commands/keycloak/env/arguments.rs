//! What `keycloak env` may be told, and what is meant by it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use stepwell_workflows::Secret;
use stepwell_workflows::keycloak::{EnvOptions, EnvRequest};

use crate::environment::Environment;
use crate::problem::Problem;
use crate::report::keycloak::Operator;
use crate::settings::password::PasswordArguments;
use crate::settings::place::ClusterArguments;
use crate::settings::place::Place;
use crate::settings::{input, password, paths};

/// `stepwell keycloak env`.
#[derive(Debug, Clone, Args)]
pub struct EnvArguments {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// What is printed, and how
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value = "shell",
        hide_possible_values = true,
        long_help = "What is printed, and how:\n\
                     shell     KC_DATABASE and KC_DATABASE_URL, as `export` lines for a shell\n\
                     dotenv    the same as NAME=value lines, as $GITHUB_ENV takes them\n\
                     keycloak  Keycloak's own variables (KC_DB, KC_DB_URL_HOST, …), as NAME=value lines\n\
                     cr        the manifest of the Keycloak operator's `Keycloak`, with the AWS JDBC wrapper\n\
                     secret    the manifest of a Kubernetes Secret with user and password\n\
                     external-secret\n          \
                               the manifest of an ExternalSecret for the password that RDS keeps"
    )]
    pub format: EnvFormat,

    /// Write it to this file, which is replaced as a whole, and not to stdout
    #[arg(long, value_name = "PATH")]
    pub output_file: Option<PathBuf>,

    /// With --format keycloak: the URL and the driver of the AWS JDBC wrapper, which follows a
    /// failover
    #[arg(long)]
    pub wrapper: bool,

    /// With --format keycloak and cr: the database [default: the one made with the cluster]
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,

    /// With --format cr: the version of the operator's API; v2alpha1 for operators before 26.6
    /// [default: v2beta1]
    #[arg(long, value_enum, value_name = "VERSION", hide_possible_values = true)]
    pub api_version: Option<ApiVersion>,

    /// With --format cr: the name of the Keycloak [default: keycloak]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// With --format cr: the image of Keycloak that has the wrapper
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,

    /// With --format cr: Keycloak's public address, a host's name or a URL
    #[arg(long, value_name = "HOSTNAME")]
    pub hostname: Option<String>,

    /// With --format cr: how many connections each pod of Keycloak has [default: 30]
    #[arg(long, value_name = "N")]
    pub pool_size: Option<u32>,

    /// With --format external-secret: the ClusterSecretStore of AWS Secrets Manager
    /// [default: aws-secrets-manager]
    #[arg(long, value_name = "NAME")]
    pub secret_store: Option<String>,

    /// With --format external-secret: how often the operator looks for another password
    /// [default: 5m]
    #[arg(long, value_name = "TIME")]
    pub refresh_interval: Option<String>,

    /// With a manifest: the object's namespace [default: that of whoever applies it]
    #[arg(long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// With a manifest: the name of the Secret with user and password [default: keycloak-db-secret]
    #[arg(long, value_name = "NAME")]
    pub secret_name: Option<String>,

    /// With --format secret: a file whose first line is the master user's password [default: the
    /// one that RDS keeps in Secrets Manager] [env: AURORA_PASSWORD, the password itself]
    #[arg(long, value_name = "PATH")]
    pub password_file: Option<PathBuf>,
}

/// What `keycloak env` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnvFormat {
    /// The scripts' variables, for a shell.
    Shell,
    /// The scripts' variables, as plain lines.
    Dotenv,
    /// Keycloak's own variables, as plain lines.
    Keycloak,
    /// The `Keycloak` of Keycloak's operator.
    Cr,
    /// A Kubernetes Secret.
    Secret,
    /// An `ExternalSecret` of the External Secrets Operator.
    ExternalSecret,
}

impl EnvFormat {
    /// How it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Dotenv => "dotenv",
            Self::Keycloak => "keycloak",
            Self::Cr => "cr",
            Self::Secret => "secret",
            Self::ExternalSecret => "external-secret",
        }
    }
}

/// The version of the API of Keycloak's operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ApiVersion {
    /// Operators before 26.6.
    #[value(name = "v2alpha1")]
    Alpha,
    /// Operators from 26.6 on.
    #[value(name = "v2beta1")]
    Beta,
}

/// What `keycloak env` is asked for.
#[derive(Debug, Clone)]
pub(super) struct EnvSettings {
    /// Which cluster.
    pub(super) place: Place,
    /// What is printed.
    pub(super) format: EnvFormat,
    /// Whether Keycloak goes through the AWS JDBC wrapper.
    pub(super) wrapper: bool,
    /// Which operator reads it.
    pub(super) operator: Operator,
    /// Where to, if not to stdout.
    pub(super) output_file: Option<PathBuf>,
    /// The names in it.
    pub(super) request: EnvRequest,
    /// The password, if one is given and asked for.
    pub(super) password: Option<Secret>,
}

impl EnvSettings {
    /// Resolves the arguments.
    pub(super) fn resolve(
        arguments: &EnvArguments,
        environment: &Environment,
    ) -> Result<Self, Problem> {
        refuse_idle(arguments)?;
        if let Some(path) = &arguments.output_file {
            paths::given("--output-file", None, path)?;
        }
        let password = match arguments.format {
            EnvFormat::Secret => {
                let given = PasswordArguments {
                    password_file: arguments.password_file.clone(),
                };
                password::resolve(&given, environment)?
            }
            _ => None,
        };
        let options = EnvOptions {
            database: arguments.database.clone(),
            namespace: arguments.namespace.clone(),
            secret_name: arguments.secret_name.clone(),
            name: arguments.name.clone(),
            image: arguments.image.clone(),
            hostname: arguments.hostname.clone(),
            pool_size: arguments.pool_size,
            secret_store: arguments.secret_store.clone(),
            refresh_interval: arguments.refresh_interval.clone(),
        };
        Ok(Self {
            place: Place::resolve(&arguments.cluster, environment)?,
            format: arguments.format,
            wrapper: arguments.wrapper,
            operator: match arguments.api_version {
                Some(ApiVersion::Alpha) => Operator::Alpha,
                Some(ApiVersion::Beta) | None => Operator::Beta,
            },
            output_file: arguments.output_file.clone(),
            request: options
                .validate()
                .map_err(|invalid| input::refuse(&invalid, environment))?,
            password,
        })
    }
}

/// Refuses what is given and of no use to the format.
fn refuse_idle(arguments: &EnvArguments) -> Result<(), Problem> {
    use EnvFormat::{Cr, ExternalSecret, Keycloak, Secret};
    let a = arguments;
    let given: [(&str, bool, &[EnvFormat]); 12] = [
        ("--wrapper", a.wrapper, &[Keycloak]),
        ("--database", a.database.is_some(), &[Keycloak, Cr]),
        ("--api-version", a.api_version.is_some(), &[Cr]),
        ("--name", a.name.is_some(), &[Cr]),
        ("--image", a.image.is_some(), &[Cr]),
        ("--hostname", a.hostname.is_some(), &[Cr]),
        ("--pool-size", a.pool_size.is_some(), &[Cr]),
        (
            "--secret-store",
            a.secret_store.is_some(),
            &[ExternalSecret],
        ),
        (
            "--refresh-interval",
            a.refresh_interval.is_some(),
            &[ExternalSecret],
        ),
        (
            "--namespace",
            a.namespace.is_some(),
            &[Cr, Secret, ExternalSecret],
        ),
        (
            "--secret-name",
            a.secret_name.is_some(),
            &[Cr, Secret, ExternalSecret],
        ),
        ("--password-file", a.password_file.is_some(), &[Secret]),
    ];
    for (flag, given, formats) in given {
        if given && !formats.contains(&a.format) {
            let names: Vec<&str> = formats.iter().map(|format| format.name()).collect();
            let names = names.join(" or ");
            return Err(Problem::usage(format!(
                "{flag} is of no use without --format {names}; allowed: both or neither"
            )));
        }
    }
    Ok(())
}
