//! One call: understood, looked at by the hook, hit by faults, applied, answered.

use super::hook::{Call, Hook, Verdict};
use super::{Account, Reply, StateError};
use crate::context::Context;
use crate::operations::{OperationInfo, find};
use crate::wire::error::{ApiError, ApiResult, message_of, refusal, refuse};
use crate::wire::params::Params;
use crate::wire::reply;
use crate::wire::request::parse;
use crate::wire::service::Service;
use crate::wire::timestamp::http_date;
use crate::world::fault::FaultEffect;
use crate::world::{World, ids, regions};
use bytes::Bytes;
use http::header::DATE;
use http::{HeaderValue, Request};
use std::future::pending;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// What becomes of a call before it is answered.
enum Outcome {
    Done(ApiResult<String>),
    /// Done, and only a part of the answer arrives.
    Truncated(ApiResult<String>),
    Lost,
    /// It has to wait this long, and to be run again.
    Late(Duration),
    /// The account's file can't be used.
    Down(StateError),
}

impl Account {
    /// Answers with the simulated time in the header `Date`, as AWS does with its own.
    pub(super) async fn answer(&self, request: Request<Bytes>) -> Reply {
        let mut reply = self.answer_undated(request).await;
        if let Reply::Response(response) | Reply::Truncated(response) = &mut reply
            && let Ok(date) = HeaderValue::try_from(http_date(self.core().clock.now()))
        {
            response.headers_mut().insert(DATE, date);
        }
        reply
    }

    async fn answer_undated(&self, request: Request<Bytes>) -> Reply {
        let number = self.inner.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let mut moment = self.core().clock.now();
        if self.core().file.is_some() {
            // Processes that share a file count their calls each for itself.
            moment ^= u64::from(std::process::id());
        }
        let request_id = ids::request(self.inner.options.seed, number, moment);
        let parsed = match parse(&request) {
            Ok(parsed) => parsed,
            Err(refused) => {
                return respond(refused.service, "", Err(refused.error), &request_id);
            }
        };
        let service = parsed.service;
        let Some(operation) = find(service, &parsed.operation) else {
            let error = unknown_operation(service, &parsed.operation);
            return respond(service, "", Err(error), &request_id);
        };
        let mutates = operation.mutates && !is_dry_run(service, &parsed.params);
        let call = Call {
            number,
            service,
            operation: parsed.operation,
            region: parsed.region,
            parameters: parsed.params.0,
            mutates,
        };
        match self.carry(operation, &call).await {
            Outcome::Done(result) => respond(service, operation.name, result, &request_id),
            Outcome::Truncated(result) => {
                truncated(respond(service, operation.name, result, &request_id))
            }
            Outcome::Lost | Outcome::Late(_) => Reply::Lost,
            Outcome::Down(error) => Reply::Down(error),
        }
    }

    /// Carries out a call, with the hook's word before and after it.
    async fn carry(&self, operation: &OperationInfo, call: &Call) -> Outcome {
        let hook = self.hook();
        let mut truncate = false;
        if let Some(hook) = &hook
            && let Some(instead) = self.obey(hook.before(call), &mut truncate).await
        {
            return instead;
        }
        let mut outcome = self.run(operation, call, true);
        if let Outcome::Late(duration) = outcome {
            self.wait(duration).await;
            outcome = self.run(operation, call, false);
        }
        if let Some(hook) = &hook
            && let Some(instead) = self.obey(hook.after(call), &mut truncate).await
        {
            return instead;
        }
        match outcome {
            Outcome::Done(result) if truncate => Outcome::Truncated(result),
            outcome => outcome,
        }
    }

    /// Does what a hook says. Some verdicts stand in place of the account's answer.
    async fn obey(&self, verdict: Verdict, truncate: &mut bool) -> Option<Outcome> {
        match verdict {
            Verdict::Proceed => {}
            Verdict::Error {
                code,
                status,
                message,
            } => {
                return Some(Outcome::Done(Err(ApiError {
                    code: code.into(),
                    message,
                    status,
                })));
            }
            Verdict::Lose => return Some(Outcome::Lost),
            Verdict::Truncate => *truncate = true,
            Verdict::Hang => pending().await,
            Verdict::Delay(duration) => self.wait(duration).await,
        }
        None
    }

    fn hook(&self) -> Option<Arc<dyn Hook>> {
        self.inner
            .hook
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn wait(&self, simulated: Duration) {
        let real = self.core().clock.real(simulated);
        self.inner.options.time.sleep(real).await;
    }

    fn run(&self, operation: &OperationInfo, call: &Call, with_faults: bool) -> Outcome {
        let done = self.transact(operation.mutates, |world, now| {
            let effect = with_faults.then(|| take_fault(world, call)).flatten();
            let faulted = effect.is_some();
            let refused = |error| Outcome::Done(Err(error));
            match effect {
                Some(FaultEffect::Error { code }) => {
                    (faulted, refused(ApiError::planted(call.service, code)))
                }
                Some(FaultEffect::Throttle) => (faulted, refused(throttled(call.service))),
                Some(FaultEffect::Latency(duration)) => (faulted, Outcome::Late(duration)),
                None | Some(FaultEffect::LoseResponse | FaultEffect::TruncateResponse) => {
                    let result = self.apply(world, now, operation, call);
                    let changed = faulted || (operation.mutates && result.is_ok());
                    let outcome = match effect {
                        None => Outcome::Done(result),
                        Some(FaultEffect::TruncateResponse) => Outcome::Truncated(result),
                        Some(_) => Outcome::Lost,
                    };
                    (changed, outcome)
                }
            }
        });
        done.unwrap_or_else(Outcome::Down)
    }

    fn apply(
        &self,
        world: &mut World,
        now: u64,
        operation: &OperationInfo,
        call: &Call,
    ) -> ApiResult<String> {
        let options = &self.inner.options;
        let regions = options.regions.as_deref();
        check_region(call, regions)?;
        let params = Params(call.parameters.clone());
        if call.service == Service::Ec2 && params.is_set("DryRun")? {
            refuse!("DryRunOperation": "Request would have succeeded, but DryRun flag is set.");
        }
        let window = u64::try_from(options.consistency_window.as_millis()).unwrap_or(u64::MAX);
        (operation.handler)(&mut Context {
            world,
            now,
            region: &call.region,
            params: &params,
            quotas: &options.quotas,
            regions,
            window,
            instance_times: options.instance_times.as_ref(),
        })
    }
}

fn is_dry_run(service: Service, params: &Params) -> bool {
    service == Service::Ec2 && params.flag("DryRun").is_ok_and(|flag| flag == Some(true))
}

/// The first planted fault that acts on `call`; its count goes down.
fn take_fault(world: &mut World, call: &Call) -> Option<FaultEffect> {
    let index = world.faults.iter().position(|rule| rule.applies(call))?;
    let rule = &mut world.faults[index];
    let effect = rule.effect.clone();
    if let Some(times) = &mut rule.times {
        *times = times.saturating_sub(1);
        if *times == 0 {
            world.faults.remove(index);
        }
    }
    Some(effect)
}

fn throttled(service: Service) -> ApiError {
    let code = match service {
        Service::Ec2 => "RequestLimitExceeded",
        Service::Rds | Service::Sts => "Throttling",
        Service::SecretsManager => "ThrottlingException",
    };
    ApiError::new(code, message_of(code))
}

/// Refuses a region that is not there or not enabled, as the service does it.
fn check_region(call: &Call, chosen: Option<&[String]>) -> ApiResult<()> {
    match regions::find(&call.region) {
        Some(region) if region.is_enabled(chosen) => Ok(()),
        _ if call.service == Service::Ec2 => {
            Err(ApiError::new("AuthFailure", message_of("AuthFailure")))
        }
        _ => {
            let code = match call.service {
                Service::SecretsManager => "UnrecognizedClientException",
                _ => "InvalidClientTokenId",
            };
            Err(ApiError::new(code, message_of(code)))
        }
    }
}

fn unknown_operation(service: Service, name: &str) -> ApiError {
    let near = super::fault::nearest(name).join(", ");
    refusal!("InvalidAction":
        "The action {name} is not valid for this web service. The sandbox does not simulate it for {}; docs/sandbox.md lists what it does, the nearest are {near}", service.signing_name())
}

fn truncated(reply: Reply) -> Reply {
    match reply {
        Reply::Response(response) => Reply::Truncated(response),
        other => other,
    }
}

fn respond(
    service: Service,
    operation: &str,
    result: ApiResult<String>,
    request_id: &str,
) -> Reply {
    Reply::Response(match result {
        Ok(body) => reply::success(service, operation, &body, request_id),
        Err(error) => reply::failure(service, &error, request_id),
    })
}
