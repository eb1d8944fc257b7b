//! `stepwell aurora psql`.

mod statement;

use std::process::ExitStatus;
use std::time::Duration;

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use stepwell_engine::{Clock, Fault};
use stepwell_workflows::aurora::{PsqlOptions, PsqlRequest, PsqlSession};
use stepwell_workflows::kubernetes::quoted;

use crate::carry::signals::{Asked, Signals};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::{Backend, serving, survey};
use crate::settings::input;
use crate::settings::kubernetes::Client;
use crate::settings::kubernetes::ClientArguments;
use crate::settings::place::ClusterArguments;
use crate::settings::place::Place;
use crate::{Context, runtime};

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

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    cluster: &'a str,
    region: &'a str,
    endpoint: &'a str,
    pod: &'a str,
    command: Vec<&'a str>,
}

/// Prints the command line of `kubectl`, or runs it.
pub fn run(context: &Context, arguments: &PsqlArguments) -> Result<Exit, Problem> {
    // Kubernetes is the real one, also where AWS is simulated.
    let settings = &context.settings.in_real_time();
    let place = Place::resolve(&arguments.cluster, &context.environment)?;
    let request = request(arguments, &place, &context.environment)?;
    if context.printer.output.is_json() && !arguments.print {
        return Err(Problem::usage(
            "-o json is not possible for what psql prints; allowed: with --print, or psql's own forms, such as -- --csv",
        ));
    }
    let backend = Backend::of(settings)?;
    runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        let clock = connection.clock.as_ref();
        let endpoint = serving::find(context, &connection, &place).await?;
        let host = serving::host(&endpoint, &place, arguments.reader)?;
        let mut session = request.session(&endpoint, host, clock);
        if arguments.print {
            // What it is to be like, kubernetes says where it can be asked.
            tokio::select! {
                biased;
                _ = session.look(clock) => {}
                () = clock.sleep(PATIENCE) => {}
            }
            return print(context, &place, host, &session);
        }
        let terminal = context.settings.terminal;
        let attaches = !session.reads_nothing() || (terminal.stdin && terminal.stdout);
        let surveyed = session.survey(clock, attaches).await;
        surveyed.map_err(|error| survey::refused(context, FAILED, error))?;
        if !attaches {
            return statement::run(context, clock, &session).await;
        }
        attend(context, clock, &session).await
    })
}

/// How long to wait for what makes a printed command line more exact.
const PATIENCE: Duration = Duration::from_secs(5);

const FAILED: &str = "could not run psql in kubernetes";

fn failed(fault: Fault) -> Problem {
    Problem::from_fault(FAILED, &fault)
}

fn print(
    context: &Context,
    place: &Place,
    host: &str,
    session: &PsqlSession,
) -> Result<Exit, Problem> {
    let words = session.words(context.settings.terminal.stdin);
    let command = || {
        [session.place().kubectl.as_str()]
            .into_iter()
            .chain(words.iter().map(String::as_str))
    };
    if context.printer.output.is_json() {
        context.printer.document(&Document {
            schema: crate::SCHEMA,
            cluster: &place.cluster,
            region: &place.region,
            endpoint: host,
            pod: session.pod(),
            command: command().collect(),
        })?;
    } else {
        let line: Vec<String> = command().map(quoted).collect();
        context.printer.line(line.join(" "))?;
    }
    Ok(Exit::Success)
}

/// Runs it to its end. What a person types is psql's, Ctrl-C included.
async fn attend(
    context: &Context,
    clock: &dyn Clock,
    session: &PsqlSession,
) -> Result<Exit, Problem> {
    let terminal = context.settings.terminal;
    let words = session.words(terminal.stdin && terminal.stdout);
    // The terminal is psql's from here on.
    context.printer.settle();
    let mut signals = Signals::each(&context.signals);
    let mut child = session.place().interactive(&words).map_err(failed)?;
    let mut asked = None;
    let mut starting = true;
    let ended = loop {
        tokio::select! {
            biased;
            ended = child.end() => break ended,
            signal = signals.next() => {
                // The terminal has sent a SIGINT to kubectl as well.
                if signal != Asked::Interrupt {
                    terminate(child.id());
                }
                // Of two that come at once, the one that ends it counts.
                if asked.is_none_or(|asked| asked == Asked::Interrupt) {
                    asked = Some(signal);
                }
            }
            watched = session.watch(clock), if starting => {
                starting = false;
                if let Err(fault) = watched {
                    terminate(child.id());
                    let _ = child.end().await;
                    clean(context, clock, session).await;
                    return Err(failed(fault));
                }
            }
        }
    };
    let status =
        ended.map_err(|error| Problem::error("kubectl could not be waited for").because(&error))?;
    if status.success() {
        return Ok(Exit::Success);
    }
    clean(context, clock, session).await;
    match asked {
        Some(signal) => Ok(signal.exit()),
        None => Err(unsuccessful(status, session)),
    }
}

fn terminate(id: Option<u32>) {
    let pid = id.and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(pid) = pid {
        // That it has just ended is no error.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// Makes sure that no pod is left of a session that went wrong.
async fn clean(context: &Context, clock: &dyn Clock, session: &PsqlSession) {
    if let Err(fault) = session.remove(clock).await {
        context.printer.warn(format!(
            "pod {} in {} may be left: {fault}",
            session.pod(),
            session.place()
        ));
    }
}

fn unsuccessful(status: ExitStatus, session: &PsqlSession) -> Problem {
    // Kubectl passes on the code of psql, and has 1 for its own troubles.
    let how = match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => format!("was ended: {status}"),
    };
    let hint = match status.code() {
        // What it said went to the terminal. (psql, "Exit Status".)
        Some(2) => format!(
            "there was no connection; if the password was not taken: {}",
            session.password_hint()
        ),
        _ => "what psql or kubectl said stands above".to_owned(),
    };
    not_done(session, &how, hint)
}

fn not_done(session: &PsqlSession, how: &str, hint: String) -> Problem {
    Problem::error(format!(
        "psql in pod {} in {} {how}",
        session.pod(),
        session.place()
    ))
    .code("psql_failed")
    .hint(hint)
}

/// Resolves and checks everything, before any effect.
fn request(
    arguments: &PsqlArguments,
    place: &Place,
    environment: &Environment,
) -> Result<PsqlRequest, Problem> {
    let client = Client::resolve(&arguments.client, environment)?;
    PsqlOptions {
        cluster: place.cluster.clone(),
        region: place.region.clone(),
        namespace: arguments.namespace.clone(),
        context: arguments.context.clone(),
        image: arguments.client.image.clone(),
        database: client.database,
        username: arguments.client.username.clone(),
        default_username: client.default_username,
        secret: client.secret,
        cpu: arguments.client.cpu.clone(),
        memory: arguments.client.memory.clone(),
        kubectl: client.kubectl,
        arguments: arguments.arguments.clone(),
    }
    .validate()
    .map_err(|invalid| input::refuse(&invalid, environment))
}
