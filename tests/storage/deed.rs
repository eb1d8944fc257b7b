//! What is done while storage fails, and what must come of it afterwards.

use super::ground::{Ground, Seen};
use crate::command::harness::{Done, KEYCLOAK};

/// What is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    Create,
    Delete,
    Rollback,
    Resume,
}

impl Deed {
    pub(crate) const ALL: [Self; 4] = [Self::Create, Self::Delete, Self::Rollback, Self::Resume];

    /// Brings the ground to where it may be done.
    pub(crate) fn prepare(self, ground: &Ground) {
        match self {
            Self::Create => {}
            Self::Delete | Self::Rollback => {
                ground.expect(0, &Self::Create.words());
            }
            Self::Resume => {
                let operation = ["--operation", "CreateDBInstance"];
                let words = ["sandbox", "fault", "add", "--error", "ExpiredToken"];
                ground.expect(0, &[&words[..], &operation].concat());
                ground.expect(3, &Self::Create.words());
                ground.expect(0, &["sandbox", "fault", "clear"]);
            }
        }
    }

    pub(crate) fn words(self) -> Vec<&'static str> {
        let words = ["--sandbox", "--sandbox-speed", "max", "-o", "json", "--yes"];
        let more: &[&str] = match self {
            Self::Create => &["aurora", "create"],
            Self::Delete => &["aurora", "delete", "--skip-final-snapshot"],
            // The beginning of the only run's id.
            Self::Rollback => &["rollback", "01", "--yes"],
            Self::Resume => &["resume", "latest"],
        };
        let place: &[&str] = match self {
            Self::Create | Self::Delete => &KEYCLOAK,
            Self::Rollback | Self::Resume => &[],
        };
        [&words, more, place].concat()
    }

    /// What failed must be an error that says what and what to do, with a
    /// documented code, or a run that was suspended because its account could
    /// not be reached.
    #[track_caller]
    pub(crate) fn must_be_told(self, ground: &Ground, done: &Done) -> Told {
        match done.code {
            0 => Told::Done,
            3 => Told::Suspended,
            1 => {
                let error = done.error();
                let code = error["code"].as_str().expect("a code");
                let known = [
                    "journal",
                    "state",
                    "state_full",
                    "state_busy",
                    "state_read_only",
                    "state_corrupt",
                    "state_moved",
                    "history_broken",
                    "error",
                ];
                assert!(known.contains(&code), "{self:?}: {done:#?}");
                let folder = ground.folder().display().to_string();
                assert!(error.to_string().contains(&folder), "no path: {done:#?}");
                assert!(
                    code == "error" || error["hint"].is_string(),
                    "no hint: {done:#?}"
                );
                Told::Failed
            }
            _ => panic!("{self:?}: an unexpected end: {done:#?}"),
        }
    }

    /// With everything back in order, it is brought to its end: by `resume`, or,
    /// where it was not begun, by doing it.
    #[track_caller]
    pub(crate) fn must_end(self, ground: &Ground) {
        let resume = ["--sandbox-speed", "max", "resume", "latest"];
        if ground.home.state().exists() || !ground.runs().is_empty() {
            let status = ground.runs().first().map(|run| run["status"].clone());
            let status = status.unwrap_or_default();
            let open = ["interrupted", "suspended", "stuck", "running"];
            if open.iter().any(|open| status == *open) {
                let done = ground.run(&resume);
                assert!(matches!(done.code, 0 | 4), "{self:?}: {done:#?}");
            }
        }
        if !self.is_done(&ground.look()) {
            ground.expect(0, &self.words());
        }
        assert!(self.is_done(&ground.look()), "{:#?}", ground.look());
        if matches!(self, Self::Create | Self::Resume) {
            assert_eq!(ground.count("vpc"), 1);
            assert_eq!(ground.count("subnet"), 3);
            assert_eq!(ground.count("db-instance"), 1);
        }
        ground.expect(0, &["runs", "verify"]);
    }

    fn is_done(self, seen: &Seen) -> bool {
        let instance = seen.contains_key("keycloak-instance-1");
        match self {
            Self::Create | Self::Resume => instance,
            Self::Delete | Self::Rollback => seen.is_empty(),
        }
    }
}

/// How a deed ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Done,
    Suspended,
    Failed,
}

/// Counts of how deeds ended.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) tried: usize,
    pub(crate) done: usize,
    pub(crate) suspended: usize,
    pub(crate) failed: usize,
    pub(crate) compared: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, told: Told, compared: usize) {
        self.tried += 1;
        self.compared += compared;
        match told {
            Told::Done => self.done += 1,
            Told::Suspended => self.suspended += 1,
            Told::Failed => self.failed += 1,
        }
    }

    pub(crate) fn text(&self) -> String {
        format!(
            "{} tried; failed with path and hint {}, suspended {}, not hindered {}; {} resources compared with the journal, unrecorded 0; all brought to their end",
            self.tried, self.failed, self.suspended, self.done, self.compared
        )
    }
}
