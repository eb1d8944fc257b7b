//! A pod that tries to reach the database, and tells how that went.

use std::time::Duration;

use serde_json::{Value, json};
use stepwell_engine::{Clock, Fault};

use super::access::{PASSWORD, SecretKeys};
use super::pod::{self, CONTAINER, Stand};
use super::{CLUSTER, COMPONENT, Client, MANAGED_BY, Place, REGION, Server};

/// What such a pod is for.
const VERIFY: &str = "verify";

const PACE: Duration = Duration::from_secs(2);

/// How long the pod may be at work: three tries with pauses between them.
const AT_WORK: Duration = Duration::from_secs(2 * 60);

/// How long to wait for it, a node and an image included.
const PATIENCE: Duration = Duration::from_secs(6 * 60);

/// The user of the images of PostgreSQL, where nothing else names one that is
/// not root.
const USER: u32 = 999;

/// Runs psql, again where it finds no connection: in a pod's first seconds names
/// may not resolve yet, and network policies may not let it out yet. (psql's
/// exit status 2: "if the connection to the server went bad". Nothing here is in
/// the form that Kubernetes replaces, `$(NAME)`.)
const SCRIPT: &str = r#"for n in 1 2 3; do
  [ "$n" = 1 ] || sleep 5
  psql "$@"
  code=$?
  [ "$code" = 2 ] || exit "$code"
done
exit "$code""#;

/// What a pod is to try.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    /// The pod's name.
    pub(crate) name: String,
    /// The Aurora cluster.
    pub(crate) cluster: String,
    /// Its region.
    pub(crate) region: String,
    /// What runs in it; its user only counts where the Secret has none.
    pub(crate) client: Client,
    /// What the Secret holds.
    pub(crate) keys: SecretKeys,
    /// Whether the namespace is known not to be OpenShift's, which gives each
    /// pod a user of its own.
    pub(crate) plain_kubernetes: bool,
}

/// How psql ended in the pod, and the end of what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) code: i64,
    pub(crate) lines: Vec<String>,
}

impl Probe {
    fn manifest(&self) -> Value {
        let Server {
            host,
            port,
            database,
            username,
            secret,
        } = &self.client.server;
        let key = |key: &str| json!({ "secretKeyRef": { "name": secret, "key": key } });
        let user = match &self.keys.username {
            Some(name) => json!({ "name": "PGUSER", "valueFrom": key(name) }),
            None => json!({ "name": "PGUSER", "value": username }),
        };
        let port = port.to_string();
        let command = [
            "sh", "-c", SCRIPT, "psql", "-h", host, "-p", &port, "-d", database, "-X", "-w", "-A",
            "-t", "-c", "SELECT 1",
        ];
        let mut security = json!({
            "runAsNonRoot": true,
            "seccompProfile": { "type": "RuntimeDefault" },
        });
        if self.plain_kubernetes {
            security["runAsUser"] = json!(USER);
        }
        let small = json!({ "cpu": "100m", "memory": "128Mi" });
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": self.name,
                "labels": {
                    MANAGED_BY: "stepwell",
                    COMPONENT: VERIFY,
                    CLUSTER: self.cluster,
                    REGION: self.region,
                    // A mesh's proxy would answer in the database's place.
                    "sidecar.istio.io/inject": "false",
                },
                "annotations": {
                    // Else a cluster-admin's pod would run as the image's root.
                    "openshift.io/required-scc": "restricted-v2",
                },
            },
            "spec": {
                "restartPolicy": "Never",
                "activeDeadlineSeconds": AT_WORK.as_secs(),
                "automountServiceAccountToken": false,
                "securityContext": security,
                "containers": [{
                    "name": CONTAINER,
                    "image": self.client.image,
                    "command": command,
                    "env": [
                        { "name": "PGPASSWORD", "valueFrom": key(PASSWORD) },
                        user,
                        { "name": "PGSSLMODE", "value": "require" },
                        { "name": "PGCONNECT_TIMEOUT", "value": "10" },
                        { "name": "LC_ALL", "value": "C" },
                    ],
                    "securityContext": Client::security(),
                    // Quotas may ask for them; and what has none goes first.
                    "resources": { "requests": small, "limits": small },
                }],
            },
        })
    }

    /// Makes the pod, waits until it has tried, and gives what it said. The pod
    /// is left to [`remove`], whatever comes of it.
    pub(crate) async fn try_it(&self, place: &Place, clock: &dyn Clock) -> Result<Told, Fault> {
        pod::apply(place, clock, &self.manifest()).await?;
        let started = clock.elapsed();
        let mut troubled = None;
        loop {
            let state = match pod::get(place, clock, &self.name).await {
                Ok(Some(pod)) => match (pod.exit_code(), pod.stand()) {
                    (Some(code), _) => {
                        let lines = pod::log(place, clock, &self.name).await?;
                        return Ok(Told { code, lines });
                    }
                    (None, Stand::Failed(how)) => {
                        return Err(Fault::permanent(format!(
                            "pod {} in {place} {how}",
                            self.name
                        ))
                        .with_code("PodFailed"));
                    }
                    (None, Stand::Troubled(trouble)) => {
                        let since = *troubled.get_or_insert(clock.elapsed());
                        if clock.elapsed().saturating_sub(since) >= trouble.patience {
                            return Err(trouble.fault(&self.name, place));
                        }
                        format!("{}: {}", trouble.reason, trouble.message)
                    }
                    (None, Stand::Starting(how)) => {
                        troubled = None;
                        how
                    }
                    (None, Stand::Running | Stand::Succeeded) => "psql is at work".to_owned(),
                },
                Ok(None) => {
                    return Err(Fault::permanent(format!(
                        "pod {} in {place} has vanished",
                        self.name
                    ))
                    .with_hint("someone or something else deleted it"));
                }
                Err(fault) if fault.class.passes() => fault.to_string(),
                Err(fault) => return Err(fault),
            };
            if clock.elapsed().saturating_sub(started) >= PATIENCE {
                return Err(Fault::permanent(format!(
                    "pod {} in {place} has not tried after {} minutes: {state}",
                    self.name,
                    PATIENCE.as_secs() / 60
                ))
                .with_code("Timeout"));
            }
            clock.sleep(PACE).await;
        }
    }
}

/// Takes away the pods of earlier verifications that have ended: their process
/// was killed before it could.
pub(crate) async fn sweep(
    place: &Place,
    clock: &dyn Clock,
    cluster: &str,
    region: &str,
) -> Result<(), Fault> {
    let selector =
        format!("{MANAGED_BY}=stepwell,{COMPONENT}={VERIFY},{CLUSTER}={cluster},{REGION}={region}");
    for pod in pod::list(place, clock, &selector).await? {
        if pod.has_ended() {
            pod::delete(place, clock, pod.name()).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(username: Option<&str>, plain_kubernetes: bool) -> Value {
        let probe = Probe {
            name: "pod-1".to_owned(),
            cluster: "keycloak".to_owned(),
            region: "eu-west-1".to_owned(),
            client: Client {
                image: "docker.io/library/postgres:17".to_owned(),
                server: Server {
                    host: "h".to_owned(),
                    port: 5433,
                    database: "d".to_owned(),
                    username: "u".to_owned(),
                    secret: "s".to_owned(),
                },
            },
            keys: SecretKeys {
                username: username.map(str::to_owned),
            },
            plain_kubernetes,
        };
        probe.manifest()
    }

    #[test]
    fn the_pod_fits_a_restricted_namespace_and_holds_no_password() {
        let pod = probe(Some("username"), false);
        let (spec, container) = (&pod["spec"], &pod["spec"]["containers"][0]);
        assert_eq!(spec["securityContext"]["runAsNonRoot"], true);
        assert_eq!(spec["securityContext"].get("runAsUser"), None);
        assert_eq!(
            container["securityContext"]["allowPrivilegeEscalation"],
            false
        );
        assert_eq!(
            container["securityContext"]["capabilities"]["drop"][0],
            "ALL"
        );
        assert_eq!(
            container["resources"]["requests"],
            container["resources"]["limits"]
        );
        for (place, key) in [(0, "password"), (1, "username")] {
            let variable = &container["env"][place];
            assert_eq!(variable["valueFrom"]["secretKeyRef"]["key"], key);
            assert_eq!(variable.get("value"), None);
        }
        // What Kubernetes would replace in a command.
        let command = container["command"].to_string();
        assert!(
            !command.contains("$(") && !command.contains("$$"),
            "{command}"
        );
        let pod = probe(None, true);
        assert_eq!(pod["spec"]["securityContext"]["runAsUser"], 999);
        assert_eq!(pod["spec"]["containers"][0]["env"][1]["value"], "u");
    }
}
