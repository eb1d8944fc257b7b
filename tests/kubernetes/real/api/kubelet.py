"""What a node does with a pod of ours: starts it, keeps its log, lets it end.

`behave.node` may say what keeps pods from starting: `unschedulable`, `mount`,
`pull` (a message, and `times`: how many tries fail), `short_names`; and `start`,
the seconds it takes. `behave.psql` has, for each kind of pod (`look`, `drop`,
`verify`, `psql`), what the first, the second … of them does: `code`, `log`,
`seconds`. The last of a list goes on for ever. Where nothing is said, psql is
really run if there is a database, else it finds all well.
"""

import base64
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import traceback

TICK = 0.1
KINDS = {
    "stepwell-look-": "look",
    "stepwell-reset-": "drop",
    "stepwell-verify-": "verify",
    "stepwell-psql-": "psql",
}


def own(pod):
    """The container of ours: its name is not the proxy's."""
    found = [c for c in pod["spec"]["containers"] if c["name"] != "istio-proxy"]
    return found[0] if found else pod["spec"]["containers"][0]


class Kubelet:
    def __init__(self, centre, pod):
        self.centre, self.pod = centre, pod
        self.name = pod["metadata"]["name"]
        self.key = "pods/" + self.name
        self.kind = next(
            (kind for start, kind in KINDS.items() if self.name.startswith(start)), "other"
        )
        self.number = centre.made[self.kind] = centre.made.get(self.kind, 0) + 1
        self.pulls = 0
        self.log = centre.logs[self.name] = {"text": b"", "over": False}
        threading.Thread(target=self.live, daemon=True).start()

    @property
    def leaving(self):
        return (
            "deletionTimestamp" in self.pod["metadata"]
            or self.centre.objects.get(self.key) is not self.pod
        )

    def tell(self, phase, state=None, **more):
        with self.centre.lock:
            status = dict(more, phase=phase)
            if state is not None:
                # In the order of their names, as kubelets tell them.
                others = [
                    c["name"] for c in self.pod["spec"]["containers"] if c is not own(self.pod)
                ]
                all_of = [
                    {"name": name, "ready": True, "state": {"running": {}}}
                    for name in others
                    if "waiting" not in state
                ]
                all_of.append(
                    {"name": own(self.pod)["name"], "ready": "running" in state, "state": state}
                )
                status["containerStatuses"] = sorted(all_of, key=lambda one: one["name"])
            if self.pod["status"] != status:
                self.pod["status"] = status
                self.centre.touch(self.key)

    def waits(self, reason, message=""):
        waiting = {"reason": reason}
        if message:
            waiting["message"] = message
        self.tell("Pending", {"waiting": waiting})

    def live(self):
        try:
            time.sleep(self.centre.behave.get("node", {}).get("start", 0.1))
            while not self.leaving and self.is_kept():
                time.sleep(TICK)
            if not self.leaving:
                self.tell("Running", {"running": {}})
                self.work()
            while not self.leaving:
                time.sleep(TICK)
            with self.centre.lock:
                if self.centre.objects.get(self.key) is self.pod:
                    self.centre.drop(self.key)
                    self.centre.story.tell(self.centre.name, "pod gone", pod=self.name)
        except Exception:
            self.centre.story.tell(self.centre.name, "broken", how=traceback.format_exc())
        finally:
            self.log["over"] = True

    def is_kept(self):
        """Whether something keeps it from starting, which is said of it then."""
        node = self.centre.behave.get("node", {})
        if node.get("unschedulable"):
            self.tell(
                "Pending",
                conditions=[
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/6 nodes are available: 6 Insufficient memory.",
                    }
                ],
            )
            return True
        if node.get("mount"):
            self.waits("ContainerCreating")
            self.centre.event(
                self.name,
                "FailedMount",
                'MountVolume.SetUp failed for volume "ca" : configmap "ca" not found',
            )
            return True
        image = own(self.pod)["image"]
        if node.get("short_names") and "." not in image.split("/")[0]:
            self.waits(
                "ImageInspectError",
                'Failed to inspect image "%s": rpc error: code = Unknown desc = short name mode is enforcing, but image name %s returns ambiguous list'
                % (image, image),
            )
            return True
        pull = node.get("pull")
        if pull and self.pulls < pull.get("times", 1 << 30):
            self.pulls += 1
            if self.pulls % 5 == 1:
                self.waits("ErrImagePull", pull["message"])
            else:
                self.waits("ImagePullBackOff", 'Back-off pulling image "%s"' % image)
            return True
        why = self.config_error()
        if why:
            self.waits("CreateContainerConfigError", why)
        return why is not None

    def config_error(self):
        whole, container = self.pod["spec"].get("securityContext", {}), own(self.pod)
        mine = container.get("securityContext", {})
        user = mine.get("runAsUser", whole.get("runAsUser"))
        if mine.get("runAsNonRoot", whole.get("runAsNonRoot")) and not user:
            # The image of PostgreSQL names no user: it is root.
            return (
                'container has runAsNonRoot and image will run as root (pod: "%s_keycloak(%s)", container: %s)'
                % (self.name, self.pod["metadata"]["uid"], container["name"])
            )
        for variable in container.get("env", []):
            wanted = variable.get("valueFrom", {}).get("secretKeyRef")
            if wanted is None:
                continue
            secret = self.centre.objects.get("secrets/" + wanted["name"])
            if secret is None:
                return 'secret "%s" not found' % wanted["name"]
            if wanted["key"] not in secret.get("data", {}):
                return "couldn't find key %s in Secret keycloak/%s" % (
                    wanted["key"],
                    wanted["name"],
                )
        return None

    def work(self):
        given = (self.centre.behave.get("psql") or {}).get(self.kind)
        script = given[min(self.number, len(given)) - 1] if given else None
        if script is None and self.centre.story.database:
            code = self.run()
        else:
            code = self.act(
                script or {"log": {"verify": "1", "psql": "\n{pod}\n\n{pod}"}.get(self.kind, "")}
            )
        if code is None:
            return
        if self.kind == "drop" and code == 0:
            text = "\n".join(own(self.pod)["command"])
            mark = text.split("mark constant text := ")[1].split(";")[0]
            if script is not None or not self.centre.story.database:
                self.dropped(mark)
        self.log["over"] = True
        ended = {"terminated": {"exitCode": code, "reason": "Completed" if code == 0 else "Error"}}
        sidecar = len(self.pod["spec"]["containers"]) > 1
        self.tell("Running" if sidecar else "Succeeded" if code == 0 else "Failed", ended)

    def dropped(self, mark):
        if self.centre.story.mark(mark):
            self.centre.story.tell(self.centre.name, "dropped", mark=mark)

    def act(self, script):
        """Does as it is told; says it a line at a time."""
        until = time.monotonic() + script.get("seconds", 0.1)
        text = script.get("log", "").replace("{pod}", self.name)
        self.log["text"] += text.encode()
        if text and not text.endswith("\n"):
            self.log["text"] += b"\n"
        while time.monotonic() < until:
            if self.leaving:
                return None
            time.sleep(0.02)
        if script.get("deadline"):
            self.log["over"] = True
            self.tell(
                "Failed",
                None,
                reason="DeadlineExceeded",
                message="Pod was active on the node longer than the specified deadline",
            )
            return None
        return script.get("code", 0)

    def run(self):
        """Runs the command on this machine, with the database for its network."""
        database, container = self.centre.story.database, own(self.pod)
        folder = tempfile.mkdtemp(prefix="pod-")
        # The two ways to write a dollar sign in a command; a file system of its own.
        command = [
            word.replace("$$", "$").replace("/tmp/", folder + "/") for word in container["command"]
        ]
        environment = {"PATH": "/usr/bin:/bin"}
        for variable in container.get("env", []):
            wanted = variable.get("valueFrom", {}).get("secretKeyRef")
            if wanted is None:
                environment[variable["name"]] = variable["value"]
            else:
                data = self.centre.objects["secrets/" + wanted["name"]]["data"][wanted["key"]]
                environment[variable["name"]] = base64.b64decode(data).decode()
        first = command.index("psql")
        host, port = first + 2, first + 4
        if command[host - 1] != "-h" or not command[host].endswith(".rds.amazonaws.com"):
            raise AssertionError(command)
        environment["PGHOSTADDR"] = database["address"]
        environment["PATH"] = os.path.dirname(database["program"]) + ":" + environment["PATH"]
        command[port] = str(database["port"])
        try:
            child = subprocess.Popen(
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            reader = threading.Thread(target=self.read, args=(child.stdout,), daemon=True)
            reader.start()
            while child.poll() is None and not self.leaving:
                time.sleep(0.02)
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            reader.join(5)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return None if self.leaving else child.returncode

    def read(self, stream):
        for line in iter(stream.readline, b""):
            self.log["text"] += line
