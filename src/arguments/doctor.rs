//! `stepwell doctor`.

use clap::Args;

use super::aurora::ClusterArguments;

/// `stepwell doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArguments {
    /// Which cluster and where.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// A ROSA cluster that is to be peered [env: CLUSTER_NAME]
    #[arg(long, value_name = "NAME")]
    pub rosa_cluster: Option<String>,

    /// The class that instances would have [env: AURORA_INSTANCE_CLASS] [default: db.r7g.xlarge]
    #[arg(long, value_name = "CLASS")]
    pub instance_class: Option<String>,

    /// The engine's version [env: AURORA_ENGINE_VERSION] [default: 17]
    #[arg(long, value_name = "VERSION")]
    pub engine_version: Option<String>,
}
