//! `aurora psql`: a look into the database from inside of Kubernetes. It
//! changes nothing by itself and is over when the person is: no run, no history.

use std::time::Duration;

use serde_json::{Value, json};
use stepwell_engine::{Clock, Fault, FaultClass, retry};

use super::Endpoint;
use crate::SurveyError;
use crate::input::{self, InvalidInput};
use crate::kubernetes::pod::{self, Look, Wanted, Watch};
use crate::kubernetes::said::{Said, Told, password_hint};
use crate::kubernetes::{
    CLUSTER, COMPONENT, Client, LOOK, PODS, Place, Resources, Right, Server, User, check_rights,
    check_secret, default_image, names, namespace, refused_by_server,
};

/// What a person at a terminal needs beside: `kubectl run -i` attaches.
const ATTACH: [Right; 1] = [("create", "pods", Some("attach"))];

/// How long a statement without a terminal may be at work.
const AT_WORK: Duration = Duration::from_secs(12 * 60 * 60);

/// Runs psql so that what it complains of can be told from what it prints: a pod
/// has one log. A line with the pod's name stands between them, and at the end, so
/// that a log that breaks off can be told from a whole one.
fn script(pod: &str) -> String {
    format!(
        r#"said=/tmp/said
"$0" "$@" 2>"$said" </dev/null
code=$?
printf '\n%s\n' {pod}
cat "$said"
printf '\n%s\n' {pod}
exit "$code""#
    )
}

const PACE: Duration = Duration::from_secs(2);

/// `aurora psql` as it was asked for; nothing is checked yet.
#[derive(Debug, Clone)]
pub struct PsqlOptions {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// The namespace; none for the context's own.
    pub namespace: Option<String>,
    /// The context; none for the current one.
    pub context: Option<String>,
    /// The image with `psql`; none for the engine's version of it.
    pub image: Option<String>,
    /// The database.
    pub database: String,
    /// The user; none for that of the Secret, else `default_username`.
    pub username: Option<String>,
    /// The user of a Secret that names none.
    pub default_username: String,
    /// The Secret with the password.
    pub secret: String,
    /// What the container asks for, and may use: none for a little.
    pub cpu: Option<String>,
    /// The same of memory.
    pub memory: Option<String>,
    /// The program.
    pub kubectl: String,
    /// What `psql` is told beside where the database is.
    pub arguments: Vec<String>,
}

/// `aurora psql`, checked.
#[derive(Debug, Clone)]
pub struct PsqlRequest {
    cluster: String,
    place: Place,
    image: Option<String>,
    database: String,
    username: Option<String>,
    default_username: String,
    secret: String,
    resources: Resources,
    arguments: Vec<String>,
}

impl PsqlOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<PsqlRequest, InvalidInput> {
        input::region(&self.region)?;
        Ok(PsqlRequest {
            cluster: input::cluster(&self.cluster)?,
            place: Place {
                kubectl: names::kubectl(&self.kubectl)?,
                context: self.context.as_deref().map(names::context).transpose()?,
                namespace: self
                    .namespace
                    .as_deref()
                    .map(names::namespace)
                    .transpose()?,
            },
            image: self.image.as_deref().map(names::image).transpose()?,
            database: input::database(&self.database)?,
            username: (self.username.as_deref())
                .map(input::username)
                .transpose()?,
            default_username: input::username(&self.default_username)?,
            secret: names::object("secret", &self.secret)?,
            resources: names::resources(self.cpu.as_deref(), self.memory.as_deref())?,
            arguments: self.arguments,
        })
    }
}

impl PsqlRequest {
    /// A session on a host of the cluster, in a pod of its own.
    pub fn session(&self, endpoint: &Endpoint, host: &str, clock: &dyn Clock) -> PsqlSession {
        PsqlSession {
            place: self.place.clone(),
            pod: format!("stepwell-psql-{:016x}", clock.random()),
            cluster: self.cluster.clone(),
            client: Client {
                image: (self.image.clone())
                    .unwrap_or_else(|| default_image(endpoint.engine_version.as_deref())),
                server: Server {
                    host: host.to_owned(),
                    port: endpoint.port,
                    database: self.database.clone(),
                    // What the Secret has, the survey says.
                    user: User::choose(
                        self.username.as_deref(),
                        Some("username"),
                        &self.default_username,
                    ),
                    secret: self.secret.clone(),
                },
                resources: self.resources.clone(),
                run_as: None,
            },
            username: self.username.clone(),
            default_username: self.default_username.clone(),
            arguments: self.arguments.clone(),
        }
    }
}

/// `psql` in a pod that goes with it.
#[derive(Debug, Clone)]
pub struct PsqlSession {
    place: Place,
    pod: String,
    cluster: String,
    client: Client,
    username: Option<String>,
    default_username: String,
    arguments: Vec<String>,
}

impl PsqlSession {
    /// Where.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The name of the pod.
    pub fn pod(&self) -> &str {
        &self.pod
    }

    /// The arguments of `kubectl`; with a terminal for `psql`, or without.
    /// None of them is a secret: the pod takes the password from the Secret.
    pub fn words(&self, terminal: bool) -> Vec<String> {
        let image = format!("--image={}", self.client.image);
        let labels: Vec<String> = pod::labels(&self.labels())
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let labels = format!("--labels={}", labels.join(","));
        // Merged into what `kubectl run` makes of the rest, by the name of the
        // container, which is the pod's.
        let overrides = json!({
            "apiVersion": "v1",
            "metadata": { "annotations": pod::annotations(&self.pod) },
            "spec": {
                "automountServiceAccountToken": false,
                "securityContext": self.client.pod_security(),
                "containers": [{
                    "name": self.pod,
                    "env": self.client.environment(),
                    "securityContext": Client::container_security(),
                    "resources": self.client.resources(),
                }],
            },
        });
        let overrides = format!("--overrides={overrides}");
        let mut words = vec!["run", &self.pod, &image, "--restart=Never", "--rm", "-i"];
        words.extend(terminal.then_some("--tty"));
        words.extend([
            "--quiet",
            // A node that has to pull the image needs more than a minute.
            "--pod-running-timeout=10m",
            &labels,
            "--override-type=strategic",
            &overrides,
            "--command",
            "--",
        ]);
        let mut words = self.place.words(&words);
        words.extend(self.client.command(&self.arguments));
        words
    }

    fn labels(&self) -> [(&str, &str); 2] {
        [(COMPONENT, "psql"), (CLUSTER, &self.cluster)]
    }

    /// Looks for what it needs, so that what is missing is said before there is a
    /// pod that waits for it, and learns what the pod has to be like. The server
    /// is asked whether it would take it. `attaches` says whether `kubectl run` is
    /// to follow.
    pub async fn survey(&mut self, clock: &dyn Clock, attaches: bool) -> Result<(), SurveyError> {
        self.look(clock).await?;
        check_rights(&self.place, clock, &PODS).await?;
        if attaches {
            check_rights(&self.place, clock, &ATTACH).await?;
        }
        let manifest = self.manifest();
        let tried = retry(LOOK, clock, || {
            pod::try_create(&self.place, clock, &manifest)
        });
        tried.await.map_err(refused_by_server)
    }

    /// The part of [`PsqlSession::survey`] that says what the pod has to be like.
    pub async fn look(&mut self, clock: &dyn Clock) -> Result<(), Fault> {
        self.client.run_as = namespace(&self.place, clock).await?.run_as;
        let keys = check_secret(&self.place, clock, &self.client.server.secret).await?;
        let (named, key) = (self.username.as_deref(), keys.username.as_deref());
        self.client.server.user = User::choose(named, key, &self.default_username);
        Ok(())
    }

    /// Whether psql reads nothing of what it is given on stdin, so that its output
    /// can be read from the pod's log. `kubectl run` attaches to the pod, loses
    /// what was said before, and prints all again where it can't attach
    /// (kubernetes/kubectl#1848).
    pub fn reads_nothing(&self) -> bool {
        let commands = |word: &String| {
            [
                "-c",
                "-l",
                "--command",
                "--list",
                "-V",
                "--version",
                "-?",
                "--help",
            ]
            .contains(&word.as_str())
                || word.starts_with("--command=")
                || word.starts_with("--help=")
                || (word.starts_with("-c") && !word.starts_with("--"))
        };
        let stdin = |word: &String| word.to_ascii_lowercase().contains("stdin");
        self.arguments.iter().any(commands) && !self.arguments.iter().any(stdin)
    }

    /// The pod that carries out what needs no stdin.
    fn manifest(&self) -> Value {
        Wanted {
            name: &self.pod,
            labels: &self.labels(),
            client: &self.client,
            command: self.client.script(&script(&self.pod), &self.arguments),
            deadline: AT_WORK,
        }
        .manifest()
    }

    /// Makes the pod of what needs no stdin.
    pub async fn begin(&self, clock: &dyn Clock) -> Result<(), Fault> {
        // Its name is this session's own, so that a second call makes no other.
        let manifest = self.manifest();
        retry(LOOK, clock, || pod::create(&self.place, clock, &manifest)).await
    }

    /// The words of the call that prints what the pod says, to its end.
    pub fn follow(&self) -> Vec<String> {
        let words = ["logs", "--follow", &self.pod, "--container", pod::CONTAINER];
        self.place.words(&words)
    }

    /// Waits until psql has ended; its exit status.
    pub async fn ended(&self, clock: &dyn Clock) -> Result<i64, Fault> {
        let watch = Watch::new(&self.place, &self.pod);
        loop {
            match watch.look(clock).await {
                Ok(Look::Ended(code)) => return Ok(code),
                Ok(Look::Failed(how)) => {
                    return Err(Fault::permanent(format!(
                        "pod {} in {} {how}",
                        self.pod, self.place
                    ))
                    .with_code("PodFailed"));
                }
                Ok(Look::Absent) => return Err(watch.vanished()),
                Ok(Look::Running | Look::Waiting(_)) => {}
                Err(fault) if fault.class.passes() => {}
                Err(fault) => return Err(fault),
            }
            clock.sleep(PACE).await;
        }
    }

    /// Whether the pod is through: what its log holds then is all of it.
    pub async fn is_over(&self, clock: &dyn Clock) -> Result<bool, Fault> {
        match Watch::new(&self.place, &self.pod).look(clock).await {
            Ok(look) => Ok(!matches!(look, Look::Running | Look::Waiting(_))),
            Err(fault) if fault.class.passes() => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Watches the pod until it is at work or over; a fault if it can't start.
    pub async fn watch(&self, clock: &dyn Clock) -> Result<(), Fault> {
        let watch = Watch::new(&self.place, &self.pod);
        loop {
            match watch.look(clock).await {
                Ok(Look::Ended(_) | Look::Failed(_) | Look::Running) => return Ok(()),
                Ok(Look::Waiting(_) | Look::Absent) => {}
                // `kubectl run` will tell whether this is the end.
                Err(fault) if fault.class != FaultClass::Permanent => {}
                Err(fault) => return Err(fault),
            }
            clock.sleep(PACE).await;
        }
    }

    /// What to do where the password is not taken.
    pub fn password_hint(&self) -> String {
        password_hint(&self.client.server.secret)
    }

    /// What a line of psql's own complaints means, for a hint.
    pub fn hint(&self, code: i64, said: &str) -> Option<String> {
        let lines = said.lines().map(str::to_owned).collect();
        Said::of(&Told { code, lines }).hint(&self.client.server.secret)
    }

    /// Takes the pod away where `kubectl` could not.
    pub async fn remove(&self, clock: &dyn Clock) -> Result<(), Fault> {
        pod::delete(&self.place, clock, &self.pod).await
    }
}
