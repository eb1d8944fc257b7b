//! Which ROSA cluster.

use clap::Args;

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
