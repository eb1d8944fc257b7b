//! What `psql` is told to do.

mod drop;
mod look;

pub(super) use drop::drop_schema;
pub(super) use look::{Objection, look_at_schema, objections};

/// How `psql` is to be called: nothing of a person's own settings, no question,
/// the first error ends it and is told with its SQLSTATE.
const PLAIN: [&str; 5] = [
    "--no-psqlrc",
    "--no-password",
    "--quiet",
    "--set=ON_ERROR_STOP=1",
    "--set=VERBOSITY=verbose",
];

fn arguments(more: impl IntoIterator<Item = String>) -> Vec<String> {
    PLAIN
        .iter()
        .map(|&word| word.to_owned())
        .chain(more)
        .collect()
}

/// A text as PostgreSQL takes it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
