"""Answers that go on: what changes, and a log that is followed."""

import json
import time

from admission import Refused
from kubelet import own


class Lost(Exception):
    """The connection goes, whatever was done."""


class Streams:
    """What a handler of requests can do beside answering at once."""

    def chunks(self, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def selected(self, resource):
        return [
            item
            for item in (self.centre.events if resource == "events" else self.centre.all(resource))
            if self.fits(item)
        ]

    def fits(self, item):
        """Whether the selectors of the request are met."""
        for part in filter(None, self.query.get("fieldSelector", "").split(",")):
            key, value = part.split("=", 1)
            at = item
            for word in key.split("."):
                at = at.get(word, {}) if isinstance(at, dict) else {}
            if at != value:
                return False
        labels = item["metadata"].get("labels", {})
        wanted = filter(None, self.query.get("labelSelector", "").split(","))
        return all(labels.get(label.split("=")[0]) == label.split("=")[-1] for label in wanted)

    def watch(self, group, resource):
        """Tells of changes since a version until the client has heard enough."""
        self.chunks("application/json")
        until = time.monotonic() + min(float(self.query.get("timeoutSeconds", 60)), 60)
        after, known = int(self.query.get("resourceVersion") or 0), set()
        while time.monotonic() < until and not self.centre.closed:
            with self.centre.lock:
                items = json.loads(json.dumps(self.selected(resource)))
                told = [
                    (
                        int(item["metadata"]["resourceVersion"]),
                        "MODIFIED" if item["metadata"]["uid"] in known else "ADDED",
                        item,
                    )
                    for item in items
                ]
                gone = [
                    (at, "DELETED", item)
                    for at, key, item in self.centre.gone
                    if key.startswith(resource + "/") and self.fits(item)
                ]
            told = sorted((one for one in told + gone if one[0] > after), key=lambda one: one[0])
            for at, kind, item in told:
                after = at
                known.add(item["metadata"]["uid"])
                self.chunk(
                    json.dumps({"type": kind, "object": self.typed(group, resource, item)}).encode()
                    + b"\n"
                )
            time.sleep(0.05)
        self.wfile.write(b"0\r\n\r\n")

    def log(self, name):
        pod = self.find("", "pods", name)
        wanted = self.query.get("container", pod["spec"]["containers"][0]["name"])
        if wanted not in [container["name"] for container in pod["spec"]["containers"]]:
            raise Refused(
                400, "BadRequest", "container %s is not valid for pod %s" % (wanted, name)
            )
        states = [
            c["state"] for c in pod["status"].get("containerStatuses", []) if c["name"] == wanted
        ]
        if not states or "waiting" in states[0]:
            reason = states[0]["waiting"]["reason"] if states else "ContainerCreating"
            raise Refused(
                400,
                "BadRequest",
                'container "%s" in pod "%s" is waiting to start: %s' % (wanted, name, reason),
            )
        log = (
            self.centre.logs[name]
            if wanted == own(pod)["name"]
            else {"text": b"proxy\n", "over": True}
        )
        if "follow" not in self.query:
            lines = log["text"].splitlines(keepends=True)
            return b"".join(lines[-int(self.query.get("tailLines", len(lines) or 1)) :])
        self.chunks("text/plain")
        sent, breaks = 0, self.centre.behave.get("log_breaks", {"times": 0})
        while True:
            over, text = log["over"], log["text"]
            if len(text) > sent:
                if breaks["times"] > 0 and len(text) - sent > 1:
                    # In the middle of a line.
                    breaks["times"] -= 1
                    self.chunk(text[sent : sent + (len(text) - sent) // 2])
                    raise Lost()
                self.chunk(text[sent:])
                sent = len(text)
            elif over:
                break
            time.sleep(0.02)
        self.wfile.write(b"0\r\n\r\n")
