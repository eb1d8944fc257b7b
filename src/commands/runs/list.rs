//! `stepwell runs list`. Reads the index, and what bears it out: no runtime, no
//! AWS.

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use stepwell_engine::summary::RunStatus;
use stepwell_engine::{RunId, Timestamp};
use stepwell_state::{Access, Listing, RunFilter, RunRow, Store, Unreadable};

use crate::Context;
use crate::account::AccountRecord;
use crate::clock::Pace;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{not_understood, outcome, people, show, table, time};
use crate::session::{locks, store, understood};
use crate::settings::select;

/// `stepwell runs list`.
#[derive(Debug, Clone, Args)]
pub struct ListArguments {
    /// List at most so many runs, the newest [default: 20 for people, all in JSON]
    #[arg(long, value_name = "N", conflicts_with = "all")]
    pub limit: Option<u32>,

    /// List all runs
    #[arg(long)]
    pub all: bool,

    /// List only runs that were started since then: a time such as `2026-01-02` or
    /// `2026-01-02T03:04:05Z`, or an age such as `2d`
    #[arg(long, value_name = "TIME|AGE")]
    pub since: Option<String>,

    /// List only runs that stand like this; may be repeated
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = STATUSES)]
    pub status: Vec<String>,

    /// List only runs of workflows with such a name; `*` stands for any text, `?` for a character
    #[arg(long, value_name = "PATTERN")]
    pub workflow: Option<String>,

    /// List only runs on such targets, for example `aurora/eu-west-1/keycloak` or `*/keycloak`
    #[arg(long, value_name = "PATTERN")]
    pub target: Option<String>,

    /// List only runs that were started by people with such a login
    #[arg(long, value_name = "PATTERN")]
    pub user: Option<String>,

    /// List only runs that can be resumed
    #[arg(long)]
    pub unfinished: bool,
}

/// How a run may stand, as JSON has it.
pub const STATUSES: [&str; 7] = [
    "running",
    "suspended",
    "interrupted",
    "succeeded",
    "rolled_back",
    "stuck",
    "abandoned",
];

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    runs: Vec<RunDocument<'a>>,
    unreadable: &'a [Unreadable],
}

#[derive(Serialize)]
struct RunDocument<'a> {
    id: RunId,
    workflow: &'a str,
    target: &'a str,
    status: RunStatus,
    #[serde(with = "time::rfc3339")]
    started_at: Timestamp,
    #[serde(with = "time::rfc3339_option")]
    ended_at: Option<Timestamp>,
    #[serde(with = "time::rfc3339")]
    updated_at: Timestamp,
    account: &'a Value,
    user: Option<&'a str>,
    doubt: Option<&'a str>,
    understood: bool,
    not_understood: Option<&'a str>,
}

/// Lists runs, the newest first.
pub fn run(context: &Context, arguments: &ListArguments) -> Result<Exit, Problem> {
    let from = store::open(&context.settings, Access::ReadOnly)?;
    let Listing { runs, unreadable } = from
        .listing(&RunFilter {
            unfinished_only: arguments.unfinished,
            ..RunFilter::default()
        })
        .map_err(|error| store::failed(&error))?;
    let limit = match (arguments.limit, context.printer.output.is_json()) {
        (Some(limit), _) => limit as usize,
        (None, false) if !arguments.all => MOST,
        (None, _) => usize::MAX,
    };
    let Chosen {
        rows,
        states,
        users,
        more,
    } = choose(&from, arguments, runs, limit)?;
    let doubts = rows
        .iter()
        .map(|row| from.doubt(row))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| store::failed(&error))?;
    let not_understood = rows
        .iter()
        .map(|row| {
            let why = understood::why(&from, row)?;
            Ok(why.map(|why| not_understood::causes(&why).join("; ")))
        })
        .collect::<Result<Vec<_>, Problem>>()?;
    let printer = &context.printer;
    let verify = format!("{} runs verify", context.settings.invocation);
    for run in &unreadable {
        printer.warn(format!("{run}; `{verify}` says more"));
    }
    for (row, doubt) in rows.iter().zip(&doubts) {
        if let Some(why) = doubt {
            printer.warn(format!(
                "run {} is not as it was recorded: {why}; `{verify}` says more",
                outcome::short(row.id)
            ));
        }
    }
    for (row, why) in rows.iter().zip(&not_understood) {
        if let Some(why) = why {
            let run = outcome::short(row.id);
            let show = context.settings.command_for("runs show", &run);
            printer.warn(format!(
                "this program can't go on with run {run}: {}; `{show}` says what can be done",
                people::line(why)
            ));
        }
    }
    if printer.output.is_json() {
        let told = states.iter().zip(&doubts).zip(&users).zip(&not_understood);
        let runs = (rows.iter().zip(told))
            .map(|(row, (((state, doubt), user), why))| RunDocument {
                id: row.id,
                workflow: &row.workflow,
                target: &row.target,
                status: *state,
                started_at: row.started_at,
                ended_at: row.ended_at,
                updated_at: row.updated_at,
                account: &row.account,
                user: user.as_deref(),
                doubt: doubt.as_deref(),
                understood: why.is_none(),
                not_understood: why.as_deref(),
            })
            .collect();
        printer.document(&Document {
            schema: crate::SCHEMA,
            runs,
            unreadable: &unreadable,
        })?;
        return Ok(Exit::Success);
    }
    if rows.is_empty() {
        printer.note("no runs");
        return Ok(Exit::Success);
    }
    let cells: Vec<Vec<String>> = (rows.iter().zip(states.iter().zip(&not_understood)))
        .map(|(row, (state, why))| {
            let mark = why.as_ref().map_or("", |_| ", not understood");
            vec![
                outcome::short(row.id),
                row.workflow.clone(),
                row.target.clone(),
                time::date_time_zone(row.started_at),
                time::duration(row.updated_at.since(row.started_at)),
                AccountRecord::read(&row.account).map_or_else(|_| "?".to_owned(), |it| it.brief()),
                // The last column, so that its paint does not shift another.
                show::state(*state, printer.out) + mark,
            ]
        })
        .collect();
    let header = [
        "RUN", "WORKFLOW", "TARGET", "STARTED", "TOOK", "ACCOUNT", "STATUS",
    ];
    for line in table::columns(&header, &cells) {
        printer.line(line)?;
    }
    if more > 0 {
        printer.note(format!(
            "{more} older runs are not listed; --all lists them"
        ));
    }
    Ok(Exit::Success)
}

/// How many runs people are shown who do not say how many.
const MOST: usize = 20;

/// The runs that were asked for.
#[derive(Default)]
struct Chosen {
    rows: Vec<RunRow>,
    states: Vec<RunStatus>,
    users: Vec<Option<String>>,
    /// How many more there are.
    more: usize,
}

fn choose(
    from: &Store,
    arguments: &ListArguments,
    rows: Vec<RunRow>,
    limit: usize,
) -> Result<Chosen, Problem> {
    let now = Pace::REAL.clock().now();
    let since = (arguments.since.as_deref())
        .map(|text| select::since("--since", text, now))
        .transpose()?;
    let fits = |pattern: &Option<String>, text: &str| {
        (pattern.as_deref()).is_none_or(|pattern| select::fits(pattern, text))
    };
    let mut chosen = Chosen::default();
    for row in rows {
        if since.is_some_and(|since| row.started_at < since)
            || !fits(&arguments.workflow, &row.workflow)
            || !fits(&arguments.target, &row.target)
        {
            continue;
        }
        let state = locks::state(from, &row)?;
        if !arguments.status.is_empty() && !arguments.status.iter().any(|key| key == state.as_str())
        {
            continue;
        }
        let user = from
            .starter(row.id)
            .map_err(|error| store::failed(&error))?;
        if !fits(&arguments.user, user.as_deref().unwrap_or_default()) {
            continue;
        }
        if chosen.rows.len() == limit {
            chosen.more += 1;
            continue;
        }
        chosen.rows.push(row);
        chosen.states.push(state);
        chosen.users.push(user);
    }
    Ok(chosen)
}
