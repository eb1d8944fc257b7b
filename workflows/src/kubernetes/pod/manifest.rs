//! What a pod of ours is made from: one that real clusters take.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kubernetes::{Client, MANAGED_BY};

/// The name of the container in a pod of ours.
pub(crate) const CONTAINER: &str = "psql";

/// The labels of every pod of ours beside its own. A mesh's proxy would answer
/// in the database's place, and keep the pod from ending.
const LABELS: [(&str, &str); 2] = [
    (MANAGED_BY, "stepwell"),
    ("sidecar.istio.io/inject", "false"),
];

/// The labels of a pod of ours, with those given.
pub(crate) fn labels<'a>(own: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    LABELS.into_iter().chain(own.iter().copied()).collect()
}

/// The annotations of a pod whose container of ours has this name.
pub(crate) fn annotations(container: &str) -> Value {
    json!({
        "linkerd.io/inject": "disabled",
        // Whoever attaches to the pod means this one.
        "kubectl.kubernetes.io/default-container": container,
        // Else a cluster-admin's pod would run as the image's root. (OpenShift,
        // "Configuring a workload to require a specific SCC".)
        "openshift.io/required-scc": "restricted-v2",
    })
}

/// What a pod of ours is made from.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its labels, beside those of every pod of ours.
    pub(crate) labels: &'a [(&'a str, &'a str)],
    /// What runs in it.
    pub(crate) client: &'a Client,
    /// What the container runs.
    pub(crate) command: Vec<String>,
    /// How long it may be at work.
    pub(crate) deadline: Duration,
}

impl Wanted<'_> {
    /// The pod as an object of Kubernetes.
    pub(crate) fn manifest(&self) -> Value {
        let labels: serde_json::Map<String, Value> = labels(self.labels)
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect();
        let mut environment = self.client.environment();
        // What psql says is read: in English.
        environment.push(json!({ "name": "LC_ALL", "value": "C" }));
        environment.push(json!({ "name": "PGCLIENTENCODING", "value": "UTF8" }));
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": self.name,
                "labels": labels,
                "annotations": annotations(CONTAINER),
            },
            "spec": {
                "restartPolicy": "Never",
                "activeDeadlineSeconds": self.deadline.as_secs(),
                "automountServiceAccountToken": false,
                "securityContext": self.client.pod_security(),
                "containers": [{
                    "name": CONTAINER,
                    "image": self.client.image,
                    "command": self.command,
                    "env": environment,
                    "securityContext": Client::container_security(),
                    "resources": self.client.resources(),
                }],
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::User;
    use crate::kubernetes::client::tests::client;

    #[test]
    fn a_pod_fits_a_restricted_namespace_and_holds_no_password() {
        for run_as in [None, Some(999)] {
            let client = client(User::Key("username".to_owned()), run_as);
            let wanted = Wanted {
                name: "pod-1",
                labels: &[("a", "b")],
                client: &client,
                command: client.command(&[]),
                deadline: Duration::from_secs(60),
            };
            let pod = wanted.manifest();
            let (spec, container) = (&pod["spec"], &pod["spec"]["containers"][0]);
            assert_eq!(spec["securityContext"]["runAsNonRoot"], true);
            let user = spec["securityContext"].get("runAsUser");
            assert_eq!(user.and_then(Value::as_u64), run_as.map(u64::from));
            let security = &container["securityContext"];
            assert_eq!(security["allowPrivilegeEscalation"], false);
            assert_eq!(security["capabilities"]["drop"][0], "ALL");
            assert_eq!(
                container["resources"]["requests"],
                container["resources"]["limits"]
            );
            assert_eq!(pod["metadata"]["labels"]["a"], "b");
            assert_eq!(
                pod["metadata"]["labels"]["sidecar.istio.io/inject"],
                "false"
            );
            let password = &container["env"][0];
            assert_eq!(password["valueFrom"]["secretKeyRef"]["key"], "password");
            assert_eq!(password.get("value"), None);
        }
    }
}
