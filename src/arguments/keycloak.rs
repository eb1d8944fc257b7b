//! `stepwell keycloak …`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::aurora::ClusterArguments;

/// `stepwell keycloak …`.
#[derive(Debug, Subcommand)]
pub enum KeycloakCommand {
    /// Print what Keycloak needs to reach the database of a cluster that serves
    Env(EnvArguments),
}

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
