//! What the histories tell of the candidates.

use std::time::Duration;

use stepwell_engine::Timestamp;
use stepwell_engine::event::EventBody;
use stepwell_engine::summary::RunStatus;
use stepwell_state::RunRow;
use stepwell_workflows::aurora::{Candidate, ReapRequest, Reaping, Verdict, survey_delete};
use stepwell_workflows::{Recorded, SurveyError, Target};

use crate::problem::Problem;
use crate::report::{outcome, reaping};
use crate::session::{Session, find, locks, store};

/// A look at the histories.
pub(super) struct Sweep<'a> {
    pub(super) session: &'a Session,
    pub(super) request: &'a ReapRequest,
    pub(super) older_than: Option<Duration>,
    pub(super) now: Timestamp,
}

impl Sweep<'_> {
    /// Adds a candidate for each unfinished run of which AWS has nothing: it
    /// died before it made anything, or after it had deleted everything. No
    /// resource tells of it, and it would stand in the way for ever.
    pub(super) async fn add_bare(&self, found: &mut Reaping) -> Result<(), Problem> {
        for (row, target) in self.session.all_unfinished()? {
            let Target::Cluster { region, cluster } = target else {
                continue;
            };
            let is_known = |one: &Candidate| one.region == region && one.cluster == cluster;
            if !found.regions.contains(&region) || found.candidates.iter().any(is_known) {
                continue;
            }
            let mut candidate = Candidate {
                cluster,
                region,
                status: reaping::ABSENT.to_owned(),
                instances: Vec::new(),
                vpcs: Vec::new(),
                subnet_groups: Vec::new(),
                made_by: "stepwell",
                created_at: Some(row.started_at),
                verdict: Verdict::Delete,
            };
            if let Some(verdict) = self.judge(&row, &candidate).await? {
                candidate.verdict = verdict;
                found.candidates.push(candidate);
            }
        }
        let key = |one: &Candidate| (one.region.clone(), one.cluster.clone());
        found.candidates.sort_by_key(key);
        Ok(())
    }

    /// What becomes of an unfinished run; none if there is something of its
    /// cluster that is not to be reaped.
    async fn judge(&self, row: &RunRow, candidate: &Candidate) -> Result<Option<Verdict>, Problem> {
        let spared = |reason: String| Ok(Some(Verdict::Spared { reason }));
        if locks::state(&self.session.state, row)? == RunStatus::Running {
            return Ok(Some(Verdict::Delete));
        }
        if self.asked_to_be_kept(row)? {
            return spared("to be tagged keepalive".to_owned());
        }
        if (self.older_than).is_some_and(|age| self.now.since(row.started_at) < age) {
            return spared("too young".to_owned());
        }
        let blocked = |reason: String, hint| Ok(Some(Verdict::Blocked { reason, hint }));
        let request = match self.request.deletion(candidate) {
            Ok(request) => request,
            Err(invalid) => return blocked(invalid.to_string(), None),
        };
        match survey_delete(&self.session.connection.aws, &request).await {
            Ok(parameters) if parameters.is_empty() => Ok(Some(Verdict::Delete)),
            Ok(_) | Err(SurveyError::Refused { .. }) => Ok(None),
            Err(SurveyError::Alive { message, .. }) => spared(message),
            Err(SurveyError::Fault(fault)) => blocked(fault.to_string(), fault.hint),
            Err(error) => blocked(error.to_string(), None),
        }
    }

    /// Whether a create would have given its cluster the tag that spares.
    fn asked_to_be_kept(&self, row: &RunRow) -> Result<bool, Problem> {
        let events = self.session.state.events(row.id);
        let events = events.map_err(|error| store::failed(&error))?;
        let Some(EventBody::RunCreated(created)) = events.first().map(|event| &event.body) else {
            return Ok(false);
        };
        let recorded = Recorded::of(created);
        // What can't be read may have asked for it.
        Ok(recorded.map_or(true, |recorded| recorded.keeps_alive()))
    }

    /// What a live process is at is left to it; a listing takes no lock, so the
    /// history has to tell.
    pub(super) fn spare_what_is_under_way(
        &self,
        candidates: &mut [Candidate],
    ) -> Result<(), Problem> {
        for one in candidates {
            let target = Target::cluster(&one.region, &one.cluster);
            if let Some((row, RunStatus::Running)) = find::unfinished(self.session, &target)? {
                let reason = format!(
                    "run {} of {} is under way",
                    outcome::short(row.id),
                    row.workflow
                );
                one.verdict = Verdict::Spared { reason };
            }
        }
        Ok(())
    }
}
