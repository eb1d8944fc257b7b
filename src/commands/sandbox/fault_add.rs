//! `stepwell sandbox fault add`.

use clap::{ArgGroup, Args};
use stepwell_sandbox::{FaultEffect, FaultError, FaultRule};

use super::{done, rule_text, with_account};
use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::sandbox;
use crate::settings::{input, speed};

/// `stepwell sandbox fault add`.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("effect").required(true).args(["error", "lose_response", "truncate_response", "throttle", "latency"]))]
pub struct FaultArguments {
    /// The AWS operation, for example CreateDBInstance
    #[arg(long, value_name = "OPERATION")]
    pub operation: String,

    /// Only calls whose parameter has this value; may be repeated. `region=…` is the call's region
    #[arg(long = "match", value_name = "KEY=VALUE")]
    pub matches: Vec<String>,

    /// Only so many calls [default: all]
    #[arg(long, value_name = "N")]
    pub times: Option<u32>,

    /// Answer with this AWS error code
    #[arg(long, value_name = "CODE")]
    pub error: Option<String>,

    /// Do it, and lose the answer
    #[arg(long)]
    pub lose_response: bool,

    /// Do it, and break the connection half-way through the answer
    #[arg(long)]
    pub truncate_response: bool,

    /// Answer that there are too many requests
    #[arg(long)]
    pub throttle: bool,

    /// Answer after this much simulated time, for example 500ms, 30s or 10m
    #[arg(long, value_name = "DURATION")]
    pub latency: Option<String>,
}

/// Plants a fault.
pub fn run(context: &Context, arguments: &FaultArguments) -> Result<Exit, Problem> {
    let effect = if let Some(code) = &arguments.error {
        FaultEffect::Error { code: code.clone() }
    } else if arguments.lose_response {
        FaultEffect::LoseResponse
    } else if arguments.truncate_response {
        FaultEffect::TruncateResponse
    } else if arguments.throttle {
        FaultEffect::Throttle
    } else {
        let by = arguments.latency.as_deref().unwrap_or_default();
        FaultEffect::Latency(speed::duration("--latency", by)?)
    };
    let rule = FaultRule {
        operation: arguments.operation.clone(),
        matches: (arguments.matches.iter())
            .map(|pair| input::pair("--match", pair))
            .collect::<Result<_, _>>()?,
        times: arguments.times,
        effect,
    };
    let rule = rule.validated().map_err(refused)?;
    let text = rule_text(&rule);
    with_account(context, |account| account.add_fault(rule).map_err(refused))?;
    done(context, "fault_added", &format!("planted: {text}"))?;
    Ok(Exit::Success)
}

fn refused(error: FaultError) -> Problem {
    let text = match &error {
        FaultError::UnknownOperation { name, nearest } => format!(
            "--operation {name:?} is not an operation of the sandbox; allowed: for example {}",
            nearest.join(", ")
        ),
        FaultError::BadCode(code) => format!(
            "--error {code:?} is not an aws error code; allowed: letters, digits, dots, hyphens and underscores"
        ),
        FaultError::Never => "--times 0 would never act; allowed: 1 or more".to_owned(),
        FaultError::State(error) => return sandbox::failed(error),
    };
    Problem::usage(text)
}
