//! What goes wrong on the account's side.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use stepwell_sandbox::{Call, Hook, Service, Verdict};
use tokio::time::Instant;

use super::network::LONGEST;
use super::scenario::{At, Blow, EVER, Ending, Trouble};
use crate::strikes::is_sign_of_life;

/// So many calls are made by no scenario that comes to an end.
const MOST_CALLS: u32 = 20_000;

/// Later than the SDK waits for an answer (60 s). With the longest way through
/// the network it is no later than a step in doubt is looked for after that.
const LATE: Duration = Duration::from_secs(66);

/// How long a step in doubt is looked for, with something to spare.
const SETTLED: Duration = Duration::from_secs(25);

/// Strikes calls as a scenario says.
pub(crate) struct Weather {
    speed: f64,
    state: Mutex<State>,
    pub(crate) died: tokio::sync::Notify,
}

#[derive(Default)]
struct State {
    troubles: Vec<Trouble>,
    /// Operations that are struck, with how many calls of each still are.
    storms: BTreeMap<String, (Blow, u32)>,
    /// Verdicts to be given after a call's effect.
    after: BTreeMap<u64, Verdict>,
    calls: u32,
    changes: u32,
    /// Those of the process that lives now.
    own_changes: u32,
    end: Option<Ending>,
    /// When the process began that lives now, if it is not the first.
    succeeded: Option<Instant>,
    blows: u32,
    /// When the last of the late calls is carried out.
    lands: Option<Instant>,
    problem: Option<String>,
}

impl State {
    /// Whether a call that arrives now may have been sent by a process that has
    /// died since. What is under way then must land while it is looked for.
    fn is_orphan(&self) -> bool {
        (self.succeeded).is_some_and(|at| at.elapsed() <= Duration::from_millis(LONGEST))
    }
}

impl Weather {
    pub(crate) fn new(speed: f64, troubles: Vec<Trouble>) -> Arc<Self> {
        Arc::new(Self {
            speed,
            state: Mutex::new(State {
                troubles,
                ..State::default()
            }),
            died: tokio::sync::Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the weather")
    }

    /// A process begins that will end so.
    pub(crate) fn begin(&self, end: Ending) {
        let mut state = self.state();
        state.own_changes = 0;
        let is_first = state.end.replace(end).is_none();
        state.succeeded = (!is_first).then(Instant::now);
    }

    /// Nothing goes wrong any more.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.troubles.clear();
        state.storms.clear();
        state.end = None;
    }

    /// When a process may begin: what is under way is carried out no later
    /// than a step in doubt is looked for.
    pub(crate) fn soonest(&self) -> Option<Instant> {
        self.state().lands?.checked_sub(SETTLED)
    }

    pub(crate) fn calls(&self) -> u32 {
        self.state().calls
    }

    pub(crate) fn blows(&self) -> u32 {
        self.state().blows
    }

    /// What no process may do, where one has done it.
    pub(crate) fn problem(&self) -> Option<String> {
        self.state().problem.clone()
    }

    fn struck(&self, state: &mut State, call: &Call, blow: Blow) -> Verdict {
        let rds = call.service != Service::Ec2;
        let error = |code: &str, status: u16| Verdict::Error {
            code: code.to_owned(),
            status,
            message: "struck by the simulation".to_owned(),
        };
        let (now, after) = match blow {
            Blow::Refused => (Some(error("InvalidParameterCombination", 400)), None),
            Blow::Forbidden if rds => (Some(error("AccessDenied", 403)), None),
            Blow::Forbidden => (Some(error("UnauthorizedOperation", 403)), None),
            Blow::Throttled if rds => (Some(error("Throttling", 400)), None),
            Blow::Throttled => (Some(error("RequestLimitExceeded", 503)), None),
            Blow::Broken => (Some(error("InternalFailure", 500)), None),
            Blow::BrokenAfter => (None, Some(error("InternalFailure", 500))),
            Blow::Unavailable => (Some(error("Unavailable", 503)), None),
            Blow::ResetBefore => (Some(Verdict::Lose), None),
            Blow::Lost => (None, Some(Verdict::Lose)),
            Blow::Truncated => (Some(Verdict::Truncate), None),
            // Perhaps that of a process that has died: it was long on its way.
            Blow::Late if state.is_orphan() => (None, None),
            Blow::Late => {
                state.lands = Some(Instant::now() + LATE);
                (Some(self.late()), None)
            }
            Blow::AnsweredLate => (None, Some(self.late())),
            Blow::NotVisible => (not_visible(call).map(|code| error(code, 400)), None),
            Blow::Capacity if rds => (Some(error("InsufficientDBInstanceCapacity", 400)), None),
            Blow::Capacity => (Some(error("VpcLimitExceeded", 400)), None),
            Blow::Expired if rds => (Some(error("ExpiredToken", 403)), None),
            Blow::Expired => (Some(error("RequestExpired", 400)), None),
        };
        if now.is_some() || after.is_some() {
            state.blows += 1;
        }
        if let Some(after) = after {
            state.after.insert(call.number, after);
        }
        now.unwrap_or(Verdict::Proceed)
    }

    fn late(&self) -> Verdict {
        Verdict::Delay(LATE.mul_f64(self.speed))
    }
}

/// The code for a young resource that a change refers to. Only changes that
/// build on one are told so: what a read or a deletion misses of an old
/// resource, no account has ever hidden.
fn not_visible(call: &Call) -> Option<&'static str> {
    let builds = ["Create", "Associate", "Authorize", "Modify", "Accept"]
        .iter()
        .any(|verb| call.operation.starts_with(verb));
    if call.service != Service::Ec2 || !builds {
        return None;
    }
    [
        ("SubnetId", "InvalidSubnetID.NotFound"),
        ("GroupId", "InvalidGroup.NotFound"),
        ("RouteTableId", "InvalidRouteTableID.NotFound"),
        (
            "VpcPeeringConnectionId",
            "InvalidVpcPeeringConnectionID.NotFound",
        ),
        ("VpcId", "InvalidVpcID.NotFound"),
    ]
    .into_iter()
    .find_map(|(parameter, code)| call.parameters.contains_key(parameter).then_some(code))
}

impl Hook for Weather {
    fn before(&self, call: &Call) -> Verdict {
        let mut state = self.state();
        let state = &mut *state;
        state.calls += 1;
        if state.calls > MOST_CALLS {
            state.problem = Some("it does not come to an end".to_owned());
            self.died.notify_one();
            return Verdict::Hang;
        }
        let changes = call.mutates && !is_sign_of_life(call);
        if changes {
            state.changes += 1;
            state.own_changes += 1;
            if let Some(Ending::DiesAtChange { number, changed }) = state.end
                && number == state.own_changes
            {
                self.died.notify_one();
                if !changed {
                    return Verdict::Hang;
                }
                state.after.insert(call.number, Verdict::Hang);
                return Verdict::Proceed;
            }
        }
        if let Some((blow, left)) = state.storms.get_mut(&call.operation) {
            let blow = *blow;
            if *left != EVER {
                *left -= 1;
            }
            if *left == 0 {
                state.storms.remove(&call.operation);
            }
            return self.struck(state, call, blow);
        }
        let meant = state.troubles.iter().position(|trouble| match trouble.at {
            At::Call(number) => number == state.calls,
            At::Change(number) => changes && number == state.changes,
        });
        let Some(place) = meant else {
            return Verdict::Proceed;
        };
        let trouble = state.troubles.remove(place);
        if trouble.times > 1 {
            let left = if trouble.times == EVER {
                EVER
            } else {
                trouble.times - 1
            };
            state
                .storms
                .insert(call.operation.clone(), (trouble.blow, left));
        }
        self.struck(state, call, trouble.blow)
    }

    fn after(&self, call: &Call) -> Verdict {
        let verdict = self.state().after.remove(&call.number);
        verdict.unwrap_or(Verdict::Proceed)
    }
}
