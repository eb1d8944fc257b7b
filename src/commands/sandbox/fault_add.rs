//! `stepwell sandbox fault add`.

use stepwell_sandbox::{FaultEffect, FaultError, FaultRule};

use super::{done, rule_text, with_account};
use crate::Context;
use crate::arguments::sandbox::FaultArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::sandbox;
use crate::settings::{create, speed};

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
            .map(|pair| create::pair("--match", pair))
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
