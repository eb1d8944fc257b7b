//! Arguments of the commands that work through `kubectl`.

use clap::Args;

use super::aurora::ClusterArguments;
use super::workflow::WorkflowArguments;

/// How a pod reaches the database.
#[derive(Debug, Clone, Default, Args)]
pub struct ClientArguments {
    /// The database [default: keycloak]
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,

    /// The user [default: that of the Secret's key `username`, else AURORA_USERNAME, else keycloak]
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,

    /// The Secret in the namespace whose keys `username` and `password` are the database's
    /// [default: keycloak-db-secret]
    #[arg(long, value_name = "NAME")]
    pub secret: Option<String>,

    /// The image with psql [default: docker.io/library/postgres:MAJOR, of the engine's major
    /// version]
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,

    /// The processors that the pod asks for, and may use at most [default: 100m]
    #[arg(long, value_name = "QUANTITY")]
    pub cpu: Option<String>,

    /// The memory that the pod asks for, and may use at most [default: 128Mi]
    #[arg(long, value_name = "QUANTITY")]
    pub memory: Option<String>,

    /// The program that talks to Kubernetes, by name or by path; `oc` does as well
    /// [default: kubectl]
    #[arg(long, value_name = "PROGRAM")]
    pub kubectl: Option<String>,
}

/// The pod of a verification.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Verification options")]
pub struct ProbeArguments {
    /// The namespace in which the pod tries it, which has the Secret [default: the context's]
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,

    /// The ROSA cluster's context in kubectl's configuration [default: the current one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// The Secret whose keys `username` and `password` are the database's
    /// [default: keycloak-db-secret]
    #[arg(long, value_name = "NAME")]
    pub secret: Option<String>,

    /// The database [default: the one made with the cluster, else keycloak]
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,

    /// The user [default: that of the Secret's key `username`, else the cluster's master user]
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,

    /// The image with psql [default: docker.io/library/postgres:MAJOR, of the engine's major
    /// version]
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,

    /// The processors that the pod asks for, and may use at most [default: 100m]
    #[arg(long, value_name = "QUANTITY")]
    pub cpu: Option<String>,

    /// The memory that the pod asks for, and may use at most [default: 128Mi]
    #[arg(long, value_name = "QUANTITY")]
    pub memory: Option<String>,

    /// The program that talks to Kubernetes, by name or by path; `oc` does as well
    /// [default: kubectl]
    #[arg(long, value_name = "PROGRAM")]
    pub kubectl: Option<String>,
}

/// `stepwell aurora psql`.
#[derive(Debug, Clone, Args)]
pub struct PsqlArguments {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// The namespace that has the Secret [default: the context's]
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,

    /// The context of kubectl's configuration [default: the current one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// Go to the reader endpoint, not the writer's
    #[arg(long)]
    pub reader: bool,

    /// Print the command line that would be run, and run nothing
    #[arg(long)]
    pub print: bool,

    /// How the pod reaches the database.
    #[command(flatten)]
    pub client: ClientArguments,

    /// What psql is told beside where the database is, for example -c 'select 1'
    #[arg(last = true, value_name = "PSQL ARGUMENT")]
    pub arguments: Vec<String>,
}

/// `stepwell aurora reset`.
#[derive(Debug, Clone, Args)]
pub struct ResetArguments {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// The namespace in which Keycloak runs, in every data centre
    #[arg(short, long, value_name = "NAME")]
    pub namespace: String,

    /// The context of a data centre, in kubectl's configuration; repeat it for all of them. The
    /// schema is reset from the first one
    #[arg(long = "context", value_name = "NAME", required = true)]
    pub contexts: Vec<String>,

    /// The StatefulSet that runs Keycloak [default: keycloak]
    #[arg(long, value_name = "NAME", conflicts_with = "workload")]
    pub statefulset: Option<String>,

    /// What else runs Keycloak: statefulset/NAME or deployment/NAME
    #[arg(long, value_name = "KIND/NAME")]
    pub workload: Option<String>,

    /// The schema that is dropped and made anew [default: public]
    #[arg(long, value_name = "NAME")]
    pub schema: Option<String>,

    /// How the pod reaches the database.
    #[command(flatten)]
    pub client: ClientArguments,

    /// Leave Keycloak running while the schema goes, and replace its pods one by one afterwards
    #[arg(long)]
    pub no_stop: bool,

    /// Drop what in other schemas depends on this one too
    #[arg(long)]
    pub cascade: bool,

    /// Give up an unfinished reset of this cluster, and take away its pod
    #[arg(long)]
    pub anew: bool,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,
}
