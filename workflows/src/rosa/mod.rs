//! ROSA: where a Red Hat OpenShift cluster lives in AWS.
//!
//! What is known of a cluster comes from its *description*, which the `rosa`
//! command or OCM's REST API gives; the VPC is then looked for in AWS, without
//! a login to the cluster itself. Or a person names the network, and nobody is
//! asked but AWS.

mod answer;
mod cli;
mod cluster;
mod complaint;
#[cfg(test)]
mod fuzz;
mod locate;
mod network;
mod ocm;
mod request;
mod said;
mod services;
mod source;
mod token;
mod unreached;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::SurveyError;
use crate::aws::Aws;
use crate::input::{self, InvalidInput, shown};

pub use cli::RosaCli;
pub use ocm::{OcmAccess, OcmLogin};
pub(crate) use request::name;
pub use request::{RosaOptions, RosaRequest};
pub use source::{RosaSource, probe, state};

use cluster::Cluster;
use request::Way;

/// The part of AWS in which a ROSA cluster lives. What was found is recorded
/// with the run, so that a resumed one works on the same network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosaNetwork {
    /// The cluster's name, where one was asked for.
    pub cluster: Option<String>,
    /// Its region.
    pub region: String,
    /// The VPC.
    pub vpc_id: String,
    /// All address ranges of the VPC.
    pub vpc_cidrs: Vec<Ipv4Net>,
    /// The range of its machines: what may reach the database, and what the
    /// routes back lead to.
    pub machine_cidr: Ipv4Net,
    /// The range of its pods, where it was looked up or given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_cidr: Option<Ipv4Net>,
    /// The range of its services, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_cidr: Option<Ipv4Net>,
    /// The subnets of its machines; all of the VPC where nobody says which.
    pub subnets: Vec<String>,
    /// How it was found, for people: for example `aws.subnet_ids of rosa
    /// describe cluster`.
    pub found_by: String,
}

/// Finds the network of a ROSA cluster. `aws` is the account in which ROSA
/// lives. Reads only.
pub async fn find_network(
    aws: &Aws,
    source: &RosaSource,
    request: &RosaRequest,
) -> Result<RosaNetwork, SurveyError> {
    match &request.way {
        Way::Given { vpc, region } => {
            let found_by = "--rosa-vpc".to_owned();
            network::check(aws, region, request, vpc, None, found_by).await
        }
        Way::LookUp { cluster } => {
            let asked = request.region.as_deref();
            let description = source
                .describe(aws.clock().as_ref(), cluster, asked)
                .await?;
            refuse_other(cluster, &description)?;
            if !request.any_state {
                refuse_unready(cluster, &description)?;
            }
            let region = region(request, cluster, &description)?;
            let (vpc, found_by) =
                locate::vpc(aws, &region, cluster, &description, source.name()).await?;
            network::check(aws, &region, request, &vpc, Some(&description), found_by).await
        }
    }
}

/// A description of another cluster than the one that was asked for, by its
/// name or one of its ids, leads to another network.
fn refuse_other(asked: &str, cluster: &Cluster) -> Result<(), SurveyError> {
    if cluster.goes_by(asked) {
        return Ok(());
    }
    let name = cluster.name().or(cluster.id()).unwrap_or("another");
    Err(SurveyError::Refused {
        message: format!(
            "what was described is not rosa cluster {asked:?} but {}",
            shown(name)
        ),
        hint: format!(
            "look at `rosa describe cluster -c {asked}`, or name its network with --rosa-vpc"
        ),
    })
}

/// A cluster that is being made or unmade has no network to rely on. One that
/// sleeps has.
fn refuse_unready(name: &str, cluster: &Cluster) -> Result<(), SurveyError> {
    match cluster.state() {
        None | Some("ready" | "hibernating" | "powering_down" | "resuming") => Ok(()),
        Some(state) => Err(SurveyError::Refused {
            message: format!(
                "rosa cluster {name:?} is not ready: its state is {}",
                shown(state)
            ),
            hint: format!(
                "wait until `rosa describe cluster -c {name}` says ready, or name its network with --rosa-vpc"
            ),
        }),
    }
}

/// The region that was asked for, which must be where the cluster is; else where
/// the description says that it is, and only where it does not, the default.
fn region(request: &RosaRequest, name: &str, cluster: &Cluster) -> Result<String, SurveyError> {
    let said = cluster.region();
    if let Some(said) = said.filter(|said| input::region(said).is_err()) {
        // It becomes part of an address.
        return Err(SurveyError::Refused {
            message: format!(
                "the description of rosa cluster {name:?} names no region: {}",
                shown(said)
            ),
            hint: "name its network with --rosa-vpc and --rosa-region".to_owned(),
        });
    }
    let invalid = match (&request.region, said) {
        (Some(asked), Some(said)) if asked != said => InvalidInput {
            input: "rosa-region",
            value: asked.clone(),
            problem: format!("is not the region of rosa cluster {name:?}"),
            allowed: said.to_owned(),
        },
        (Some(asked), _) => return Ok(asked.clone()),
        (None, Some(said)) => return Ok(said.to_owned()),
        (None, None) if let Some(default) = &request.region_default => return Ok(default.clone()),
        (None, None) => InvalidInput {
            input: "rosa-region",
            value: String::new(),
            problem: format!("is not given, and the description of {name:?} names none"),
            allowed: "the region of the rosa cluster, such as eu-west-1".to_owned(),
        },
    };
    Err(invalid.into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn described(field: &str, value: Value) -> Cluster {
        let mut description = fuzz::description(false);
        description[field] = value;
        Cluster::read(description.to_string().as_bytes()).expect("a cluster")
    }

    /// What random descriptions brought to light.
    #[test]
    fn what_is_described_must_be_what_was_asked_for() {
        let name = |name: &str| described("name", json!(name));
        assert!(refuse_other("rosa-1", &name("rosa-1")).is_ok());
        let error = refuse_other("rosa-1", &name("other")).expect_err("another");
        assert!(error.to_string().contains("not rosa cluster"), "{error}");

        let asked = RosaOptions {
            cluster: Some("rosa-1".to_owned()),
            ..RosaOptions::default()
        };
        let request = asked.validate().expect("valid");
        let at = |text: &str| {
            let cluster = described("region", json!({ "id": text }));
            region(&request, "rosa-1", &cluster)
        };
        assert_eq!(at("eu-west-1").expect("a region"), "eu-west-1");
        for text in ["*", "eu-west-1.evil.example/#", "../..", "x\n"] {
            let error = at(text).expect_err("no region").to_string();
            assert!(error.contains("names no region"), "{error}");
            assert!(!error.contains(char::is_control), "{error:?}");
        }
    }
}
