//! What psql says, and what it means. The texts are libpq's own, in English
//! (`LC_ALL=C`), of its versions from 10 on; errors of the server have an
//! SQLSTATE where psql is told to be verbose. (PostgreSQL, "PostgreSQL Error
//! Codes"; "psql", "Exit Status": 2 is a lost or missing connection.)

use std::net::Ipv4Addr;

/// How psql ended in a pod, and the end of what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) code: i64,
    pub(crate) lines: Vec<String>,
}

/// What psql's attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) what: What,
    /// The SQLSTATE, where psql tells.
    pub(crate) state: Option<String>,
    /// psql's exit status.
    code: i64,
    /// The address that the name led to, where psql tells.
    pub(crate) address: Option<Ipv4Addr>,
    /// The end of what it said.
    pub(crate) text: String,
}

/// The kinds of outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// `SELECT 1` was answered.
    Answered,
    /// The name did not resolve.
    NoName,
    /// Nothing came back.
    Silence,
    /// The address answered, and not on the port.
    Refused,
    /// The server does not take the user or the password.
    Password,
    /// The server has no such database.
    NoDatabase,
    /// The server and the client do not agree on encryption.
    Tls,
    /// The server is there and does not serve.
    Busy,
    /// The image has no psql.
    NoClient,
    /// A transaction lost against another one, or was not let in.
    Locked,
    /// The server is not the writer (any more).
    ReadOnly,
    /// Something else.
    Other,
}

/// What SQLSTATEs mean that pass, and those of a login.
fn of_state(state: &str) -> What {
    match state {
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => What::Locked,
        // read_only_sql_transaction: the name leads to a former writer
        "25006" => What::ReadOnly,
        // too_many_connections, admin_shutdown, crash_shutdown, cannot_connect_now
        "53300" | "57P01" | "57P02" | "57P03" => What::Busy,
        "28P01" | "28000" => What::Password,
        "3D000" => What::NoDatabase,
        state if state.starts_with("08") => What::Silence,
        _ => What::Other,
    }
}

const TEXTS: &[(&str, What)] = &[
    ("could not translate host name", What::NoName),
    ("password authentication failed", What::Password),
    ("no password supplied", What::Password),
    ("authentication failed for user", What::Password),
    ("role \"", What::Password),
    ("database \"", What::NoDatabase),
    ("no pg_hba.conf entry", What::Tls),
    ("does not support SSL", What::Tls),
    ("SSL error", What::Tls),
    ("too many clients", What::Busy),
    ("remaining connection slots", What::Busy),
    ("the database system is", What::Busy),
    ("Connection refused", What::Refused),
    ("timeout expired", What::Silence),
    ("timed out", What::Silence),
    ("No route to host", What::Silence),
    ("Network is unreachable", What::Silence),
    ("Host is unreachable", What::Silence),
    ("psql: not found", What::NoClient),
];

impl Said {
    pub(crate) fn of(told: &Told) -> Self {
        let text = told.lines.join("; ");
        let state = state(&told.lines);
        let what = if told.code == 0 && told.lines.last().is_some_and(|line| line == "1") {
            What::Answered
        } else {
            // The last try counts: an earlier one may have been too early.
            let last = told.lines.last().map_or("", String::as_str);
            let find = |text: &str| TEXTS.iter().find(|(part, _)| text.contains(part));
            let found = find(last).or_else(|| find(&text));
            match (state, found) {
                (Some(state), _) => of_state(state),
                (None, Some((_, what))) => *what,
                (None, None) => What::Other,
            }
        };
        Self {
            what,
            state: state.map(str::to_owned),
            code: told.code,
            address: address(&text),
            text,
        }
    }

    /// Whether another try may go better: the connection was lost or not to be
    /// had, or the transaction lost against another one.
    pub(crate) fn passes(&self) -> bool {
        match self.what {
            What::NoName | What::Silence | What::Refused | What::Busy => true,
            What::Locked | What::ReadOnly => true,
            What::Other => self.code == 2 && self.state.is_none(),
            What::Answered | What::Password | What::NoDatabase | What::Tls | What::NoClient => {
                false
            }
        }
    }

    /// What a person can do about it, with the Secret that the login is from.
    pub(crate) fn hint(&self, secret: &str) -> Option<String> {
        Some(match self.what {
            What::Password => password_hint(secret),
            What::NoDatabase => "name the database that keycloak uses: --database".to_owned(),
            What::NoClient => {
                "name an image that has psql: --image docker.io/library/postgres:17".to_owned()
            }
            What::Tls => {
                "see the parameter rds.force_ssl of the cluster, and what psql said".to_owned()
            }
            What::NoName | What::Silence | What::Refused => {
                "`stepwell peering verify` finds out what is in the way".to_owned()
            }
            What::Locked => {
                "somebody else's transaction holds the schema; end it, then go on".to_owned()
            }
            What::Busy | What::ReadOnly => {
                "see whether the cluster has a writer that takes connections, then go on".to_owned()
            }
            What::Answered | What::Other => return None,
        })
    }

    /// Whether AWS may know what is at fault.
    pub(crate) fn asks_for_a_look(&self) -> bool {
        matches!(self.what, What::Silence | What::Refused | What::Other)
    }
}

/// What to do where user and password are not taken. (Aurora User Guide,
/// "Password management with Amazon Aurora and AWS Secrets Manager": a managed
/// password is rotated every seven days.)
pub(crate) fn password_hint(secret: &str) -> String {
    format!(
        "secret {secret} has a user or password that is not in force: a password that RDS keeps changes every seven days; `stepwell keycloak env --format external-secret` keeps the Secret up to date, `--format secret` renews it once"
    )
}

/// The SQLSTATE in psql's verbose `ERROR:  40P01: deadlock detected`; the last one.
fn state(lines: &[String]) -> Option<&str> {
    let of_line = |line: &'_ String| -> Option<(usize, usize)> {
        let at = ["ERROR:  ", "FATAL:  ", "PANIC:  "]
            .iter()
            .find_map(|word| Some(line.rfind(word)? + word.len()))?;
        let state = line.get(at..at + 5)?;
        let fits = state
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        (fits && line[at + 5..].starts_with(':')).then_some((at, at + 5))
    };
    lines
        .iter()
        .rev()
        .find_map(|line| of_line(line).map(|(from, to)| &line[from..to]))
}

/// The address in `connection to server at "host" (192.168.7.12), port 5432
/// failed: …`; the last one.
fn address(text: &str) -> Option<Ipv4Addr> {
    text.rsplit('(')
        .filter_map(|rest| rest.split(')').next())
        .find_map(|inner| inner.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: i64, lines: &[&str]) -> Said {
        Said::of(&Told {
            code,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        })
    }

    #[test]
    fn what_psql_says_is_understood() {
        assert_eq!(of(0, &["1"]).what, What::Answered);
        assert_eq!(of(0, &[]).what, What::Other);
        for (line, what) in [
            (
                "psql: error: could not translate host name \"h\" to address: Name or service not known",
                What::NoName,
            ),
            (
                "psql: error: connection to server at \"h\" (192.168.7.12), port 5432 failed: timeout expired",
                What::Silence,
            ),
            (
                "psql: error: connection to server at \"h\" (192.168.7.12), port 5432 failed: Connection refused",
                What::Refused,
            ),
            (
                "psql: error: connection to server at \"h\" (192.168.7.12), port 5432 failed: FATAL:  password authentication failed for user \"keycloak\"",
                What::Password,
            ),
            (
                "psql: error: connection to server at \"h\" (192.168.7.12), port 5432 failed: FATAL:  database \"other\" does not exist",
                What::NoDatabase,
            ),
            (
                "psql: error: connection to server at \"h\" (192.168.7.12), port 5432 failed: FATAL:  no pg_hba.conf entry for host",
                What::Tls,
            ),
            (
                "psql: error: connection to server at \"h\" (192.168.7.12), port 5432 failed: FATAL:  sorry, too many clients already",
                What::Busy,
            ),
            // As versions before 14 said it.
            (
                "psql: error: could not connect to server: Connection timed out",
                What::Silence,
            ),
            ("sh: 3: psql: not found", What::NoClient),
            ("something else", What::Other),
        ] {
            let said = of(2, &[line]);
            assert_eq!(said.what, what, "{line}");
            let expected = line
                .contains("192.")
                .then(|| Ipv4Addr::new(192, 168, 7, 12));
            assert_eq!(said.address, expected, "{line}");
        }
    }

    #[test]
    fn states_tell_what_passes() {
        for (state, passes) in [
            ("40P01", true),
            ("55P03", true),
            ("25006", true),
            ("57P01", true),
            ("53300", true),
            ("08006", true),
            ("42501", false),
            ("3F000", false),
            ("28P01", false),
        ] {
            let line = format!("psql: ERROR:  {state}: something");
            let said = of(1, &["NOTICE:  00000: x", &line, "LOCATION:  f, g.c:1"]);
            assert_eq!(said.state.as_deref(), Some(state));
            assert_eq!(said.passes(), passes, "{state}");
        }
        // psql's 2 is no connection, whatever it says; its 1 is a statement's.
        assert!(of(2, &["something"]).passes());
        assert!(of(2, &[]).passes());
        assert!(!of(1, &["ERROR:  something"]).passes());
        assert!(
            !of(
                2,
                &["FATAL:  password authentication failed for user \"u\""]
            )
            .passes()
        );
        let hint = of(2, &["FATAL:  password authentication failed"])
            .hint("s")
            .unwrap();
        assert!(hint.contains("every seven days"), "{hint}");
    }

    #[test]
    fn the_last_try_counts() {
        let early = "psql: error: could not translate host name \"h\" to address: try again";
        let last =
            "psql: error: connection to server at \"h\" (10.0.0.1), port 1 failed: timeout expired";
        assert_eq!(of(2, &[early, last]).what, What::Silence);
        // What stands before the last line may be what says it.
        let two = [last, "\tIs the server running on that host?"];
        assert_eq!(of(2, &two).what, What::Silence);
    }
}
