//! What a simulated run has to go through, all of it drawn from one number.

use std::time::Duration;

use stepwell_engine::event::OnFailure;

use super::subject::Subject;
use stepwell_testkit::Chance;

/// A workflow, what goes wrong meanwhile, and when its processes end.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// Where the rest comes from: the account's delays, those of the network,
    /// the jitter of the engine's clock.
    pub(crate) seed: u64,
    pub(crate) subject: Subject,
    /// How many times as fast as the engine's time the account's goes.
    pub(crate) speed: f64,
    pub(crate) on_failure: OnFailure,
    pub(crate) parallel: u32,
    /// Whether the survey, too, goes through what goes wrong.
    pub(crate) surveys: bool,
    pub(crate) troubles: Vec<Trouble>,
    pub(crate) lives: Vec<Life>,
    /// Whether the history is lost after the lives.
    pub(crate) forgets: bool,
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trouble {
    pub(crate) at: At,
    pub(crate) blow: Blow,
    /// How many calls of the same operation in a row are struck.
    pub(crate) times: u32,
}

/// For ever, until the world is healed.
pub(crate) const EVER: u32 = u32::MAX;

/// Which call is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// The n-th of all.
    Call(u32),
    /// The n-th of those that change something.
    Change(u32),
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blow {
    /// Refused for good.
    Refused,
    /// Refused for want of a permission.
    Forbidden,
    /// Throttled.
    Throttled,
    /// A failure of the service, before the effect.
    Broken,
    /// A failure of its front end, after the effect.
    BrokenAfter,
    /// The service is not available.
    Unavailable,
    /// The connection is reset before the effect.
    ResetBefore,
    /// The answer is lost.
    Lost,
    /// Half of the answer arrives.
    Truncated,
    /// The call is carried out when the client has given up waiting.
    Late,
    /// It is answered then.
    AnsweredLate,
    /// What the call refers to is not visible yet.
    NotVisible,
    /// A quota is reached, or there is no capacity.
    Capacity,
    /// The credentials have expired.
    Expired,
}

impl Blow {
    pub(crate) const ALL: [Self; 14] = [
        Self::Refused,
        Self::Forbidden,
        Self::Throttled,
        Self::Broken,
        Self::BrokenAfter,
        Self::Unavailable,
        Self::ResetBefore,
        Self::Lost,
        Self::Truncated,
        Self::Late,
        Self::AnsweredLate,
        Self::NotVisible,
        Self::Capacity,
        Self::Expired,
    ];
}

/// One process's work: what it sets out to do and how it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Life {
    pub(crate) goes: Goes,
    pub(crate) end: Ending,
}

/// Which way a process takes a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goes {
    /// Starts it, or takes it up.
    On,
    /// Rolls it back, where that can be.
    Back,
}

/// How a process ends, unless its work is done before. Numbers count from 1,
/// anew in each process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With its work.
    Done,
    /// It dies at the n-th append.
    DiesAtAppend {
        number: u32,
        /// Whether the append takes place.
        recorded: bool,
    },
    /// It dies at the n-th call that changes something.
    DiesAtChange {
        number: u32,
        /// Whether the change takes place.
        changed: bool,
    },
    /// It dies after so many milliseconds.
    Dies(u64),
    /// It is asked to stop after so many milliseconds.
    IsStopped(u64),
    /// Its disk is full from the n-th append on.
    CannotRecord(u32),
}

impl Scenario {
    /// The scenario of a number.
    pub(crate) fn draw(number: u64) -> Self {
        let mut chance = Chance::new(stepwell_testkit::mix(number));
        let subject = Subject::draw(&mut chance);
        let speed = chance.pick(&[600.0, 600.0, 600.0, 120.0, 20.0]);
        let troubles = (0..chance.pick(&[0, 1, 1, 2, 2, 4]))
            .map(|_| Trouble::draw(&mut chance))
            .collect();
        let lives = (0..chance.pick(&[0, 0, 0, 1, 1, 1, 2, 4]))
            .map(|_| Life::draw(&mut chance))
            .collect();
        let on_failure = if chance.one_in(4) {
            OnFailure::Suspend
        } else {
            OnFailure::Rollback
        };
        Self {
            seed: chance.draw(),
            subject,
            speed,
            on_failure,
            parallel: chance.pick(&[1, 2, 16, 16]),
            surveys: chance.one_in(16),
            troubles,
            lives,
            forgets: chance.one_in(12),
        }
    }

    /// The same with less in it, in every way that is one step away.
    pub(crate) fn simpler(&self) -> Vec<Self> {
        let mut all = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut other = self.clone();
            change(&mut other);
            all.push(other);
        };
        for place in 0..self.troubles.len() {
            with(&|other| {
                other.troubles.remove(place);
            });
            if self.troubles[place].times > 1 {
                with(&|other| other.troubles[place].times = 1);
            }
        }
        for place in 0..self.lives.len() {
            with(&|other| {
                other.lives.remove(place);
            });
            if self.lives[place].goes == Goes::Back {
                with(&|other| other.lives[place].goes = Goes::On);
            }
        }
        if self.forgets {
            with(&|other| other.forgets = false);
        }
        if self.surveys {
            with(&|other| other.surveys = false);
        }
        if self.parallel > 1 {
            with(&|other| other.parallel = 1);
        }
        all
    }
}

impl Trouble {
    fn draw(chance: &mut Chance) -> Self {
        let at = if chance.one_in(3) {
            At::Call(chance.between(1, 60) as u32)
        } else {
            At::Change(chance.between(1, 24) as u32)
        };
        Self {
            at,
            blow: chance.pick(&Blow::ALL),
            times: chance.pick(&[1, 1, 1, 1, 2, 3, EVER]),
        }
    }
}

impl Life {
    fn draw(chance: &mut Chance) -> Self {
        let goes = if chance.one_in(5) {
            Goes::Back
        } else {
            Goes::On
        };
        let number = chance.between(1, 16) as u32;
        let end = match chance.below(8) {
            0 => Ending::Done,
            1 | 2 => Ending::DiesAtAppend {
                number,
                recorded: chance.one_in(2),
            },
            3 | 4 => Ending::DiesAtChange {
                number,
                changed: chance.one_in(2),
            },
            5 => Ending::Dies(until(chance)),
            6 => Ending::IsStopped(until(chance)),
            _ => Ending::CannotRecord(number),
        };
        Self { goes, end }
    }
}

/// Up to two minutes, the short times as often as the long ones.
fn until(chance: &mut Chance) -> u64 {
    let most = Duration::from_secs(120).as_millis() as u64;
    let most = (most >> chance.below(8)).max(1);
    chance.between(1, most)
}
