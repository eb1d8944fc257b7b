//! What `doctor` found, a line a check, and as a document.

use serde::Serialize;
use stepwell_engine::Fault;

use super::printer::Printer;
use super::table;
use crate::problem::Problem;

/// How a check ended, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Ok,
    /// Something may not work, or could not be found out.
    Warn,
    /// Something will not work.
    Fail,
}

impl Health {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub name: &'static str,
    /// How it ended.
    pub status: Health,
    /// What was found.
    pub message: String,
    /// What can be done.
    pub hint: Option<String>,
    /// The remote service's code, or ours.
    pub code: Option<String>,
}

impl Check {
    fn new(name: &'static str, status: Health, message: impl Into<String>) -> Self {
        Self {
            name,
            status,
            message: message.into(),
            hint: None,
            code: None,
        }
    }

    /// As it should be.
    pub fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Health::Ok, message)
    }

    /// Something may not work.
    pub fn warn(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Health::Warn, message)
    }

    /// Something will not work.
    pub fn fail(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Health::Fail, message)
    }

    /// Sets what can be done.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Makes a failure one that keeps nothing from being done.
    #[must_use]
    pub fn only_warns(mut self, what: &str) -> Self {
        self.status = Health::Warn;
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// AWS refused, or could not be reached.
    pub fn fault(name: &'static str, fault: &Fault) -> Self {
        Self {
            hint: fault.hint.clone(),
            code: fault.code.clone(),
            ..Self::fail(name, fault.to_string())
        }
    }

    /// Something of ours went wrong.
    pub fn problem(name: &'static str, problem: Problem) -> Self {
        let mut text = problem.message;
        for cause in problem.causes {
            text.push_str(&format!(": {cause}"));
        }
        Self {
            hint: problem.hint,
            code: Some(problem.code),
            ..Self::fail(name, text)
        }
    }
}

/// The worst of all.
pub fn worst(checks: &[Check]) -> Health {
    (checks.iter())
        .map(|check| check.status)
        .max()
        .unwrap_or(Health::Ok)
}

/// Prints the checks.
pub fn print(printer: &Printer, checks: &[Check]) -> Result<(), Problem> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: u32,
        status: Health,
        checks: &'a [Check],
    }
    if printer.output.is_json() {
        return printer.document(&Document {
            schema: crate::SCHEMA,
            status: worst(checks),
            checks,
        });
    }
    let rows: Vec<Vec<String>> = (checks.iter())
        .map(|check| {
            let hint = (check.hint.as_ref())
                .map(|hint| format!(" — {hint}"))
                .unwrap_or_default();
            let text = format!("{}{hint}", check.message);
            vec![
                check.status.word().to_owned(),
                check.name.to_owned(),
                text.replace('\n', " "),
            ]
        })
        .collect();
    let style = printer.out;
    for (line, check) in table::columns(&["", "", ""], &rows).iter().zip(checks) {
        let word = check.status.word();
        let rest = line.strip_prefix(word).unwrap_or_default();
        let word = match check.status {
            Health::Ok => style.good(word),
            Health::Warn => style.warn(word),
            Health::Fail => style.bad(word),
        };
        printer.line(format!("{word}{rest}"))?;
    }
    Ok(())
}
