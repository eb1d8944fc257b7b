//! Resolved settings: what the arguments and the environment mean together.

pub mod create;
#[cfg(test)]
mod fuzz;
pub mod keycloak;
pub mod kubernetes;
pub mod password;
pub mod peering;
pub mod place;
pub mod rosa;
pub mod speed;
pub mod workflow;

use std::path::{Path, PathBuf};

use stepwell_engine::event::Actor;

use crate::arguments::{GlobalArguments, Output, When};
use crate::clock::Pace;
use crate::environment::{self, Environment};
use crate::problem::Problem;
use crate::progress::display::Display;
use crate::report::shell;
use crate::terminal::Terminal;

/// What goes with every command.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The form of what is printed.
    pub output: Output,
    /// Whether what destroys data is confirmed beforehand.
    pub yes: bool,
    /// Whether to say more.
    pub verbose: bool,
    /// Whether stdout is coloured.
    pub color_stdout: bool,
    /// Whether stderr is coloured.
    pub color_stderr: bool,
    /// How the progress of a run is shown.
    pub display: Display,
    /// What the streams are connected to.
    pub terminal: Terminal,
    /// The state file.
    pub state: PathBuf,
    /// How `stepwell` is to be called again with the same state.
    pub invocation: String,
    /// Whether `--sandbox` was said.
    pub sandbox: bool,
    /// The sandbox's pace.
    pub pace: Pace,
    /// Whether a pace was asked for.
    pub pace_given: bool,
    /// Another endpoint than AWS's own.
    pub endpoint_url: Option<String>,
    /// Who is at work.
    pub actor: Actor,
}

impl Settings {
    /// Resolves the global arguments.
    pub fn resolve(
        global: &GlobalArguments,
        environment: &Environment,
        terminal: Terminal,
    ) -> Result<Self, Problem> {
        let (state, invocation) = state_file(global, environment)?;
        let dumb = environment
            .get(environment::TERM)
            .is_some_and(|term| term == "dumb");
        let ci = environment.get(environment::CI).is_some();
        let colored = |is_terminal: bool| match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto => is_terminal && !dumb && environment.get(environment::NO_COLOR).is_none(),
        };
        let pace = match &global.sandbox_speed {
            None => Pace::Times(crate::clock::DEFAULT_SPEED),
            Some(text) => speed::parse(text)?,
        };
        let endpoint_url = match (&global.endpoint_url, global.sandbox) {
            (None, true) => None,
            (flag, _) => place::endpoint(flag.as_ref(), environment)?,
        };
        Ok(Self {
            output: global.output,
            yes: global.yes,
            verbose: global.verbose,
            color_stdout: colored(terminal.stdout),
            color_stderr: colored(terminal.stderr),
            display: Display::choose(terminal.stderr, ci, dumb),
            terminal,
            state,
            invocation,
            sandbox: global.sandbox,
            pace,
            pace_given: global.sandbox_speed.is_some(),
            endpoint_url,
            actor: actor(environment),
        })
    }

    /// The same, with the sandbox no faster than the clock on the wall: for
    /// what works with programs of the machine.
    pub fn in_real_time(&self) -> Self {
        Self {
            pace: Pace::REAL,
            ..self.clone()
        }
    }

    /// The sandbox's file: beside the state.
    pub fn sandbox_file(&self) -> PathBuf {
        self.state
            .parent()
            .unwrap_or_else(|| Path::new(""))
            .join("sandbox.json")
    }

    /// The command line that does something with a run.
    pub fn command_for(&self, verb: &str, run: &str) -> String {
        format!("{} {verb} {run}", self.invocation)
    }
}

fn state_file(
    global: &GlobalArguments,
    environment: &Environment,
) -> Result<(PathBuf, String), Problem> {
    let plain = || "stepwell".to_owned();
    if let Some(path) = &global.state {
        let quoted = shell::quote(&path.to_string_lossy());
        return Ok((absolute(path)?, format!("stepwell --state {quoted}")));
    }
    if let Some(path) = environment.path(environment::STEPWELL_STATE) {
        return Ok((absolute(&path)?, plain()));
    }
    // The XDG specification has relative paths ignored.
    let home = environment
        .path(environment::XDG_STATE_HOME)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(environment.path(environment::HOME)?.join(".local/state")));
    let Some(home) = home else {
        return Err(
            Problem::error("there is no place for the state file: HOME is not set")
                .hint("name one with --state or STEPWELL_STATE"),
        );
    };
    Ok((absolute(&home.join("stepwell/state.db"))?, plain()))
}

fn absolute(path: &Path) -> Result<PathBuf, Problem> {
    std::path::absolute(path).map_err(|error| {
        Problem::usage(format!(
            "--state {:?} is not a path",
            path.display().to_string()
        ))
        .because(&error)
    })
}

/// Who is at work: this process.
pub fn actor(environment: &Environment) -> Actor {
    Actor {
        host: rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned(),
        user: environment
            .text(environment::USER)
            .or_else(|| environment.text(environment::LOGNAME))
            .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw())),
        pid: std::process::id(),
        version: format!("stepwell {}", env!("CARGO_PKG_VERSION")),
    }
}
