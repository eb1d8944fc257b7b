//! `stepwell sandbox …`: the simulated account itself.

pub mod fault_add;
pub mod fault_clear;
pub mod fault_list;
pub mod reset;
pub mod serve;
pub mod status;

use serde::Serialize;
use stepwell_sandbox::{Account, FaultEffect, FaultRule};

use crate::problem::Problem;
use crate::{Context, runtime, session};

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
