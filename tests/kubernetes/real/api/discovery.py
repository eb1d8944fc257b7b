"""Which kinds of objects a server says it has."""

from proto import message

GROUPS = {
    "": {
        "v1": [
            ("namespaces", "Namespace", False),
            ("pods", "Pod", True),
            ("pods/log", "Pod", True),
            ("pods/attach", "PodAttachOptions", True),
            ("secrets", "Secret", True),
            ("events", "Event", True),
            ("resourcequotas", "ResourceQuota", True),
            ("limitranges", "LimitRange", True),
        ]
    },
    "apps": {
        "v1": [
            ("statefulsets", "StatefulSet", True),
            ("deployments", "Deployment", True),
            ("replicasets", "ReplicaSet", True),
        ]
    },
    "autoscaling": {
        "v2": [("horizontalpodautoscalers", "HorizontalPodAutoscaler", True)],
        "v1": [("horizontalpodautoscalers", "HorizontalPodAutoscaler", True)],
    },
    "authorization.k8s.io": {
        "v1": [("selfsubjectaccessreviews", "SelfSubjectAccessReview", False)]
    },
}
SHORT = {
    "statefulsets": ["sts"],
    "deployments": ["deploy"],
    "pods": ["po"],
    "namespaces": ["ns"],
    "events": ["ev"],
    "horizontalpodautoscalers": ["hpa"],
}
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


def groups(centre):
    found = dict(GROUPS)
    operator = centre.behave.get("operator")
    if operator:
        kinds = [("keycloaks", "Keycloak", True)]
        # Newer operators serve both, and prefer the newer one.
        versions = ["v2beta1", "v2alpha1"] if operator == "v2beta1" else ["v2alpha1"]
        found["k8s.keycloak.org"] = {version: kinds for version in versions}
    if centre.openshift:
        found["security.openshift.io"] = {
            "v1": [("securitycontextconstraints", "SecurityContextConstraints", False)]
        }
    if "metrics.k8s.io" in centre.behave.get("down", []):
        # Others serve it, and are often away.
        found["metrics.k8s.io"] = {"v1beta1": [("pods", "PodMetrics", True)]}
    return found


def of(kind, **more):
    return dict(more, kind=kind, apiVersion="v1")


def resources(group, version, kinds):
    name = group + "/" + version if group else version
    listed = [
        {
            "name": resource,
            "singularName": kind.lower(),
            "kind": kind,
            "namespaced": scoped,
            "verbs": ["get"] if "/" in resource else VERBS,
            "shortNames": SHORT.get(resource, []),
        }
        for resource, kind, scoped in kinds
    ]
    return of("APIResourceList", groupVersion=name, resources=listed)


def answer(centre, parts):
    """The answer to a question about what there is; None if it is none."""
    if parts == ["version"]:
        minor = centre.behave.get("minor", "31")
        return {
            "major": "1",
            "minor": minor,
            "gitVersion": "v1.%s.4" % minor,
            "platform": "linux/amd64",
        }
    if parts == ["api"]:
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    known = groups(centre)
    if parts == ["apis"]:
        listed = []
        for group, versions in known.items():
            if group:
                named = [{"groupVersion": group + "/" + v, "version": v} for v in versions]
                listed.append({"name": group, "versions": named, "preferredVersion": named[0]})
        return of("APIGroupList", groups=listed)
    if len(parts) == 2 and parts[0] == "api":
        return resources("", "v1", known[""]["v1"])
    if len(parts) == 3 and parts[0] == "apis" and parts[2] in known.get(parts[1], {}):
        return resources(parts[1], parts[2], known[parts[1]][parts[2]])
    return None


def open_api(centre):
    """As much of the OpenAPI document as `kubectl` before 1.27 looks for before
    it sends a dry run: that PATCH of each kind takes the parameter `dryRun`.
    (gnostic, OpenAPIv2.proto.)"""
    paths = b""
    for group, versions in groups(centre).items():
        for version, kinds in versions.items():
            for resource, kind, _ in kinds:
                of_kind = "group: %s\nkind: %s\nversion: %s\n" % (group or '""', kind, version)
                parameter = message(
                    1, message(2, message(3, message(2, "query") + message(4, "dryRun")))
                )
                extension = message(1, "x-kubernetes-group-version-kind") + message(
                    2, message(2, of_kind)
                )
                patch = message(8, parameter) + message(13, extension)
                paths += message(
                    2,
                    message(1, "/%s/%s/%s" % (group, version, resource))
                    + message(2, message(8, patch)),
                )
    return message(1, "2.0") + message(8, paths)
