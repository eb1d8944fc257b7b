//! ROSA: where a Red Hat OpenShift cluster lives in AWS.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

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
    /// The subnets of its machines; all of the VPC where nobody says which.
    pub subnets: Vec<String>,
    /// How it was found, for people: for example `aws.subnet_ids of rosa
    /// describe cluster`.
    pub found_by: String,
}
