//! Which peerings are meant: flags, else the scripts' variables.

use super::DeleteArguments;
use crate::environment::{self, Environment};
use crate::problem::Problem;
use crate::settings::place::Place;
use crate::settings::rosa::RosaSettings;

/// Which peerings are to be deleted.
#[derive(Debug, Clone)]
pub(crate) enum Chosen {
    /// The one of an Aurora cluster, or the one that it has with a ROSA cluster.
    One(Place, Option<RosaSettings>),
    /// All of an Aurora cluster.
    OfCluster(Place),
    /// All that a ROSA cluster has.
    OfRosa(RosaSettings),
}

impl Chosen {
    /// Resolves the arguments. What a person types wins over what the
    /// environment happens to hold.
    pub(crate) fn resolve(
        arguments: &DeleteArguments,
        environment: &Environment,
    ) -> Result<Self, Problem> {
        let rosa = || RosaSettings::resolve(&arguments.rosa, environment);
        let cluster = || Place::resolve(&arguments.cluster, environment);
        let rosa_typed = arguments.rosa.rosa_cluster.is_some() || arguments.rosa.rosa_vpc.is_some();
        let rosa_known = rosa_typed
            || [environment::CLUSTER_NAME, environment::ROSA_VPC]
                .into_iter()
                .any(|variable| environment.get(variable).is_some());
        if !arguments.all {
            let rosa = rosa_known.then(rosa).transpose()?;
            return Ok(Self::One(cluster()?, rosa));
        }
        let typed = arguments.cluster.cluster.is_some();
        let known = typed || environment.get(environment::AURORA_CLUSTER).is_some();
        match (typed, rosa_typed, known, rosa_known) {
            (true, true, _, _) => Err(Problem::usage(
                "--all is possible for --cluster or for the rosa cluster, not for both; allowed: one of them, or both without --all",
            )),
            (true, false, _, _) | (false, false, true, false) => cluster().map(Self::OfCluster),
            (false, true, _, _) | (false, false, false, true) => rosa().map(Self::OfRosa),
            (false, false, true, true) => Err(Problem::usage(
                "--all does not tell whose peerings: AURORA_CLUSTER and CLUSTER_NAME are both set; allowed: --cluster NAME for all of an aurora cluster, --rosa-cluster NAME or --rosa-vpc VPC for all of a rosa cluster",
            )),
            (false, false, false, false) => Err(Problem::usage(
                "it is not said whose peerings; allowed: --cluster NAME or AURORA_CLUSTER, --rosa-cluster NAME or CLUSTER_NAME, --rosa-vpc VPC",
            )),
        }
    }

    /// What a person calls it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::One(place, _) | Self::OfCluster(place) => place.cluster.clone(),
            Self::OfRosa(rosa) => rosa
                .request
                .cluster()
                .or_else(|| rosa.request.vpc())
                .unwrap_or("all")
                .to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Variable;
    use crate::settings::place::ClusterArguments;
    use crate::settings::rosa::RosaArguments;

    fn resolve(
        cluster: Option<&str>,
        rosa: Option<&str>,
        all: bool,
        variables: &[(Variable, &str)],
    ) -> Result<&'static str, String> {
        let arguments = DeleteArguments {
            cluster: ClusterArguments {
                cluster: cluster.map(str::to_owned),
                region: Some("eu-west-1".to_owned()),
            },
            all,
            rosa: RosaArguments {
                rosa_cluster: rosa.map(str::to_owned),
                ..RosaArguments::default()
            },
            ..DeleteArguments::default()
        };
        match Chosen::resolve(&arguments, &Environment::of(variables)) {
            Ok(Chosen::One(_, None)) => Ok("one"),
            Ok(Chosen::One(_, Some(_))) => Ok("one with rosa"),
            Ok(Chosen::OfCluster(_)) => Ok("all of the cluster"),
            Ok(Chosen::OfRosa(_)) => Ok("all of rosa"),
            Err(problem) => Err(problem.message),
        }
    }

    #[test]
    fn what_is_typed_wins_over_the_environment() {
        let aurora = (environment::AURORA_CLUSTER, "keycloak");
        let rosa = (environment::CLUSTER_NAME, "r");
        let both = [aurora, rosa];
        let choose = |cluster, network, all, variables: &[_]| {
            resolve(cluster, network, all, variables).expect("clear")
        };
        assert_eq!(choose(Some("keycloak"), None, false, &[]), "one");
        assert_eq!(choose(None, None, false, &both), "one with rosa");
        assert_eq!(choose(None, Some("r"), false, &[aurora]), "one with rosa");
        assert_eq!(choose(None, None, true, &[aurora]), "all of the cluster");
        assert_eq!(choose(None, None, true, &[rosa]), "all of rosa");
        assert_eq!(choose(Some("k"), None, true, &both), "all of the cluster");
        assert_eq!(choose(None, Some("r"), true, &both), "all of rosa");
        for (cluster, network, variables) in [
            (None, None, &both[..]),
            (Some("k"), Some("r"), &[]),
            (None, None, &[]),
        ] {
            let refused = resolve(cluster, network, true, variables).expect_err("not clear");
            assert!(refused.contains("allowed"), "{refused}");
        }
    }
}
