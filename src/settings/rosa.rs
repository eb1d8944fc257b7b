//! Which ROSA cluster, and who is asked about it: flags, else the scripts'
//! variables, and the login that the environment offers.

use std::path::PathBuf;

use clap::Args;
use stepwell_workflows::rosa::{
    OcmAccess, OcmLogin, RosaCli, RosaNetwork, RosaOptions, RosaRequest, RosaSource,
};
use stepwell_workflows::{Secret, shown};

use super::input::refuse;
use super::place::input;
use crate::environment::{self, Environment, Variable};
use crate::problem::Problem;

/// Which ROSA cluster, and what is known of its network.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "ROSA options")]
pub struct RosaArguments {
    /// The ROSA cluster's name; OCM is asked about it if OCM_TOKEN, or OCM_CLIENT_ID and
    /// OCM_CLIENT_SECRET, are set, and else the `rosa` command [env: CLUSTER_NAME]
    #[arg(long, value_name = "NAME")]
    pub rosa_cluster: Option<String>,

    /// The ROSA cluster's region, which must be where it is [env: AWS_REGION, with --rosa-vpc]
    /// [default: where it is]
    #[arg(long, value_name = "REGION")]
    pub rosa_region: Option<String>,

    /// The ROSA cluster's VPC; with it, neither OCM nor `rosa` is asked [env: ROSA_VPC, unless
    /// --rosa-cluster is given]
    #[arg(long, value_name = "VPC")]
    pub rosa_vpc: Option<String>,

    /// The range of the ROSA cluster's machines [default: as the cluster says, else the VPC's]
    #[arg(long, value_name = "CIDR")]
    pub rosa_machine_cidr: Option<String>,

    /// The range of the ROSA cluster's pods, which Aurora's must not overlap [default: as the cluster
    /// says; not asked with --rosa-vpc]
    #[arg(long, value_name = "CIDR")]
    pub rosa_pod_cidr: Option<String>,

    /// The range of the ROSA cluster's services, likewise [default: as the cluster says; not asked
    /// with --rosa-vpc]
    #[arg(long, value_name = "CIDR")]
    pub rosa_service_cidr: Option<String>,

    /// The subnets of the ROSA cluster's machines [default: as the cluster says, else those that
    /// are tagged for it, else all of the VPC]
    #[arg(long, value_name = "SUBNET", value_delimiter = ',')]
    pub rosa_subnets: Vec<String>,

    /// The AWS profile of the account in which ROSA lives [default: the same as for Aurora]
    #[arg(long, value_name = "PROFILE")]
    pub rosa_profile: Option<String>,
}

/// Which ROSA cluster, and who is asked about it.
#[derive(Debug, Clone)]
pub struct RosaSettings {
    /// Which cluster.
    pub request: RosaRequest,
    /// Who is asked about it.
    pub source: RosaSource,
    /// The AWS profile of the account in which it lives, if not Aurora's.
    pub profile: Option<String>,
    /// The region of the environment, which is the job's and gives way to the
    /// cluster's.
    region: Option<String>,
}

impl RosaSettings {
    /// Resolves and checks everything, before any effect.
    pub fn resolve(arguments: &RosaArguments, environment: &Environment) -> Result<Self, Problem> {
        let text = |flag: &Option<String>, variable: Variable| {
            input(flag.as_ref(), environment, &[variable]).map(|given| given.value)
        };
        let options = RosaOptions {
            cluster: text(&arguments.rosa_cluster, environment::CLUSTER_NAME),
            region: arguments.rosa_region.clone(),
            region_default: environment.text(environment::AWS_REGION),
            vpc: match (&arguments.rosa_vpc, &arguments.rosa_cluster) {
                // Who types a cluster means that one, whatever is left in the environment.
                (None, None) => environment.text(environment::ROSA_VPC),
                (vpc, _) => vpc.clone(),
            },
            machine_cidr: arguments.rosa_machine_cidr.clone(),
            pod_cidr: arguments.rosa_pod_cidr.clone(),
            service_cidr: arguments.rosa_service_cidr.clone(),
            subnets: arguments.rosa_subnets.clone(),
        };
        if options.cluster.is_none() && options.vpc.is_none() {
            return Err(Problem::usage(
                "the rosa cluster is not named; allowed: --rosa-cluster NAME, CLUSTER_NAME, --rosa-vpc VPC, or ROSA_VPC",
            ));
        }
        if options.vpc.is_some() && options.region.is_none() && options.region_default.is_none() {
            return Err(Problem::usage(
                "the region of --rosa-vpc is not named; allowed: --rosa-region REGION or AWS_REGION",
            ));
        }
        let request = options
            .validate()
            .map_err(|invalid| refuse(&invalid, environment))?;
        let region = (arguments.rosa_region.is_none() && request.looks_up())
            .then(|| environment.text(environment::AWS_REGION))
            .flatten();
        let profile = arguments.rosa_profile.clone();
        // A login that nobody needs need not be a good one.
        let source = if request.looks_up() {
            source(profile.clone(), environment)?
        } else {
            command(profile.clone())
        };
        Ok(Self {
            request,
            source,
            profile,
            region,
        })
    }

    /// What a person should know of where the cluster was found: that it is not
    /// where the environment might have it thought to be.
    pub fn note(&self, found: &RosaNetwork) -> Option<String> {
        let region = self.region.as_ref()?;
        let name = self.request.cluster()?;
        (*region != found.region).then(|| {
            format!(
                "rosa cluster {name} is in {}: {} ({region}) does not count for it",
                found.region,
                environment::AWS_REGION.name()
            )
        })
    }
}

/// Who can be asked about ROSA clusters: OCM, where the environment has a login
/// to it, else the `rosa` command.
pub fn source(profile: Option<String>, environment: &Environment) -> Result<RosaSource, Problem> {
    let Some(login) = login(environment)? else {
        return Ok(command(profile));
    };
    let access = OcmAccess::of(
        login,
        address(environment, environment::OCM_URL)?,
        address(environment, environment::OCM_TOKEN_URL)?,
    )
    .map_err(|invalid| refuse(&invalid, environment))?;
    Ok(RosaSource::Ocm(access))
}

fn command(profile: Option<String>) -> RosaSource {
    RosaSource::Cli(RosaCli {
        program: PathBuf::from("rosa"),
        profile,
    })
}

/// The login to OCM, if there is one. A token wins over a service account, whose
/// id is of no use without its secret: alone beside a token, it is the client
/// that the token was given to.
fn login(environment: &Environment) -> Result<Option<OcmLogin>, Problem> {
    // What is pasted often ends with a line break.
    let text = |variable| {
        let text = environment.text(variable)?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let id = text(environment::OCM_CLIENT_ID);
    let secret = text(environment::OCM_CLIENT_SECRET);
    if let Some(token) = text(environment::OCM_TOKEN) {
        return Ok(Some(OcmLogin::Token {
            token: Secret::new(token),
            client: id.filter(|_| secret.is_none()),
        }));
    }
    match (id, secret) {
        (None, None) => Ok(None),
        (Some(id), Some(secret)) => Ok(Some(OcmLogin::Client {
            id,
            secret: Secret::new(secret),
        })),
        (Some(_), None) => Err(Problem::usage(
            "OCM_CLIENT_ID is set without OCM_CLIENT_SECRET; allowed: both or neither",
        )),
        (None, Some(_)) => Err(Problem::usage(
            "OCM_CLIENT_SECRET is set without OCM_CLIENT_ID; allowed: both or neither",
        )),
    }
}

/// An address of OCM, or the name of one. Secrets go there, so it must be safe
/// from listeners; the names are those that the `ocm` command takes for its
/// environments.
fn address(environment: &Environment, variable: Variable) -> Result<Option<String>, Problem> {
    let Some(text) = environment.text(variable) else {
        return Ok(None);
    };
    if variable == environment::OCM_URL && OcmAccess::NAMES.contains(&text.as_str()) {
        return Ok(Some(text));
    }
    let here = ["127.0.0.1", "localhost", "[::1]"];
    let safe = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => !rest.is_empty(),
        (_, Some(rest)) => here.iter().any(|host| {
            rest.strip_prefix(host)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        }),
        _ => false,
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '?' | '#');
    if safe && !text.contains(odd) {
        return Ok(Some(text.trim_end_matches('/').to_owned()));
    }
    // What stands before an `@` may be a password.
    let text = if text.contains('@') {
        "(hidden)"
    } else {
        text.as_str()
    };
    let names = if variable == environment::OCM_URL {
        format!(", {}", OcmAccess::NAMES.join(", "))
    } else {
        String::new()
    };
    Err(Problem::usage(format!(
        "{} {} is not a usable address; allowed: https://HOST, http:// on this machine{names}",
        variable.name(),
        shown(text)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    /// `{"typ":"Offline"}` without a signature.
    const TOKEN: &str = "e30.eyJ0eXAiOiJPZmZsaW5lIn0.x";

    fn resolve(
        arguments: &RosaArguments,
        variables: &[(Variable, &str)],
    ) -> Result<RosaSettings, Problem> {
        RosaSettings::resolve(arguments, &Environment::of(variables))
    }

    fn named() -> RosaArguments {
        RosaArguments {
            rosa_cluster: Some("one".to_owned()),
            ..RosaArguments::default()
        }
    }

    #[test]
    fn a_flag_wins_over_the_scripts_variables() {
        let variables = [
            (environment::CLUSTER_NAME, "two"),
            (environment::AWS_REGION, "eu-west-1"),
        ];
        let settings = resolve(&named(), &variables).unwrap();
        assert_eq!(settings.request.cluster(), Some("one"));
        // That is the job's region; the cluster's own is looked up.
        assert_eq!(settings.request.region(), None);
        let mut there = named();
        there.rosa_region = Some("us-east-1".to_owned());
        let settings = resolve(&there, &variables).unwrap();
        assert_eq!(settings.request.region(), Some("us-east-1"));
        let settings = resolve(&RosaArguments::default(), &variables).unwrap();
        assert_eq!(settings.request.cluster(), Some("two"));
        assert!(matches!(settings.source, RosaSource::Cli(_)));
        let vpc = [
            (environment::ROSA_VPC, "vpc-01234567"),
            (environment::AWS_REGION, "eu-west-1"),
        ];
        let settings = resolve(&RosaArguments::default(), &vpc).unwrap();
        assert_eq!(settings.request.vpc(), Some("vpc-01234567"));
        assert_eq!(settings.request.region(), Some("eu-west-1"));
        assert_eq!(resolve(&named(), &vpc).unwrap().request.vpc(), None);
    }

    #[test]
    fn an_error_names_the_variable_it_comes_from() {
        let wrong = [(environment::CLUSTER_NAME, "-x")];
        let problem = resolve(&RosaArguments::default(), &wrong).unwrap_err();
        assert_eq!(problem.exit, Exit::Usage);
        assert!(problem.message.contains("CLUSTER_NAME"), "{problem}");
        let problem = resolve(&RosaArguments::default(), &[]).unwrap_err();
        assert!(problem.message.contains("--rosa-vpc"), "{problem}");
        let vpc = RosaArguments {
            rosa_vpc: Some("vpc-01234567".to_owned()),
            ..RosaArguments::default()
        };
        let problem = resolve(&vpc, &[]).unwrap_err();
        assert!(problem.message.contains("--rosa-region"), "{problem}");
    }

    #[test]
    fn a_login_to_ocm_is_used() {
        let access = |variables: &[(Variable, &str)]| match resolve(&named(), variables) {
            Ok(settings) => match settings.source {
                RosaSource::Ocm(access) => Ok(access),
                RosaSource::Cli(_) => panic!("the command is asked"),
            },
            Err(problem) => Err(problem.message),
        };
        let token = (environment::OCM_TOKEN, TOKEN);
        let found = access(&[token]).unwrap();
        assert_eq!(found.url, OcmAccess::URL);
        assert!(
            found
                .token_url
                .starts_with("https://sso.redhat.com/auth/realms/redhat-external/"),
            "{}",
            found.token_url
        );
        assert!(!format!("{found:?}").contains(TOKEN));
        let staging = access(&[token, (environment::OCM_URL, "staging")]).unwrap();
        assert_eq!(staging.url, "https://api.stage.openshift.com");
        let local = access(&[token, (environment::OCM_URL, "http://127.0.0.1:8/")]).unwrap();
        assert_eq!(local.url, "http://127.0.0.1:8");
        let id = (environment::OCM_CLIENT_ID, "robot");
        let secret = (environment::OCM_CLIENT_SECRET, "geheim");
        assert!(matches!(
            access(&[id, secret]).unwrap().login,
            OcmLogin::Client { .. }
        ));
        assert!(access(&[id]).unwrap_err().contains("OCM_CLIENT_SECRET"));
        let error = access(&[secret]).unwrap_err();
        assert!(error.contains("OCM_CLIENT_ID"), "{error}");
        assert!(!error.contains("geheim"), "{error}");
        let error = access(&[(environment::OCM_TOKEN, "geheim")]).unwrap_err();
        assert!(error.contains("OCM_TOKEN"), "{error}");
        assert!(!error.contains("geheim"), "{error}");
    }

    #[test]
    fn secrets_go_to_no_unsafe_address() {
        for wrong in [
            "http://api.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1:80@example.com",
            "https://",
            "ftp://127.0.0.1",
            "https://x y",
            "api.example.com",
        ] {
            for variable in [environment::OCM_URL, environment::OCM_TOKEN_URL] {
                let variables = [(environment::OCM_TOKEN, TOKEN), (variable, wrong)];
                let problem = resolve(&named(), &variables).unwrap_err();
                assert!(problem.message.contains(variable.name()), "{problem}");
            }
        }
    }

    #[test]
    fn a_login_that_is_not_needed_is_not_looked_at() {
        let vpc = RosaArguments {
            rosa_vpc: Some("vpc-01234567".to_owned()),
            rosa_region: Some("eu-west-1".to_owned()),
            ..RosaArguments::default()
        };
        assert!(resolve(&vpc, &[(environment::OCM_TOKEN, "nonsense")]).is_ok());
    }
}
