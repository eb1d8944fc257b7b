//! The signs that a run gives, and what they tell of others.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ec2::types::{Tag, Vpc};
use stepwell_engine::{Fault, Lease, RunId};

use super::hold::Hold;
use super::{Sign, tag};
use crate::Recorded;
use crate::aws::call::{fault, unless_gone};
use crate::aws::{Aws, ec2, tags};

/// How often a sign is renewed.
const PERIOD: Duration = Duration::from_secs(2 * 60);

/// How soon one that failed in passing is tried again.
const AGAIN: Duration = Duration::from_secs(15);

/// How often a process that stood still asks who took over before it ends
/// without knowing: after a sleep, the network takes its time to come back.
const ASKED: u32 = 5;

/// How long a run that can reach nobody waits to find out whose it is.
const PATIENCE: Duration = Duration::from_secs(40 * 60);

/// How long it may take to take a sign away.
const FAREWELL: Duration = Duration::from_secs(10);

/// What is heard of the signs while they are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// One could not be given, which is the failure of no run. Said once.
    Failed(String),
    /// The run is another's by now, or may be: nothing more may be begun.
    Lost(Lost),
}

/// Why a process has lost its right to go on with a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// What happened, and who took over, as far as is known.
    pub message: String,
    /// What a person can do.
    pub hint: String,
    /// Whether AWS was asked; else it is out of reach.
    pub is_known: bool,
}

/// What a renewal comes to if it does not succeed.
enum Trouble {
    Failed(Fault),
    Lost(Lost),
}

/// The signs that a run gives while a process works on it.
pub struct SignsOfLife {
    aws: Aws,
    run: RunId,
    region: String,
    cluster: String,
    hold: Arc<Hold>,
    /// The VPCs that have borne a sign of this process.
    signed: Mutex<BTreeSet<String>>,
}

impl SignsOfLife {
    /// Those of a run; none if its workflow works on no cluster's own network.
    pub fn of(aws: &Aws, run: RunId, recorded: &Recorded) -> Option<Self> {
        let (region, cluster) = recorded.network()?;
        Some(Self {
            aws: aws.clone(),
            run,
            region: region.to_owned(),
            cluster: cluster.to_owned(),
            hold: Arc::new(Hold::new(aws.clock().clone())),
            signed: Mutex::default(),
        })
    }

    /// The right to begin things that comes with the signs: once the last is
    /// nearly too old to count, nothing is begun until it is known that nobody
    /// has taken over.
    pub fn lease(&self) -> Arc<dyn Lease> {
        self.hold.clone()
    }

    /// Gives signs while `work` is done, and takes them away at its end. A sign
    /// that fails is never the run's failure; `hear` is told of the first that
    /// does, and of the end of the right to go on.
    pub async fn during<T>(
        signs: Option<&Self>,
        hear: impl Fn(Heard),
        work: impl Future<Output = T>,
    ) -> T {
        let Some(signs) = signs else {
            return work.await;
        };
        let result = tokio::select! {
            biased;
            result = work => result,
            never = signs.give(hear) => match never {},
        };
        signs.end().await;
        result
    }

    async fn give(&self, hear: impl Fn(Heard)) -> Infallible {
        let (mut noted, mut failures, mut stood_still) = (false, 0, None);
        let mut failed = |fault: Fault| {
            if !std::mem::replace(&mut noted, true) {
                let text = format!("other hosts can't be told that this run is at work: {fault}");
                hear(Heard::Failed(text));
            }
        };
        let mut tried = self.aws.clock().elapsed();
        loop {
            // A process that keeps trying is awake, whether or not it succeeds.
            let age = self.hold.age().unwrap_or_default();
            let awake = self.aws.clock().elapsed().saturating_sub(tried);
            if (failures == 0 && age >= self.hold.valid()) || awake >= self.hold.valid() {
                stood_still = stood_still.max(Some(age));
            }
            tried = self.aws.clock().elapsed();
            let pause = match self.renew(stood_still, tried).await {
                Ok(denied) => {
                    denied.into_iter().for_each(&mut failed);
                    (failures, stood_still) = (0, None);
                    PERIOD
                }
                Err(Trouble::Failed(fault)) => {
                    failures += 1;
                    let asked = stood_still.is_some() && failures >= ASKED;
                    if asked || age >= PATIENCE {
                        hear(Heard::Lost(self.unknown(age, &fault)));
                        return std::future::pending().await;
                    }
                    failed(fault);
                    AGAIN
                }
                Err(Trouble::Lost(lost)) => {
                    hear(Heard::Lost(lost));
                    return std::future::pending().await;
                }
            };
            tokio::select! {
                () = self.aws.clock().sleep(pause) => {}
                // Where it fails, each try has its pause all the same.
                () = self.hold.asked(), if failures == 0 => {}
            }
        }
    }

    /// Renews the signs, unless another has taken over. A sign that is not
    /// allowed is returned: that nobody else is there has been seen all the same.
    /// `tried` is when this was begun.
    async fn renew(
        &self,
        stood_still: Option<Duration>,
        tried: Duration,
    ) -> Result<Option<Fault>, Trouble> {
        let mut vpcs = self.vpcs().await.map_err(Trouble::Failed)?;
        let mut stood_still = stood_still;
        if self.aws.clock().elapsed().saturating_sub(tried) >= self.hold.valid() {
            // It stood still in the middle of the call: that answer is old.
            stood_still = stood_still.max(self.hold.age());
            vpcs = self.vpcs().await.map_err(Trouble::Failed)?;
        }
        let signs: Vec<(&str, Option<Sign>)> = (vpcs.iter())
            .map(|vpc| (vpc.vpc_id().unwrap_or_default(), Sign::read(vpc)))
            .collect();
        // The answer has told the time there.
        let now = self.aws.time();
        let age = self.hold.age_there(now).unwrap_or_default();
        self.keep_right(&signs, age, stood_still)?;
        let mut denied = None;
        for (vpc, sign) in signs {
            let other = sign.filter(|sign| sign.is_in_the_way(&self.aws, Some(self.run)));
            if let Some(other) = other {
                let message = other.describe(&self.aws, &self.region, &self.cluster).0;
                denied = denied.or(Some(Fault::permanent(message)));
                continue;
            }
            let answer = self
                .aws
                .ec2(&self.region)
                .create_tags()
                .resources(vpc)
                .tags(tag(&self.aws, self.run))
                .send()
                .await
                .map_err(|error| fault("CreateTags", error));
            match unless_gone(answer) {
                Ok(_) => {
                    self.signed().insert(vpc.to_owned());
                }
                Err(fault) if fault.class.passes() => return Err(Trouble::Failed(fault)),
                Err(fault) => denied = denied.or(Some(fault)),
            }
        }
        self.hold.renew(now);
        Ok(denied)
    }

    /// Whether the run is still this process's to go on with, by what the VPCs
    /// bear.
    fn keep_right(
        &self,
        signs: &[(&str, Option<Sign>)],
        age: Duration,
        stood_still: Option<Duration>,
    ) -> Result<(), Trouble> {
        let own = Sign::of(&self.aws, self.run);
        let is_own = |sign: &Sign| sign.run == own.run && sign.process == own.process;
        let signed = self.signed().clone();
        let of = |vpc: &String| signs.iter().find(|(found, _)| found == vpc);
        let others = || signs.iter().filter_map(|(_, sign)| sign.as_ref());
        let other = (others().filter(|sign| !is_own(sign) && sign.is_fresh(&self.aws)))
            .max_by_key(|sign| sign.at);
        let too_old = age >= self.hold.valid();
        // A sign of this process that another has replaced.
        let replaced = signed.iter().find_map(|vpc| {
            let sign = of(vpc)?.1.as_ref()?;
            (!is_own(sign) && sign.is_fresh(&self.aws)).then_some(sign)
        });
        // Where all of them are gone, another has been here meanwhile.
        let gone = !signed.is_empty()
            && !(signed.iter())
                .any(|vpc| of(vpc).is_some_and(|(_, sign)| sign.as_ref().is_some_and(is_own)));
        let why = match (stood_still, replaced) {
            (_, Some(_)) => "another run has taken over".to_owned(),
            (Some(still), None) if too_old => still_for(still),
            (None, None) if too_old && gone => {
                format!("aws could not be reached for {}", minutes(age))
            }
            _ => return Ok(()),
        };
        Err(Trouble::Lost(match replaced.or(other) {
            Some(sign) => {
                let who = sign.describe(&self.aws, &self.region, &self.cluster).0;
                Lost {
                    message: format!("{why}: {who}"),
                    hint: "look at what the other has done before this run is gone on with"
                        .to_owned(),
                    is_known: true,
                }
            }
            None => Lost {
                message: format!(
                    "{why}; another may have been at work on cluster {:?} meanwhile, and none is now",
                    self.cluster
                ),
                hint: "look at what is there before this run is gone on with".to_owned(),
                is_known: true,
            },
        }))
    }

    /// The run may be another's, and nobody can be asked.
    fn unknown(&self, age: Duration, fault: &Fault) -> Lost {
        Lost {
            message: format!(
                "{}, and whether another has taken over can't be told: {fault}",
                still_for(age)
            ),
            hint: "look at what is there before this run is gone on with".to_owned(),
            is_known: false,
        }
    }

    /// Takes the signs away: nobody is at work any more. What fails here is
    /// left to time.
    async fn end(&self) {
        let work = async {
            for vpc in self.vpcs().await? {
                let own = Sign::read(&vpc).is_some_and(|sign| sign.run == self.run.to_string());
                if own {
                    let request = self.aws.ec2(&self.region).delete_tags();
                    let tag = Tag::builder().key(tags::ALIVE).build();
                    let request = request.resources(vpc.vpc_id().unwrap_or_default());
                    let answer = request.tags(tag).send().await;
                    answer.map_err(|error| fault("DeleteTags", error))?;
                }
            }
            Ok::<_, Fault>(())
        };
        tokio::select! {
            biased;
            _ = work => {}
            () = self.aws.clock().sleep(FAREWELL) => {}
        }
    }

    async fn vpcs(&self) -> Result<Vec<Vpc>, Fault> {
        ec2::vpcs_of(&self.aws, &self.region, &self.cluster).await
    }

    fn signed(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.signed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn still_for(time: Duration) -> String {
    format!("this process gave no sign of life for {}", minutes(time))
}

fn minutes(time: Duration) -> String {
    match time.as_secs() / 60 {
        1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}
