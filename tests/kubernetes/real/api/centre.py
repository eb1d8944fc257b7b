"""A data centre: what its Kubernetes holds, and how it behaves."""

import base64
import itertools
import json
import threading
import time
import uuid

from keycloak import Controller

NAMESPACE = "keycloak"
UID_RANGE = "1000680000/10000"


class Story:
    """What happened in all data centres, in order."""

    def __init__(self, database):
        self.database = database
        self.entries = []
        self.marks = []
        self.numbers = itertools.count()
        self.began = time.monotonic()

    def tell(self, centre, what, **more):
        at = round(time.monotonic() - self.began, 3)
        entry = dict(more, n=next(self.numbers), at=at, centre=centre, what=what)
        self.entries.append(entry)
        return entry

    def mark(self, mark):
        """A schema was dropped by a run, unless that has done it before."""
        if mark in self.marks[-1:]:
            return False
        self.marks.append(mark)
        return True


def merge(into, patch):
    """A JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    into = dict(into) if isinstance(into, dict) else {}
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        else:
            into[key] = merge(into.get(key), value)
    return into


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class Centre:
    """Holds objects by `RESOURCE/NAME`; all of them are in one namespace."""

    def __init__(self, name, story, how):
        self.name, self.story = name, story
        self.lock = threading.RLock()
        self.behave = how.get("behave", {})
        self.objects, self.events, self.logs = {}, [], {}
        self.versions = itertools.count(100)
        self.made, self.gone = {}, []
        self.closed = False
        for key, value in self.initial(how).items():
            self.put(key, value)
        self.controller = Controller(self)
        self.controller.begin()

    def initial(self, how):
        notes = {"openshift.io/sa.scc.uid-range": UID_RANGE} if self.openshift else {}
        secret = {"username": "keycloak", "password": how.get("password", "x")}
        found = {
            "namespaces/"
            + NAMESPACE: {"metadata": {"annotations": notes}, "status": {"phase": "Active"}},
            "secrets/keycloak-db-secret": {
                "type": "Opaque",
                "data": {k: encoded(v) for k, v in secret.items()},
            },
        }
        kind, number = how.get("kind", "statefulsets"), how.get("replicas", 2)
        workload = {
            "metadata": {},
            "spec": {
                "replicas": number,
                "selector": {"matchLabels": {"app": "keycloak"}},
                "template": {
                    "metadata": {"labels": {"app": "keycloak"}},
                    "spec": {
                        "containers": [
                            {"name": "keycloak", "image": "quay.io/keycloak/keycloak:26.4"}
                        ]
                    },
                },
            },
            "status": {},
        }
        version = self.behave.get("operator")
        if version:
            spec = {} if how.get("unset") else {"instances": number}
            owner = {"metadata": {"uid": str(uuid.uuid4())}, "spec": spec}
            found["keycloaks/keycloak"] = owner
            workload["metadata"]["ownerReferences"] = [
                {
                    "apiVersion": "k8s.keycloak.org/" + version,
                    "kind": "Keycloak",
                    "name": "keycloak",
                    "uid": owner["metadata"]["uid"],
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ]
            workload["spec"]["replicas"] = spec.get("instances", 1)
        found[kind + "/keycloak"] = workload
        return found

    @property
    def openshift(self):
        return bool(self.behave.get("openshift"))

    def put(self, key, value):
        """Keeps an object, with what a server adds to its metadata."""
        with self.lock:
            meta = value.setdefault("metadata", {})
            before = self.objects.get(key)
            meta.setdefault("name", key.split("/")[1])
            if not key.startswith("namespaces/"):
                meta.setdefault("namespace", NAMESPACE)
            meta.setdefault("uid", str(uuid.uuid4()))
            meta.setdefault("creationTimestamp", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
            meta.setdefault("generation", 1)
            if before is not None and before.get("spec") != value.get("spec"):
                meta["generation"] = before["metadata"]["generation"] + 1
            meta["resourceVersion"] = str(next(self.versions))
            self.objects[key] = value
            return value

    def touch(self, key):
        """An object was changed in its place."""
        with self.lock:
            if key in self.objects:
                self.objects[key]["metadata"]["resourceVersion"] = str(next(self.versions))

    def drop(self, key):
        """Takes an object away; who watches from an earlier version on is told."""
        with self.lock:
            value = self.objects.pop(key, None)
            if value is not None:
                self.gone.append((next(self.versions), key, value))

    def all(self, resource):
        with self.lock:
            return [value for key, value in self.objects.items() if key.startswith(resource + "/")]

    def change(self, behave, objects):
        with self.lock:
            self.behave = merge(self.behave, behave)
            for key, patch in objects.items():
                if patch is None:
                    self.drop(key)
                else:
                    self.put(key, merge(json.loads(json.dumps(self.objects.get(key, {}))), patch))

    def event(self, pod, reason, message):
        """Warns of something about a pod, once."""
        with self.lock:
            same = [
                e
                for e in self.events
                if (e["involvedObject"]["name"], e["reason"]) == (pod, reason)
            ]
            if not same:
                name = "%s.%x" % (pod, len(self.events))
                self.events.append(
                    {
                        "metadata": {"name": name, "namespace": NAMESPACE},
                        "involvedObject": {"kind": "Pod", "name": pod, "namespace": NAMESPACE},
                        "reason": reason,
                        "message": message,
                        "type": "Warning",
                    }
                )

    def view(self):
        with self.lock:
            return {
                "objects": json.loads(json.dumps(self.objects)),
                "made": dict(self.made),
                "behave": self.behave,
            }

    def close(self):
        self.closed = True
