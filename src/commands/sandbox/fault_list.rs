//! `stepwell sandbox fault list`.

use serde::Serialize;
use stepwell_sandbox::FaultRule;

use super::{rule_text, with_account};
use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::sandbox::failed;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    faults: &'a [FaultRule],
}

/// Lists the planted faults in the order in which they are tried.
pub fn run(context: &Context) -> Result<Exit, Problem> {
    let faults = with_account(context, |account| {
        account.faults().map_err(|error| failed(&error))
    })?;
    let printer = &context.printer;
    if printer.output.is_json() {
        printer.document(&Document {
            schema: crate::SCHEMA,
            faults: &faults,
        })?;
        return Ok(Exit::Success);
    }
    for rule in &faults {
        printer.line(rule_text(rule))?;
    }
    if faults.is_empty() {
        printer.note("no faults");
    }
    Ok(Exit::Success)
}
