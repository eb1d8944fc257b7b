//! `stepwell aurora create`.

use clap::Args;
use stepwell_engine::{Graph, GraphError};
use stepwell_workflows::aurora::{
    self, CreateOptions, CreateParameters, CreateRequest, Origin, PasswordSource,
};
use stepwell_workflows::{Secret, Target, Workflow, shown};

use crate::Context;
use crate::environment::{self, Environment, Variable};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::launch::{Connecting, Launch, launch};
use crate::session::targets::Targets;
use crate::session::{Connection, Session, survey};
use crate::settings::password::PasswordArguments;
use crate::settings::place::ClusterArguments;
use crate::settings::place::{self, Place};
use crate::settings::workflow::WorkflowSettings;
use crate::settings::workflow::{Policy, TakeOverArguments, WorkflowArguments};
use crate::settings::{input, password};

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
    pub on_failure: Option<Policy>,
}

/// Creates a cluster with everything it needs.
pub fn run(context: &Context, arguments: &CreateArguments) -> Result<Exit, Problem> {
    let password = match arguments.managed_password {
        true => None,
        false => password::resolve(&arguments.password, &context.environment)?,
    };
    let mut create = Create {
        request: resolve(arguments, &context.environment, password.as_ref())?,
        password,
        how: WorkflowSettings::reversible(&arguments.workflow, arguments.on_failure)?,
        take_over: arguments.take_over.take_over,
    };
    launch(context, &mut create)
}

struct Create {
    request: CreateRequest,
    password: Option<Secret>,
    how: WorkflowSettings,
    take_over: bool,
}

impl Launch for Create {
    type Parameters = CreateParameters;
    const WORKFLOW: Workflow = Workflow::AuroraCreate;

    fn plan(&self) -> bool {
        self.how.plan
    }

    async fn region(&mut self, _: &Context, _: &Connection) -> Result<String, Problem> {
        Ok(self.request.region().to_owned())
    }

    fn connecting(&mut self) -> Connecting<'_> {
        Connecting {
            password: self.password.take(),
            take_over: self.take_over,
            ..Connecting::default()
        }
    }

    async fn target(&mut self, _: &Session) -> Result<Target, Problem> {
        Ok(self.request.target())
    }

    async fn survey(
        &mut self,
        session: &Session,
        _: &mut Targets,
    ) -> Result<CreateParameters, Problem> {
        survey::once_alone(session, survey::READING, async || {
            aurora::survey_create(&session.connection.aws, &self.request).await
        })
        .await
    }

    fn announce(&self, session: &Session, _: &CreateParameters) {
        let Context {
            environment,
            printer,
            ..
        } = &session.context;
        for note in notes(&self.request, environment) {
            printer.note(note);
        }
    }

    fn settings(&self, _: &CreateParameters) -> Result<WorkflowSettings, Problem> {
        Ok(self.how)
    }

    fn graph(found: &CreateParameters) -> Result<Graph, GraphError> {
        aurora::create_graph(found)
    }
}

/// The class of the instances where nothing else is said.
pub const INSTANCE_CLASS: &str = "db.r7g.xlarge";

/// The engine's major version where nothing else is said: the newest minor one
/// that can be ordered, because AWS retires the others.
pub const ENGINE_VERSION: &str = "17";

/// Resolves and checks everything, before any effect.
pub(crate) fn resolve(
    arguments: &CreateArguments,
    environment: &Environment,
    password: Option<&Secret>,
) -> Result<CreateRequest, Problem> {
    let place = Place::resolve(&arguments.cluster, environment)?;
    let text = |flag: &Option<String>, variable: Variable| {
        place::input(flag.as_ref(), environment, &[variable]).map(|given| given.value)
    };
    let instances = place::input(
        arguments.instances.as_ref(),
        environment,
        &[environment::AURORA_INSTANCES],
    );
    CreateOptions {
        cluster: place.cluster,
        region: place.region,
        instances: place::number("--instances", instances, 1, 1..=16)?,
        instance_class: text(
            &arguments.instance_class,
            environment::AURORA_INSTANCE_CLASS,
        )
        .unwrap_or_else(|| INSTANCE_CLASS.to_owned()),
        serverless_capacity: arguments.serverless_capacity.clone(),
        engine: text(&arguments.engine, environment::AURORA_ENGINE)
            .unwrap_or_else(|| "aurora-postgresql".to_owned()),
        origin: origin(arguments, environment)?,
        zones: arguments.zones.clone(),
        vpc_cidr: arguments.vpc_cidr.clone(),
        deletion_protection: arguments.deletion_protection,
        tags: arguments
            .tags
            .iter()
            .map(|tag| input::pair("--tag", tag))
            .collect::<Result<_, _>>()?,
        subnet_group_name: text(
            &arguments.subnet_group_name,
            environment::AURORA_SUBNET_GROUP_NAME,
        ),
        security_group_name: text(
            &arguments.security_group_name,
            environment::AURORA_SECURITY_GROUP_NAME,
        ),
    }
    .validate(password)
    .map_err(|invalid| input::refuse(&invalid, environment))
}

/// Where the data comes from.
fn origin(arguments: &CreateArguments, environment: &Environment) -> Result<Origin, Problem> {
    let text = |flag: &Option<String>, variable: Variable| {
        place::input(flag.as_ref(), environment, &[variable]).map(|given| given.value)
    };
    let engine_version = text(
        &arguments.engine_version,
        environment::AURORA_ENGINE_VERSION,
    );
    let snapshot = text(&arguments.snapshot, environment::AURORA_DB_SNAPSHOT_ID);
    let Some(id) = snapshot else {
        return Ok(Origin::Empty {
            engine_version: engine_version.unwrap_or_else(|| ENGINE_VERSION.to_owned()),
            username: text(&arguments.username, environment::AURORA_USERNAME)
                .unwrap_or_else(|| "keycloak".to_owned()),
            database: arguments
                .database
                .clone()
                .unwrap_or_else(|| "keycloak".to_owned()),
        });
    };
    let own = [
        ("--username", &arguments.username),
        ("--database", &arguments.database),
    ];
    for (flag, given) in own {
        if let Some(value) = given {
            return Err(Problem::usage(format!(
                "{flag} {} is not possible with a snapshot, which brings its own; allowed: {flag} or a snapshot",
                shown(value)
            )));
        }
    }
    Ok(Origin::Snapshot {
        id,
        engine_version,
        managed_password: arguments.managed_password,
    })
}

/// What a person should know of the password, and of how a snapshot is restored.
pub fn notes(request: &CreateRequest, environment: &Environment) -> Vec<String> {
    let mut notes = Vec::new();
    // In the environment it stands for every create, so it is no contradiction.
    if request.is_restore() && environment.get(environment::AURORA_USERNAME).is_some() {
        notes.push("AURORA_USERNAME is ignored: the master user is the snapshot's".to_owned());
    }
    match request.password() {
        PasswordSource::Kept => notes.push(
            "the password stays what it was when the snapshot was taken; --password-file, AURORA_PASSWORD or --managed-password sets another"
                .to_owned(),
        ),
        // Amazon RDS User Guide, "Password management with Amazon RDS and AWS
        // Secrets Manager": rotated every seven days by default.
        PasswordSource::Managed => notes.push(
            "RDS changes the password that it keeps every seven days: have Keycloak follow it with `stepwell keycloak env --format external-secret`, or give one that stays with --password-file"
                .to_owned(),
        ),
        PasswordSource::Given => {}
    }
    notes
}
