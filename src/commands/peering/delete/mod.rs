//! `stepwell peering delete`.

mod chosen;

use clap::Args;
use stepwell_engine::{Graph, GraphError};
use stepwell_workflows::peering::{
    self, Accounts, DeleteOptions, DeleteParameters, DeleteRequest, PeeringInventory, RosaPlace,
};
use stepwell_workflows::{SurveyError, Target, Workflow};

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::launch::{Connecting, Launch, Question, launch};
use crate::session::targets::Targets;
use crate::session::{Connection, Session, rosa, survey};
use crate::settings::input;
use crate::settings::place::ClusterArguments;
use crate::settings::rosa::RosaArguments;
use crate::settings::rosa::RosaSettings;
use crate::settings::workflow::WorkflowSettings;
use crate::settings::workflow::{Policy, WorkflowArguments};
pub(crate) use chosen::Chosen;

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
    pub on_failure: Option<Policy>,
}

/// Removes peerings with their routes and ingress rules.
pub fn run(context: &Context, arguments: &DeleteArguments) -> Result<Exit, Problem> {
    let chosen = Chosen::resolve(arguments, &context.environment)?;
    let mut delete = Delete {
        name: chosen.name(),
        request: None,
        chosen,
        profile: arguments.rosa.rosa_profile.as_deref(),
        how: WorkflowSettings::forward_only(&arguments.workflow, arguments.on_failure)?,
        looked: None,
    };
    launch(context, &mut delete)
}

struct Delete<'a> {
    chosen: Chosen,
    name: String,
    /// What is asked, once it is known where ROSA is.
    request: Option<DeleteRequest>,
    profile: Option<&'a str>,
    how: WorkflowSettings,
    /// What was asked, and what was found before anything was locked.
    looked: Option<Look>,
}

struct Look {
    request: DeleteRequest,
    accounts: Accounts,
    found: DeleteParameters,
}

impl Look {
    async fn take(
        session: &Session,
        request: DeleteRequest,
        accounts: Accounts,
    ) -> Result<Self, Problem> {
        let aws = &session.connection.aws;
        let found = peering::survey_delete(aws, &request, &accounts).await;
        let found =
            found.map_err(|error| survey::refused(&session.context, survey::READING, error))?;
        Ok(Self {
            request,
            accounts,
            found,
        })
    }
}

impl Launch for Delete<'_> {
    type Parameters = DeleteParameters;
    const WORKFLOW: Workflow = Workflow::PeeringDelete;

    fn plan(&self) -> bool {
        self.how.plan
    }

    async fn region(
        &mut self,
        context: &Context,
        connection: &Connection,
    ) -> Result<String, Problem> {
        let request = request(context, connection, &self.chosen).await?;
        let region = request.region().to_owned();
        self.request = Some(request);
        Ok(region)
    }

    fn connecting(&mut self) -> Connecting<'_> {
        Connecting {
            profile: self.profile,
            ..Connecting::default()
        }
    }

    fn supersedes(&self) -> bool {
        true
    }

    /// What is found says what has to be locked.
    async fn target(&mut self, session: &Session) -> Result<Target, Problem> {
        let Some(request) = self.request.take() else {
            return Err(Problem::error("the peerings were not asked for"));
        };
        let (connection, account) = (&session.connection, &session.account);
        let region = request.region();
        let accounts = rosa::accounts(connection, account, region, self.profile).await?;
        let look = Look::take(session, request, accounts).await?;
        let target = look.found.target.clone();
        self.looked = Some(look);
        Ok(target)
    }

    /// What counts is what is found under the locks.
    async fn survey(
        &mut self,
        session: &Session,
        targets: &mut Targets,
    ) -> Result<DeleteParameters, Problem> {
        let Some(Look {
            request,
            accounts,
            mut found,
        }) = self.looked.take()
        else {
            return Err(Problem::error("the peerings were not looked up"));
        };
        targets.add(session, self::targets(&found)).await?;
        let others = session.unfinished_targets(|target| is_meant(&self.chosen, &found, target))?;
        targets.add(session, others).await?;
        if !self.how.plan {
            found = Look::take(session, request, accounts).await?.found;
            targets.must_cover(&self::targets(&found))?;
        }
        if !found.skipped.is_empty() {
            // What was not found may be where nothing could be asked.
            targets.narrow_to(&self::targets(&found));
        }
        for region in &found.skipped {
            let printer = &session.context.printer;
            printer.warn(format!("not looked for peerings in {region}"));
        }
        Ok(found)
    }

    fn nothing_to_do(&self, found: &DeleteParameters) -> Option<String> {
        found.peerings.is_empty().then(|| {
            format!(
                "nothing to delete: {} has no peering, and none has left a route behind",
                self.name
            )
        })
    }

    fn announce(&self, session: &Session, found: &DeleteParameters) {
        let printer = &session.context.printer;
        if !found.peerings.is_empty() {
            printer.note("found:");
        }
        for line in found.peerings.iter().flat_map(PeeringInventory::lines) {
            printer.note(format!("  {line}"));
        }
    }

    fn settings(&self, _: &DeleteParameters) -> Result<WorkflowSettings, Problem> {
        Ok(self.how)
    }

    fn graph(found: &DeleteParameters) -> Result<Graph, GraphError> {
        peering::delete_graph(found)
    }

    fn question(&self, found: &DeleteParameters) -> Option<Question> {
        let name = &self.name;
        Some(Question {
            what: match found.peerings.len() {
                1 => format!("the removal of the peering of {name}"),
                count => format!("the removal of {count} peerings of {name}"),
            },
            word: name.clone(),
        })
    }
}

/// Everything that a run on these parameters works on.
fn targets(parameters: &DeleteParameters) -> Vec<Target> {
    let mut targets = vec![parameters.target.clone()];
    targets.extend(parameters.peerings.iter().map(PeeringInventory::target));
    targets
}

/// Whether a peering is meant where it is not just one: what was begun on it and
/// has left no peering ends with the others.
fn is_meant(chosen: &Chosen, found: &DeleteParameters, target: &Target) -> bool {
    match chosen {
        Chosen::One(_, Some(_)) => false,
        Chosen::One(place, None) | Chosen::OfCluster(place) => {
            target.is_peering() && target.is_of(&place.region, &place.cluster)
        }
        // Its target names ROSA's region, those of its peerings Aurora's.
        Chosen::OfRosa(_) => {
            let vpc = found.target.rosa_vpc();
            vpc.is_some() && target.rosa_vpc() == vpc
        }
    }
}

/// What is asked for, once it is known where ROSA is.
async fn request(
    context: &Context,
    connection: &Connection,
    chosen: &Chosen,
) -> Result<DeleteRequest, Problem> {
    let options = match chosen {
        Chosen::One(place, sought) => DeleteOptions::One {
            cluster: place.cluster.clone(),
            region: place.region.clone(),
            rosa: match sought {
                Some(sought) => Some(rosa_place(context, connection, sought).await?),
                None => None,
            },
        },
        Chosen::OfCluster(place) => DeleteOptions::OfCluster {
            cluster: place.cluster.clone(),
            region: place.region.clone(),
        },
        Chosen::OfRosa(sought) => {
            DeleteOptions::OfRosa(rosa_place(context, connection, sought).await?)
        }
    };
    options
        .validate()
        .map_err(|invalid| input::refuse(&invalid, &context.environment))
}

/// Where ROSA is, or was: a VPC that is named need not be there any more.
async fn rosa_place(
    context: &Context,
    connection: &Connection,
    sought: &RosaSettings,
) -> Result<RosaPlace, Problem> {
    if let (Some(vpc), Some(region)) = (sought.request.vpc(), sought.request.region()) {
        return Ok(RosaPlace {
            region: region.to_owned(),
            vpc_id: vpc.to_owned(),
            machine_cidr: sought.request.machine_cidr(),
        });
    }
    let request = sought.request.clone().in_any_state();
    let network = rosa::find(context, connection, sought, &request)
        .await
        .map_err(|error| {
            let gone = "if the rosa cluster is gone, name its network with --rosa-vpc, or leave --rosa-cluster and CLUSTER_NAME out: the peering itself knows where it was";
            let is_about_inputs = !matches!(error, SurveyError::Fault(_));
            let problem = survey::refused(context, "could not look up the rosa cluster", error);
            match (&problem.hint, is_about_inputs) {
                (Some(hint), true) => {
                    let hint = format!("{hint}; {gone}");
                    problem.hint(hint)
                }
                _ => problem.hint(gone),
            }
        })?;
    Ok(RosaPlace {
        region: network.region,
        vpc_id: network.vpc_id,
        machine_cidr: Some(network.machine_cidr),
    })
}
