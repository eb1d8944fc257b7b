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
                     secret    the manifest of a Kubernetes Secret with user and password"
    )]
    pub format: EnvFormat,

    /// Write it to this file, which is replaced as a whole, and not to stdout
    #[arg(long, value_name = "PATH")]
    pub output_file: Option<PathBuf>,

    /// With --format keycloak: the database [default: the one made with the cluster]
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,

    /// With --format secret: the Secret's namespace [default: that of whoever applies it]
    #[arg(long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// With --format secret: the Secret's name [default: keycloak-db-secret]
    #[arg(long, value_name = "NAME")]
    pub secret_name: Option<String>,

    /// With --format secret: a file whose first line is the master user's password [default: the
    /// one that RDS keeps in Secrets Manager] [env: AURORA_PASSWORD, the password itself]
    #[arg(long, value_name = "PATH")]
    pub password_file: Option<PathBuf>,
}

/// What `keycloak env` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvFormat {
    /// The scripts' variables, for a shell.
    Shell,
    /// The scripts' variables, as plain lines.
    Dotenv,
    /// Keycloak's own variables, as plain lines.
    Keycloak,
    /// A Kubernetes Secret.
    Secret,
}
