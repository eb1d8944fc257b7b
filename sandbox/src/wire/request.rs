//! Which service, region and operation a request is for.

use super::error::{ApiError, ApiResult, refusal};
use super::params::Params;
use super::service::Service;
use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, HOST};

/// A request, understood as far as its protocol goes.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) service: Service,
    pub(crate) region: String,
    pub(crate) operation: String,
    pub(crate) params: Params,
}

/// Why a request was not understood, and the service in whose form to say so.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) service: Service,
    pub(crate) error: ApiError,
}

/// Reads a request. Signatures are not verified, but there must be one.
pub(crate) fn parse(request: &Request<Bytes>) -> Result<Parsed, Refused> {
    let target = header(request, "x-amz-target");
    let mut params = Params::default();
    params.add_form(request.uri().query().unwrap_or(""));
    let body = String::from_utf8_lossy(request.body());
    if target.is_none() {
        params.add_form(body.trim());
    }
    let scope = scope(request, &params);
    let (host_service, host_region) = of_host(request);
    let guessed = service_of_version(params.get("Version"));
    let name = scope.as_ref().and_then(|scope| scope.service.clone());
    let service = match name.or(host_service) {
        Some(name) => Service::from_signing_name(&name).ok_or_else(|| Refused {
            service: guessed,
            error: refusal!("InvalidAction":
                "the service {name} is not simulated; only ec2, rds, sts and secretsmanager are"),
        })?,
        None => guessed,
    };
    let refuse = |error| Refused { service, error };
    let Some(scope) = scope else {
        return Err(refuse(refusal!("MissingAuthenticationToken":
            "Request is missing Authentication Token")));
    };
    let region = scope
        .region
        .or(host_region)
        .unwrap_or_else(|| "us-east-1".to_owned());
    let operation = match &target {
        Some(target) => {
            flatten(&body, &mut params).map_err(refuse)?;
            target.rsplit('.').next().unwrap_or_default().to_owned()
        }
        None => params
            .get("Action")
            .ok_or_else(|| {
                refuse(refusal!("MissingAction":
                    "The request is missing an action or a required parameter."))
            })?
            .to_owned(),
    };
    for name in ["Action", "Version"] {
        params.0.remove(name);
    }
    params.0.retain(|name, _| !name.starts_with("X-Amz-"));
    Ok(Parsed {
        service,
        region,
        operation,
        params,
    })
}

struct Scope {
    region: Option<String>,
    service: Option<String>,
}

fn scope(request: &Request<Bytes>, params: &Params) -> Option<Scope> {
    let text = match request.headers().get(AUTHORIZATION) {
        Some(value) => {
            let value = value.to_str().unwrap_or_default();
            value
                .split_once("Credential=")
                .map_or("", |(_, rest)| rest)
                .split([',', ' '])
                .next()
                .unwrap_or_default()
                .to_owned()
        }
        None => params.get("X-Amz-Credential")?.to_owned(),
    };
    let parts: Vec<&str> = text.split('/').collect();
    let part = |from_end: usize| {
        (parts.len() >= 5)
            .then(|| parts[parts.len() - from_end].to_owned())
            .filter(|part| !part.is_empty())
    };
    Some(Scope {
        region: part(3),
        service: part(2),
    })
}

/// `rds.eu-west-1.amazonaws.com` is `rds` in `eu-west-1`.
fn of_host(request: &Request<Bytes>) -> (Option<String>, Option<String>) {
    let host = request
        .uri()
        .host()
        .map(str::to_owned)
        .or_else(|| header(request, HOST.as_str()))
        .unwrap_or_default();
    let Some(name) = host
        .split(':')
        .next()
        .and_then(|host| host.strip_suffix(".amazonaws.com"))
    else {
        return (None, None);
    };
    let mut parts = name.split('.');
    (
        parts.next().map(str::to_owned),
        parts.next().map(str::to_owned),
    )
}

fn service_of_version(version: Option<&str>) -> Service {
    match version {
        Some("2014-10-31") => Service::Rds,
        Some("2011-06-15") => Service::Sts,
        _ => Service::Ec2,
    }
}

/// Adds the top-level scalars of a JSON body.
fn flatten(body: &str, params: &mut Params) -> ApiResult<()> {
    let bad = || refusal!("SerializationException": "the body is not a JSON object");
    let value: serde_json::Value = serde_json::from_str(body).map_err(|_| bad())?;
    for (name, value) in value.as_object().ok_or_else(bad)? {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        params.0.insert(name.clone(), text);
    }
    Ok(())
}

fn header(request: &Request<Bytes>, name: &str) -> Option<String> {
    Some(request.headers().get(name)?.to_str().ok()?.to_owned())
}
