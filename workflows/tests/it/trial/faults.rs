//! What may go wrong with a call, and what must come of it.

use std::time::Duration;

use stepwell_sandbox::{Call, Service, Verdict};

/// How late an answer is, or an effect: later than the SDK's patience of a
/// minute, and earlier than doubt is given up.
const LATE: Duration = Duration::from_secs(70);

/// A way for a call to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Throttled,
    /// 500, without an effect.
    Internal,
    /// 503, without an effect.
    Unavailable,
    /// The connection is reset before the effect.
    Reset,
    /// The answer is lost after the effect.
    Lost,
    /// Half of the answer arrives.
    Truncated,
    /// The effect comes after the caller has given up waiting.
    LateEffect,
    /// The answer does.
    LateAnswer,
    /// What the call refers to can't be seen yet, or so AWS says.
    Missed,
    /// Refused for good.
    Refused,
    /// A quota, or a lack of capacity.
    Full,
    /// A permission is lacking.
    Denied,
    /// Something is in a state that does not allow it, or AWS says so.
    Held,
    /// The credentials have expired.
    Expired,
}

/// How long it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lasting {
    /// One call.
    Once,
    /// Every later call of the same kind by the same process.
    ForEver,
}

/// What must come of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Must {
    /// The same process makes up for it.
    Bear,
    /// The run is suspended, nothing is undone, and it goes on once the world
    /// is healed.
    Suspend,
    /// The failure policy: what can be undone is undone, and what only goes
    /// forward is suspended. A rollback that can't go on is stuck, says
    /// truthfully what is left, and ends once the world is healed.
    GiveUp,
}

impl Fault {
    pub(crate) const ALL: [Self; 14] = [
        Self::Throttled,
        Self::Internal,
        Self::Unavailable,
        Self::Reset,
        Self::Lost,
        Self::Truncated,
        Self::LateEffect,
        Self::LateAnswer,
        Self::Missed,
        Self::Refused,
        Self::Full,
        Self::Denied,
        Self::Held,
        Self::Expired,
    ];

    /// The table: what may come of a fault. Where there are two, what decides
    /// is whether the effect can be found when its answer can't be had.
    pub(crate) fn must(self, lasting: Lasting, mutates: bool) -> &'static [Must] {
        use Fault::*;
        use Lasting::*;
        use Must::*;
        match (self, lasting, mutates) {
            (Throttled | Internal | Unavailable | Truncated, Once, _) => &[Bear],
            (Reset | Lost | LateEffect | LateAnswer | Missed | Held, Once, _) => &[Bear],
            (Throttled | Internal | Unavailable, ForEver, _) => &[GiveUp],
            (Reset, ForEver, true) => &[Suspend],
            // What is asked of another region is passed over where it has no answer.
            (Reset | Lost | LateAnswer | LateEffect, ForEver, _) => &[Bear, Suspend],
            // `kubectl` takes a broken answer for a server that can't be reached.
            (Truncated, ForEver, false) => &[GiveUp, Suspend],
            (Truncated, ForEver, true) => &[Bear, GiveUp, Suspend],
            // To say for ever that a thing is not there is to say it is gone:
            // that can't be survived, and is pinned elsewhere.
            (Missed, ForEver, _) => &[],
            (Refused, _, _) => &[GiveUp],
            // Where nothing is to be seen that holds it, and time does not help; a
            // wait that is merely over undoes nothing.
            (Held, ForEver, _) => &[GiveUp, Suspend],
            (Full | Denied | Expired, _, _) => &[Suspend],
        }
    }

    /// Whether it is a matter of time alone.
    pub(crate) fn is_late(self) -> bool {
        matches!(self, Self::LateEffect | Self::LateAnswer)
    }

    /// Whether it can befall a call.
    pub(crate) fn befalls(self, lasting: Lasting, missing: Option<&str>, mutates: bool) -> bool {
        match self {
            Self::Missed => missing.is_some() && lasting == Lasting::Once,
            Self::Full | Self::Held => mutates,
            _ => true,
        }
    }

    /// Whether what a call is for is so without it: the subnet of an association
    /// may be deleted before it.
    pub(crate) fn is_idle(operation: &str) -> bool {
        operation == "DisassociateRouteTable"
    }

    /// Whether the process can't know what its calls did.
    pub(crate) fn blinds(self, lasting: Lasting, mutates: bool) -> bool {
        !mutates || (lasting == Lasting::ForEver && self == Self::Truncated)
    }

    pub(super) fn before(self, call: &Call, speed: f64) -> Verdict {
        let error = |code: &str, status: u16| Verdict::Error {
            code: code.to_owned(),
            status,
            message: "struck by the test".to_owned(),
        };
        let ec2 = call.service == Service::Ec2;
        match self {
            Self::Throttled if ec2 => error("RequestLimitExceeded", 503),
            Self::Throttled => error("Throttling", 400),
            Self::Internal => error("InternalFailure", 500),
            Self::Unavailable => error("ServiceUnavailable", 503),
            Self::Reset => Verdict::Lose,
            Self::Truncated => Verdict::Truncate,
            Self::LateEffect => Verdict::Delay(LATE.mul_f64(speed)),
            Self::Missed => error(missing(call).unwrap_or("InvalidID.NotFound"), 400),
            Self::Refused => error("InvalidParameterCombination", 400),
            Self::Full if ec2 => error("ResourceLimitExceeded", 400),
            Self::Full => error("InsufficientDBInstanceCapacity", 400),
            Self::Denied if ec2 => error("UnauthorizedOperation", 403),
            Self::Denied => error("AccessDenied", 403),
            Self::Held => error(state(call), 400),
            Self::Expired if ec2 => error("RequestExpired", 400),
            Self::Expired => error("ExpiredToken", 403),
            Self::Lost | Self::LateAnswer => Verdict::Proceed,
        }
    }

    pub(super) fn after(self, speed: f64) -> Verdict {
        match self {
            Self::Lost => Verdict::Lose,
            Self::LateAnswer => Verdict::Delay(LATE.mul_f64(speed)),
            _ => Verdict::Proceed,
        }
    }
}

/// What a call is, but for what differs from attempt to attempt: its tags.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Signature {
    pub(crate) operation: String,
    pub(crate) rest: String,
}

impl Signature {
    pub(crate) fn of(call: &Call) -> Self {
        let mut rest = call.region.clone();
        for (key, value) in &call.parameters {
            if !key.starts_with("Tag") && key != "ClientToken" {
                rest.push_str(&format!(" {key}={value}"));
            }
        }
        Self {
            operation: call.operation.clone(),
            rest,
        }
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.operation, self.rest)
    }
}

/// Which call goes wrong. Not the n-th of all: what runs in parallel may come in
/// another order.
#[derive(Debug, Clone)]
pub(crate) enum At {
    /// The n-th call of a kind.
    Call(Signature, u64),
    /// The n-th call that has an effect.
    Effect(u64),
}

/// What goes wrong with the calls of a process.
pub(crate) struct Trouble {
    pub(crate) fault: Fault,
    pub(crate) lasting: Lasting,
    pub(crate) at: At,
    /// Whether it goes on when the process has died.
    pub(crate) outlives: bool,
    pub(super) hits: u64,
    pub(super) struck: Option<Signature>,
    counted: u64,
}

impl Trouble {
    pub(crate) fn new(fault: Fault, lasting: Lasting, at: At) -> Self {
        Self {
            fault,
            lasting,
            at,
            outlives: false,
            hits: 0,
            struck: None,
            counted: 0,
        }
    }

    /// What makes a run fail for good: its n-th effect is refused whoever asks.
    pub(crate) fn lasting_refusal(effect: u64) -> Self {
        Self {
            outlives: true,
            ..Self::new(Fault::Refused, Lasting::ForEver, At::Effect(effect))
        }
    }

    /// Whether it hits a call.
    pub(super) fn hits(&mut self, call: &Call) -> bool {
        let is = |signature: &Signature| {
            signature.operation == call.operation && *signature == Signature::of(call)
        };
        let hits = match &self.struck {
            // Expired credentials are those of every call.
            Some(_) if self.lasting == Lasting::ForEver && self.fault == Fault::Expired => true,
            Some(first) => self.lasting == Lasting::ForEver && is(first),
            None => {
                let (counts, at) = match &self.at {
                    At::Call(signature, at) => (is(signature), *at),
                    At::Effect(at) => (call.mutates, *at),
                };
                self.counted += u64::from(counts);
                counts && self.counted == at
            }
        };
        if hits {
            self.struck.get_or_insert_with(|| Signature::of(call));
            self.hits += 1;
        }
        hits
    }
}

/// The code with which AWS says that a state does not allow a call.
fn state(call: &Call) -> &'static str {
    match (call.service, &*call.operation) {
        (Service::Ec2, operation) if operation.starts_with("Delete") => "DependencyViolation",
        (Service::Ec2, _) => "IncorrectState",
        (_, "DeleteDBSubnetGroup") => "InvalidDBSubnetGroupStateFault",
        (_, "DeleteDBInstance") => "InvalidDBInstanceState",
        _ => "InvalidDBClusterStateFault",
    }
}

/// The code with which AWS says that something a call refers to is not there;
/// none if it refers to nothing.
pub(super) fn missing(call: &Call) -> Option<&'static str> {
    let refers = |key: &str, value: &str| match call.service {
        Service::Ec2 => [
            ("vpc-", "InvalidVpcID.NotFound"),
            ("subnet-", "InvalidSubnetID.NotFound"),
            ("rtbassoc-", "InvalidAssociationID.NotFound"),
            ("rtb-", "InvalidRouteTableID.NotFound"),
            ("sgr-", "InvalidSecurityGroupRuleId.NotFound"),
            ("sg-", "InvalidGroup.NotFound"),
            ("pcx-", "InvalidVpcPeeringConnectionID.NotFound"),
        ]
        .into_iter()
        .find(|(prefix, _)| value.starts_with(prefix) && !key.starts_with("Filter"))
        .map(|(_, code)| code),
        Service::Rds => [
            ("DBInstanceIdentifier", "DBInstanceNotFound"),
            ("DBClusterIdentifier", "DBClusterNotFoundFault"),
            ("DBSubnetGroupName", "DBSubnetGroupNotFoundFault"),
        ]
        .into_iter()
        .find(|(name, _)| *name == key && !call.operation.starts_with("Create"))
        .map(|(_, code)| code),
        _ => None,
    };
    if call.operation == "RestoreDBClusterFromSnapshot" {
        return None;
    }
    (call.parameters.iter())
        .filter(|(key, _)| !key.starts_with("Tag"))
        .find_map(|(key, value)| refers(key, value))
}
