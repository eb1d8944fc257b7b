//! `stepwell aurora …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub use super::kubernetes::{PsqlArguments, ResetArguments};
use super::workflow::{TakeOverArguments, WorkflowArguments};

/// `stepwell aurora …`.
#[derive(Debug, Subcommand)]
pub enum AuroraCommand {
    /// Create a cluster with everything it needs
    Create(Box<CreateArguments>),
    /// Print the address of a cluster that serves
    Endpoint(EndpointArguments),
    /// List clusters
    List(ListArguments),
    /// Add readers to a cluster, or take some away
    #[command(long_about = "Add readers to a cluster, or take some away.\n\n\
                      Added ones get the writer's class and go to the zones with the fewest instances; a \
                      failure takes them away again. Of the readers, those with the highest numbers are \
                      taken away first and what autoscaling made last; the writer stays.")]
    Scale(ScaleArguments),
    /// Delete a cluster with everything that was made for it
    Delete(DeleteArguments),
    /// Look into the database with psql, from a pod in Kubernetes
    Psql(Box<PsqlArguments>),
    /// Empty the schema of Keycloak and restart Keycloak in all data centres
    Reset(Box<ResetArguments>),
    /// Delete every cluster that is not tagged `keepalive`, and what is left of others
    #[command(
        long_about = "Delete every cluster that is not tagged `keepalive`, and what is left of others.\n\n\
                      Lists what would go, and deletes it only with --yes, without a snapshot: the data \
                      is lost. Finds clusters of this tool and of the shell scripts by their tags, in \
                      every enabled region; what has neither's tags is left alone."
    )]
    Reap(ReapArguments),
}

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

/// Where a password given by a person is.
#[derive(Debug, Clone, Default, Args)]
pub struct PasswordArguments {
    /// A file whose first line is the master user's password; without one, and without
    /// AURORA_PASSWORD, RDS makes a password and keeps it in Secrets Manager
    /// [env: AURORA_PASSWORD, the password itself]
    #[arg(long, value_name = "PATH")]
    pub password_file: Option<PathBuf>,
}

/// `stepwell aurora create`.
#[derive(Debug, Clone, Default, Args)]
pub struct CreateArguments {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// How many instances; they go round the zones [env: AURORA_INSTANCES] [default: 1]
    #[arg(long, value_name = "N")]
    pub instances: Option<String>,

    /// The class of the instances [env: AURORA_INSTANCE_CLASS] [default: db.r7g.xlarge]
    #[arg(long, value_name = "CLASS")]
    pub instance_class: Option<String>,

    /// Between which bounds instances of the class db.serverless scale, in Aurora capacity units
    /// [default: 0.5-16]
    #[arg(long, value_name = "MIN-MAX")]
    pub serverless_capacity: Option<String>,

    /// The database engine [env: AURORA_ENGINE] [default: aurora-postgresql]
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<String>,

    /// The engine's version; a major one such as 17 stands for its newest that can be ordered
    /// [env: AURORA_ENGINE_VERSION] [default: 17, or the snapshot's]
    #[arg(long, value_name = "VERSION")]
    pub engine_version: Option<String>,

    /// A DB cluster snapshot to restore, by name or ARN: user, databases and, unless another is
    /// asked for, the password are the snapshot's [env: AURORA_DB_SNAPSHOT_ID]
    #[arg(long, value_name = "ID")]
    pub snapshot: Option<String>,

    /// The availability zones [default: up to three that offer the class]
    #[arg(long, value_name = "ZONE", value_delimiter = ',')]
    pub zones: Vec<String>,

    /// The VPC's address range [default: a 192.168.x.0/24 that nothing else uses, or another private
    /// /24 where there is none]
    #[arg(long, value_name = "CIDR")]
    pub vpc_cidr: Option<String>,

    /// The master user [env: AURORA_USERNAME] [default: keycloak]
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,

    /// The master user's password.
    #[command(flatten)]
    pub password: PasswordArguments,

    /// Have RDS make the password and keep it in Secrets Manager: for a snapshot, whose old
    /// password else stays, and against AURORA_PASSWORD
    #[arg(long, conflicts_with = "password_file")]
    pub managed_password: bool,

    /// The database made with the cluster [default: keycloak]
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,

    /// The subnet group's name [env: AURORA_SUBNET_GROUP_NAME] [default: CLUSTER-subnet-group]
    #[arg(long, value_name = "NAME")]
    pub subnet_group_name: Option<String>,

    /// The security group's name [env: AURORA_SECURITY_GROUP_NAME]
    /// [default: CLUSTER-security-group]
    #[arg(long, value_name = "NAME")]
    pub security_group_name: Option<String>,

    /// Protect the cluster against deletion
    #[arg(long)]
    pub deletion_protection: bool,

    /// A further tag for everything that is made; may be repeated
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    pub tags: Vec<String>,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,

    /// Whether another run may be overridden.
    #[command(flatten)]
    pub take_over: TakeOverArguments,

    /// What to do when a step fails for good [default: rollback]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub on_failure: Option<super::workflow::Policy>,
}

/// `stepwell aurora endpoint`.
#[derive(Debug, Clone, Args)]
pub struct EndpointArguments {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// Print the reader endpoint, not the writer's
    #[arg(long)]
    pub reader: bool,
}

/// `stepwell aurora list`.
#[derive(Debug, Clone, Args)]
pub struct ListArguments {
    /// The region to look in [env: AURORA_REGION, else AWS_REGION]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,

    /// Look in every enabled region
    #[arg(long)]
    pub all_regions: bool,
}

/// `stepwell aurora delete`.
#[derive(Debug, Clone, Args)]
pub struct DeleteArguments {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// Keep the data in a snapshot of this name
    #[arg(long, value_name = "NAME", conflicts_with = "skip_final_snapshot")]
    pub final_snapshot: Option<String>,

    /// Keep nothing of the data
    #[arg(long)]
    pub skip_final_snapshot: bool,

    /// Remove the cluster's peerings first, with their routes on both sides; without this, a
    /// cluster that is peered is refused
    #[arg(long)]
    pub with_peerings: bool,

    /// The AWS profile of the account in which ROSA lives [default: the same as for Aurora]
    #[arg(long, value_name = "PROFILE", requires = "with_peerings")]
    pub rosa_profile: Option<String>,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,

    /// Whether another run may be overridden.
    #[command(flatten)]
    pub take_over: TakeOverArguments,

    /// What to do when a step fails for good: a deletion only goes forward, so it is suspended
    #[arg(long, value_enum, value_name = "POLICY", hide_possible_values = true)]
    pub on_failure: Option<super::workflow::Policy>,
}

/// `stepwell aurora scale`.
#[derive(Debug, Clone, Args)]
pub struct ScaleArguments {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// How many instances the cluster is to have, the writer included: 1 to 16
    #[arg(long, value_name = "N")]
    pub instances: String,

    /// The class of those that are added [default: the writer's]
    #[arg(long, value_name = "CLASS")]
    pub instance_class: Option<String>,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,

    /// Whether another run may be overridden.
    #[command(flatten)]
    pub take_over: TakeOverArguments,

    /// What to do when a step fails for good [default: rollback of what was added; where readers
    /// are taken away, suspend]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub on_failure: Option<super::workflow::Policy>,
}

/// `stepwell aurora reap`.
#[derive(Debug, Clone, Args)]
pub struct ReapArguments {
    /// A region to look in; may be repeated [default: every enabled region]
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,

    /// Only what was made longer ago, for example 90m, 8h or 2d
    #[arg(long, value_name = "AGE")]
    pub older_than: Option<String>,

    /// Remove peerings too; without it a peered cluster is left
    #[arg(long)]
    pub with_peerings: bool,

    /// With --with-peerings: the AWS profile for the account in which ROSA lives, if another
    #[arg(long, value_name = "PROFILE", requires = "with_peerings")]
    pub rosa_profile: Option<String>,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,
}
