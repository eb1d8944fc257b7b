//! For how long others are waited for, and until when a run may go on.

use std::time::Duration;

use clap::Args;
use jiff::civil;
use stepwell_engine::{Clock, Timestamp};
use stepwell_workflows::shown;

use super::speed;
use crate::problem::Problem;

/// For how long others are waited for.
#[derive(Debug, Clone, Default, Args)]
pub struct WaitArguments {
    /// Wait so long, for example 30m, where another process is at work on the same target: for its
    /// lock on this host, and for its sign of life from elsewhere
    #[arg(long, value_name = "DURATION")]
    pub wait: Option<String>,
}

/// For how long others are waited for, and until when the run may go on.
#[derive(Debug, Clone, Default, Args)]
pub struct TimeArguments {
    /// For how long others are waited for.
    #[command(flatten)]
    pub wait: WaitArguments,

    /// Suspend the run in good order before this time (18:30 in UTC, or
    /// 2026-01-02T18:30:00Z), or before so long is over (45m)
    #[arg(long, value_name = "TIME|DURATION")]
    pub until: Option<String>,
}

/// For how long others are waited for, and until when a run may go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// How long at most each lock and each sign of life is waited for; zero
    /// where nothing is.
    pub wait: Duration,
    /// Until when a run may go on.
    pub until: Option<Until>,
}

/// Until when a run may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// A moment.
    At(Timestamp),
    /// The next time that it is this late, in UTC.
    Daily(civil::Time),
    /// So long after the start of the command.
    After(Duration),
}

impl Times {
    /// Resolves the arguments.
    pub fn resolve(arguments: &TimeArguments) -> Result<Self, Problem> {
        let wait = arguments.wait.wait.as_deref();
        Ok(Self {
            wait: wait
                .map(|text| speed::duration("--wait", text))
                .transpose()?
                .unwrap_or_default(),
            until: arguments.until.as_deref().map(until).transpose()?,
        })
    }

    /// The moment, on the wall, until which a run may go on.
    pub fn end(&self, clock: &dyn Clock) -> Option<Timestamp> {
        let now = clock.now();
        Some(match self.until.as_ref()? {
            Until::At(at) => *at,
            Until::Daily(time) => next(*time, now),
            // The clock began with the command.
            Until::After(duration) => {
                now.plus(clock.to_wall(duration.saturating_sub(clock.elapsed())))
            }
        })
    }
}

fn until(text: &str) -> Result<Until, Problem> {
    if let Ok(duration) = speed::duration("--until", text) {
        return Ok(Until::After(duration));
    }
    let mut daily = ["%H:%M", "%H:%M:%S"].into_iter();
    if let Some(time) = daily.find_map(|form| civil::Time::strptime(form, text).ok()) {
        return Ok(Until::Daily(time));
    }
    text.parse::<jiff::Timestamp>()
        .map(|at| Until::At(Timestamp(at.as_millisecond())))
        .map_err(|_| {
            Problem::usage(format!(
                "--until {} is no time and no duration; allowed: 18:30 (UTC), 2026-01-02T18:30:00Z, or 45m",
                shown(text)
            ))
        })
}

fn next(time: civil::Time, now: Timestamp) -> Timestamp {
    const DAY: i64 = 86_400_000;
    let of_day = i64::from(time.hour()) * 3_600_000
        + i64::from(time.minute()) * 60_000
        + i64::from(time.second()) * 1000;
    let today = now.0 - now.0.rem_euclid(DAY) + of_day;
    Timestamp(if today > now.0 { today } else { today + DAY })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_durations() {
        assert_eq!(
            until("90m").unwrap(),
            Until::After(Duration::from_secs(5400))
        );
        let at = Timestamp(1_767_378_600_000);
        for text in ["2026-01-02T18:30:00Z", "2026-01-02T19:30:00+01:00"] {
            assert_eq!(until(text).unwrap(), Until::At(at), "{text}");
        }
        let Until::Daily(time) = until("18:30").unwrap() else {
            panic!("a time of day");
        };
        assert_eq!(next(time, Timestamp(at.0 - 60_000)), at);
        assert_eq!(next(time, at), Timestamp(at.0 + 86_400_000));
        for wrong in ["", "soon", "25:00", "18", "2026-01-02", "5"] {
            let problem = until(wrong).unwrap_err();
            assert_eq!(problem.exit, crate::Exit::Usage, "{wrong}");
            assert!(problem.message.contains("--until"), "{wrong}");
        }
    }
}
