//! From what `kubectl` says to a classified fault: the one place where they
//! meet. `kubectl` has no codes of its own for programs, but repeats the
//! server's reason: `Error from server (NotFound): …`.

mod refused;
#[cfg(test)]
mod tests;
mod texts;

use std::process::ExitStatus;

use stepwell_engine::{Certainty, Fault, FaultClass};

use super::Place;
pub(crate) use refused::is_admission;
use refused::refusal;
pub(super) use texts::NO_RESOURCE;
use texts::TEXTS;

/// How much of what `kubectl` says goes into a fault.
const LONGEST: usize = 600;

/// The code where a call was sent and no answer came, or none that is one.
const NO_ANSWER: &str = "NoAnswer";

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

/// Turns the failure of a call into a fault that says where it was; `changes` if
/// the call was to change something.
pub(crate) fn classify(
    what: &str,
    place: &Place,
    stderr: &str,
    status: ExitStatus,
    changes: bool,
) -> Fault {
    let mut said = essence(stderr);
    let (mut class, mut code) = meaning(&said, changes);
    if code.as_deref() == Some(NO_RESOURCE)
        && let Some(unlisted) = texts::unlisted(stderr)
    {
        // There may be such a kind: the server could not be asked.
        (class, code) = (FaultClass::Transient, Some(texts::UNLISTED.to_owned()));
        said = format!("{said}: {}", legible(unlisted));
    }
    let said = if said.is_empty() {
        status.to_string()
    } else {
        said
    };
    let mut fault = Fault::new(class, format!("kubectl {what} failed in {place}: {said}"));
    // What never reached a server had no effect there.
    fault.effect = Certainty::of(
        changes
            && matches!(class, FaultClass::Transient | FaultClass::Unreachable)
            && !code.as_deref().is_some_and(texts::was_not_sent),
    );
    let hint = code.as_deref().and_then(|code| hint(code, place));
    fault.code = code;
    fault.hint = hint;
    fault
}

fn meaning(said: &str, changes: bool) -> (FaultClass, Option<String>) {
    let of = |class, code: &str| (class, Some(code.to_owned()));
    let reason = reason(said);
    if let Some(code) = refusal(reason, said) {
        let class = match code {
            // A person gives the permission, or makes room; then it goes on.
            refused::PERMISSION | refused::QUOTA => FaultClass::Operator,
            _ => FaultClass::Permanent,
        };
        return of(class, code);
    }
    if let Some(reason) = reason {
        return of(class_of(reason), reason);
    }
    if let Some(&(_, class, code)) = TEXTS.iter().find(|(text, ..)| said.contains(text)) {
        return of(class, code);
    }
    match texts::sent(said) {
        // The request was on its way, and what came back is no answer.
        Some(_) => of(FaultClass::Unreachable, NO_ANSWER),
        None if changes && !texts::is_local(said) => of(FaultClass::Unreachable, NO_ANSWER),
        None => (FaultClass::Permanent, None),
    }
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
        "ConnectionRefused" | "NoSuchHost" | "NoConnection" | "Timeout" | NO_ANSWER => {
            format!("see whether the server of {context} can be reached from here")
        }
        "ProxyFailed" => {
            "see the proxy in HTTPS_PROXY and NO_PROXY, or proxy-url in kubectl's configuration"
                .to_owned()
        }
        "CertificateRefused" => {
            format!("see certificate-authority and server of {context} in kubectl's configuration")
        }
        _ => return refused::hint(code, &context, place),
    })
}
