//! What the programs work on, and one run of whichever program.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use stepwell_engine::event::{End, RunCreated};
use stepwell_engine::machine::Status;
use stepwell_engine::testing::FaultyJournal;
use stepwell_engine::{
    Attempt, Clock, Event, Executor, Fault, Found, Graph, MemoryJournal, Registry, Report,
    RollbackRequest, RunError, RunId, TokioClock,
};

use crate::support::{Trouble, actor};

/// All that a version of a program is to a run: the kinds that it knows.
pub(super) type Program = Arc<Registry<Shop>>;

/// What is there, and what was asked for.
#[derive(Default)]
pub(super) struct Shop {
    things: Mutex<BTreeMap<String, String>>,
    calls: Mutex<Vec<String>>,
    broken: Mutex<Option<String>>,
}

impl Shop {
    pub(super) fn call(&self, verb: &str, at: &Attempt<Self>) {
        let call = format!("{verb} {}", at.step());
        self.calls.lock().unwrap().push(call);
    }

    pub(super) fn find(&self, at: &Attempt<Self>) -> Found<String> {
        let things = self.things.lock().unwrap();
        things
            .get(&**at.step())
            .cloned()
            .map_or(Found::Nothing, Found::Ours)
    }

    pub(super) fn make(&self, at: &Attempt<Self>, what: String) -> Result<String, Fault> {
        self.call("make", at);
        if self.broken.lock().unwrap().as_deref() == Some(&**at.step()) {
            return Err(Fault::transient("it caved in").without_effect());
        }
        let mut things = self.things.lock().unwrap();
        let before = things.insert(at.step().to_string(), what.clone());
        assert_eq!(before, None, "{} is made twice", at.step());
        Ok(what)
    }

    pub(super) fn take(&self, at: &Attempt<Self>) {
        self.call("take", at);
        self.things.lock().unwrap().remove(&**at.step());
    }
}

/// One run in one shop, and whichever program works on it.
pub(super) struct Site {
    run: RunId,
    shop: Arc<Shop>,
    journal: Arc<FaultyJournal>,
    clock: Arc<dyn Clock>,
}

impl Site {
    pub(super) fn new() -> Self {
        Self {
            run: RunId::from_u128(7),
            shop: Arc::default(),
            journal: Arc::new(FaultyJournal::over(Arc::new(MemoryJournal::new()))),
            clock: Arc::new(TokioClock::paused()),
        }
    }

    fn executor(&self, program: &Program) -> Executor<Shop> {
        let (shop, journal) = (self.shop.clone(), self.journal.clone());
        Executor {
            clock: self.clock.clone(),
            ..Executor::new(program.clone(), shop, journal)
        }
    }

    /// Begins the run; true if it came to its end before the cut.
    pub(super) async fn begin_until(
        &self,
        program: &Program,
        graph: &Graph,
        at: usize,
        durable: bool,
    ) -> bool {
        self.journal.set(Some(Trouble::Dies { at, durable }));
        let created = RunCreated {
            by: actor(),
            ..RunCreated::new("well", "meadow", Value::Null)
        };
        let executor = self.executor(program);
        let work = executor.start(self.run, created, graph);
        let ended = self.journal.until_death(async {}, work).await;
        self.journal.set(None);
        ended.map(Result::unwrap).is_some()
    }

    pub(super) async fn resume(&self, program: &Program) -> Result<Report, RunError> {
        let events = self.events();
        self.executor(program).resume(&events, actor()).await
    }

    pub(super) async fn rollback(&self, program: &Program) -> Result<Report, RunError> {
        let (events, request) = (self.events(), RollbackRequest::default());
        let executor = self.executor(program);
        executor.rollback(&events, actor(), request).await
    }

    /// Has the program undo the run; nothing is left.
    pub(super) async fn undone(&self, program: &Program) {
        let report = self.rollback(program).await.unwrap();
        let end = End::RolledBack { waived: Vec::new() };
        assert_eq!(report.status, Status::Ended(end));
        assert!(self.things().is_empty(), "{:?}", self.things());
    }

    /// The program refuses to go on and to undo, in just these words, and neither
    /// does nor records anything.
    pub(super) async fn refused(&self, program: &Program, named: &[&str]) {
        let (events, things) = (self.events(), self.things());
        let calls = self.shop.calls.lock().unwrap().len();
        for refused in [self.resume(program).await, self.rollback(program).await] {
            let Err(RunError::Unsupported(why)) = refused else {
                panic!("{refused:?}");
            };
            let said = format!("this program does not understand {}", named.join(", "));
            assert_eq!(why.to_string(), said);
        }
        assert_eq!(self.events(), events, "nothing is recorded");
        assert_eq!(self.things(), things, "nothing is done");
        assert_eq!(
            self.shop.calls.lock().unwrap().len(),
            calls,
            "nor looked at"
        );
    }

    /// All that is durable.
    pub(super) fn events(&self) -> Vec<Event> {
        use futures_util::FutureExt as _;
        use stepwell_engine::Journal as _;
        let events = self.journal.load(self.run).now_or_never();
        events.expect("it is in memory").unwrap()
    }

    pub(super) fn things(&self) -> Vec<String> {
        self.shop.things.lock().unwrap().values().cloned().collect()
    }

    /// Has whatever is to be made of a step cave in.
    pub(super) fn breaks(&self, step: &str) {
        *self.shop.broken.lock().unwrap() = Some(step.to_owned());
    }

    /// How often a call was made.
    pub(super) fn calls(&self, call: &str) -> usize {
        let calls = self.shop.calls.lock().unwrap();
        calls.iter().filter(|made| *made == call).count()
    }

    /// The place of the first event about a step.
    pub(super) fn first(&self, step: &str) -> usize {
        let events = self.events();
        let about = |event: &Event| event.body.step().is_some_and(|name| &**name == step);
        events.iter().position(about).expect(step)
    }
}
