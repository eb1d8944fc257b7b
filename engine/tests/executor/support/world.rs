//! Scripted steps, and the world they work on.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepwell_engine::event::Verb;
use stepwell_engine::{
    Attempt, Effect, Fault, Found, Graph, GraphBuilder, Handle, Owner, Policy, Registry, Step,
};

use super::Starts;

/// What one call of a verb does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Goes well.
    Well,
    /// Goes well, after some time.
    Slow(Duration),
    /// A look finds nothing, whatever there is.
    Miss,
    /// Has no effect.
    Fail(Fault),
    /// Has no effect, which its fault does not tell.
    Lost(Fault),
    /// Has its effect, and fails all the same.
    Lose(Fault),
    /// Has half of its effect, and fails.
    Half(Fault),
    /// Says how it is going, and goes well after some time.
    Say(&'static str, Duration),
    /// Has its effect and never returns.
    Hang,
    /// Panics.
    Panic,
    /// Panics with something that panics when it is dropped.
    PanicTwice,
    /// Waits in a pause that ends when the run is asked to stop, then goes well.
    Pause(Duration),
}

#[derive(Default)]
struct Inner {
    scripts: HashMap<(String, &'static str), VecDeque<Act>>,
    /// What there is, since when (clock time), and whose it is (a key).
    things: BTreeMap<String, (Duration, String)>,
    /// What is there only by half.
    halves: BTreeSet<String>,
    calls: Vec<String>,
    keys: BTreeMap<String, BTreeSet<String>>,
    /// With which options each undo was called.
    options: Vec<(String, Value)>,
    /// The data with which each run was called.
    data: Vec<(String, String)>,
    wrong: Vec<String>,
    active: usize,
    peak: usize,
}

/// What the steps work on.
pub(crate) struct World {
    inner: Mutex<Inner>,
    starts: Option<Arc<Starts>>,
    /// How long what is young is not seen by *check*.
    pub(crate) blind: Mutex<Duration>,
}

impl World {
    pub(super) fn new(starts: Option<Arc<Starts>>) -> Self {
        Self {
            inner: Mutex::default(),
            starts,
            blind: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(super) fn script(
        &self,
        step: &str,
        verb: &'static str,
        acts: impl IntoIterator<Item = Act>,
    ) {
        let key = (step.to_owned(), verb);
        self.lock().scripts.entry(key).or_default().extend(acts);
    }

    /// Puts something there that is somebody else's.
    pub(crate) fn put(&self, name: &str) {
        let thing = (Duration::ZERO, "somebody".to_owned());
        self.lock().things.insert(name.to_owned(), thing);
    }

    /// The names of all there is.
    pub(crate) fn things(&self) -> Vec<String> {
        self.lock().things.keys().cloned().collect()
    }

    /// All calls of steps so far, as `verb step`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.lock().calls.clone()
    }

    /// How many calls there were of `verb step`.
    pub(crate) fn count(&self, call: &str) -> usize {
        self.lock()
            .calls
            .iter()
            .filter(|made| *made == call)
            .count()
    }

    /// The keys that the attempts at a step were given.
    pub(crate) fn keys(&self, step: &str) -> Vec<String> {
        let inner = self.lock();
        inner
            .keys
            .get(step)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// The options with which the undos of a step were called.
    pub(crate) fn options(&self, step: &str) -> Vec<Value> {
        let inner = self.lock();
        let of_step = inner.options.iter().filter(|(name, _)| name == step);
        of_step.map(|(_, options)| options.clone()).collect()
    }

    /// The data with which the runs of a step were called.
    pub(crate) fn data(&self, step: &str) -> Vec<String> {
        let inner = self.lock();
        let of_step = inner.data.iter().filter(|(name, _)| name == step);
        of_step.map(|(_, data)| data.clone()).collect()
    }

    /// How many calls there were at once, at most, and how many there are now.
    pub(crate) fn peak_and_active(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.peak, inner.active)
    }

    /// Nothing happened that must never happen.
    pub(crate) fn assert_sound(&self) {
        let wrong = &self.lock().wrong;
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// Counts a call while it lasts.
    fn enter(&self, verb: &'static str, at: &Attempt<Self>) -> (Call<'_>, Act) {
        let mut inner = self.lock();
        let step = at.step().to_string();
        let expected = if at.undoing() { Verb::Undo } else { Verb::Run };
        let has = |starts: &Arc<Starts>| starts.has(at.step(), at.number(), expected);
        if !self.starts.as_ref().is_none_or(has) && verb != "check" {
            let wrong = format!("{verb} {step} began before its start was durable");
            inner.wrong.push(wrong);
        }
        inner.calls.push(format!("{verb} {step}"));
        inner.keys.entry(step.clone()).or_default().insert(at.key());
        if verb == "undo" {
            let options = (step.clone(), at.rollback_options().clone());
            inner.options.push(options);
        }
        inner.active += 1;
        inner.peak = inner.peak.max(inner.active);
        let act = inner
            .scripts
            .get_mut(&(step, verb))
            .and_then(VecDeque::pop_front)
            .unwrap_or(Act::Well);
        (Call(self), act)
    }

    async fn act(&self, act: Act, at: &Attempt<Self>, effect: impl FnOnce()) -> Result<(), Fault> {
        match act {
            Act::Well | Act::Miss => effect(),
            Act::Slow(time) => {
                at.clock().sleep(time).await;
                effect();
            }
            Act::Fail(fault) => return Err(fault.without_effect()),
            Act::Lost(fault) | Act::Half(fault) => return Err(fault),
            Act::Say(message, time) => {
                at.progress(message);
                at.clock().sleep(time).await;
                effect();
            }
            Act::Lose(fault) => {
                effect();
                return Err(fault);
            }
            Act::Hang => {
                effect();
                std::future::pending::<()>().await;
            }
            Act::Panic => panic!("scripted"),
            Act::PanicTwice => std::panic::panic_any(Bomb),
            Act::Pause(time) => {
                at.progress("pausing");
                at.pause(time).await;
                effect();
            }
        }
        Ok(())
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

struct Call<'a>(&'a World);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.lock().active -= 1;
    }
}

/// The effect of a step, as a type.
pub(crate) trait Kind: Send + Sync + 'static {
    const EFFECT: Effect;
    const KIND: &'static str;
}

macro_rules! kinds {
    ($($kind:ident $name:literal)*) => {$(
        struct $kind;
        impl Kind for $kind {
            const EFFECT: Effect = Effect::$kind;
            const KIND: &'static str = $name;
        }
    )*};
}
kinds!(Create "create" Delete "delete" Read "read" Wait "wait");

/// The kinds of steps.
pub(crate) fn registry() -> Arc<Registry<World>> {
    let registry = Registry::new()
        .register::<Scripted<Create>>()
        .register::<Scripted<Delete>>()
        .register::<Scripted<Read>>()
        .register::<Scripted<Wait>>();
    Arc::new(registry)
}

#[derive(Serialize, Deserialize)]
struct Scripted<K> {
    data: String,
    policy: Policy,
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: Kind> Step for Scripted<K> {
    type Context = World;
    type Input = Vec<String>;
    type Output = String;
    const KIND: &'static str = K::KIND;
    const EFFECT: Effect = K::EFFECT;

    fn policy(&self) -> Policy {
        self.policy
    }

    async fn check(&self, at: &Attempt<World>, _: &Vec<String>) -> Result<Found<String>, Fault> {
        let world = at.context();
        let (_call, act) = world.enter("check", at);
        let missed = matches!(act, Act::Miss);
        world.act(act, at, || {}).await?;
        let name = at.step().to_string();
        let blind = *world.blind.lock().unwrap();
        let inner = world.lock();
        Ok(match inner.things.get(&name) {
            _ if missed => Found::Nothing,
            Some(_) if inner.halves.contains(&name) => Found::Partial(name),
            Some((_, key)) if *key != at.key() => Found::Theirs(name),
            Some((since, _)) if at.clock().elapsed() >= *since + blind => Found::Ours(name),
            _ => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<World>, _: &Vec<String>) -> Result<String, Fault> {
        let world = at.context();
        let (_call, act) = world.enter("run", at);
        let name = at.step().to_string();
        let data = (name.clone(), self.data.clone());
        world.lock().data.push(data);
        let effect = || {
            let mut inner = world.lock();
            if K::EFFECT.is_passive() {
                return;
            }
            let thing = (at.clock().elapsed(), at.key());
            let half = inner.halves.remove(&name);
            if inner.things.insert(name.clone(), thing).is_some() && !half {
                inner.wrong.push(format!("{name} was made twice"));
            }
        };
        if let Act::Half(_) = act {
            effect();
            world.lock().halves.insert(name.clone());
        }
        world.act(act, at, effect).await?;
        Ok(name)
    }

    async fn undo(
        &self,
        at: &Attempt<World>,
        _: &Vec<String>,
        output: &String,
    ) -> Result<(), Fault> {
        let world = at.context();
        let (_call, act) = world.enter("undo", at);
        let effect = || {
            let mut inner = world.lock();
            inner.halves.remove(output);
            if let Some((_, key)) = inner.things.remove(output)
                && key != at.key()
            {
                inner.wrong.push(format!("{output} was not ours to undo"));
            }
        };
        world.act(act, at, effect).await
    }

    async fn owner(
        &self,
        at: &Attempt<World>,
        _: &Vec<String>,
        output: &String,
    ) -> Result<Owner, Fault> {
        Ok(match at.context().lock().things.get(output) {
            Some((_, key)) if *key != at.key() => Owner::Other(key.clone()),
            _ => Owner::ThisRun,
        })
    }

    fn ids(&self, output: &String) -> Vec<String> {
        vec![format!("id-{output}")]
    }
}

/// A step to be.
#[derive(Clone)]
pub(crate) struct Def {
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
    pub(crate) needs: Vec<&'static str>,
    pub(crate) policy: Policy,
    pub(crate) data: &'static str,
}

impl Def {
    /// With another policy.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }
}

/// A step of any effect.
pub(crate) fn define(name: &'static str, effect: Effect, needs: &[&'static str]) -> Def {
    Def {
        name,
        effect,
        needs: needs.to_vec(),
        policy: Policy::default(),
        data: "",
    }
}

pub(crate) fn create(name: &'static str, needs: &[&'static str]) -> Def {
    define(name, Effect::Create, needs)
}

pub(crate) fn delete(name: &'static str, needs: &[&'static str]) -> Def {
    define(name, Effect::Delete, needs)
}

pub(crate) fn read(name: &'static str, needs: &[&'static str]) -> Def {
    define(name, Effect::Read, needs)
}

pub(crate) fn wait(name: &'static str, needs: &[&'static str]) -> Def {
    define(name, Effect::Wait, needs)
}

/// Builds a graph; the output of the last step is the run's.
pub(crate) fn graph(defs: impl IntoIterator<Item = Def>) -> Graph {
    let mut builder = Graph::builder();
    let mut handles: HashMap<&str, Handle<String>> = HashMap::new();
    for def in defs {
        let needs: Vec<_> = def.needs.iter().map(|name| handles[name]).collect();
        let handle = match def.effect {
            Effect::Create => add::<Create>(&mut builder, &def, needs),
            Effect::Delete => add::<Delete>(&mut builder, &def, needs),
            Effect::Read => add::<Read>(&mut builder, &def, needs),
            Effect::Wait => add::<Wait>(&mut builder, &def, needs),
        };
        handles.insert(def.name, handle);
        builder.output(handle);
    }
    builder.finish().unwrap()
}

fn add<K: Kind>(
    builder: &mut GraphBuilder<World>,
    def: &Def,
    needs: Vec<Handle<String>>,
) -> Handle<String> {
    let step = Scripted::<K> {
        data: def.data.to_owned(),
        policy: def.policy,
        kind: PhantomData,
    };
    builder.add(def.name, step, needs)
}
