//! The exit codes: the one place that says what each means.

use std::process::ExitCode;

/// How the command ends, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Success = 0,
    /// An error; also a cluster that exists already on `aurora create`.
    Error = 1,
    /// `--plan --detailed-exitcode`: something would be made or taken away.
    ChangesPending = 2,
    /// The run is suspended and can be resumed.
    Suspended = 3,
    /// The run failed, and all it had made was undone.
    RolledBack = 4,
    /// The rollback could not undo something: leftovers exist.
    Stuck = 5,
    /// Another process works on the run or its target.
    Locked = 6,
    /// Credentials are missing, expired or lack a permission.
    Credentials = 7,
    /// Refused: not confirmed, or not safe to do.
    Refused = 8,
    /// The command line or an input is not valid; nothing was done.
    Usage = 64,
    /// The work is done, and its result could not be printed.
    Unprinted = 74,
    /// Stopped by SIGHUP; the run can be resumed.
    HungUp = 129,
    /// Stopped by SIGINT; the run can be resumed.
    Interrupted = 130,
    /// Stopped by SIGTERM; the run can be resumed.
    Terminated = 143,
}

impl Exit {
    /// Every exit code, in order.
    pub const ALL: [Self; 14] = [
        Self::Success,
        Self::Error,
        Self::ChangesPending,
        Self::Suspended,
        Self::RolledBack,
        Self::Stuck,
        Self::Locked,
        Self::Credentials,
        Self::Refused,
        Self::Usage,
        Self::Unprinted,
        Self::HungUp,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "ok",
            Self::Error => "error (on create: also when the cluster exists)",
            Self::ChangesPending => "changes pending (--plan --detailed-exitcode)",
            Self::Suspended => "suspended, resumable",
            Self::RolledBack => "failed and rolled back clean",
            Self::Stuck => "stuck, leftovers exist",
            Self::Locked => "locked by another process",
            Self::Credentials => "credentials or permission",
            Self::Refused => "refused (confirmation, protection)",
            Self::Usage => "usage: the command line or an input is not valid",
            Self::Unprinted => "done, but its result could not be printed",
            Self::HungUp => "interrupted by SIGHUP, resumable",
            Self::Interrupted => "interrupted by SIGINT, resumable",
            Self::Terminated => "interrupted by SIGTERM, resumable",
        }
    }

    /// The kind of error it stands for, as machine-readable errors name it
    /// where AWS gave no code.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Success => "ok",
            Self::Error => "error",
            Self::ChangesPending => "changes_pending",
            Self::Suspended => "suspended",
            Self::RolledBack => "rolled_back",
            Self::Stuck => "stuck",
            Self::Locked => "locked",
            Self::Credentials => "credentials",
            Self::Refused => "refused",
            Self::Usage => "usage",
            Self::Unprinted => "unprinted",
            Self::HungUp => "hung_up",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table for `--help`.
pub(crate) fn table() -> String {
    let lines: Vec<String> = Exit::ALL
        .iter()
        .map(|exit| format!("  {:>3}  {}", exit.code(), exit.meaning()))
        .collect();
    format!("Exit codes:\n{}", lines.join("\n"))
}
