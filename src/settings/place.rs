//! Where a cluster is: flags, else the environment.

use std::net::IpAddr;

use clap::Args;
use stepwell_workflows::shown;

use crate::environment::{self, Environment, Variable};
use crate::problem::Problem;

/// Which cluster.
#[derive(Debug, Clone, Default, Args)]
pub struct ClusterArguments {
    /// The cluster's name [env: AURORA_CLUSTER]
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,

    /// The cluster's region [env: AURORA_REGION, else AWS_REGION]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

/// An input with the name of where it came from, for errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced {
    /// The value.
    pub value: String,
    /// The variable, if not the flag.
    pub variable: Option<Variable>,
}

/// The flag's value, else that of the first variable that is set.
pub fn input(
    flag: Option<&String>,
    environment: &Environment,
    variables: &[Variable],
) -> Option<Sourced> {
    if let Some(value) = flag {
        return Some(Sourced {
            value: value.clone(),
            variable: None,
        });
    }
    variables.iter().find_map(|&variable| {
        Some(Sourced {
            value: environment.text(variable)?,
            variable: Some(variable),
        })
    })
}

/// A cluster by name and region.
#[derive(Debug, Clone)]
pub struct Place {
    /// The cluster's name.
    pub cluster: String,
    /// Its region.
    pub region: String,
}

impl Place {
    /// Resolves the arguments; both must be known.
    pub fn resolve(
        arguments: &ClusterArguments,
        environment: &Environment,
    ) -> Result<Self, Problem> {
        let cluster = input(
            arguments.cluster.as_ref(),
            environment,
            &[environment::AURORA_CLUSTER],
        )
        .ok_or_else(|| {
            Problem::usage("the cluster is not named; allowed: --cluster NAME, or AURORA_CLUSTER")
        })?;
        Ok(Self {
            cluster: cluster.value,
            region: region(arguments.region.as_ref(), environment)?.ok_or_else(|| {
                Problem::usage(
                    "the region is not named; allowed: --region REGION, AURORA_REGION, AWS_REGION, AWS_DEFAULT_REGION, or a profile with a region",
                )
            })?,
        })
    }
}

/// The region, if one is named: by the flag, a variable, or the AWS profile.
pub fn region(flag: Option<&String>, environment: &Environment) -> Result<Option<String>, Problem> {
    let variables = [
        environment::AURORA_REGION,
        environment::AWS_REGION,
        environment::AWS_DEFAULT_REGION,
    ];
    let named = input(flag, environment, &variables).map(|region| region.value);
    Ok(named.or_else(|| environment.profile_region()))
}

/// Where AWS is asked which regions are enabled, if no region is named.
const HOME: &str = "us-east-1";

/// Where a list looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The region; none for all that are enabled.
    pub region: Option<String>,
    /// Where AWS is asked which these are.
    pub home: String,
}

impl Scope {
    /// Resolves the arguments; all regions are looked at only if that is said.
    pub fn resolve(
        flag: Option<&String>,
        all_regions: bool,
        environment: &Environment,
    ) -> Result<Self, Problem> {
        let named = region(flag, environment)?;
        if named.is_none() && !all_regions {
            return Err(Problem::usage(
                "the region is not named; allowed: --region REGION, AURORA_REGION, AWS_REGION, AWS_DEFAULT_REGION, a profile with a region, or --all-regions",
            ));
        }
        Ok(Self {
            home: named.clone().unwrap_or_else(|| HOME.to_owned()),
            region: named.filter(|_| !all_regions),
        })
    }
}

/// An endpoint's address, if one is named.
pub fn endpoint(
    flag: Option<&String>,
    environment: &Environment,
) -> Result<Option<String>, Problem> {
    let Some(given) = input(flag, environment, &[environment::AWS_ENDPOINT_URL]) else {
        return Ok(None);
    };
    let url = &given.value;
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
        .unwrap_or_default();
    if rest.is_empty() || rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Problem::usage(format!(
            "{} {} is not an address; allowed: http://HOST[:PORT] or https://HOST[:PORT]",
            named("--endpoint-url", given.variable),
            shown(url)
        )));
    }
    Ok(Some(url.trim_end_matches('/').to_owned()))
}

/// Whether an endpoint's address is one of this host's own.
pub fn is_on_this_host(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let ip = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A whole number from the flag or a variable.
pub fn number(
    flag: &str,
    given: Option<Sourced>,
    default: u32,
    allowed: std::ops::RangeInclusive<u32>,
) -> Result<u32, Problem> {
    let Some(given) = given else {
        return Ok(default);
    };
    given
        .value
        .parse()
        .ok()
        .filter(|number| allowed.contains(number))
        .ok_or_else(|| {
            Problem::usage(format!(
                "{} {} is not valid; allowed: a whole number from {} to {}",
                named(flag, given.variable),
                shown(&given.value),
                allowed.start(),
                allowed.end()
            ))
        })
}

/// A flag, and the variable its value came from.
pub fn named(flag: &str, variable: Option<Variable>) -> String {
    match variable {
        None => flag.to_owned(),
        Some(variable) => format!("{flag} (from {})", variable.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::is_on_this_host;

    #[test]
    fn what_is_on_this_host() {
        for own in [
            "http://127.0.0.1:4566",
            "http://127.0.0.1",
            "http://localhost:80/x",
            "https://[::1]:443",
        ] {
            assert!(is_on_this_host(own), "{own}");
        }
        for other in [
            "https://rds.eu-west-1.amazonaws.com",
            "http://127.0.0.1.example.com:80",
            "http://user@10.0.0.1:80",
            "http://localhost.example.com",
        ] {
            assert!(!is_on_this_host(other), "{other}");
        }
    }
}
