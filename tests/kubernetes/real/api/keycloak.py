"""Keycloak's pods: what the controllers of Kubernetes and Keycloak's operator do.

`behave.keycloak` may say: `up` and `down`, the seconds a pod takes to become
ready and to go; `stuck`, that pods that are made from now on do not become ready
before somebody has deleted one of them; `failure`, what a Deployment says when
its rollout has come to nothing; `restored`, that something else sets the number
of pods to what it was (GitOps).
"""

import hashlib
import json
import threading
import time
import uuid

TICK = 0.1


def is_ready(pod):
    return any(
        c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", [])
    )


class Controller:
    def __init__(self, centre):
        self.centre = centre
        self.due = {}
        self.stuck = set()
        self.first = True

    def begin(self):
        # Keycloak has been running for long.
        for _ in range(40):
            self.look(settled=True)
        self.first = False
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while not self.centre.closed:
            with self.centre.lock:
                self.look()
            time.sleep(TICK)

    @property
    def how(self):
        return self.centre.behave.get("keycloak", {})

    def look(self, settled=False):
        for resource in ("statefulsets", "deployments"):
            for workload in self.centre.all(resource):
                self.operate(workload, resource)
                self.control(workload, resource, settled)

    def operate(self, workload, resource):
        """The operator writes the number of its Keycloak, whatever was there."""
        owners = workload["metadata"].get("ownerReferences", [])
        owner = self.centre.objects.get("keycloaks/" + owners[0]["name"]) if owners else None
        wanted = self.how.get("restored")
        if owner is not None and owners[0]["kind"] == "Keycloak":
            if wanted is not None:
                owner["spec"]["instances"] = wanted
            wanted = owner["spec"].get("instances", 1)
        if wanted is not None and workload["spec"].get("replicas", 1) != wanted:
            workload["spec"]["replicas"] = wanted
            workload["metadata"]["generation"] += 1
            self.centre.touch(resource + "/" + workload["metadata"]["name"])

    def pods(self, workload):
        uid = workload["metadata"]["uid"]
        found = [
            pod
            for pod in self.centre.all("pods")
            if any(owner["uid"] == uid for owner in pod["metadata"].get("ownerReferences", []))
        ]
        return sorted(found, key=lambda pod: pod["metadata"]["name"])

    def control(self, workload, resource, settled):
        now = time.monotonic()
        wanted = workload["spec"].get("replicas", 1)
        text = json.dumps(workload["spec"]["template"], sort_keys=True)
        revision = workload["metadata"]["name"] + "-" + hashlib.sha1(text.encode()).hexdigest()[:8]
        for pod in self.pods(workload):
            self.advance(pod, now, settled)
        pods = self.pods(workload)
        live = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        old = [
            pod for pod in live if pod["metadata"]["labels"]["controller-revision-hash"] != revision
        ]
        ready = [pod for pod in live if is_ready(pod)]
        settled_now = len(ready) == len(pods)
        if resource == "statefulsets":
            # OrderedReady: one after the other, and none while another is not ready.
            names = {pod["metadata"]["name"] for pod in pods}
            missing = ["%s-%d" % (workload["metadata"]["name"], n) for n in range(wanted)]
            missing = [name for name in missing if name not in names]
            if missing and settled_now:
                self.make(workload, "StatefulSet", missing[0], revision, now)
            elif len(live) > wanted and len(live) == len(pods):
                self.remove(live[-1], now)
            elif old and settled_now and not missing:
                self.remove(old[-1], now)
        else:
            # One more than wanted while there are old ones, and none less.
            unready = [pod for pod in old if not is_ready(pod)]
            if len(live) > wanted + (1 if old else 0):
                self.remove((old + live)[0], now)
            elif len(live) - len(old) < wanted and len(live) < wanted + 1:
                name = "%s-%s" % (workload["metadata"]["name"], uuid.uuid4().hex[:5])
                self.make(workload, "ReplicaSet", name, revision, now)
            elif unready or (old and len(ready) > wanted):
                self.remove((unready + old)[0], now)
        self.tell(workload, resource, revision)

    def tell(self, workload, resource, revision):
        pods = [pod for pod in self.pods(workload)]
        new = [
            pod for pod in pods if pod["metadata"]["labels"]["controller-revision-hash"] == revision
        ]
        status = workload["status"]
        before = json.dumps(status, sort_keys=True)
        status.update(
            observedGeneration=workload["metadata"]["generation"],
            replicas=len(pods),
            readyReplicas=sum(map(is_ready, pods)),
            updatedReplicas=len(new),
            availableReplicas=sum(map(is_ready, pods)),
        )
        if resource == "statefulsets":
            status["updateRevision"] = revision
            if len(new) == len(pods) or "currentRevision" not in status:
                status["currentRevision"] = revision
        elif self.how.get("failure"):
            status["conditions"] = [
                {
                    "type": "Progressing",
                    "status": "False",
                    "reason": "ProgressDeadlineExceeded",
                    "message": self.how["failure"],
                }
            ]
        else:
            status["conditions"] = [
                {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
            ]
        if before != json.dumps(status, sort_keys=True):
            self.centre.touch(resource + "/" + workload["metadata"]["name"])

    def make(self, workload, kind, name, revision, now):
        template = workload["spec"]["template"]
        owner = {
            "apiVersion": "apps/v1",
            "kind": kind,
            "name": workload["metadata"]["name"],
            "uid": workload["metadata"]["uid"],
            "controller": True,
        }
        labels = dict(
            template["metadata"].get("labels", {}), **{"controller-revision-hash": revision}
        )
        pod = self.centre.put(
            "pods/" + name,
            {
                "metadata": {
                    "name": name,
                    "labels": labels,
                    "annotations": dict(template["metadata"].get("annotations", {})),
                    "ownerReferences": [owner],
                },
                "spec": json.loads(json.dumps(template["spec"])),
                "status": {"phase": "Pending", "conditions": []},
            },
        )
        uid = pod["metadata"]["uid"]
        if self.how.get("stuck") and not self.first:
            self.stuck.add(uid)
        self.due[uid] = now + self.how.get("up", 0.4)
        self.centre.story.tell(self.centre.name, "keycloak up", pod=name)

    def advance(self, pod, now, settled):
        name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
        key = "pods/" + name
        if "deletionTimestamp" in pod["metadata"]:
            if uid in self.stuck:
                # Somebody has seen to it: others will do.
                self.stuck.discard(uid)
                self.centre.behave.get("keycloak", {}).pop("stuck", None)
            due = self.due.setdefault("gone " + uid, now + self.how.get("down", 0.3))
            if now >= due:
                self.centre.drop(key)
                self.centre.story.tell(self.centre.name, "keycloak gone", pod=name)
        elif not is_ready(pod) and uid not in self.stuck and (settled or now >= self.due[uid]):
            pod["status"] = {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [
                    {"name": "keycloak", "ready": True, "state": {"running": {}}}
                ],
            }
            self.centre.touch(key)
            self.centre.story.tell(self.centre.name, "keycloak ready", pod=name)

    def remove(self, pod, now):
        pod["metadata"]["deletionTimestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.centre.touch("pods/" + pod["metadata"]["name"])
        # What a controller takes away says nothing about a person.
        self.stuck.discard(pod["metadata"]["uid"])
