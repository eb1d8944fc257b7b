//! What `keycloak env` is asked for.

use std::path::PathBuf;

use stepwell_workflows::Secret;
use stepwell_workflows::keycloak::{EnvOptions, EnvRequest};

use super::place::Place;
use super::{create, password, paths};
use crate::arguments::aurora::PasswordArguments;
use crate::arguments::keycloak::{ApiVersion, EnvArguments, EnvFormat};
use crate::environment::Environment;
use crate::problem::Problem;
use crate::report::keycloak::Operator;

/// What `keycloak env` is asked for.
#[derive(Debug, Clone)]
pub struct EnvSettings {
    /// Which cluster.
    pub place: Place,
    /// What is printed.
    pub format: EnvFormat,
    /// Whether Keycloak goes through the AWS JDBC wrapper.
    pub wrapper: bool,
    /// Which operator reads it.
    pub operator: Operator,
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
                .map_err(|invalid| create::refuse(&invalid, environment))?,
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
