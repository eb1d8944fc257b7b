//! The account behind the HTTP client interface of the AWS SDK.

use super::cut::{Cut, reset};
use crate::account::{Account, Reply};
use crate::world::regions;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;
use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

/// An HTTP client for the AWS SDK that an [`Account`] answers. A lost answer is a connector error
/// of the i/o kind, as is no account at all, or a host of a region that is not there; a truncated
/// one fails while its body is read; and the SDK's read timeout is kept.
#[derive(Clone)]
pub struct SandboxHttpClient {
    account: Account,
}

impl Account {
    /// An HTTP client for the AWS SDK whose requests this account answers.
    #[must_use]
    pub fn http_client(&self) -> SandboxHttpClient {
        SandboxHttpClient {
            account: self.clone(),
        }
    }
}

impl fmt::Debug for SandboxHttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxHttpClient").finish_non_exhaustive()
    }
}

impl HttpClient for SandboxHttpClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            account: self.account.clone(),
            timeout: settings.read_timeout().zip(components.sleep_impl()),
        })
    }
}

impl HttpConnector for SandboxHttpClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(call(self.account.clone(), request))
    }
}

struct Connector {
    account: Account,
    timeout: Option<(Duration, SharedAsyncSleep)>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = call(self.account.clone(), request);
        match &self.timeout {
            None => HttpConnectorFuture::new(answer),
            Some((limit, sleep)) => {
                let late = sleep.sleep(*limit);
                HttpConnectorFuture::new(async move {
                    tokio::select! {
                        biased;
                        answer = answer => answer,
                        () = late => Err(ConnectorError::timeout(
                            "the sandbox did not answer in time".into(),
                        )),
                    }
                })
            }
        }
    }
}

/// Looking up the name of a host fails, with the words of hyper.
#[derive(Debug)]
struct DnsError(io::Error);

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dns error")
    }
}

impl Error for DnsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// A region that is not there has no host; one that is not enabled has, and refuses there.
fn look_up(host: Option<&str>) -> Result<(), ConnectorError> {
    let name = host.and_then(|host| host.strip_suffix(".amazonaws.com"));
    match name.and_then(|name| Some((host?, name.split('.').nth(1)?))) {
        Some((host, region)) if regions::find(region).is_none() => {
            let why = io::Error::other(format!("the sandbox has no host {host}"));
            Err(ConnectorError::io(DnsError(why).into()))
        }
        _ => Ok(()),
    }
}

async fn call(account: Account, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    look_up(request.uri().host())?;
    let (parts, body) = request.into_parts();
    let bytes = match body.bytes() {
        Some(bytes) => Bytes::copy_from_slice(bytes),
        None => body
            .collect()
            .await
            .map_err(ConnectorError::user)?
            .to_bytes(),
    };
    match account
        .handle(http::Request::from_parts(parts, bytes))
        .await
    {
        Reply::Lost => Err(ConnectorError::io(reset().into())),
        Reply::Down(error) => Err(ConnectorError::io(Box::new(error))),
        Reply::Response(response) => sdk_response(response.map(SdkBody::from)),
        Reply::Truncated(response) => {
            sdk_response(response.map(|body| SdkBody::from_body_1_x(Cut::new(&body))))
        }
    }
}

fn sdk_response(response: http::Response<SdkBody>) -> Result<HttpResponse, ConnectorError> {
    response
        .try_into()
        .map_err(|error| ConnectorError::other(Box::new(error), None))
}
