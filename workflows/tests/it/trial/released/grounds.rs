//! What a fixture's runs work on, as text and back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use stepwell_engine::{Event, Timestamp, TokioClock};
use stepwell_sandbox::{Account, Options};

use crate::clock::{Later, Seeded, Still, VirtualTime};
use crate::detached::detached;
use crate::reset::campaign::{Centres, Reset};
use crate::restore;
use crate::support::{World, connect_through};
use crate::trial::Stage;

/// What runs work on.
pub(super) trait Grounds {
    type Stage: Stage;

    /// What is there.
    fn saved(&self, stage: &Self::Stage) -> Box<RawValue>;

    /// The same as it was saved, a minute after an event, as a fresh process has
    /// it.
    async fn put_back(&self, text: &RawValue, last: Timestamp) -> Self::Stage;

    /// What the inventory of it is.
    async fn inventory(&self, text: &RawValue) -> Value;

    /// A history that names nothing of this machine.
    fn anywhere(&self, stage: &Self::Stage, events: &[Event]) -> Vec<Event> {
        let _ = stage;
        events.to_vec()
    }

    /// The same as it would be on this machine.
    fn here(&self, stage: &Self::Stage, events: &[Event]) -> Vec<Event> {
        let _ = stage;
        events.to_vec()
    }
}

/// Simulated accounts, as the sandbox writes them.
pub(super) struct Accounts;

/// How many simulated seconds go by in one of the clock, as in the other trials.
const SPEED: u32 = 30;

impl Grounds for Accounts {
    type Stage = World;

    fn saved(&self, stage: &World) -> Box<RawValue> {
        let folder = Folder::new();
        stage.account.copy_to(&folder.file()).expect("a copy");
        let text = fs::read_to_string(folder.file()).expect("it");
        RawValue::from_string(text).expect("JSON")
    }

    async fn put_back(&self, text: &RawValue, last: Timestamp) -> World {
        let start = last.plus(Duration::from_secs(60));
        let clock = Later::clock(Arc::new(TokioClock::paused()), start);
        let clock = Seeded::clock(clock, 1, 0);
        let mut options = Options::new(Arc::new(VirtualTime(clock.clone())));
        options.speed = f64::from(SPEED);
        options.consistency_window *= SPEED;
        let account = account(text).fork(options).expect("a copy");
        let password = Some(restore::password());
        let aws = connect_through(detached(&account), &clock, password).await;
        let mut world = World::of(account, aws, clock);
        world.speed = f64::from(SPEED);
        world
    }

    async fn inventory(&self, text: &RawValue) -> Value {
        account(text).inventory().expect("an inventory")
    }
}

/// The account of a text, at the moment at which it was written.
fn account(text: &RawValue) -> Account {
    let folder = Folder::new();
    fs::write(folder.file(), text.get()).expect("a file");
    let still = || Options::new(Arc::new(Still));
    let opened = Account::open(&folder.file(), still()).expect("an account");
    opened.fork(still()).expect("a copy")
}

/// A folder for an account's file; it goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("account-{}-{number}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("account.json")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Data centres, as the stand-in for `kubectl` writes them. Where it is differs
/// from process to process.
impl Grounds for Reset {
    type Stage = Centres;

    fn saved(&self, stage: &Centres) -> Box<RawValue> {
        RawValue::from_string(stage.state().to_string()).expect("JSON")
    }

    async fn put_back(&self, text: &RawValue, _: Timestamp) -> Centres {
        use crate::trial::Trial as _;
        let stage = self.stage().await;
        stage.put_back(&serde_json::from_str(text.get()).expect("JSON"));
        stage
    }

    async fn inventory(&self, text: &RawValue) -> Value {
        self.put_back(text, Timestamp(0)).await.inventory()
    }

    fn anywhere(&self, stage: &Centres, events: &[Event]) -> Vec<Event> {
        replaced(events, &stage.folder(), ANYWHERE)
    }

    fn here(&self, stage: &Centres, events: &[Event]) -> Vec<Event> {
        replaced(events, ANYWHERE, &stage.folder())
    }
}

/// Stands for the folder of a process.
const ANYWHERE: &str = "/folder/of/the/stand-in";

fn replaced(events: &[Event], what: &str, by: &str) -> Vec<Event> {
    let text = serde_json::to_string(events).expect("JSON");
    serde_json::from_str(&text.replace(what, by)).expect("events")
}
