//! From what `kubectl` says to a classified fault: the one place where they
//! meet. `kubectl` has no codes of its own for programs, but repeats the
//! server's reason: `Error from server (NotFound): …`.

use std::process::ExitStatus;

use stepwell_engine::{Fault, FaultClass};

use super::Place;

/// How much of what `kubectl` says goes into a fault.
const LONGEST: usize = 600;

/// What a text of `kubectl`'s means: what it holds, the class, the code.
const TEXTS: &[(&str, FaultClass, &str)] = &[
    (
        "You must be logged in to the server",
        FaultClass::Operator,
        "Unauthorized",
    ),
    (
        "getting credentials",
        FaultClass::Operator,
        "CredentialsFailed",
    ),
    (
        "the server has asked for the client to provide credentials",
        FaultClass::Operator,
        "Unauthorized",
    ),
    ("Please enter", FaultClass::Operator, "Unauthorized"),
    (
        "context was not found",
        FaultClass::Permanent,
        "ContextNotFound",
    ),
    (
        "invalid configuration",
        FaultClass::Permanent,
        "InvalidConfiguration",
    ),
    ("x509:", FaultClass::Permanent, "CertificateRefused"),
    (
        "was refused - did you specify the right host or port",
        FaultClass::Unreachable,
        "ConnectionRefused",
    ),
    (
        "connection refused",
        FaultClass::Unreachable,
        "ConnectionRefused",
    ),
    ("no such host", FaultClass::Unreachable, "NoSuchHost"),
    (
        "Unable to connect to the server",
        FaultClass::Unreachable,
        "NoConnection",
    ),
    ("i/o timeout", FaultClass::Unreachable, "Timeout"),
    ("Client.Timeout", FaultClass::Unreachable, "Timeout"),
    (
        "context deadline exceeded",
        FaultClass::Unreachable,
        "Timeout",
    ),
    ("TLS handshake timeout", FaultClass::Unreachable, "Timeout"),
    (
        "connection reset by peer",
        FaultClass::Unreachable,
        "NoConnection",
    ),
    ("unexpected EOF", FaultClass::Unreachable, "NoConnection"),
    ("etcdserver:", FaultClass::Transient, "ServiceUnavailable"),
];

/// What a server says where a namespace is full, for the same reason as where a
/// permission is lacking. (Kubernetes, "Resource Quotas": the request fails with
/// 403 and a message that explains the constraint.)
const FULL: &str = "exceeded quota";

/// The reasons of a server that mean more than "no". (Kubernetes API
/// reference, `Status.reason`.)
fn class_of(reason: &str) -> FaultClass {
    match reason {
        "Unauthorized" | "Expired" => FaultClass::Operator,
        "Conflict" | "InternalError" | "ServerTimeout" | "ServiceUnavailable" | "Timeout"
        | "TooManyRequests" => FaultClass::Transient,
        _ => FaultClass::Permanent,
    }
}

/// Turns the failure of a call into a fault that says where it was.
pub(crate) fn classify(what: &str, place: &Place, stderr: &str, status: ExitStatus) -> Fault {
    let said = essence(stderr);
    let (class, code) = match reason(&said) {
        Some("Forbidden") if said.contains(FULL) => {
            (FaultClass::Operator, Some("QuotaExceeded".to_owned()))
        }
        Some(reason) => (class_of(reason), Some(reason.to_owned())),
        None => TEXTS
            .iter()
            .find(|(text, ..)| said.contains(text))
            .map_or((FaultClass::Permanent, None), |&(_, class, code)| {
                (class, Some(code.to_owned()))
            }),
    };
    let said = if said.is_empty() {
        status.to_string()
    } else {
        said
    };
    let mut fault = Fault::new(class, format!("kubectl {what} failed in {place}: {said}"));
    // What never reached a server had no effect there.
    fault.uncertain = matches!(class, FaultClass::Transient | FaultClass::Unreachable)
        && !matches!(code.as_deref(), Some("ConnectionRefused" | "NoSuchHost"));
    let hint = code.as_deref().and_then(|code| hint(code, place));
    fault.code = code;
    fault.hint = hint;
    fault
}

/// The reason of the server: `Error from server (NotFound): …`, which some of
/// its commands begin in lower case.
fn reason(said: &str) -> Option<&str> {
    let rest = said.split("rror from server (").nth(1)?;
    rest.split(')').next()
}

/// What matters of what `kubectl` said: not its log, not the server's
/// warnings, and not without end.
fn essence(stderr: &str) -> String {
    let is_log = |line: &str| {
        let mut bytes = line.bytes();
        matches!(bytes.next(), Some(b'E' | b'W' | b'I'))
            && bytes.take(4).filter(u8::is_ascii_digit).count() == 4
    };
    let lines: Vec<&str> = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("Warning: ") && !is_log(line))
        .collect();
    let text = lines.join("; ");
    legible(text.strip_prefix("error: ").unwrap_or(&text))
}

/// A text of somebody else's as an error repeats it: not without end, and
/// without what would act on a terminal.
pub(super) fn legible(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).take(LONGEST).collect()
}

fn hint(code: &str, place: &Place) -> Option<String> {
    let context = match &place.context {
        Some(context) => format!("context {context}"),
        None => "the current context".to_owned(),
    };
    Some(match code {
        "Unauthorized" | "Expired" | "CredentialsFailed" => {
            format!("log in again for {context}, then go on")
        }
        "ContextNotFound" => "`kubectl config get-contexts` shows which there are".to_owned(),
        "ConnectionRefused" | "NoSuchHost" | "NoConnection" | "Timeout" => {
            format!("see whether the server of {context} can be reached from here")
        }
        "QuotaExceeded" => format!("make room in {place} or raise its quota, then go on"),
        "Forbidden" => format!("the user of {context} lacks the permission in {place}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    fn of(stderr: &str) -> Fault {
        let place = Place {
            kubectl: "kubectl".to_owned(),
            context: Some("dc1".to_owned()),
            namespace: Some("keycloak".to_owned()),
        };
        classify("get pod", &place, stderr, ExitStatus::from_raw(256))
    }

    /// As kubectl 1.32 says it.
    #[test]
    fn what_kubectl_says_is_classified() {
        for (stderr, class, code, uncertain) in [
            (
                "Error from server (NotFound): pods \"x\" not found",
                FaultClass::Permanent,
                "NotFound",
                false,
            ),
            (
                "Error from server (Forbidden): pods is forbidden: User \"u\" cannot list",
                FaultClass::Permanent,
                "Forbidden",
                false,
            ),
            (
                "Error from server (Forbidden): error when creating \"STDIN\": pods \"x\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4",
                FaultClass::Operator,
                "QuotaExceeded",
                false,
            ),
            (
                "error: error from server (NotFound): pods \"x\" not found in namespace \"y\"",
                FaultClass::Permanent,
                "NotFound",
                false,
            ),
            (
                "error: You must be logged in to the server (Unauthorized)",
                FaultClass::Operator,
                "Unauthorized",
                false,
            ),
            (
                "Unable to connect to the server: getting credentials: exec: executable rosa failed",
                FaultClass::Operator,
                "CredentialsFailed",
                false,
            ),
            (
                "The connection to the server 127.0.0.1:9 was refused - did you specify the right host or port?",
                FaultClass::Unreachable,
                "ConnectionRefused",
                false,
            ),
            (
                "Unable to connect to the server: dial tcp: lookup nowhere.invalid: no such host",
                FaultClass::Unreachable,
                "NoSuchHost",
                false,
            ),
            (
                "Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
                FaultClass::Unreachable,
                "NoConnection",
                true,
            ),
            (
                "Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired",
                FaultClass::Permanent,
                "CertificateRefused",
                false,
            ),
            (
                "Error in configuration: context was not found for specified context: dc1",
                FaultClass::Permanent,
                "ContextNotFound",
                false,
            ),
            (
                "Error from server (TooManyRequests): slow down",
                FaultClass::Transient,
                "TooManyRequests",
                true,
            ),
            (
                "Error from server: etcdserver: request timed out",
                FaultClass::Transient,
                "ServiceUnavailable",
                true,
            ),
        ] {
            let fault = of(stderr);
            assert_eq!(fault.class, class, "{stderr}");
            assert_eq!(fault.code.as_deref(), Some(code), "{stderr}");
            assert_eq!(fault.uncertain, uncertain, "{stderr}");
            assert!(
                fault.message.contains("namespace keycloak of context dc1"),
                "{fault}"
            );
        }
    }

    #[test]
    fn the_log_and_warnings_are_left_out() {
        let fault = of(
            "E1125 22:10:19.200664   20892 memcache.go:265] \"Unhandled Error\" err=\"connection refused\"\n\
             Warning: would violate PodSecurity\n\
             Error from server (NotFound): namespaces \"x\" not found\n",
        );
        assert_eq!(
            fault.message,
            "kubectl get pod failed in namespace keycloak of context dc1: Error from server (NotFound): namespaces \"x\" not found"
        );
        assert_eq!(of("").message.split(": ").last(), Some("1"));
    }
}
