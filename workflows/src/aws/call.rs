//! From an SDK error to a classified fault: the one place where they meet.

use std::error::Error;

use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId as _;
use stepwell_engine::{Certainty, Fault, FaultClass};

use super::codes::{self, Meaning};
use super::permission;
use super::time::Skew;

/// Turns the error of an operation into a fault that names the operation, the
/// service's code and the request id.
pub(crate) fn fault<E>(operation: &str, error: SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    // A call that only reads has no effect to be in doubt about.
    let mutates = !["Describe", "Get", "List"]
        .iter()
        .any(|prefix| operation.starts_with(prefix));
    let request_id = error.request_id().map(str::to_owned);
    let status = error
        .raw_response()
        .map_or(0, |response| response.status().as_u16());
    let mut fault = match &error {
        SdkError::ServiceError(service) if service.err().code().is_some() => {
            let code = service.err().code().unwrap_or_default();
            let said = service.err().message().unwrap_or("no message");
            let skew = error.raw_response().and_then(Skew::of);
            let mut fault = refused(operation, code, said, status, skew);
            // A 5xx may come from a front end after the work was done.
            fault.effect =
                Certainty::of(mutates && status >= 500 && code != "RequestLimitExceeded");
            fault
        }
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => {
            // An answer that broke off may have said anything, a throttle too,
            // whatever its status; one that says nothing is no answer of AWS.
            let broke_off = matches!(error, SdkError::ResponseError(_));
            let class = if broke_off || status < 400 || status == 429 || status >= 500 {
                FaultClass::Transient
            } else {
                FaultClass::Permanent
            };
            let mut fault = Fault::new(class, format!("{operation} got an unreadable answer"));
            fault.effect = Certainty::of(mutates);
            fault
        }
        SdkError::TimeoutError(_) => {
            let mut fault = Fault::unreachable(format!("{operation} got no answer in time"));
            fault.effect = Certainty::of(mutates);
            fault
        }
        SdkError::DispatchFailure(_) => without_answer(operation, mutates, &error),
        _ => Fault::permanent(format!("{operation} could not be built")),
    };
    if fault.code.is_none() {
        fault.causes = causes(&error);
    }
    fault.with_request_id(request_id)
}

/// A fault for a code and a message of AWS. `status` is that of HTTP.
pub(super) fn refused(
    operation: &str,
    code: &str,
    said: &str,
    status: u16,
    skew: Option<Skew>,
) -> Fault {
    let meaning = codes::meaning(code, said);
    let class = codes::class(meaning, status);
    let mut fault = Fault::new(class, format!("{operation} failed: {said}")).with_code(code);
    fault.hint = meaning.and_then(|meaning| hint(operation, code, said, meaning, skew));
    fault
}

/// What a person can do about what AWS said. A clock that is off spoils
/// signatures, and AWS then speaks of credentials more often than of the time.
fn hint(
    operation: &str,
    code: &str,
    said: &str,
    meaning: Meaning,
    skew: Option<Skew>,
) -> Option<String> {
    let off = skew.filter(|skew| skew.is_suspect());
    let of_time = ["Signature expired", "Signature not yet current"];
    let clock = meaning == Meaning::Clock
        || (meaning == Meaning::Signature
            && (off.is_some() || of_time.iter().any(|words| said.contains(words))));
    match (clock, off) {
        (true, Some(off)) => Some(format!(
            "set the clock of this machine: it is {off}, and AWS takes no signature that is off by five minutes"
        )),
        (true, None) => codes::hint(code, Meaning::Clock).map(str::to_owned),
        _ if meaning == Meaning::Permission => Some(permission::hint(operation, said)),
        _ => codes::hint(code, meaning).map(str::to_owned),
    }
}

fn without_answer(operation: &str, mutates: bool, error: &(dyn Error + 'static)) -> Fault {
    // Credentials are fetched while a call is dispatched; when there are none,
    // nothing was sent.
    let mut cause = Some(error);
    while let Some(current) = cause {
        let text = format!("{current:?}");
        if current
            .downcast_ref::<aws_credential_types::provider::error::CredentialsError>()
            .is_some()
            || text.starts_with("CredentialsNotLoaded")
        {
            return without_credentials(operation, error);
        }
        cause = current.source();
    }
    let mut fault = Fault::unreachable(format!("{operation} got no answer"));
    fault.effect = Certainty::of(mutates);
    if causes(error).iter().any(|cause| cause == "dns error") {
        return fault.with_hint(
            "no host has the name of this service: see that the region is one of AWS's (`aws ec2 describe-regions --all-regions`), and that names can be looked up from here",
        );
    }
    fault
}

/// There are no credentials, for a reason that the SDK has beneath.
fn without_credentials(operation: &str, error: &(dyn Error + 'static)) -> Fault {
    let causes = causes(error);
    // The SDK tells of every place where it looked; a profile that was named is
    // the one that counts.
    const UNDEFINED: &str = " was not defined";
    let of_profile = |line: &str| {
        let (before, _) = line.split_once(UNDEFINED)?;
        let from = before.find("profile `")?;
        Some(format!("{}{UNDEFINED}", &before[from..]))
    };
    let profile = (causes.iter().flat_map(|cause| cause.lines())).find_map(of_profile);
    let (missing, hint) = match profile {
        Some(profile) => (
            format!(": {profile}"),
            "name a profile that is there: `aws configure list-profiles` lists them",
        ),
        None => (
            String::new(),
            "set AWS_PROFILE or log in (for example `aws sso login`), or rehearse with --sandbox",
        ),
    };
    let message = format!("{operation} was not sent: no AWS credentials{missing}");
    Fault::operator(message)
        .with_code("NoCredentials")
        .with_hint(hint)
}

fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(current) = cause {
        let text = current.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        cause = current.source();
    }
    causes
}

/// Turns "it is not there" into `None`.
pub(crate) fn unless_gone<T>(result: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(fault) if fault.code.as_deref().is_some_and(codes::is_gone) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Whether a fault says that a permission is lacking.
pub(crate) fn is_denied(fault: &Fault) -> bool {
    fault.code.as_deref().is_some_and(codes::is_permission)
}

/// Whether a fault carries one of the codes.
pub(crate) fn has_code(fault: &Fault, codes: &[&str]) -> bool {
    fault
        .code
        .as_deref()
        .is_some_and(|code| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::operation::describe_vpcs::DescribeVpcsError;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    #[test]
    fn an_answer_that_broke_off_is_asked_for_again_whatever_its_status() {
        for status in [200_u16, 400, 403, 404, 500, 503] {
            let status = status.try_into().expect("a status");
            let answer = HttpResponse::new(status, SdkBody::from("<Resp"));
            let error = SdkError::<DescribeVpcsError, _>::response_error("broken", answer);
            let fault = fault("DescribeVpcs", error);
            assert_eq!(fault.class, FaultClass::Transient, "{fault}");
            assert!(!fault.effect.may_have_happened());
        }
    }
}
