"""What stands between a request and what is kept: policies, limits and quotas.

Their texts are those of Kubernetes and OpenShift, so that what is understood of
them here is understood there.
"""

import re

LABEL = re.compile(r"^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$")
KEY = re.compile(r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$")
NAME = re.compile(r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")
QUANTITY = re.compile(r"^([0-9.]+)(m|k|M|G|Ki|Mi|Gi)?$")
UNITS = {None: 1, "m": 0.001, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
SPEC = {
    "restartPolicy",
    "activeDeadlineSeconds",
    "automountServiceAccountToken",
    "securityContext",
    "containers",
    "dnsPolicy",
    "terminationGracePeriodSeconds",
    "schedulerName",
    "enableServiceLinks",
}
CONTAINER = {
    "name",
    "image",
    "command",
    "args",
    "env",
    "securityContext",
    "resources",
    "stdin",
    "stdinOnce",
    "tty",
    "imagePullPolicy",
    "terminationMessagePath",
    "terminationMessagePolicy",
}


class Refused(Exception):
    """An answer that is no success, as an object of the kind Status."""

    def __init__(self, code, reason, message, **details):
        super().__init__(message)
        self.code = code
        self.status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "code": code,
        }
        if reason:
            self.status["reason"] = reason
        if details:
            self.status["details"] = details


def amount(text):
    found = QUANTITY.match(str(text))
    if not found:
        raise Refused(
            400,
            "BadRequest",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        )
    return float(found.group(1)) * UNITS[found.group(2)]


def forbidden(resource, group, name, why):
    full = resource + ("." + group if group else "")
    return Refused(
        403, "Forbidden", '%s "%s" is forbidden: %s' % (full, name, why), name=name, kind=full
    )


def invalid(name, *causes):
    message = 'Pod "%s" is invalid: %s' % (name, ", ".join(causes))
    told = [{"reason": "FieldValueInvalid", "message": cause, "field": "spec"} for cause in causes]
    return Refused(422, "Invalid", message, name=name, kind="Pod", causes=told)


def validate(pod):
    """What every server looks at: names, labels, fields that it knows."""
    name, meta, spec = pod["metadata"].get("name", ""), pod["metadata"], pod["spec"]
    wrong = []
    if not NAME.match(name) or len(name) > 253:
        wrong.append("metadata.name: Invalid value")
    for key, value in meta.get("labels", {}).items():
        if not KEY.match(key) or not LABEL.match(value) or len(value) > 63:
            wrong.append('metadata.labels: Invalid value: "%s"' % value)
    for key, value in meta.get("annotations", {}).items():
        if not KEY.match(key.lower()) or not isinstance(value, str):
            wrong.append('metadata.annotations: Invalid value: "%s"' % key)
    unknown = sorted(set(spec) - SPEC) + sorted(
        key for c in spec["containers"] for key in set(c) - CONTAINER
    )
    if unknown:
        raise Refused(
            400, "BadRequest", 'strict decoding error: unknown field "spec.%s"' % unknown[0]
        )
    for container in spec["containers"]:
        if not all(isinstance(word, str) for word in container.get("command", [])):
            raise Refused(
                400,
                "BadRequest",
                "json: cannot unmarshal into Go struct field Container.command of type string",
            )
        for variable in container.get("env", []):
            if not isinstance(variable.get("value", ""), str) or ("value" in variable) == (
                "valueFrom" in variable
            ):
                wrong.append("spec.containers[0].env: Invalid value")
        resources = container.get("resources", {})
        for what, least in resources.get("requests", {}).items():
            most = resources.get("limits", {}).get(what, least)
            if amount(least) > amount(most):
                wrong.append(
                    'spec.containers[0].resources.requests: Invalid value: "%s": must be less than or equal to %s limit'
                    % (least, what)
                )
    if wrong:
        raise invalid(name, *wrong)


def inject(centre, pod):
    """A mesh puts its proxy in front of what there is."""
    how = centre.behave.get("sidecar")
    off = pod["metadata"].get("labels", {}).get("sidecar.istio.io/inject") == "false"
    if how == "forced" or (how and not off):
        proxy = {
            "name": "istio-proxy",
            "image": "docker.io/istio/proxyv2:1.24",
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1337,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
            "resources": {
                "requests": {"cpu": "100m", "memory": "128Mi"},
                "limits": {"cpu": "2", "memory": "1Gi"},
            },
        }
        pod["spec"]["containers"].insert(0, proxy)


def webhooks(centre, resource, group, name, dry):
    """Whoever was asked to judge: by `behave.webhook` or `behave.policy`."""
    hook = centre.behave.get("webhook") or {}
    if hook and resource in hook.get("on", ["pods"]) and not (hook.get("real_only") and dry):
        called, do = "validate.kyverno.svc-fail", hook["do"]
        if do == "no dry run":
            if dry:
                raise Refused(
                    400, "BadRequest", 'admission webhook "%s" does not support dry run' % called
                )
        elif do == "timeout":
            raise Refused(
                500,
                "InternalError",
                'Internal error occurred: failed calling webhook "%s": failed to call webhook: Post "https://kyverno-svc.kyverno.svc:443/validate/fail?timeout=10s": context deadline exceeded'
                % called,
                causes=[{"message": "failed calling webhook"}],
            )
        elif do == "deny":
            raise Refused(
                400,
                None,
                'admission webhook "%s" denied the request: \n\nresource Pod/keycloak/%s was blocked due to the following policies \n\nrequire-team:\n  check: label team is required'
                % (called, name),
            )
        elif do == "deny with reason":
            raise Refused(
                403,
                "Forbidden",
                'admission webhook "validation.gatekeeper.sh" denied the request: [require-team] label team is required',
            )
        elif do == "deny without a word":
            raise Refused(
                400, None, 'admission webhook "%s" denied the request without explanation' % called
            )
    policy = centre.behave.get("policy") or {}
    if resource in policy.get("on", ["pods"]) and policy:
        why = "ValidatingAdmissionPolicy 'team' with binding 'team-here' denied request: label team is required"
        refused = forbidden(resource, group, name, why)
        refused.status.update(reason="Invalid", code=422)
        refused.code = 422
        if policy.get("causes", True):
            refused.status["details"]["causes"] = [{"message": why}]
        raise refused


def pod_security(centre, pod):
    """The Pod Security Standard `restricted`, as far as a pod like ours can break it."""
    if centre.behave.get("pod_security") != "restricted":
        return
    spec, wrong = pod["spec"], []
    whole = spec.get("securityContext", {})
    seccomp = ("RuntimeDefault", "Localhost")
    for container in spec["containers"]:
        own, name = container.get("securityContext", {}), container["name"]
        if own.get("allowPrivilegeEscalation") is not False:
            wrong.append(
                'allowPrivilegeEscalation != false (container "%s" must set securityContext.allowPrivilegeEscalation=false)'
                % name
            )
        if "ALL" not in own.get("capabilities", {}).get("drop", []):
            wrong.append(
                'unrestricted capabilities (container "%s" must set securityContext.capabilities.drop=["ALL"])'
                % name
            )
        if not own.get("runAsNonRoot", whole.get("runAsNonRoot")):
            wrong.append(
                'runAsNonRoot != true (pod or container "%s" must set securityContext.runAsNonRoot=true)'
                % name
            )
        if own.get("runAsUser", whole.get("runAsUser", 1)) == 0:
            wrong.append('runAsUser=0 (container "%s" must not set runAsUser=0)' % name)
        if own.get("seccompProfile", whole.get("seccompProfile", {})).get("type") not in seccomp:
            wrong.append(
                'seccompProfile (pod or container "%s" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
                % name
            )
    if wrong:
        raise forbidden(
            "pods",
            "",
            pod["metadata"]["name"],
            'violates PodSecurity "restricted:latest": ' + ", ".join(wrong),
        )


def constraints(centre, pod):
    """OpenShift's security context constraints: gives the pod a user, or refuses it."""
    if not centre.openshift:
        return
    usable = centre.behave.get("scc", ["restricted-v2"])
    wanted = pod["metadata"].get("annotations", {}).get("openshift.io/required-scc")
    tried = [wanted] if wanted else usable
    whole = pod["spec"].setdefault("securityContext", {})
    first, count = map(int, centre.uid_range.split("/"))
    wrong = []
    for name in tried:
        if name not in usable:
            wrong.append('provider "%s": Forbidden: not usable by user or serviceaccount' % name)
            continue
        users = [whole.get("runAsUser")] + [
            c.get("securityContext", {}).get("runAsUser") for c in pod["spec"]["containers"]
        ]
        outside = [user for user in users if user is not None and not first <= user < first + count]
        if name.startswith("restricted") and outside:
            wrong.append(
                "provider %s: .containers[0].runAsUser: Invalid value: %d: must be in the ranges: [%d, %d]"
                % (name, outside[0], first, first + count - 1)
            )
            continue
        if name.startswith("restricted"):
            whole.setdefault("runAsUser", first)
        pod["metadata"].setdefault("annotations", {})["openshift.io/scc"] = name
        return
    raise forbidden(
        "pods",
        "",
        pod["metadata"]["name"],
        "unable to validate against any security context constraint: [%s]" % ", ".join(wrong),
    )


def limit_range(centre, pod):
    limits = centre.behave.get("limit_range")
    if not limits:
        return
    wrong = []
    for container in pod["spec"]["containers"]:
        resources = container.setdefault("resources", {})
        for what, default in limits.get("default", {}).items():
            resources.setdefault("limits", {}).setdefault(what, default)
            resources.setdefault("requests", {}).setdefault(what, default)
        for what, least in limits.get("min", {}).items():
            has = resources.get("requests", {}).get(what)
            if has is None:
                wrong.append(
                    "minimum %s usage per Container is %s.  No request is specified" % (what, least)
                )
            elif amount(has) < amount(least):
                wrong.append(
                    "minimum %s usage per Container is %s, but request is %s" % (what, least, has)
                )
        for what, most in limits.get("max", {}).items():
            has = resources.get("limits", {}).get(what)
            if has is None:
                wrong.append(
                    "maximum %s usage per Container is %s.  No limit is specified" % (what, most)
                )
            elif amount(has) > amount(most):
                wrong.append(
                    "maximum %s usage per Container is %s, but limit is %s" % (what, most, has)
                )
    if wrong:
        text = wrong[0] if len(wrong) == 1 else "[%s]" % ", ".join(wrong)
        raise forbidden("pods", "", pod["metadata"]["name"], text)


def quota(centre, pod):
    """A ResourceQuota: `{"hard": {"limits.cpu": "1", …, "pods": "4"}}`."""
    hard = (centre.behave.get("quota") or {}).get("hard", {})
    name = pod["metadata"]["name"]
    asked, lacks = {}, {}
    for container in pod["spec"]["containers"]:
        for what in hard:
            kind, _, of = what.partition(".")
            if not of:
                continue
            value = container.get("resources", {}).get(kind, {}).get(of)
            if value is None:
                lacks.setdefault(container["name"], []).append(what)
            else:
                asked[what] = asked.get(what, 0) + amount(value)
    if lacks:
        words = [
            "%s for: %s" % (what, container)
            for container, whats in lacks.items()
            for what in sorted(whats)
        ]
        raise forbidden("pods", "", name, "failed quota: compute: must specify " + "; ".join(words))
    used = (centre.behave.get("quota") or {}).get("used", {})
    for what, most in hard.items():
        wants = asked.get(what, 1 if what == "pods" else 0)
        if amount(used.get(what, "0")) + wants > amount(most):
            raise forbidden(
                "pods",
                "",
                name,
                "exceeded quota: compute, requested: %s=%g, used: %s=%s, limited: %s=%s"
                % (what, wants, what, used.get(what, "0"), what, most),
            )


def admit(centre, pod, dry):
    """In the order of a server: what changes a pod first, quotas last."""
    name = pod["metadata"]["name"]
    inject(centre, pod)
    constraints(centre, pod)
    validate(pod)
    limit_range(centre, pod)
    pod_security(centre, pod)
    webhooks(centre, "pods", "", name, dry)
    quota(centre, pod)
