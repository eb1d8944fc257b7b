//! The command `stepwell`: arguments, settings, sessions, and the views of what
//! happens. Only this package formats for people, and only its `main` exits.
//!
//! Each of the [`commands`] is one file: what may be said, what is meant by it
//! with the [`environment`] and the [`settings`], and what it does, in a [`session`]. It may [`carry`] a run;
//! what people and programs see of a run is put into form by
//! [`report`] and, while it goes on, by [`progress`].

pub mod account;
pub mod arguments;
pub mod carry;
pub mod clock;
pub mod commands;
pub mod environment;
pub mod exit;
pub mod problem;
pub mod progress;
pub mod report;
pub mod runtime;
pub mod session;
pub mod settings;
pub mod supervisor;
pub mod terminal;

use std::ffi::OsString;
use std::io;

use clap::Parser as _;
use clap::error::ErrorKind;
use stepwell_engine::event::Actor;

use arguments::{Arguments, Output};
use carry::signals::Hub;
use environment::Environment;
use problem::Problem;
use report::Printer;
use settings::Settings;
use settings::times::Times;
use supervisor::Ended;
use terminal::Terminal;

pub use exit::Exit;

/// The version of the program, with the commit that it is built from where that
/// is known.
pub const VERSION: &str = env!("STEPWELL_VERSION");

/// The version of every JSON document that is printed.
pub const SCHEMA: u32 = 1;

/// What every command works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// What is meant by the global arguments.
    pub settings: Settings,
    /// The process environment.
    pub environment: Environment,
    /// The one printer.
    pub printer: Printer,
    /// Who is at work.
    pub actor: Actor,
    /// Where signals go.
    pub signals: Hub,
}

/// Does what the command line says, under signals.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Ended {
    let words = Arguments::words(arguments.into_iter().collect());
    let output = Output::guess(&words);
    supervisor::supervise(output, move |signals| command(&words, signals))
}

fn command(words: &[OsString], signals: Hub) -> Exit {
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) => return unparsed(&error, Output::guess(words)),
    };
    if arguments.global.local_time {
        report::time::show_local();
    }
    let mut printer = Printer::plain(arguments.global.output);
    let environment = Environment::read().with_profile(!arguments.global.sandbox);
    let done = Settings::resolve(&arguments.global, &environment, Terminal::detect()).and_then(
        |mut settings| {
            settings.times = Times::resolve(&arguments.command.times())?;
            printer = Printer::new(&settings);
            let context = Context {
                actor: settings.actor.clone(),
                settings,
                environment,
                printer,
                signals,
            };
            arguments.command.run(&context).map_err(|problem| {
                let settings = &context.settings;
                let subject = arguments.command.subject();
                let mut problem = problem.at(settings.endpoint_url.as_deref());
                problem.hint =
                    (problem.hint).map(|hint| settings.placed(&hint, settings.sandbox, &subject));
                problem
            })
        },
    );
    // Whoever printed a run's result has waited for it already.
    let printed = printer.deliver();
    printer.count();
    let exit = match (done, printed) {
        (Err(problem), _) => {
            printer.problem(&problem);
            problem.exit
        }
        (Ok(Exit::Success | Exit::ChangesPending), Err(problem)) => {
            printer.problem(&problem);
            problem.exit
        }
        (Ok(exit), _) => exit,
    };
    printer.end();
    exit
}

/// Help, the version, or a command line that is not one.
fn unparsed(error: &clap::Error, output: Output) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has had enough is no error.
            match error.print() {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::Error,
                _ => Exit::Success,
            }
        }
        _ if output.is_json() => {
            let text = error.render().to_string();
            let message = text.strip_prefix("error: ").unwrap_or(&text).trim();
            let (message, help) = message.split_once("\n\n").unwrap_or((message, ""));
            let mut problem = Problem::usage(message.trim());
            if !help.is_empty() {
                problem = problem.hint(help.trim().replace("\n\n", "; "));
            }
            let printer = Printer::plain(output);
            printer.problem(&problem);
            printer.end();
            Exit::Usage
        }
        _ => {
            let _ = error.print();
            Exit::Usage
        }
    }
}
