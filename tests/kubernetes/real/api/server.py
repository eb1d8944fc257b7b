"""The API of a data centre over HTTP, with the faults it is told to have.

A fault is `{"method", "part", "do", "times", "skip", "dry"}`: of the requests
with this method whose path holds the part, the first `skip` pass, and the next
`times` are struck. What is done: `lose` (it is carried out, and the connection
closed), `close` (the connection alone), `hang` (nothing, for `seconds`), or the
code of an answer.
"""

import http.server
import json
import threading
import time
import traceback
import urllib.parse

import admission
import discovery
import proto
from admission import Refused, forbidden
from centre import NAMESPACE, UID_RANGE, merge
from kubelet import Kubelet
from streams import Lost, Streams

USER = "developer"
TEXTS = {
    401: ("Unauthorized", "Unauthorized"),
    429: (
        "TooManyRequests",
        "the server has received too many requests and has asked us to try again later",
    ),
    500: (None, "etcdserver: request timed out"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: (
        "Timeout",
        "Timeout: request did not complete within requested timeout - context deadline exceeded",
    ),
}


def verb_of(method, name, query):
    if method == "GET":
        return "get" if name else "watch" if "watch" in query else "list"
    return {"POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}[method]


class Handler(Streams, http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    centre = None

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(6, 1, 1)

    def do_any(self):
        centre = self.centre
        path, _, query = self.path.partition("?")
        self.parts = [urllib.parse.unquote(part) for part in path.split("/") if part]
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.dry = self.query.get("dryRun") == "All"
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = centre.story.tell(
            centre.name, "asked", method=self.command, path=path, dry=self.dry, query=self.query
        )
        fault = self.struck(path)
        try:
            if fault in ("close", "hang"):
                time.sleep(30 if fault == "hang" else 0)
                raise Lost()
            if isinstance(fault, int):
                reason, message = TEXTS[fault]
                raise Refused(fault, reason, message)
            answer = self.answer(self.read(body))
            told["code"] = 200
            if fault == "lose":
                raise Lost()
            if answer is not None:
                self.send(200 if self.command != "POST" else 201, answer)
        except Refused as refused:
            told["code"] = refused.code
            self.send(refused.code, refused.status)
        except (Lost, BrokenPipeError, ConnectionResetError):
            told["lost"] = True
            self.close_connection = True
        except Exception:
            # Of the stand-in's own making: no test may pass over it.
            centre.story.tell(centre.name, "broken", how=traceback.format_exc())
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_any

    def read(self, body):
        if body.startswith(proto.MAGIC) and self.parts[-1] == "selfsubjectaccessreviews":
            return proto.review(body)
        if body and "json" not in self.headers.get("Content-Type", ""):
            raise Refused(
                415, "UnsupportedMediaType", "the body of the request was in an unknown format"
            )
        return json.loads(body) if body else None

    def struck(self, path):
        with self.centre.lock:
            for fault in self.centre.behave.get("faults", []):
                fits = (
                    fault.get("method", self.command) == self.command
                    and fault.get("part", "") in path
                )
                if not fits or self.dry != fault.get("dry", False) or fault.get("times", 1) <= 0:
                    continue
                if fault.get("skip", 0) > 0:
                    fault["skip"] -= 1
                    continue
                fault["times"] = fault.get("times", 1) - 1
                return fault["do"]
        return None

    def send(self, code, answer):
        text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(code)
        self.send_header(
            "Content-Type", "text/plain" if isinstance(answer, bytes) else "application/json"
        )
        self.send_header("Content-Length", str(len(text)))
        if code == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(text)

    def answer(self, body):
        found = discovery.answer(self.centre, self.parts)
        if found is not None:
            group = self.parts[1] if self.parts[0] == "apis" and len(self.parts) == 3 else None
            if group in self.centre.behave.get("down", []):
                raise Refused(503, "ServiceUnavailable", TEXTS[503][1])
            return found
        if self.parts == ["openapi", "v2"]:
            return discovery.open_api(self.centre)
        group = self.parts[1] if self.parts[:1] == ["apis"] else ""
        rest = self.parts[3:] if group else self.parts[2:]
        known = {
            resource
            for kinds in discovery.groups(self.centre).get(group, {}).values()
            for resource, *_ in kinds
        }
        if rest[:1] == ["selfsubjectaccessreviews"]:
            return self.review(body)
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        else:
            namespace = NAMESPACE
        if not rest or rest[0] not in known:
            raise Refused(404, "NotFound", "the server could not find the requested resource")
        resource, name, part = (
            rest[0],
            rest[1] if len(rest) > 1 else "",
            rest[2] if len(rest) > 2 else "",
        )
        if group in self.centre.behave.get("down", []):
            raise Refused(503, "ServiceUnavailable", TEXTS[503][1])
        self.authorize(group, resource, name, part)
        if namespace != NAMESPACE:
            full = resource + ("." + group if group else "")
            raise Refused(404, "NotFound", '%s "%s" not found' % (full, name), name=name, kind=full)
        if part == "log":
            return self.log(name)
        return getattr(self, "on_" + self.command.lower())(group, resource, name, body)

    def denied(self, verb, resource, part):
        full = resource + ("/" + part if part else "")
        return [verb, full] in self.centre.behave.get("denied", [])

    def authorize(self, group, resource, name, part):
        verb = verb_of(self.command, name, self.query)
        if not self.denied(verb, resource, part):
            return
        full, named = resource + ("." + group if group else ""), ' "%s"' % name if name else ""
        what = resource + ("/" + part if part else "")
        message = (
            '%s%s is forbidden: User "%s" cannot %s resource "%s" in API group "%s" in the namespace "keycloak"'
            % (full, named, USER, verb, what, group)
        )
        raise Refused(403, "Forbidden", message, name=name, kind=full)

    def review(self, body):
        asked = body["spec"]["resourceAttributes"]
        allowed = not self.denied(asked["verb"], asked["resource"], asked.get("subresource", ""))
        return dict(body, status={"allowed": allowed})

    def typed(self, group, resource, value):
        kinds = discovery.groups(self.centre)[group]
        version = self.parts[2] if group else "v1"
        kind = next(
            kind
            for one, kind, _ in kinds.get(version, next(iter(kinds.values())))
            if one == resource
        )
        return dict(value, kind=kind, apiVersion=group + "/" + version if group else version)

    def find(self, group, resource, name):
        value = self.centre.objects.get(resource + "/" + name)
        if value is None:
            full = resource + ("." + group if group else "")
            raise Refused(404, "NotFound", '%s "%s" not found' % (full, name), name=name, kind=full)
        return value

    def on_get(self, group, resource, name, _):
        with self.centre.lock:
            if name:
                return self.typed(
                    group, resource, json.loads(json.dumps(self.find(group, resource, name)))
                )
            items = json.loads(json.dumps(self.selected(resource)))
            version = str(next(self.centre.versions))
        if self.query.get("watch") in ("1", "true"):
            return self.watch(group, resource)
        whole = self.typed(
            group,
            resource,
            {
                "metadata": {"resourceVersion": version},
                "items": [self.typed(group, resource, item) for item in items],
            },
        )
        whole["kind"] += "List"
        return whole

    def on_post(self, group, resource, _, body):
        if resource != "pods":
            raise Refused(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
            )
        name = body["metadata"]["name"]
        with self.centre.lock:
            admission.admit(self.centre, body, self.dry)
            if "pods/" + name in self.centre.objects:
                raise Refused(
                    409, "AlreadyExists", 'pods "%s" already exists' % name, name=name, kind="pods"
                )
            if self.dry:
                return self.typed(group, resource, body)
            body["status"] = {"phase": "Pending"}
            self.centre.put("pods/" + name, body)
            self.centre.story.tell(self.centre.name, "pod made", pod=name, spec=body["spec"])
            Kubelet(self.centre, body)
            return self.typed(group, resource, json.loads(json.dumps(body)))

    def on_patch(self, group, resource, name, body):
        if self.headers.get("Content-Type") != "application/merge-patch+json":
            raise Refused(
                415, "UnsupportedMediaType", "the body of the request was in an unknown format"
            )
        with self.centre.lock:
            before = self.find(group, resource, name)
            after = merge(json.loads(json.dumps(before)), body)
            key = "instances" if resource == "keycloaks" else "replicas"
            number = after["spec"].get(key, 1)
            if not isinstance(number, int) or number < 0:
                raise Refused(
                    422,
                    "Invalid",
                    "spec.%s: Invalid value: must be greater than or equal to 0" % key,
                )
            if resource != "keycloaks":
                after["spec"].setdefault("replicas", 1)
            admission.webhooks(self.centre, resource, group, name, self.dry)
            if not self.dry:
                self.centre.put(resource + "/" + name, after)
                self.centre.story.tell(
                    self.centre.name, "patched", object=resource + "/" + name, patch=body
                )
            return self.typed(group, resource, json.loads(json.dumps(after)))

    def on_delete(self, group, resource, name, body):
        with self.centre.lock:
            value = self.find(group, resource, name)
            if not self.dry:
                value["metadata"]["deletionTimestamp"] = time.strftime(
                    "%Y-%m-%dT%H:%M:%SZ", time.gmtime()
                )
                value["metadata"]["deletionGracePeriodSeconds"] = (body or {}).get(
                    "gracePeriodSeconds", 30
                )
                self.centre.touch(resource + "/" + name)
                self.centre.story.tell(self.centre.name, "deleted", object=resource + "/" + name)
                if (
                    resource == "pods"
                    and name not in self.centre.logs
                    and "ownerReferences" not in value["metadata"]
                ):
                    # It has no node.
                    self.centre.drop("pods/" + name)
            return self.typed(group, resource, json.loads(json.dumps(value)))


def serve(centre):
    """Begins to serve a data centre; its port."""
    centre.uid_range = UID_RANGE
    handler = type("Of" + centre.name, (Handler,), {"centre": centre})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server.server_address[1]
