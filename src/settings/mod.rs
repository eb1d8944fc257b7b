//! Resolved settings: what the arguments and the environment mean together.

pub mod commands;
pub mod input;
pub mod kubernetes;
pub mod password;
pub mod paths;
pub mod place;
pub mod rosa;
pub mod select;
pub mod speed;
pub mod state;
pub mod times;
pub mod workflow;

use std::path::{Path, PathBuf};

use stepwell_engine::event::Actor;
use stepwell_workflows::ExportedCredentials;

use crate::arguments::{GlobalArguments, Output, When};
use crate::clock::Pace;
use crate::environment::{self, Environment};
use crate::problem::Problem;
use crate::progress::display::Display;
use crate::report::shell;
use crate::terminal::Terminal;
use times::Times;

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
    /// Whether people get ASCII alone.
    pub ascii: bool,
    /// How the progress of a run is shown.
    pub display: Display,
    /// What the streams are connected to.
    pub terminal: Terminal,
    /// The state file, or why there is no place for one: many commands need none.
    pub state: Result<PathBuf, Problem>,
    /// Whether it may be another user's, also to be written.
    pub trusts_state: bool,
    /// What the state's place has about it that a person should know.
    pub state_note: Option<String>,
    /// What is run whenever a run ends or is suspended.
    pub on_finish: Option<String>,
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
    /// What the environment says of when its AWS credentials end.
    pub exported: Option<ExportedCredentials>,
    /// For how long others are waited for, and until when a run may go on.
    pub times: Times,
}

impl Settings {
    /// Resolves the global arguments.
    pub fn resolve(
        global: &GlobalArguments,
        environment: &Environment,
        terminal: Terminal,
    ) -> Result<Self, Problem> {
        let (state, mut invocation) = paths::state_file(global, environment)?;
        let trusts_state = state::is_trusted(global, state.path.as_ref().ok())?;
        if let (true, Ok(path)) = (trusts_state, &state.path) {
            let quoted = shell::quote(&path.to_string_lossy());
            invocation.push_str(&format!(" --trust-state {quoted}"));
        }
        let dumb = environment
            .get(environment::TERM)
            .is_none_or(|term| term == "dumb");
        let ci = environment.get(environment::CI).is_some_and(|ci| {
            !["false", "0", "no"]
                .iter()
                .any(|no| ci.eq_ignore_ascii_case(no))
        });
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
            ascii: is_ascii(environment),
            display: Display::choose(terminal.stderr, ci, dumb),
            terminal,
            state: state.path,
            trusts_state,
            state_note: state.note,
            on_finish: place::input(
                global.on_finish.as_ref(),
                environment,
                &[environment::STEPWELL_ON_FINISH],
            )
            .map(|given| given.value),
            invocation,
            sandbox: global.sandbox,
            pace,
            pace_given: global.sandbox_speed.is_some(),
            endpoint_url,
            actor: actor(environment),
            exported: exported(environment),
            times: Times::default(),
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

    /// The state file.
    pub fn state_file(&self) -> Result<&Path, Problem> {
        self.state.as_deref().map_err(Clone::clone)
    }

    /// The sandbox's file: beside the state.
    pub fn sandbox_file(&self) -> Result<PathBuf, Problem> {
        let folder = self.state_file()?.parent();
        Ok(folder.unwrap_or_else(|| Path::new("")).join("sandbox.json"))
    }
}

/// Whether the locale is one without UTF-8. Where none is set, as in many
/// containers, the terminal is taken to have it.
fn is_ascii(environment: &Environment) -> bool {
    [
        environment::LC_ALL,
        environment::LC_CTYPE,
        environment::LANG,
    ]
    .iter()
    .find_map(|variable| environment.text(*variable))
    .is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

fn exported(environment: &Environment) -> Option<ExportedCredentials> {
    Some(ExportedCredentials {
        key: environment.text(environment::AWS_ACCESS_KEY_ID)?,
        end: environment.text(environment::AWS_CREDENTIAL_EXPIRATION)?,
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
        version: format!("stepwell {}", crate::VERSION),
    }
}
