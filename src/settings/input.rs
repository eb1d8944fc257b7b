//! Inputs that are not valid, with the flag or the variable they came from.

use stepwell_workflows::{InvalidInput, shown};

use super::place;
use crate::environment::{self, Environment, Variable};
use crate::problem::Problem;

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
