//! The account as its users hold it: clock, state, faults and hook around every call.

mod call;
pub(crate) mod fault;
pub(crate) mod hook;
mod inventory;
pub(crate) mod options;
pub(crate) mod plant;
pub(crate) mod status;
pub(crate) mod store;
pub(crate) mod time;

use crate::world::fault::FaultRule;
use crate::world::{World, ids};
use bytes::Bytes;
use fault::FaultError;
use hook::Hook;
use options::Options;
use status::Status;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use store::{OpenError, Reload, SavedClock, StateError, StateFile};
use time::{Clock, wall_ms};

/// A simulated AWS account. Clones are handles of the same account.
#[derive(Clone)]
pub struct Account {
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    core: Mutex<Core>,
    hook: RwLock<Option<Arc<dyn Hook>>>,
    calls: AtomicU64,
    account_id: String,
}

struct Core {
    world: World,
    clock: Clock,
    saved: SavedClock,
    file: Option<StateFile>,
}

/// What comes of a request.
#[derive(Debug)]
pub enum Reply {
    Response(http::Response<Bytes>),
    /// The head and the first half of the body arrive, then the connection is reset.
    Truncated(http::Response<Bytes>),
    /// The connection is reset; the call may have had its effect.
    Lost,
    /// There is no account to ask: its file can't be used. The call had no effect.
    Down(StateError),
}

/// By how much the clock may be ahead of the saved one, in simulated milliseconds, before a call
/// saves it though it changed nothing else.
const CLOCK_SLACK: u64 = 1000;

impl Account {
    /// A new account that lives as long as its handles.
    ///
    /// # Panics
    /// If a speed is not a finite number, or `speed` is not above 0.
    #[must_use]
    pub fn in_memory(options: Options) -> Self {
        if let Err(reason) = check(&options) {
            panic!("{reason}");
        }
        let account_id = ids::account(options.seed, "");
        Self::with(options, account_id, None)
    }

    /// The account whose state is the file at `path`; the file is made by the first change.
    ///
    /// # Errors
    /// If the options make no sense, or the file is there and cannot be used.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        check(&options).map_err(OpenError::Options)?;
        let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let fresh_id = ids::account(options.seed, &place.to_string_lossy());
        let mut file = StateFile::new(path);
        let first = match file.reload()? {
            Reload::Changed(clock, world) => Some((clock, world)),
            Reload::Same | Reload::Gone => None,
        };
        let id = first
            .as_ref()
            .map_or(fresh_id, |(_, world)| world.account_id.clone());
        let account = Self::with(options, id, Some(file));
        if let Some((saved, world)) = first {
            account.core().adopt(&account.inner.options, saved, *world);
        }
        Ok(account)
    }

    /// Removes the state file at `path`, whatever is in it.
    pub fn discard(path: &Path) -> Result<(), StateError> {
        let mut file = StateFile::new(path);
        let _guard = file.lock()?;
        file.remove()
    }

    fn with(options: Options, account_id: String, file: Option<StateFile>) -> Self {
        let start = wall_ms(&*options.time);
        let seed = match file {
            Some(_) => fresh_seed(options.seed, start),
            None => options.seed,
        };
        let core = Core {
            world: World::new(account_id.clone(), seed),
            clock: Clock::new(options.time.clone(), options.speed, start),
            saved: SavedClock {
                simulated: start,
                wall: start,
            },
            file,
        };
        Self {
            inner: Arc::new(Inner {
                options,
                core: Mutex::new(core),
                hook: RwLock::new(None),
                calls: AtomicU64::new(0),
                account_id,
            }),
        }
    }

    /// Answers one request. Signatures are not verified; service and region come from the
    /// credential scope.
    pub async fn handle(&self, request: http::Request<Bytes>) -> Reply {
        self.answer(request).await
    }

    /// Every resource there is, per region.
    pub fn status(&self) -> Result<Status, StateError> {
        self.read(status::status)
    }

    /// Everything that lives in the account, canonical and without ids and times, so that two
    /// accounts, or one at two moments, can be compared.
    pub fn inventory(&self) -> Result<serde_json::Value, StateError> {
        self.read(|world, _| inventory::inventory(world))
    }

    /// A new account in memory that holds what this one holds at this moment, at the same simulated
    /// time, and goes its own way from there. Of the options, the seed does not count.
    ///
    /// # Panics
    /// If a speed is not a finite number, or `speed` is not above 0.
    pub fn fork(&self, options: Options) -> Result<Self, StateError> {
        let (world, now) = self.read(|world, now| (world.clone(), now))?;
        if let Err(reason) = check(&options) {
            panic!("{reason}");
        }
        let fork = Self::with(options, world.account_id.clone(), None);
        let mut core = fork.core();
        core.clock.catch_up(now);
        core.world = world;
        drop(core);
        Ok(fork)
    }

    /// Writes what the account holds at this moment into the file at `path`, from which
    /// [`Account::open`] makes an account that holds the same.
    ///
    /// # Errors
    /// If the state cannot be read, or the file cannot be written.
    pub fn copy_to(&self, path: &Path) -> Result<(), StateError> {
        let (world, simulated) = self.read(|world, now| (world.clone(), now))?;
        let wall = wall_ms(&*self.inner.options.time);
        let mut file = StateFile::new(path);
        let _guard = file.lock()?;
        file.save(SavedClock { simulated, wall }, &world, true)
    }

    /// Removes every resource and every fault. The account keeps its id and its clock.
    pub fn reset(&self) -> Result<(), StateError> {
        self.transact(true, |world, _| {
            let mut fresh = World::new(world.account_id.clone(), world.seed);
            // Ids are never given twice.
            fresh.counter = world.counter;
            *world = fresh;
            (true, ())
        })
    }

    /// Plants a fault.
    ///
    /// # Errors
    /// If the rule makes no sense, or the state cannot be read or written.
    pub fn add_fault(&self, rule: FaultRule) -> Result<(), FaultError> {
        let rule = rule.validated()?;
        self.transact(true, |world, _| {
            world.faults.push(rule);
            (true, ())
        })?;
        Ok(())
    }

    /// The planted faults in the order in which they are tried.
    pub fn faults(&self) -> Result<Vec<FaultRule>, StateError> {
        self.read(|world, _| world.faults.clone())
    }

    /// Removes every planted fault.
    pub fn clear_faults(&self) -> Result<(), StateError> {
        self.transact(true, |world, _| {
            let had = !std::mem::take(&mut world.faults).is_empty();
            (had, ())
        })
    }

    /// The twelve digits of the account, the same for as long as its state file lives.
    #[must_use]
    pub fn account_id(&self) -> &str {
        &self.inner.account_id
    }

    /// Has `hook` called around each call from now on.
    pub fn set_hook(&self, hook: Option<Arc<dyn Hook>>) {
        *self
            .inner
            .hook
            .write()
            .unwrap_or_else(PoisonError::into_inner) = hook;
    }

    #[must_use]
    pub fn calls(&self) -> u64 {
        self.inner.calls.load(Ordering::Relaxed)
    }

    /// Simulated time since the UNIX epoch.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_millis(self.core().clock.now())
    }

    /// Looks at what the account is made of, for tests that look behind the answers.
    #[cfg(test)]
    pub(crate) fn look<R>(&self, at: impl FnOnce(&World) -> R) -> R {
        at(&self.core().world)
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        // A panic between two statements of a call is a defect of this crate; going on with what
        // is there helps a test more than a second panic.
        self.inner
            .core
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn read<R>(&self, f: impl FnOnce(&World, u64) -> R) -> Result<R, StateError> {
        let mut core = self.core();
        let _guard = match &core.file {
            Some(file) if file.exists() => Some(file.lock()?),
            _ => None,
        };
        core.reload()?;
        let now = core.clock.now();
        core.world.settle(now);
        Ok(f(&core.world, now))
    }

    /// Runs `f` alone on the newest state, and saves it if `f` says that it changed.
    fn transact<R>(
        &self,
        mutates: bool,
        f: impl FnOnce(&mut World, u64) -> (bool, R),
    ) -> Result<R, StateError> {
        let options = &self.inner.options;
        let mut core = self.core();
        let guard = match &core.file {
            Some(file) if mutates || file.exists() => Some(file.lock()?),
            _ => None,
        };
        core.reload()?;
        let now = core.clock.now();
        let settled = core.world.settle(now);
        let (changed, result) = f(&mut core.world, now);
        if changed {
            core.world.next_due = 0;
        }
        if guard.is_some() {
            core.save_if(options, changed, settled, now)?;
        }
        Ok(result)
    }
}

impl Core {
    /// Takes over the state that another process wrote.
    fn adopt(&mut self, options: &Options, saved: SavedClock, world: World) {
        let wall = wall_ms(&*options.time);
        self.world = world;
        self.saved = saved;
        self.clock
            .catch_up(saved.continued(wall, options.idle_speed));
    }

    fn reload(&mut self) -> Result<(), StateError> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        match file.reload()? {
            Reload::Same => {}
            Reload::Changed(saved, world) => {
                // Both processes have run since the save, each at its own speed; only what was
                // really seen by the other one binds this one.
                self.world = *world;
                self.saved = saved;
                self.clock.catch_up(saved.simulated);
            }
            Reload::Gone => {
                let seed = fresh_seed(self.world.seed, self.clock.now());
                self.world = World::new(self.world.account_id.clone(), seed);
            }
        }
        Ok(())
    }

    fn save_if(
        &mut self,
        options: &Options,
        changed: bool,
        settled: bool,
        now: u64,
    ) -> Result<(), StateError> {
        let wall = wall_ms(&*options.time);
        let expected = self.saved.continued(wall, options.idle_speed);
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let ahead = file.exists() && now > expected + CLOCK_SLACK;
        if changed || settled || ahead {
            let clock = SavedClock {
                simulated: now,
                wall,
            };
            if let Err(error) = file.save(clock, &self.world, changed) {
                // What could not be saved has not happened: the next call reads the file again.
                file.forget();
                return Err(error);
            }
            self.saved = clock;
        }
        Ok(())
    }
}

/// The seed of a new state file. Ids of a file that was removed must not come again: what refers
/// to them would find other resources.
fn fresh_seed(seed: u64, now: u64) -> u64 {
    ids::mix(seed ^ ids::mix(now))
}

fn check(options: &Options) -> Result<(), &'static str> {
    if !(options.speed.is_finite() && options.speed > 0.0) {
        return Err("the speed of a sandbox must be above 0");
    }
    if !(options.idle_speed.is_finite() && options.idle_speed >= 0.0) {
        return Err("the idle speed of a sandbox must not be negative");
    }
    Ok(())
}
