//! From an SDK error to a classified fault: the one place where they meet.

use std::error::Error;

use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId as _;
use stepwell_engine::{Fault, FaultClass};

use super::codes;

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
            let mut fault = Fault::new(
                codes::classify(code, status),
                format!("{operation} failed: {said}"),
            )
            .with_code(code);
            if let Some(hint) = codes::hint(code) {
                fault = fault.with_hint(hint);
            }
            // A 5xx may come from a front end after the work was done.
            fault.uncertain = mutates && status >= 500 && code != "RequestLimitExceeded";
            fault
        }
        SdkError::ServiceError(_) | SdkError::ResponseError(_) => {
            // An answer that broke off says nothing, whatever it began with; one
            // that came whole and names no code is not of the service.
            let broken = matches!(error, SdkError::ResponseError(_));
            let class = if broken || status < 400 || status == 429 || status >= 500 {
                FaultClass::Transient
            } else {
                FaultClass::Permanent
            };
            let mut fault = Fault::new(class, format!("{operation} got an unreadable answer"));
            fault.uncertain = mutates;
            fault
        }
        SdkError::TimeoutError(_) => {
            let mut fault = Fault::unreachable(format!("{operation} got no answer in time"));
            fault.uncertain = mutates;
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
            return Fault::operator(format!("{operation} was not sent: no AWS credentials"))
                .with_code("NoCredentials")
                .with_hint(
                    "set AWS_PROFILE or log in (for example `aws sso login`), or rehearse with --sandbox",
                );
        }
        cause = current.source();
    }
    let mut fault = Fault::unreachable(format!("{operation} got no answer"));
    fault.uncertain = mutates;
    fault
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

/// Whether a fault carries one of the codes.
pub(crate) fn has_code(fault: &Fault, codes: &[&str]) -> bool {
    fault
        .code
        .as_deref()
        .is_some_and(|code| codes.contains(&code))
}
