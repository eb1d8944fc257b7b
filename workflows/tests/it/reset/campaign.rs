//! A reset as it is put on trial. Its calls are processes of the machine: each
//! asks the test before and after what it does, so that they are watched and go
//! wrong like calls of AWS.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use stepwell_engine::{BoxFuture, Clock, Journal, Report, RunId, Timestamp, TokioClock};
use stepwell_sandbox::{Call, Hook, Service, Verdict};
use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::{Endpoint, survey_reset};
use tokio::sync::OnceCell;

use super::{Kubernetes, request, reset};
use crate::support::World;
use crate::trial::{Census, Stage, Trial};

/// A reset of two data centres. The cluster that serves is one for all cases:
/// a reset only reads where it is.
#[derive(Default)]
pub(crate) struct Reset {
    cluster: OnceCell<(Arc<World>, Endpoint)>,
}

/// Two data centres, and who is asked by whatever calls them.
pub(crate) struct Centres {
    world: Arc<World>,
    found: Endpoint,
    kubernetes: Arc<Kubernetes>,
    asked: Arc<Asked>,
}

impl Centres {
    /// What Kubernetes holds.
    pub(crate) fn state(&self) -> Value {
        self.kubernetes.state()
    }

    /// Has Kubernetes hold what it held at another time.
    pub(crate) fn put_back(&self, state: &Value) {
        self.kubernetes.write(state);
    }

    /// Where the stand-in for `kubectl` is.
    pub(crate) fn folder(&self) -> String {
        self.kubernetes.folder.display().to_string()
    }
}

impl Stage for Centres {
    fn world(&self) -> &World {
        &self.world
    }

    fn inventory(&self) -> Value {
        let state = self.kubernetes.state();
        let centres = ["dc1", "dc2"].map(|name| {
            let space = &state["clusters"][name]["keycloak"];
            json!({
                "replicas": space["statefulset/keycloak"]["spec"]["replicas"],
                "restarted": space["pod/keycloak-0"]["metadata"]["uid"] != name,
                "pods": pods(space),
            })
        });
        json!({ "drops": state["drops"], "centres": centres })
    }

    fn census(&self) -> Census {
        let kubernetes = Arc::downgrade(&self.kubernetes);
        Arc::new(move || {
            let mut census = BTreeMap::new();
            if let Some(kubernetes) = kubernetes.upgrade() {
                let state = kubernetes.state();
                for name in ["dc1", "dc2"] {
                    let space = &state["clusters"][name]["keycloak"];
                    census.insert(format!("pods in {name}"), pods(space));
                }
                let drops = state["drops"].as_u64().unwrap_or(0);
                census.insert("drops".to_owned(), drops as usize);
            }
            census
        })
    }

    fn set_hook(&self, hook: Option<Arc<dyn Hook>>) {
        let slot = self.asked.hook.lock();
        *slot.unwrap_or_else(PoisonError::into_inner) = hook;
    }
}

/// How many pods of ours there are.
fn pods(space: &Value) -> usize {
    let names = space.as_object().into_iter().flat_map(|space| space.keys());
    names.filter(|key| key.starts_with("pod/stepwell")).count()
}

impl Trial for Reset {
    type Stage = Centres;

    async fn stage(&self) -> Centres {
        let cluster = self.cluster.get_or_init(async || {
            let (mut world, found) = super::world().await;
            world.clock = Hastened::clock();
            (Arc::new(world), found)
        });
        let (world, found) = cluster.await.clone();
        let kubernetes = Arc::new(Kubernetes::new());
        let asked = Asked::by(&kubernetes);
        Centres {
            world,
            found,
            kubernetes,
            asked,
        }
    }

    async fn begin(
        &self,
        stage: &Centres,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError> {
        let (world, kubernetes) = (&stage.world, &stage.kubernetes);
        let request = request(kubernetes);
        let parameters = survey_reset(world.clock.as_ref(), &request, &stage.found).await?;
        Ok(reset(world, &parameters, journal, run).await)
    }

    fn repeats(&self) -> bool {
        false
    }

    /// That a process is ended after a minute and a half is tested by itself.
    fn can_be_late(&self) -> bool {
        false
    }
}

/// A clock on which the pauses between two tries are over at once, and count for
/// some times as much: each is followed by a process, and an hour of them would
/// be hundreds. What is longer than any of them bounds processes of the machine,
/// which no clock of ours can hasten.
struct Hastened {
    inner: TokioClock,
    skipped: Arc<Mutex<Duration>>,
}

/// The longest pause between two tries, jitter included.
const LONGEST: Duration = Duration::from_secs(80);

/// How many times as much a pause counts.
const COUNTS: u32 = 8;

impl Hastened {
    fn clock() -> Arc<dyn Clock> {
        Arc::new(Self {
            inner: TokioClock::at_speed(1.0),
            skipped: Arc::default(),
        })
    }

    fn skipped(&self) -> Duration {
        *self.skipped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for Hastened {
    fn now(&self) -> Timestamp {
        self.inner.now().plus(self.skipped())
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed() + self.skipped()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration > LONGEST {
            return self.inner.sleep(duration);
        }
        let (pause, skipped) = (self.inner.sleep(duration / 1000), self.skipped.clone());
        Box::pin(async move {
            pause.await;
            *skipped.lock().unwrap_or_else(PoisonError::into_inner) += duration * COUNTS;
        })
    }

    fn to_wall(&self, duration: Duration) -> Duration {
        duration
    }

    fn random(&self) -> u64 {
        self.inner.random()
    }
}

/// Answers the processes that stand in for `kubectl`.
struct Asked {
    hook: Mutex<Option<Arc<dyn Hook>>>,
    calls: AtomicU64,
    over: AtomicBool,
    socket: PathBuf,
}

/// What a process does: asks, is `kubectl`, asks again.
const LAUNCHER: &str = r#"
import io, runpy, socket, sys
asked = socket.socket(socket.AF_UNIX)
asked.connect(SOCKET)
lines = asked.makefile("rw")
def ask(text):
    print(text, file=lines, flush=True)
    answer = lines.readline().rstrip("\n")
    if answer == "proceed":
        return
    if answer == "half":
        OUT.write(said.getvalue()[: len(said.getvalue()) // 2])
        answer = "error: unexpected EOF"
    sys.stderr.write(answer + "\n")
    OUT.flush()
    sys.exit(1)
OUT, said = sys.stdout, io.StringIO()
ask("\t".join(word.replace("\n", " ").replace("\t", " ") for word in sys.argv[1:]))
sys.stdout, code = said, 0
try:
    runpy.run_path(STAND_IN, run_name="__main__")
except SystemExit as end:
    code = end.code or 0
sys.stdout = OUT
ask("done")
OUT.write(said.getvalue())
OUT.flush()
sys.exit(code)
"#;

impl Asked {
    fn by(kubernetes: &Kubernetes) -> Arc<Self> {
        let socket = kubernetes.folder.join("asked");
        let this = Arc::new(Self {
            hook: Mutex::default(),
            calls: AtomicU64::new(0),
            over: AtomicBool::new(false),
            socket: socket.clone(),
        });
        let launcher = format!(
            "STAND_IN = {:?}\nSOCKET = {socket:?}\n{LAUNCHER}",
            super::STAND_IN
        );
        kubernetes.launch(&launcher);
        let listener = UnixListener::bind(&socket).expect("a socket");
        let weak = Arc::downgrade(&this);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(asked) = weak.upgrade().filter(|asked| !asked.is_over()) else {
                    return;
                };
                // Whoever is killed is not there to hear the answer.
                std::thread::spawn(move || drop(asked.answer(stream)));
            }
        });
        this
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    fn hook(&self) -> Option<Arc<dyn Hook>> {
        let hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner);
        hook.clone()
    }

    fn answer(&self, stream: UnixStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut words = String::new();
        reader.read_line(&mut words)?;
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let call = call(number, words.trim_end());
        let before = self.hook().map(|hook| hook.before(&call));
        // A truncated answer is one whose call was carried out.
        let halves = matches!(before, Some(Verdict::Truncate));
        if !halves && !say(&stream, before, false)? {
            return hang(stream);
        }
        if halves {
            (&stream).write_all(b"proceed\n")?;
        }
        words.clear();
        if reader.read_line(&mut words)? == 0 {
            return Ok(());
        }
        let after = self.hook().map(|hook| hook.after(&call));
        match say(&stream, after, halves)? {
            true => Ok(()),
            false => hang(stream),
        }
    }
}

impl Drop for Centres {
    fn drop(&mut self) {
        self.asked.over.store(true, Ordering::SeqCst);
        // Wakes the thread that listens.
        let _ = UnixStream::connect(&self.asked.socket);
    }
}

/// Tells a process what becomes of it; false if it is never told.
fn say(mut stream: &UnixStream, verdict: Option<Verdict>, halves: bool) -> std::io::Result<bool> {
    let text = match verdict.unwrap_or(Verdict::Proceed) {
        Verdict::Proceed if halves => "half".to_owned(),
        Verdict::Proceed => "proceed".to_owned(),
        Verdict::Error { code, .. } => match code.as_str() {
            "Throttling" => "Error from server (TooManyRequests): too many requests".to_owned(),
            "InternalFailure" => "Error from server (InternalError): an error".to_owned(),
            "ServiceUnavailable" => "Error from server (ServiceUnavailable): not now".to_owned(),
            // What a cluster forbids is told apart from a lost login: that is refused.
            "ExpiredToken" | "AccessDenied" => {
                "error: You must be logged in to the server (Unauthorized)".to_owned()
            }
            "InsufficientDBInstanceCapacity" => {
                "Error from server (Forbidden): pods is forbidden: exceeded quota: pods".to_owned()
            }
            "InvalidDBClusterStateFault" => {
                "Error from server (Conflict): the object has been modified".to_owned()
            }
            _ => "Error from server (BadRequest): struck by the test".to_owned(),
        },
        Verdict::Lose => {
            "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?".to_owned()
        }
        Verdict::Truncate | Verdict::Delay(_) | Verdict::Hang => return Ok(false),
    };
    writeln!(stream, "{text}")?;
    Ok(true)
}

/// Until the process is killed.
fn hang(mut stream: UnixStream) -> std::io::Result<()> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).map(drop)
}

/// A call of `kubectl` as one of AWS. What is another for every run is left out.
fn call(number: u64, words: &str) -> Call {
    let words: Vec<&str> = words.split('\t').collect();
    let plain = (words.iter()).filter(|word| !word.starts_with("--") && !word.contains('{'));
    let mut parameters = BTreeMap::new();
    for (place, word) in plain.clone().take(4).enumerate() {
        let word = word.split(['=', ',']).next().unwrap_or_default();
        // The names of pods end with the run.
        let word = ["-reset-", "-look-"].iter().fold(word, |word, part| {
            word.split(part).next().unwrap_or_default()
        });
        parameters.insert(format!("word{place}"), word.to_owned());
    }
    let context = words
        .iter()
        .find_map(|word| word.strip_prefix("--context="));
    let operation = plain.clone().next().copied().unwrap_or_default();
    Call {
        number,
        service: Service::Sts,
        operation: operation.to_owned(),
        region: context.unwrap_or_default().to_owned(),
        parameters,
        mutates: ["create", "patch", "delete", "apply"].contains(&operation)
            && !words.contains(&"--dry-run=server"),
    }
}
