//! OCM's answers over HTTP: read within bounds, and what its refusals mean.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stepwell_engine::{Clock, Fault};

use super::said::short;
use super::unreached::Obstacle;

/// How long one answer may take, in wall time.
const LIMIT: Duration = Duration::from_secs(30);

/// How many bytes an answer may have.
const MOST: usize = 4 << 20;

/// An answer, whatever it says.
pub(super) struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    #[cfg(test)]
    pub(super) fn of(status: StatusCode, body: Vec<u8>) -> Self {
        Self { status, body }
    }

    /// The answer's content; what is no success becomes a fault by `refusal`.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        who: &str,
        refusal: impl Fn(StatusCode, &[u8]) -> Option<Fault>,
    ) -> Result<T, Fault> {
        if self.status.is_success() && self.is_page() {
            return Err(page(&format!(
                "{who} answered something else than the JSON asked for"
            )));
        }
        if self.status.is_success() {
            // The reader's own message might repeat what it read.
            return serde_json::from_slice(&self.body).map_err(|error| {
                unreadable(&format!(
                    "{who} answered something else than the JSON asked for (line {}, column {})",
                    error.line(),
                    error.column()
                ))
            });
        }
        let status = self.status;
        let message = format!("{who} answered {status}");
        match Obstacle::of(&format!("status is {}", status.as_u16())) {
            Some(Obstacle::Busy) => {
                return Err(Fault::transient(message).with_hint(format!(
                    "{}; the network can be named with --rosa-vpc",
                    Obstacle::Busy.hint()
                )));
            }
            Some(obstacle) => return Err(obstacle.fault(message).with_hint(obstacle.hint())),
            None => {}
        }
        // Whose refusal a page is, nobody knows; OCM's and the token service's
        // are JSON.
        if self.is_page() || status.is_redirection() {
            return Err(page(&message));
        }
        Err(refusal(status, &self.body).unwrap_or_else(|| {
            Fault::permanent(message)
                .with_hint("are OCM_URL and OCM_TOKEN_URL right, where they are set?")
        }))
    }

    /// Whether it is a web page.
    fn is_page(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"<")
    }
}

/// A web page came in an answer's place.
fn page(message: &str) -> Fault {
    let page = Obstacle::Page;
    page.fault(message)
        .with_cause(page.what())
        .with_hint(page.hint())
}

/// What was answered can't be what was asked for.
pub(super) fn unreadable(message: &str) -> Fault {
    Fault::permanent(message).with_hint(
        "is OCM_URL right, where it is set, and no proxy in between that answers in its place?",
    )
}

/// What OCM's refusals mean.
pub(super) fn api_refusal(status: StatusCode, body: &[u8]) -> Option<Fault> {
    #[derive(Default, Deserialize)]
    struct Refusal {
        code: Option<String>,
        reason: Option<String>,
        operation_id: Option<String>,
    }
    let said: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let reason = short(said.reason.as_deref().unwrap_or("it did not say why"), 300);
    let fault = match status {
        StatusCode::UNAUTHORIZED => Fault::operator("OCM does not accept the token").with_hint(
            "an access token lasts for 15 minutes; use a service account (OCM_CLIENT_ID and OCM_CLIENT_SECRET in place of OCM_TOKEN), or set a token that can be refreshed",
        ),
        StatusCode::FORBIDDEN => Fault::operator(
            "OCM does not allow this login to look at clusters",
        )
        .with_hint("use another OCM_TOKEN or service account, or name the network with --rosa-vpc"),
        _ => return None,
    };
    let request = said.operation_id.map(|id| short(&id, 100));
    let fault = fault.with_cause(reason).with_request_id(request);
    Some(match said.code {
        Some(code) => fault.with_code(short(&code, 100)),
        None => fault,
    })
}

/// What the token service's refusals mean (RFC 6749, section 5.2); `hint` is
/// what helps where it is about the login.
pub(super) fn token_refusal(status: StatusCode, body: &[u8], hint: &str) -> Option<Fault> {
    #[derive(Default, Deserialize)]
    struct Refusal {
        error: Option<String>,
        error_description: Option<String>,
    }
    let known = [
        StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
    ];
    if !known.contains(&status) {
        return None;
    }
    let said: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let reason = said.error_description.unwrap_or_default();
    let reason = if reason.is_empty() {
        "it did not say why".to_owned()
    } else {
        short(&reason, 300)
    };
    let fault = match said.error.as_deref() {
        Some("temporarily_unavailable" | "server_error") => {
            Fault::transient("the token service of OCM has trouble of its own")
                .with_hint(Obstacle::Busy.hint())
        }
        _ => Fault::operator("OCM's token service does not accept the login").with_hint(hint),
    };
    let fault = fault.with_cause(reason);
    Some(match said.error {
        Some(code) => fault.with_code(short(&code, 100)),
        None => fault,
    })
}

/// Sends a request to `who`, who is `at` an address, and reads the answer, both
/// within the limit.
pub(super) async fn send(
    clock: &dyn Clock,
    request: RequestBuilder,
    who: &str,
    at: &str,
) -> Result<Answer, Fault> {
    let work = async {
        let no_answer = |error: reqwest::Error| {
            let why = chain(&error.without_url());
            let fault = match Obstacle::of(&why) {
                Some(obstacle) => obstacle
                    .fault(format!("{who} at {at} gave no answer: {}", obstacle.what()))
                    .with_hint(obstacle.hint()),
                None => Fault::unreachable(format!("{who} at {at} gave no answer"))
                    .with_hint("is the network there, and a proxy set where one is needed?"),
            };
            fault.with_cause(short(&why, 500))
        };
        let mut response = request.send().await.map_err(no_answer)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
            if body.len() + chunk.len() > MOST {
                return Err(unreadable(&format!(
                    "{who} answered with more than {} MiB",
                    MOST >> 20
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    };
    tokio::select! {
        biased;
        answer = work => answer,
        () = clock.outside(LIMIT) => Err(Fault::unreachable(format!(
            "{who} at {at} gave no answer within {} seconds",
            LIMIT.as_secs()
        ))
        .with_hint("try again later; the network can be named with --rosa-vpc")),
    }
}

/// An error with all that caused it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
