//! What psql says, and what it means. The texts are libpq's own, in English
//! (`LC_ALL=C`), of its versions from 10 on.

use std::net::Ipv4Addr;

use crate::kubernetes::probe::Told;

/// What psql's attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) what: What,
    /// The address that the name led to, where psql tells.
    pub(super) address: Option<Ipv4Addr>,
    /// The end of what it said.
    pub(super) text: String,
}

/// The kinds of outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
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
    /// Something else.
    Other,
}

const TEXTS: [(&str, What); 19] = [
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
    pub(super) fn of(told: &Told) -> Self {
        let text = told.lines.join("; ");
        let what = if told.code == 0 && told.lines.last().is_some_and(|line| line == "1") {
            What::Answered
        } else {
            // The last try counts: an earlier one may have been too early.
            let last = told.lines.last().map_or("", String::as_str);
            let find = |text: &str| TEXTS.iter().find(|(part, _)| text.contains(part));
            let found = find(last).or_else(|| find(&text));
            found.map_or(What::Other, |(_, what)| *what)
        };
        Self {
            what,
            address: address(&text),
            text,
        }
    }

    /// Whether AWS may know what is at fault.
    pub(super) fn asks_for_a_look(&self) -> bool {
        matches!(self.what, What::Silence | What::Refused | What::Other)
    }
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
