//! `stepwell peering …`.

use clap::{Args, Subcommand};

use super::aurora::ClusterArguments;
use super::kubernetes::ProbeArguments;
use super::rosa::RosaArguments;
use super::workflow::WorkflowArguments;

/// `stepwell peering …`.
#[derive(Debug, Subcommand)]
pub enum PeeringCommand {
    /// Let the machines of a ROSA cluster reach an Aurora cluster
    Create(Box<CreateArguments>),
    /// Prove that a pod in the ROSA cluster reaches the database, or say what is at fault
    Verify(Box<VerifyArguments>),
    /// List the peerings of Aurora clusters, and what each lacks
    List(ListArguments),
    /// Remove peerings with their routes and ingress rules
    Delete(Box<DeleteArguments>),
}

/// `stepwell peering create`.
#[derive(Debug, Clone, Default, Args)]
pub struct CreateArguments {
    /// Which Aurora cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// The name of the Aurora cluster's security group, where the cluster itself does not tell
    /// [env: AURORA_SECURITY_GROUP_NAME] [default: CLUSTER-security-group]
    #[arg(long, value_name = "NAME")]
    pub security_group_name: Option<String>,

    /// A further tag for everything that is made; may be repeated
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    pub tags: Vec<String>,

    /// At the end, prove that a pod in the ROSA cluster reaches the database, through kubectl
    #[arg(long)]
    pub verify: bool,

    /// Which ROSA cluster.
    #[command(flatten)]
    pub rosa: RosaArguments,

    /// The pod of the verification.
    #[command(flatten)]
    pub probe: ProbeArguments,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,

    /// What to do when a step fails for good [default: rollback]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub on_failure: Option<super::workflow::Policy>,
}

/// `stepwell peering verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArguments {
    /// Which Aurora cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// The ROSA cluster's VPC, where the Aurora cluster is peered with several [default: all of
    /// its peerings have to be whole]
    #[arg(long, value_name = "VPC")]
    pub rosa_vpc: Option<String>,

    /// The AWS profile of the account in which ROSA lives [default: the same as for Aurora]
    #[arg(long, value_name = "PROFILE")]
    pub rosa_profile: Option<String>,

    /// The pod.
    #[command(flatten)]
    pub probe: ProbeArguments,
}

/// `stepwell peering list`.
#[derive(Debug, Clone, Args)]
pub struct ListArguments {
    /// Only those of this Aurora cluster [env: AURORA_CLUSTER]
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,

    /// The region to look in [env: AURORA_REGION, else AWS_REGION]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,

    /// Look in every enabled region
    #[arg(long)]
    pub all_regions: bool,

    /// The AWS profile of the account in which ROSA lives [default: the same as for Aurora]
    #[arg(long, value_name = "PROFILE")]
    pub rosa_profile: Option<String>,
}

/// `stepwell peering delete`.
#[derive(Debug, Clone, Default, Args)]
pub struct DeleteArguments {
    /// Which Aurora cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// All peerings of the Aurora cluster; or, where the ROSA cluster is named in its place, all
    /// that it has with Aurora clusters in whatever region
    #[arg(long)]
    pub all: bool,

    /// Which ROSA cluster.
    #[command(flatten)]
    pub rosa: RosaArguments,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,

    /// What to do when a step fails for good: a deletion only goes forward, so it is suspended
    #[arg(long, value_enum, value_name = "POLICY", hide_possible_values = true)]
    pub on_failure: Option<super::workflow::Policy>,
}
