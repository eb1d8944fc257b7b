//! What ends a run's time: `--until`, and credentials that are about to end.
//! The run is suspended in good order before that.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use stepwell_engine::event::{Deadline, SuspendReason};
use stepwell_engine::{Clock, Stopper, Timestamp};

use crate::Context;
use crate::problem::Problem;
use crate::report::time;
use crate::session::Connection;

/// How long before the time that a person gave nothing new is started: calls
/// that are under way return in seconds.
const BEFORE: Duration = Duration::from_secs(60);

/// The same before credentials end: each call needs them to its end.
const BEFORE_CREDENTIALS: Duration = Duration::from_secs(3 * 60);

/// How often the clock on the wall is looked at: the other stands still while
/// the machine sleeps.
const LOOK: Duration = Duration::from_secs(20);

/// The limits of a process's work.
pub(super) struct Limits<'a> {
    connection: &'a Connection,
    asked: Option<Timestamp>,
}

impl<'a> Limits<'a> {
    /// Those of this process; refused where the time is over already.
    pub(super) fn of(context: &Context, connection: &'a Connection) -> Result<Self, Problem> {
        let clock = connection.clock.as_ref();
        let asked = context.settings.times.end(clock);
        if let Some(at) = asked.filter(|at| *at <= clock.now()) {
            return Err(Problem::usage(format!(
                "--until is over: it was {}; allowed: a time to come",
                time::date_time_zone(at)
            )));
        }
        Ok(Self { connection, asked })
    }

    /// Suspends by `stopper` what `work` does before its time is over; `say` is
    /// told why.
    pub(super) async fn during<T>(
        &self,
        stopper: &Stopper,
        say: impl Fn(String),
        work: Pin<&mut impl Future<Output = T>>,
    ) -> T {
        let suspend = |at: Timestamp, of, why: String| {
            stopper.suspend(SuspendReason::Deadline { at, of });
            say(format!(
                "{why}: nothing new is started, calls in flight may return"
            ));
        };
        let watch = async {
            tokio::join!(
                async {
                    if let Some(at) = self.asked {
                        self.comes(at, BEFORE).await;
                        let why =
                            format!("the time until {} is nearly over", time::date_time_zone(at));
                        suspend(at, Deadline::Asked, why);
                    }
                },
                async {
                    let at = self.credentials().await;
                    let why = format!("the credentials end at {}", time::date_time_zone(at));
                    suspend(at, Deadline::Credentials, why);
                }
            );
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            result = work => result,
            never = watch => match never {},
        }
    }

    /// Returns when the credentials are about to end and no newer ones are had.
    async fn credentials(&self) -> Timestamp {
        let mut known = None;
        loop {
            match self.connection.aws.credentials_end().await {
                Some(at) if known == Some(at) => return at,
                Some(at) => {
                    known = Some(at);
                    self.comes(at, BEFORE_CREDENTIALS).await;
                }
                None => return std::future::pending().await,
            }
        }
    }

    /// Returns so long before a moment, or half-way where that is past.
    async fn comes(&self, at: Timestamp, before: Duration) {
        let clock: &dyn Clock = self.connection.clock.as_ref();
        let before = clock.to_wall(before).min(at.since(clock.now()) / 2);
        loop {
            let left = at.since(clock.now()).saturating_sub(before);
            if left.is_zero() {
                return;
            }
            clock.sleep(clock.scale_wall(left.min(LOOK))).await;
        }
    }
}
