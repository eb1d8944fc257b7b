//! `stepwell peering verify`.

use clap::Args;
use serde::Serialize;
use stepwell_engine::{Clock, Fault};
use stepwell_workflows::kubernetes::LIMIT;
use stepwell_workflows::peering::{
    Check, CheckStatus, Culprit, Verdict, VerifyRequest, VerifySession,
};

use crate::carry::signals::Signals;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::table;
use crate::session::{Backend, Connection, rosa, serving, survey};
use crate::settings::kubernetes::ProbeArguments;
use crate::settings::place::ClusterArguments;
use crate::settings::place::Place;
use crate::settings::{Settings, kubernetes};
use crate::{Context, runtime};

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

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    cluster: &'a str,
    region: &'a str,
    endpoint: &'a str,
    port: i32,
    context: Option<&'a str>,
    namespace: Option<&'a str>,
    pod: &'a str,
    reached: bool,
    at_fault: Option<Culprit>,
    checks: &'a [Check],
    message: Option<&'a str>,
    hint: Option<&'a str>,
}

/// Proves that a pod reaches the database, or says what keeps it from that.
pub fn run(context: &Context, arguments: &VerifyArguments) -> Result<Exit, Problem> {
    let place = Place::resolve(&arguments.cluster, &context.environment)?;
    let vpc = arguments.rosa_vpc.as_ref();
    let request = kubernetes::verify(&arguments.probe, &place, vpc, &context.environment)?;
    verify(context, &place, &request, arguments.rosa_profile.as_deref())
}

/// Looks for what the pod will need, before anything else is begun.
pub fn survey(context: &Context, request: &VerifyRequest) -> Result<(), Problem> {
    let settings = &in_real_time(context);
    let backend = Backend::of(settings)?;
    runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        request
            .survey(connection.clock.as_ref())
            .await
            .map_err(failed)
    })
}

/// Kubernetes is the real one, also where AWS is simulated.
fn in_real_time(context: &Context) -> Settings {
    context.settings.in_real_time()
}

const FAILED: &str = "could not try the connection in kubernetes";

fn failed(fault: Fault) -> Problem {
    Problem::from_fault(FAILED, &fault)
}

/// Verifies, and prints what came of it. `profile` reaches ROSA's account.
pub fn verify(
    context: &Context,
    place: &Place,
    request: &VerifyRequest,
    profile: Option<&str>,
) -> Result<Exit, Problem> {
    let settings = &in_real_time(context);
    let backend = Backend::of(settings)?;
    runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        let connection = rosa::connect(context, &backend, connection, profile).await?;
        let region = place.region.as_str();
        let account = connection.account(region).await?;
        let accounts = rosa::accounts(&connection, &account, region, profile).await?;
        let endpoint = serving::find(context, &connection, place).await?;
        let clock = connection.clock.as_ref();
        let session = request.session(clock, &endpoint).await;
        let session = session.map_err(|error| survey::refused(context, FAILED, error))?;
        context.printer.progress(format!(
            "pod {} in {} tries {} on port {}",
            session.pod(),
            session.place(),
            endpoint.writer,
            session.port()
        ));
        let mut signals = Signals::ladder(&context.signals);
        let tried = tokio::select! {
            biased;
            signal = signals.next() => Err(signal),
            tried = session.try_it(clock) => Ok(tried),
        };
        if let Err(signal) = &tried {
            context.printer.progress(format!(
                "{}: taking the pod away, for {} seconds at most; once more leaves it",
                signal.name(),
                LIMIT.as_secs()
            ));
        }
        remove(context, &connection, &session, &mut signals).await;
        // What follows only looks, so a signal ends it.
        drop(signals);
        let tried = match tried {
            Err(signal) => return Ok(signal.exit()),
            Ok(tried) => tried.map_err(failed)?,
        };
        let verdict = session.judge(&connection.aws, &accounts, &tried).await;
        report(context, place, &endpoint.writer, &session, &verdict)
    })
}

/// Takes the pod away. Another signal leaves it to the next verification.
async fn remove(
    context: &Context,
    connection: &Connection,
    session: &VerifySession,
    signals: &mut Signals,
) {
    let clock: &dyn Clock = connection.clock.as_ref();
    let why = tokio::select! {
        biased;
        removed = session.remove(clock) => match removed {
            Ok(()) => return,
            Err(fault) => fault.to_string(),
        },
        signal = signals.next() => signal.name().to_owned(),
    };
    context.printer.warn(format!(
        "pod {} in {} may be left: {why}; it ends within two minutes, and the next verification takes it away",
        session.pod(),
        session.place()
    ));
}

fn report(
    context: &Context,
    place: &Place,
    host: &str,
    session: &VerifySession,
    verdict: &Verdict,
) -> Result<Exit, Problem> {
    let printer = &context.printer;
    let failed = verdict.culprit.is_some();
    if printer.output.is_json() {
        let at = session.place();
        printer.document(&Document {
            schema: crate::SCHEMA,
            cluster: &place.cluster,
            region: &place.region,
            endpoint: host,
            port: session.port(),
            context: at.context.as_deref(),
            namespace: at.namespace.as_deref(),
            pod: session.pod(),
            reached: !failed,
            at_fault: verdict.culprit,
            checks: &verdict.checks,
            message: failed.then_some(&verdict.message),
            hint: failed.then_some(&verdict.hint),
        })?;
    } else {
        let rows: Vec<Vec<String>> = (verdict.checks.iter())
            .map(|check| {
                let status = match check.status {
                    CheckStatus::Ok => "ok",
                    CheckStatus::Fail => "fail",
                    CheckStatus::Unknown => "unknown",
                };
                vec![
                    check.name.to_owned(),
                    status.to_owned(),
                    check.message.clone(),
                ]
            })
            .collect();
        for line in table::columns(&["PART", "STATUS", "SEEN"], &rows) {
            printer.line(line)?;
        }
    }
    if !failed {
        return Ok(Exit::Success);
    }
    Err(Problem::error(format!(
        "a pod in {} does not reach cluster {}: {}",
        session.place(),
        place.cluster,
        verdict.message
    ))
    .code("not_reached")
    .hint(verdict.hint.clone()))
}
