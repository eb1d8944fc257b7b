//! `stepwell sandbox status`.

use serde::Serialize;
use stepwell_sandbox::Status;

use super::with_account;
use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::table;
use crate::session::sandbox::failed;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    path: String,
    #[serde(flatten)]
    status: &'a Status,
}

/// Shows every resource of the account.
pub fn run(context: &Context) -> Result<Exit, Problem> {
    let status = with_account(context, |account| {
        account.status().map_err(|error| failed(&error))
    })?;
    let printer = &context.printer;
    let path = context.settings.sandbox_file()?.display().to_string();
    if printer.output.is_json() {
        printer.document(&Document {
            schema: crate::SCHEMA,
            path,
            status: &status,
        })?;
        return Ok(Exit::Success);
    }
    printer.note(format!(
        "account {} in {path}, {}",
        status.account_id, status.time
    ));
    if status.faults > 0 {
        printer.note(format!("{} planted faults", status.faults));
    }
    if status.is_empty() {
        printer.note("no resources");
        return Ok(Exit::Success);
    }
    let rows: Vec<Vec<String>> = (status.regions.iter())
        .flat_map(|(region, resources)| {
            resources.iter().map(move |resource| {
                let name = if resource.name == resource.id {
                    String::new()
                } else {
                    resource.name.clone()
                };
                vec![
                    region.clone(),
                    resource.kind.clone(),
                    resource.id.clone(),
                    resource.state.clone(),
                    name,
                ]
            })
        })
        .collect();
    for line in table::columns(&["REGION", "KIND", "ID", "STATE", "NAME"], &rows) {
        printer.line(line)?;
    }
    Ok(Exit::Success)
}
