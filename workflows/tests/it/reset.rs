//! A reset that is refused, and whose steps find what they did, with the stand-in for `kubectl`
//! of the command's tests: the schema is dropped once, and every data centre
//! is restarted.
//!
//! `kubectl` is a process of the machine, so these tests run in real time once
//! the cluster stands; nothing in them waits for a timer.

pub(crate) mod campaign;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use stepwell_engine::event::OnFailure;
use stepwell_engine::machine::Status;
use stepwell_engine::{FaultClass, Journal, Report, RunId, TokioClock};
use stepwell_workflows::aurora::{
    Endpoint, ResetOptions, ResetParameters, ResetRequest, endpoint, reset_graph, survey_reset,
};
use stepwell_workflows::{SurveyError, Workflow};

use crate::support::{REGION, Wanted, World, ended_well, memory, options};

/// What stands in for `kubectl`.
const STAND_IN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/kubernetes/bin/kubectl"
);

/// A folder with what Kubernetes holds, and the stand-in for it.
struct Kubernetes {
    folder: PathBuf,
}

impl Kubernetes {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("kubernetes-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let this = Self { folder };
        let centre = |name: &str| {
            json!({ "keycloak": {
                "secret/keycloak-db-secret": { "data": { "password": "eA==" } },
                "statefulset/keycloak": {
                    "metadata": { "generation": 1 },
                    "spec": { "replicas": 1, "selector": { "matchLabels": { "app": "kc" } },
                              "template": { "metadata": {} } },
                    "status": { "observedGeneration": 1, "readyReplicas": 1, "updatedReplicas": 1,
                                "currentRevision": "a", "updateRevision": "a" },
                },
                "pod/keycloak-0": {
                    "metadata": { "name": "keycloak-0", "labels": { "app": "kc" },
                                  "uid": name },
                    "spec": { "containers": [{ "name": "keycloak" }] },
                    "status": { "phase": "Running" },
                },
            } })
        };
        this.write(&json!({
            "current": "dc1", "faults": [], "psql": null,
            "clusters": { "dc1": centre("dc1"), "dc2": centre("dc2") },
        }));
        this.program(STAND_IN);
        this
    }

    /// Has `kubectl` be a program in Python. Processes of one test binary share
    /// an environment, so that each is told by its name where its folder is.
    fn program(&self, python_program: &str) {
        let script = format!(
            "#!/bin/sh\necho $$ >> '{0}/pids'\nKUBECONFIG='{0}' exec '{1}' -I -S '{python_program}' \"$@\"\n",
            self.folder.display(),
            python().display()
        );
        let program = self.folder.join("kubectl");
        fs::write(&program, script).expect("a script");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&program, mode).expect("a mode");
    }

    /// Has `kubectl` be the text of such a program.
    fn launch(&self, text: &str) {
        let launcher = self.folder.join("launcher.py");
        fs::write(&launcher, text).expect("a program");
        self.program(&launcher.display().to_string());
    }

    fn write(&self, state: &Value) {
        fs::write(self.folder.join("state.json"), state.to_string()).expect("a file");
    }

    fn state(&self) -> Value {
        let text = fs::read_to_string(self.folder.join("state.json")).expect("the state");
        serde_json::from_str(&text).expect("JSON")
    }

    fn strike(&self, verb: &str, number: usize, how: &str) {
        let mut state = self.state();
        state["faults"] = json!([{ "verb": verb, "what": "", "times": number, "do": how }]);
        self.write(&state);
    }

    /// Dropped once, started anew everywhere, and no pod of ours is left.
    #[track_caller]
    fn must_be_reset(&self, context: &str) {
        let state = self.state();
        assert_eq!(state["drops"], 1, "{context}");
        for name in ["dc1", "dc2"] {
            let space = state["clusters"][name]["keycloak"].as_object().expect("it");
            let uid = &space["pod/keycloak-0"]["metadata"]["uid"];
            assert_ne!(uid, name, "{context}: {name} is not restarted");
            // Stopped and started again, as often as each.
            let set = &space["statefulset/keycloak"];
            let generation = set["metadata"]["generation"].as_u64().expect("a number");
            assert!(
                generation >= 3 && generation % 2 == 1,
                "{context}: {generation}"
            );
            assert_eq!(set["spec"]["replicas"], 1, "{context}");
            let left = space
                .keys()
                .filter(|key| key.starts_with("pod/stepwell"))
                .count();
            assert_eq!(left, 0, "{context}");
        }
    }
}

impl Drop for Kubernetes {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where python3 really is: what stands for it in PATH may take its time.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let output = Command::new("python3")
            .args(["-I", "-c", "import sys; print(sys.executable)"])
            .output()
            .expect("python3 starts");
        PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
    })
}

/// A cluster that serves, in a world whose time is the wall's from now on.
async fn world() -> (World, Endpoint) {
    let world = World::new().await;
    let created = world.create(memory(), world.run_id(), options(1), Wanted::default());
    assert!(ended_well(&created.await.expect("run")));
    let found = endpoint(&world.aws, REGION, "keycloak")
        .await
        .expect("an endpoint");
    tokio::time::resume();
    (world, found)
}

fn request(kubernetes: &Kubernetes) -> ResetRequest {
    ResetOptions {
        cluster: "keycloak".to_owned(),
        region: REGION.to_owned(),
        namespace: "keycloak".to_owned(),
        contexts: ["dc1", "dc2"].map(str::to_owned).to_vec(),
        statefulset: None,
        workload: None,
        secret: "keycloak-db-secret".to_owned(),
        database: "keycloak".to_owned(),
        username: None,
        default_username: "keycloak".to_owned(),
        schema: "public".to_owned(),
        image: None,
        cpu: None,
        memory: None,
        no_stop: false,
        cascade: false,
        kubectl: kubernetes.folder.join("kubectl").display().to_string(),
        anew: false,
    }
    .validate()
    .expect("valid options")
}

async fn survey(world: &World, found: &Endpoint, kubernetes: &Kubernetes) -> ResetParameters {
    let surveyed = survey_reset(world.clock.as_ref(), &request(kubernetes), found).await;
    surveyed.expect("survey")
}

async fn reset(
    world: &World,
    parameters: &ResetParameters,
    journal: Arc<dyn Journal>,
    run: RunId,
) -> Report {
    let graph = reset_graph(parameters).expect("graph");
    let created = world.created(
        Workflow::AuroraReset,
        format!("reset/{REGION}/keycloak"),
        serde_json::to_value(parameters).expect("parameters"),
        Wanted {
            on_failure: OnFailure::Suspend,
            ..Wanted::default()
        },
    );
    let executor = world.executor(journal);
    let ended = executor.start(run, created, &graph);
    ended.await.expect("run")
}

/// Takes a run up until it ends, by as many processes as it needs.
async fn finish(world: &World, journal: Arc<dyn Journal>, run: RunId) -> Report {
    for _ in 0..3 {
        let report = world.resume(journal.clone(), run).await.expect("resume");
        if matches!(report.status, Status::Ended(_)) {
            return report;
        }
    }
    panic!("the run does not end");
}

#[tokio::test(start_paused = true)]
async fn a_reset_that_is_forbidden_anything_is_suspended_and_goes_on() {
    let (world, found) = world().await;
    for verb in ["get", "create", "patch", "delete"] {
        let kubernetes = Kubernetes::new();
        let parameters = survey(&world, &found, &kubernetes).await;
        kubernetes.strike(verb, 100, "forbidden");
        let (journal, run) = (memory(), world.run_id());
        let report = reset(&world, &parameters, journal.clone(), run).await;
        assert!(
            matches!(report.status, Status::Suspended(_)),
            "{verb}: {report:?}"
        );
        let (_, fault) = report.fault.expect("fault");
        assert_eq!(fault.code.as_deref(), Some("Forbidden"), "{verb}");
        kubernetes.strike(verb, 0, "forbidden");
        let report = finish(&world, journal, run).await;
        assert!(ended_well(&report), "{verb}: {report:?}");
        kubernetes.must_be_reset(verb);
    }
}

/// Forgets that a step succeeded, with all that came after, and takes the run
/// up: what it did is found, and not done again.
#[tokio::test(start_paused = true)]
async fn what_a_reset_did_is_found_and_not_done_again() {
    use stepwell_engine::event::{EventBody, Verb};

    let (world, found) = world().await;
    let kubernetes = Kubernetes::new();
    let parameters = survey(&world, &found, &kubernetes).await;
    let (journal, run) = (memory(), world.run_id());
    let report = reset(&world, &parameters, journal.clone(), run).await;
    assert!(ended_well(&report), "{report:?}");
    let events = journal.load(run).await.expect("load");
    // The pod is gone by now, so that this strikes the statement's own mark.
    for step in [
        "stop-keycloak",
        "drop-schema",
        "start-dc1",
        "start-dc2",
        "pod-removed",
    ] {
        let end = events.iter().position(|event| {
            matches!(&event.body, EventBody::AttemptSucceeded { step: found, verb: Verb::Run, .. } if found.as_ref() == step)
        });
        let forgetful = memory();
        let history = events[..end.expect("a success")].to_vec();
        forgetful.append(history).await.expect("append");
        let report = finish(&world, forgetful, run).await;
        assert!(ended_well(&report), "{step}: {report:?}");
        kubernetes.must_be_reset(step);
    }
}

/// On a clock so fast that a process that takes its time is late soon.
#[tokio::test]
async fn a_kubectl_that_hangs_is_ended() {
    let clock = TokioClock::at_speed(40.0);
    let kubernetes = Kubernetes::new();
    kubernetes.strike("get", 100, "hang");
    let found = Endpoint {
        writer: "keycloak.example".to_owned(),
        reader: None,
        port: 5432,
        serving: true,
        status: "available".to_owned(),
        engine_version: None,
        database: None,
        username: "keycloak".to_owned(),
        password_secret: None,
    };
    let surveyed = survey_reset(&clock, &request(&kubernetes), &found).await;
    let Err(SurveyError::Fault(fault)) = surveyed else {
        panic!("{surveyed:?}");
    };
    assert_eq!(fault.class, FaultClass::Unreachable);
    assert!(
        fault.message.contains("did not end within 90 seconds"),
        "{fault}"
    );
    assert!(
        !fault.effect.may_have_happened(),
        "a look leaves nothing to doubt"
    );
    let pids = fs::read_to_string(kubernetes.folder.join("pids")).expect("the calls");
    assert_eq!(pids.lines().count(), 3, "three tries");
    for pid in pids.lines() {
        let lives = || {
            let probe = Command::new("/bin/sh")
                .args(["-c", &format!("kill -0 {pid}")])
                .output();
            probe.expect("a shell").status.success()
        };
        for _ in 0..500 {
            if !lives() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(!lives(), "process {pid} lives on");
    }
}
