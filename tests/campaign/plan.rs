//! What happens in a trial, drawn from its seed beforehand.

use super::trial::End;
use super::work::{Password, Work};
use stepwell_testkit::Chance;

/// A trial, as data: what is taken out of it makes a smaller one.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) work: Work,
    /// `--on-failure suspend`, where there is a choice.
    pub(crate) suspend: bool,
    pub(crate) parallel: Option<u32>,
    /// How many times as fast as real time everything goes.
    pub(crate) speed: u32,
    pub(crate) lives: Vec<Life>,
    /// Whether what is done before all lives are spent is undone.
    pub(crate) turns: bool,
    /// Whether what there is at the end is undone.
    pub(crate) back: bool,
    /// The only right end, where no fault can turn the work round.
    pub(crate) end: Option<End>,
}

/// One process of the command.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    /// Whether the state file is gone, and the work begun again without it.
    pub(crate) lost: bool,
    /// Planted before it begins.
    pub(crate) faults: Vec<Fault>,
    /// Whether it is rolled back, or begins anew, where the choice is to go on.
    pub(crate) back: bool,
    pub(crate) form: Form,
    /// In this order.
    pub(crate) blows: Vec<Blow>,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
    Jsonl,
}

/// A fault that is planted in the account.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) operation: &'static str,
    pub(crate) effect: Effect,
    pub(crate) times: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Effect {
    Error(&'static str),
    Lose,
    Truncate,
    Throttle,
    Latency(&'static str),
}

/// What comes from outside, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blow {
    pub(crate) when: When,
    pub(crate) what: What,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    /// So many further lines on stderr, and then so many microseconds; or in a
    /// lull, which is as good a moment as any.
    Lines(u32, u64),
    /// So many further lines on stderr, however long they take.
    Line(u32),
    /// So many milliseconds.
    Millis(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Kill,
    Interrupt,
    Terminate,
    /// The sandbox's server is killed, and served anew after so many milliseconds.
    Serve(u64),
    /// Another process wants to go on with the same work.
    Rival,
}

/// So many times that it is for ever, and can still be counted.
pub(crate) const EVER: u32 = 1_000_000;

impl Fault {
    /// The words that plant it.
    pub(crate) fn words(&self) -> Vec<String> {
        let times = self.times.to_string();
        let head = ["--operation", self.operation, "--times", &times];
        let effect: &[&str] = match self.effect {
            Effect::Error(code) => &["--error", code],
            Effect::Lose => &["--lose-response"],
            Effect::Truncate => &["--truncate-response"],
            Effect::Throttle => &["--throttle"],
            Effect::Latency(by) => &["--latency", by],
        };
        let words = [&["sandbox", "fault", "add"], &head[..], effect].concat();
        words.iter().map(|&word| word.to_owned()).collect()
    }

    fn soon_over(&mut self) {
        self.times = 1;
        if let Effect::Latency(by) = &mut self.effect {
            *by = "1s";
        }
    }

    /// One of those that AWS may give. Not among them: "it is not there" of
    /// what is there, and "it is there already" of what is not. A lie can't be
    /// told from the truth.
    fn draw(dice: &mut Chance, operations: &[&'static str]) -> Self {
        let operation = dice.pick(operations);
        let is_database = operation.contains("DB");
        let effect = match dice.below(12) {
            0 | 1 => Effect::Throttle,
            2 | 3 => Effect::Lose,
            4 | 5 => Effect::Truncate,
            6 => Effect::Latency(dice.pick(&["3s", "40s", "6m"])),
            7 if is_database => Effect::Error("InternalFailure"),
            7 => Effect::Error("InternalError"),
            8 => Effect::Error("ServiceUnavailable"),
            9 if is_database => Effect::Error("InvalidDBClusterStateFault"),
            9 => Effect::Error("DependencyViolation"),
            10 => Effect::Error(match operation {
                "CreateDBInstance" => "InsufficientDBInstanceCapacity",
                "CreateVpc" => "VpcLimitExceeded",
                _ => "ExpiredToken",
            }),
            _ => Effect::Error(dice.pick(&[
                "InvalidParameterCombination",
                "UnauthorizedOperation",
                "AccessDenied",
            ])),
        };
        Self {
            operation,
            effect,
            times: if dice.percent(15) {
                EVER
            } else {
                1 + dice.small(3)
            },
        }
    }
}

impl Work {
    fn draw(dice: &mut Chance) -> Self {
        match dice.below(32) {
            0..=9 => Self::Create {
                instances: 1 + dice.small(3),
                zones: dice.percent(30),
                range: dice.percent(50),
                password: dice.percent(40),
            },
            10..=14 => Self::Restore {
                instances: 1 + dice.small(2),
                password: dice.pick(&[Password::Kept, Password::Given, Password::Managed]),
            },
            15..=18 => Self::Delete {
                snapshot: dice.percent(50),
                peered: dice.percent(40),
            },
            19..=23 => Self::Peer {
                across: dice.percent(60),
            },
            24..=27 => Self::Unpeer {
                all: dice.percent(50),
            },
            28..=30 => Self::Reap,
            _ => Self::Reset,
        }
    }

    /// How many lines of stderr a process may say before it is struck, so that
    /// a run lasts long enough to be struck several times.
    fn patience(self) -> u32 {
        match self {
            Self::Create { .. } | Self::Restore { .. } => 10,
            Self::Delete { .. } | Self::Reap => 7,
            Self::Peer { .. } => 5,
            Self::Unpeer { .. } | Self::Reset => 4,
        }
    }
}

impl Plan {
    /// The trial of a seed, with this many kills if the run lasts that long.
    pub(crate) fn draw(seed: u64, kills: u32) -> Self {
        let mut dice = Chance::new(seed);
        let work = Work::draw(&mut dice);
        let speed = match work {
            // What works with other programs goes on in real time.
            Work::Reset => 1,
            _ => dice.pick(&[200, 600, 2000, 4000]),
        };
        // Some processes end before their kill comes.
        let deaths = kills + 1 + dice.small(kills + 1);
        let more = dice.small(3);
        let mut lives: Vec<Life> = (0..deaths + more)
            .map(|number| Life::draw(&mut dice, work, speed, number < deaths))
            .collect();
        // Those without a kill are anywhere among the others.
        for place in (1..lives.len()).rev() {
            let other = usize::try_from(dice.below(place as u64 + 1)).unwrap_or_default();
            lives.swap(place, other);
        }
        Self {
            seed,
            work,
            suspend: dice.percent(25),
            parallel: dice.percent(40).then(|| dice.pick(&[1, 2, 4])),
            speed,
            lives,
            turns: dice.percent(90),
            back: dice.percent(35),
            end: None,
        }
    }

    /// The words that begin the workflow; anew, where it is known that the run
    /// that was at it is dead, and nothing else of it.
    pub(crate) fn begin(&self, anew: bool) -> Vec<String> {
        let mut words = self.work.words(&self.work.ground().laid());
        if anew && words[0] == "aurora" {
            words.push("--take-over".to_owned());
        }
        if self.suspend && self.work.is_reversible() {
            words.extend(["--on-failure", "suspend"].map(str::to_owned));
        }
        if let Some(parallel) = self.parallel {
            words.extend(["--parallel".to_owned(), parallel.to_string()]);
        }
        words
    }

    /// How many blows and faults there are.
    pub(crate) fn size(&self) -> usize {
        let of = |life: &Life| 1 + life.blows.len() + life.faults.len();
        self.lives.iter().map(of).sum()
    }
}

impl Life {
    fn draw(dice: &mut Chance, work: Work, speed: u32, kill: bool) -> Self {
        let operations = work.operations();
        let count = dice.pick(&[0, 0, 1, 1, 2]);
        let mut faults: Vec<Fault> = (0..count).map(|_| Fault::draw(dice, &operations)).collect();
        if work == Work::Reset {
            // In real time nobody waits for long.
            faults.iter_mut().for_each(Fault::soon_over);
        }
        let mut blows = Vec::new();
        // A served sandbox that is away for minutes of its own time.
        if dice.percent(12) {
            let millis = 1 + dice.below(600_000 / u64::from(speed.max(60)));
            blows.push(Blow::draw(dice, work, What::Serve(millis.min(1500))));
        }
        if dice.percent(8) {
            blows.push(Blow::draw(dice, work, What::Rival));
        }
        if dice.percent(if kill { 10 } else { 70 }) {
            let what = dice.pick(&[What::Interrupt, What::Terminate]);
            blows.push(Blow::draw(dice, work, what));
        }
        if kill {
            blows.push(Blow::draw(dice, work, What::Kill));
        }
        Self {
            lost: false,
            faults,
            back: dice.percent(25),
            form: dice.pick(&[Form::Text, Form::Json, Form::Jsonl]),
            blows,
        }
    }
}

impl Blow {
    fn draw(dice: &mut Chance, work: Work, what: What) -> Self {
        let when = if dice.percent(75) {
            let micros = dice.pick(&[0, 0, 500, 3000, 20_000]);
            When::Lines(1 + dice.small(work.patience()), dice.below(micros + 1))
        } else {
            When::Millis(15 + dice.below(if work == Work::Reset { 3000 } else { 250 }))
        };
        Self { when, what }
    }
}
