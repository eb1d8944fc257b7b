//! What RDS accepts as names, users and passwords.

use super::*;
use crate::wire::params::Params;

/// Refuses parameters that AWS takes and the sandbox does not simulate.
pub(crate) fn refuse_unsimulated(params: &Params, names: &[&str]) -> ApiResult<()> {
    match names.iter().find(|name| params.get(name).is_some()) {
        Some(name) => Err(refusal!("InvalidParameterCombination":
            "The parameter {name} is not simulated")),
        None => Ok(()),
    }
}

/// A required identifier, lower-cased: 1 to 63 letters, digits and hyphens, a letter first, no
/// hyphen last and no two in a row.
pub(crate) fn identifier(params: &Params, name: &str) -> ApiResult<String> {
    let text = params.need(name)?;
    check_identifier(name, text, 63)
}

pub(crate) fn check_identifier(name: &str, text: &str, longest: usize) -> ApiResult<String> {
    let formed = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !text.ends_with('-')
        && !text.contains("--");
    if !formed {
        refuse!("InvalidParameterValue":
            "The parameter {name} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.");
    }
    if text.len() > longest {
        refuse!("InvalidParameterValue":
            "The parameter {name} is not a valid identifier because it is longer than {longest} characters.");
    }
    Ok(text.to_ascii_lowercase())
}

/// A master user name: 1 to 16 characters, a letter first, none that PostgreSQL or RDS reserve.
pub(crate) fn username(text: &str) -> ApiResult<()> {
    #[rustfmt::skip]
    const RESERVED: [&str; 8] = [
        "admin", "all", "public", "rdsadmin", "rds_superuser", "rdsrepladmin", "replication",
        "user",
    ];
    let lower = text.to_ascii_lowercase();
    // PostgreSQL keeps the prefix for itself (CREATE ROLE, PostgreSQL manual).
    if RESERVED.contains(&lower.as_str()) || lower.starts_with("pg_") {
        refuse!("InvalidParameterValue":
            "MasterUsername {text} cannot be used as it is a reserved word used by the engine");
    }
    let formed = (1..=16).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if formed {
        Ok(())
    } else {
        Err(refusal!("InvalidParameterValue":
            "The parameter MasterUsername is not valid. It must begin with a letter and contain 1 to 16 alphanumeric characters."))
    }
}

/// A master password. The message never has it.
pub(crate) fn password(text: &str) -> ApiResult<()> {
    if !(8..=41).contains(&text.chars().count()) {
        refuse!("InvalidParameterValue":
            "The parameter MasterUserPassword is not a valid password because it is shorter than 8 characters or longer than 41 characters.");
    }
    let legal = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | '@' | '"');
    if text.chars().all(legal) {
        Ok(())
    } else {
        Err(refusal!("InvalidParameterValue":
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used."))
    }
}

/// A database name: letters, digits and underscores, a letter first, up to 63.
pub(crate) fn database(text: &str) -> ApiResult<()> {
    let formed = text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !formed {
        refuse!("InvalidParameterValue":
            "DatabaseName must begin with a letter and contain only alphanumeric characters.");
    }
    let reserved = ["postgres", "rdsadmin", "template0", "template1"];
    if reserved.contains(&text.to_ascii_lowercase().as_str()) && text != "postgres" {
        refuse!("InvalidParameterValue":
            "Database name {text} cannot be used. It is a reserved word for this engine");
    }
    Ok(())
}

pub(crate) fn port(params: &Params) -> ApiResult<Option<i64>> {
    match params.number("Port")? {
        Some(port) if !(1150..=65535).contains(&port) => Err(refusal!("InvalidParameterValue":
            "Invalid endpoint port {port}, valid port range is [1150-65535]")),
        port => Ok(port),
    }
}

pub(crate) fn retention(params: &Params) -> ApiResult<Option<i64>> {
    match params.number("BackupRetentionPeriod")? {
        Some(days) if !(1..=35).contains(&days) => Err(refusal!("InvalidParameterValue":
            "Invalid backup retention period: {days}. Must be between 1 and 35.")),
        days => Ok(days),
    }
}
