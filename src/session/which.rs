//! Which run a person means.

use std::io::ErrorKind;

use clap::Args;
use stepwell_state::{Access, Listing, RunFilter, RunRow, Store};
use stepwell_workflows::Target;

use super::{locks, store};
use crate::Context;
use crate::account::AccountRecord;
use crate::environment::{self, Environment};
use crate::problem::Problem;
use crate::report::outcome;
use crate::settings::place;

/// Which run is meant.
#[derive(Debug, Clone, Default, Args)]
pub struct WhichArguments {
    /// The run: the beginning of its id, or `latest` [default: the only unfinished one]
    pub run: Option<String>,

    /// Without RUN: the only unfinished run of this cluster [env: AURORA_CLUSTER]
    #[arg(long, value_name = "NAME", conflicts_with = "run")]
    pub cluster: Option<String>,

    /// Without RUN: the only unfinished run in this region [env: AURORA_REGION]
    #[arg(long, value_name = "REGION", conflicts_with = "run")]
    pub region: Option<String>,
}

/// What is to be done with the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To resume it.
    Resume,
    /// To undo it.
    Rollback,
}

impl Purpose {
    /// The command for it.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::Rollback => "rollback",
        }
    }
}

/// The run that is meant.
pub struct Meant {
    /// The run.
    pub row: RunRow,
    /// Whether its id was given.
    pub by_id: bool,
}

/// Finds the run that is meant: the one that is named, else the only unfinished
/// one. It only reads, so a mistyped path makes no state file.
pub fn find(
    context: &Context,
    arguments: &WhichArguments,
    purpose: Purpose,
) -> Result<Meant, Problem> {
    let path = context.settings.state_file()?;
    if let Err(error) = std::fs::symlink_metadata(path)
        && error.kind() == ErrorKind::NotFound
    {
        return Err(
            Problem::error(format!("there is no state file {}", path.display()))
                .code("no_such_run")
                .hint("name the one that has the run with --state or STEPWELL_STATE"),
        );
    }
    let from = store::open(&context.settings, Access::ReadOnly)?;
    match &arguments.run {
        Some(text) => Ok(Meant {
            row: store::find(&from, text)?,
            by_id: !text.eq_ignore_ascii_case("latest"),
        }),
        None => Ok(Meant {
            row: only(context, &from, arguments, purpose)?,
            by_id: false,
        }),
    }
}

/// The only unfinished run, of the cluster and region that are named.
fn only(
    context: &Context,
    from: &Store,
    arguments: &WhichArguments,
    purpose: Purpose,
) -> Result<RunRow, Problem> {
    let filter = RunFilter {
        unfinished_only: true,
        ..RunFilter::default()
    };
    let Listing { runs, unreadable } =
        (from.listing(&filter)).map_err(|error| store::failed(&error))?;
    for run in &unreadable {
        context.printer.warn(run.to_string());
    }
    let scope = Scope::of(arguments, &context.environment);
    let (mut wanted, others): (Vec<_>, Vec<_>) =
        (runs.into_iter()).partition(|row| scope.covers(&row.target));
    let one = wanted.pop();
    match (one, wanted.is_empty()) {
        (Some(row), true) => Ok(row),
        (Some(row), false) => {
            wanted.push(row);
            let count = wanted.len();
            let verb = purpose.verb();
            let what =
                format!("{count} runs{scope} are unfinished: which one to {verb} is not said");
            Err(Problem::refused(what)
                .code("several_runs")
                .hint(choices(context, from, &wanted, purpose)?))
        }
        (None, _) => {
            let none = Problem::error(format!("there is no unfinished run{scope}"));
            let none = none.code("no_such_run");
            Err(match (&others[..], purpose) {
                ([], Purpose::Resume) => none,
                ([], Purpose::Rollback) => none.hint(format!(
                    "a run that succeeded is undone only by its id, which `{} runs list` shows",
                    context.settings.invocation
                )),
                (others, _) => none.hint(choices(context, from, others, purpose)?),
            })
        }
    }
}

/// The commands that name a run each, with what it is.
fn choices(
    context: &Context,
    from: &Store,
    rows: &[RunRow],
    purpose: Purpose,
) -> Result<String, Problem> {
    let mut lines = vec!["say which:".to_owned()];
    for row in rows {
        let state = locks::state(from, row)?;
        let account = AccountRecord::read(&row.account)?;
        lines.push(format!(
            "  {}    # {} of {}, {state}, {account}",
            (context.settings).command_for(purpose.verb(), &outcome::short(row.id)),
            row.workflow,
            row.target
        ));
    }
    Ok(lines.join("\n"))
}

/// Where the run is, as far as that is said. `AWS_REGION` does not count: it is
/// set for much else, and would hide a run without being meant to.
struct Scope {
    cluster: Option<String>,
    region: Option<String>,
}

impl Scope {
    fn of(arguments: &WhichArguments, environment: &Environment) -> Self {
        let given = |flag: &Option<String>, variable| {
            place::input(flag.as_ref(), environment, &[variable]).map(|given| given.value)
        };
        Self {
            cluster: given(&arguments.cluster, environment::AURORA_CLUSTER),
            region: given(&arguments.region, environment::AURORA_REGION),
        }
    }

    /// Whether a run on the target is in it. One on clusters of whatever name is
    /// of each; what is not understood is in no scope that names anything.
    fn covers(&self, target: &str) -> bool {
        let Ok(target) = target.parse::<Target>() else {
            return self.cluster.is_none() && self.region.is_none();
        };
        let fits = |wanted: &Option<String>, part: Option<&str>| match (wanted, part) {
            (Some(wanted), Some(part)) => part.eq_ignore_ascii_case(wanted),
            _ => true,
        };
        fits(&self.region, Some(target.region())) && fits(&self.cluster, target.cluster_name())
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(cluster) = &self.cluster {
            write!(f, " of cluster {cluster}")?;
        }
        if let Some(region) = &self.region {
            write!(f, " in {region}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn a_scope_covers_targets_of_all_kinds() {
        let scope = |cluster: Option<&str>, region: Option<&str>| Scope {
            cluster: cluster.map(str::to_owned),
            region: region.map(str::to_owned),
        };
        let kc = scope(Some("KC"), Some("eu-west-1"));
        for target in [
            "aurora/eu-west-1/kc",
            "reset/eu-west-1/kc",
            "peering/eu-west-1/kc/vpc-1",
            "peering/eu-west-1/*/vpc-1",
        ] {
            assert!(kc.covers(target), "{target}");
            assert!(scope(None, None).covers(target), "{target}");
        }
        for target in ["aurora/eu-west-2/kc", "aurora/eu-west-1/kc-2", "aurora"] {
            assert!(!kc.covers(target), "{target}");
        }
        assert!(scope(None, Some("eu-west-2")).covers("aurora/eu-west-2/kc"));
        assert!(scope(Some("kc"), None).covers("aurora/eu-west-2/kc"));
        assert_eq!(kc.to_string(), " of cluster KC in eu-west-1");
    }
}
