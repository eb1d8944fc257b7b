//! `stepwell sandbox …`: the simulated account itself.

pub mod fault_add;
pub mod fault_clear;
pub mod fault_list;
pub mod reset;
pub mod serve;
pub mod status;

use clap::Subcommand;
use serde::Serialize;
use stepwell_sandbox::{Account, FaultEffect, FaultRule};

use crate::exit::Exit;
use crate::problem::Problem;
use crate::{Context, runtime, session};
use fault_add::FaultArguments;
use serve::ServeArguments;

/// `stepwell sandbox …`.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Show every resource of the account
    Status,
    /// Remove every resource and every fault
    Reset,
    /// Offer the account on a local port, to `aws --endpoint-url` or anything else
    Serve(ServeArguments),
    /// Plant faults, to rehearse failures
    #[command(subcommand)]
    Fault(FaultCommand),
}

/// `stepwell sandbox fault …`.
#[derive(Debug, Subcommand)]
pub enum FaultCommand {
    /// Plant a fault
    Add(FaultArguments),
    /// List the planted faults
    List,
    /// Remove every planted fault
    Clear,
}

/// Opens the account beside the state and does something with it.
fn with_account<T>(
    context: &Context,
    work: impl FnOnce(&Account) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let settings = &context.settings;
    runtime::block_on(settings.pace, async {
        work(&session::sandbox::open(
            &settings.sandbox_file()?,
            settings.pace,
        )?)
    })
}

/// A planted fault in words.
fn rule_text(rule: &FaultRule) -> String {
    let mut text = rule.operation.clone();
    for (key, value) in &rule.matches {
        text.push_str(&format!(" with {key}={value}"));
    }
    text.push_str(": ");
    text.push_str(&match &rule.effect {
        FaultEffect::Error { code } => format!("error {code}"),
        FaultEffect::LoseResponse => "the answer is lost".to_owned(),
        FaultEffect::TruncateResponse => "half of the answer arrives".to_owned(),
        FaultEffect::Throttle => "throttled".to_owned(),
        FaultEffect::Latency(by) => {
            format!("answered after {}", crate::report::time::duration(*by))
        }
    });
    if let Some(times) = rule.times {
        text.push_str(&format!(", {times} more times"));
    }
    text
}

/// A document that says what was done to the account.
#[derive(Serialize)]
struct Done<'a> {
    schema: u32,
    done: &'a str,
}

fn done(context: &Context, key: &str, text: &str) -> Result<(), Problem> {
    if context.printer.output.is_json() {
        return context.printer.document(&Done {
            schema: crate::SCHEMA,
            done: key,
        });
    }
    context.printer.note(text);
    Ok(())
}

impl SandboxCommand {
    /// Does what was asked for.
    pub fn run(&self, context: &Context) -> Result<Exit, Problem> {
        match self {
            Self::Status => status::run(context),
            Self::Reset => reset::run(context),
            Self::Serve(arguments) => serve::run(context, arguments),
            Self::Fault(FaultCommand::Add(arguments)) => fault_add::run(context, arguments),
            Self::Fault(FaultCommand::List) => fault_list::run(context),
            Self::Fault(FaultCommand::Clear) => fault_clear::run(context),
        }
    }
}
