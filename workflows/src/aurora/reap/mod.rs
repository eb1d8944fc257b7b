//! `aurora reap`: which clusters, and leftovers of clusters, are to go. Only
//! looks; each deletion is a run of [`aurora delete`](super::delete_graph).

mod judge;
mod look;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;
use stepwell_engine::{Fault, FaultClass, Timestamp};
use tokio::task::JoinSet;

use super::{DeleteOptions, DeleteRequest, SkippedRegion, survey_delete};
use crate::SurveyError;
use crate::aws::call::is_denied;
use crate::aws::{Aws, ec2, tags};
use crate::input::{self, InvalidInput};
use crate::peering::Accounts;
use look::Region;

/// `aurora reap` as it was asked for; nothing is checked yet.
#[derive(Debug, Clone, Default)]
pub struct ReapOptions {
    /// The regions; none for all that are enabled.
    pub regions: Vec<String>,
    /// Only what was made longer ago.
    pub older_than: Option<Duration>,
}

/// `aurora reap`, checked.
#[derive(Debug, Clone)]
pub struct ReapRequest {
    regions: Vec<String>,
    rule: Rule,
    /// The accounts whose peerings go too; none to leave a peered cluster.
    with_peerings: Option<Accounts>,
}

/// What is spared for being young.
#[derive(Debug, Clone, Copy)]
struct Rule {
    older_than: Option<Duration>,
    now: Timestamp,
}

impl ReapOptions {
    /// Checks every value by its form. `now` is the time at AWS.
    pub fn validate(self, now: Timestamp) -> Result<ReapRequest, InvalidInput> {
        let regions = (self.regions.iter())
            .map(|region| input::region(region))
            .collect::<Result<BTreeSet<_>, _>>()?;
        Ok(ReapRequest {
            regions: regions.into_iter().collect(),
            rule: Rule {
                older_than: self.older_than,
                now,
            },
            with_peerings: None,
        })
    }
}

impl ReapRequest {
    /// Takes the peerings of what is reaped away too.
    #[must_use]
    pub fn with_peerings(mut self, accounts: Accounts) -> Self {
        self.with_peerings = Some(accounts);
        self
    }

    /// The deletion of a candidate.
    pub fn deletion(&self, candidate: &Candidate) -> Result<DeleteRequest, InvalidInput> {
        let request = DeleteOptions {
            cluster: candidate.cluster.clone(),
            region: candidate.region.clone(),
            // What is reaped is garbage by agreement; who wants its data
            // deletes by name.
            final_snapshot: None,
        }
        .validate()?;
        Ok(match &self.with_peerings {
            Some(accounts) => request.with_peerings(accounts.clone()),
            None => request,
        })
    }
}

/// What becomes of a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It is to go.
    Delete,
    /// It stays, as it should.
    Spared {
        /// Why.
        reason: String,
    },
    /// It was to go, and can't as things are.
    Blocked {
        /// Why.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// A cluster of ours or of the scripts, or what is left of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The cluster's name.
    pub cluster: String,
    /// Its region.
    pub region: String,
    /// Its state; `absent` where only parts are left of it.
    pub status: String,
    /// Its instances.
    pub instances: Vec<String>,
    /// The VPCs tagged with its name.
    pub vpcs: Vec<String>,
    /// Its subnet groups.
    pub subnet_groups: Vec<String>,
    /// `stepwell`, or `scripts` (only their tag).
    pub made_by: &'static str,
    /// When it was made, as far as anything tells.
    #[serde(skip)]
    pub created_at: Option<Timestamp>,
    /// What becomes of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What was found, region by region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reaping {
    /// The regions that were looked at.
    pub regions: Vec<String>,
    /// By region and name.
    pub candidates: Vec<Candidate>,
    /// Regions that could not be looked at.
    pub skipped: Vec<SkippedRegion>,
    /// How many Aurora clusters are neither ours nor the scripts'.
    pub left_alone: usize,
}

/// Looks for what is to go, in the regions that are named or in all that are
/// enabled; `home` is the region that is asked which these are.
///
/// A region that fails does not keep the others from being looked at, except
/// for faults that would meet every region, such as expired credentials.
pub async fn survey_reap(aws: &Aws, request: &ReapRequest, home: &str) -> Result<Reaping, Fault> {
    let names = if request.regions.is_empty() {
        aws.look(|| ec2::regions(aws, home)).await?
    } else {
        request.regions.clone()
    };
    let mut looks = JoinSet::new();
    for name in &names {
        let (aws, name, request) = (aws.clone(), name.clone(), request.clone());
        looks.spawn(async move {
            let found = survey_region(&aws, &name, &request).await;
            (name, found)
        });
    }
    let mut reaping = Reaping {
        regions: Vec::new(),
        candidates: Vec::new(),
        skipped: Vec::new(),
        left_alone: 0,
    };
    for (name, found) in looks.join_all().await {
        match found {
            Ok((candidates, left_alone)) => {
                reaping.regions.push(name);
                reaping.candidates.extend(candidates);
                reaping.left_alone += left_alone;
            }
            Err(fault) if name == home && fault.class == FaultClass::Operator => return Err(fault),
            Err(fault) => reaping.skipped.push(SkippedRegion {
                region: name,
                fault,
            }),
        }
    }
    if reaping.regions.is_empty()
        && let Some(first) = reaping.skipped.pop()
    {
        return Err(first.fault);
    }
    reaping.regions.sort();
    reaping
        .skipped
        .sort_by(|one, other| one.region.cmp(&other.region));
    let key = |one: &Candidate| (one.region.clone(), one.cluster.clone());
    reaping.candidates.sort_by_key(key);
    Ok(reaping)
}

/// Looks once more at one candidate, right before it is deleted: a person may
/// have tagged it meanwhile. `None` if nothing is left of it that is ours.
pub async fn look_again(
    aws: &Aws,
    request: &ReapRequest,
    candidate: &Candidate,
) -> Result<Option<Candidate>, Fault> {
    let region = Region::look(aws, &candidate.region).await?;
    let (candidates, _) = judge::judge(&region, request.rule);
    Ok(candidates
        .into_iter()
        .find(|found| found.cluster == candidate.cluster))
}

async fn survey_region(
    aws: &Aws,
    name: &str,
    request: &ReapRequest,
) -> Result<(Vec<Candidate>, usize), Fault> {
    let region = Region::look(aws, name).await?;
    let (mut candidates, left_alone) = judge::judge(&region, request.rule);
    for candidate in &mut candidates {
        if candidate.verdict == Verdict::Delete {
            candidate.verdict = can_go(aws, request, candidate).await?;
        }
    }
    Ok((candidates, left_alone))
}

/// Asks the deletion itself whether it would be refused.
async fn can_go(aws: &Aws, request: &ReapRequest, candidate: &Candidate) -> Result<Verdict, Fault> {
    let blocked = |reason: String, hint| Verdict::Blocked { reason, hint };
    let request = match request.deletion(candidate) {
        Ok(request) => request,
        Err(invalid) => return Ok(blocked(invalid.to_string(), None)),
    };
    Ok(match survey_delete(aws, &request).await {
        Ok(_) => Verdict::Delete,
        Err(SurveyError::Alive { message, .. }) => Verdict::Spared { reason: message },
        Err(SurveyError::Refused { message, hint }) => blocked(message, Some(hint)),
        Err(SurveyError::Fault(fault))
            if fault.class == FaultClass::Permanent || is_denied(&fault) =>
        {
            blocked(fault.to_string(), fault.hint)
        }
        Err(SurveyError::Fault(fault)) => return Err(fault),
        Err(error) => blocked(error.to_string(), None),
    })
}

/// Whether a tag of this key spares its cluster from being reaped.
pub fn keeps_alive(key: &str) -> bool {
    tags::keeps_alive(Some(key))
}
