//! What `keycloak env` is asked for.

use std::path::PathBuf;

use stepwell_workflows::Secret;
use stepwell_workflows::keycloak::{EnvOptions, EnvRequest};

use super::place::Place;
use super::{create, password};
use crate::arguments::aurora::PasswordArguments;
use crate::arguments::keycloak::{EnvArguments, EnvFormat};
use crate::environment::Environment;
use crate::problem::Problem;

/// What `keycloak env` is asked for.
#[derive(Debug, Clone)]
pub struct EnvSettings {
    /// Which cluster.
    pub place: Place,
    /// What is printed.
    pub format: EnvFormat,
    /// Where to, if not to stdout.
    pub output_file: Option<PathBuf>,
    /// The names in it.
    pub request: EnvRequest,
    /// The password, if one is given and asked for.
    pub password: Option<Secret>,
}

impl EnvSettings {
    /// Resolves the arguments.
    pub fn resolve(arguments: &EnvArguments, environment: &Environment) -> Result<Self, Problem> {
        let format = arguments.format;
        let only = |wanted: EnvFormat, name: &str, flag: &str, given: bool| {
            if !given || format == wanted {
                return Ok(());
            }
            Err(Problem::usage(format!(
                "{flag} is of no use without --format {name}; allowed: both or neither"
            )))
        };
        let (secret, keycloak) = (EnvFormat::Secret, EnvFormat::Keycloak);
        only(
            keycloak,
            "keycloak",
            "--database",
            arguments.database.is_some(),
        )?;
        only(
            secret,
            "secret",
            "--namespace",
            arguments.namespace.is_some(),
        )?;
        only(
            secret,
            "secret",
            "--secret-name",
            arguments.secret_name.is_some(),
        )?;
        only(
            secret,
            "secret",
            "--password-file",
            arguments.password_file.is_some(),
        )?;
        let password = match format {
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
            secret_name: arguments
                .secret_name
                .clone()
                .unwrap_or_else(|| "keycloak-db-secret".to_owned()),
        };
        Ok(Self {
            place: Place::resolve(&arguments.cluster, environment)?,
            format,
            output_file: arguments.output_file.clone(),
            request: options
                .validate()
                .map_err(|invalid| create::refuse(&invalid, environment))?,
            password,
        })
    }
}
