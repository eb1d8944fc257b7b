//! The name of the master user.

use super::{Checked, invalid, word};

/// What no master user can be named: RDS's own roles, and the key words that
/// PostgreSQL reserves (its manual, appendix "SQL Key Words").
pub(super) const RESERVED_USERS: &[&str] = &[
    "admin",
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "current_catalog",
    "current_date",
    "current_role",
    "current_time",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "grant",
    "group",
    "having",
    "in",
    "initially",
    "intersect",
    "into",
    "lateral",
    "leading",
    "limit",
    "localtime",
    "localtimestamp",
    "none",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "placing",
    "primary",
    "public",
    "rds_superuser",
    "rdsadmin",
    "rdsrepladmin",
    "references",
    "replication",
    "returning",
    "select",
    "session_user",
    "some",
    "symmetric",
    "system_user",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "when",
    "where",
    "window",
    "with",
];

/// The master user's name (RDS API reference: 1 to 16 letters and digits, a
/// letter first, no reserved word). `pg_…` is PostgreSQL's own; `postgres` is
/// what the console proposes.
pub(crate) fn username(value: &str) -> Checked<String> {
    let allowed = "1 to 16 letters, digits and underscores, a letter first, no reserved word, not pg_ in front";
    let lower = value.to_ascii_lowercase();
    let problem = if value.is_empty() || value.len() > 16 {
        "has the wrong length"
    } else if !value.starts_with(|first: char| first.is_ascii_alphabetic()) {
        "does not begin with a letter"
    } else if !word(value) {
        "holds other characters"
    } else if lower.starts_with("pg_") || RESERVED_USERS.contains(&lower.as_str()) {
        "is reserved"
    } else {
        return Ok(value.to_owned());
    };
    invalid("username", value, problem, allowed)
}
