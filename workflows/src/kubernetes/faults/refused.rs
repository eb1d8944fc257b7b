//! Why a server refuses. It says `Forbidden` where a permission is lacking, and
//! in the same way where a quota, a limit or a policy is in the way.

use super::Place;

/// The user lacks the permission.
pub(super) const PERMISSION: &str = "Forbidden";

/// The namespace is full.
pub(super) const QUOTA: &str = "QuotaExceeded";

const QUOTA_WANTS: &str = "QuotaNotSatisfied";
const LIMITS: &str = "LimitRange";
const POD_SECURITY: &str = "PodSecurity";
const SCC: &str = "SecurityContextConstraints";
const WEBHOOK: &str = "WebhookDenied";
const POLICY: &str = "AdmissionPolicy";

/// Whether a code means that the server would take such an object from nobody.
pub(crate) fn is_admission(code: &str) -> bool {
    [QUOTA_WANTS, LIMITS, POD_SECURITY, SCC, WEBHOOK, POLICY].contains(&code)
}

/// What in a refusal tells its kind. (Kubernetes, "Resource Quotas", "Limit
/// Ranges", "Pod Security Admission", "Dynamic Admission Control", "Validating
/// Admission Policy"; OpenShift, "Managing security context constraints".)
const TEXTS: &[(&str, &str)] = &[
    ("denied the request", WEBHOOK),
    ("ValidatingAdmissionPolicy", POLICY),
    ("exceeded quota", QUOTA),
    ("failed quota", QUOTA_WANTS),
    ("usage per Container", LIMITS),
    ("usage per Pod", LIMITS),
    ("limit to request ratio", LIMITS),
    ("violates PodSecurity", POD_SECURITY),
    ("security context constraint", SCC),
];

/// The kind of a refusal, by the server's reason and its words. A webhook gives a
/// reason of its own, or none, and of a policy's `kubectl` tells none: `The pods "x"
/// is invalid: : ValidatingAdmissionPolicy 'y' with binding 'z' denied request: …`.
pub(super) fn refusal(reason: Option<&str>, said: &str) -> Option<&'static str> {
    let is_webhook = said.contains("admission webhook \"") && said.contains("denied the request");
    let is_policy = said.contains("ValidatingAdmissionPolicy '") && said.contains("denied request");
    if !is_webhook && !is_policy && !matches!(reason, Some("Forbidden" | "Invalid")) {
        return None;
    }
    let found = TEXTS.iter().find(|(text, _)| said.contains(text));
    match found {
        Some(&(_, code)) => Some(code),
        None => (reason == Some("Forbidden")).then_some(PERMISSION),
    }
}

/// What to do about a refusal.
pub(super) fn hint(code: &str, context: &str, place: &Place) -> Option<String> {
    Some(match code {
        PERMISSION => format!("the user of {context} lacks the permission in {place}"),
        QUOTA => format!("make room in {place} or raise its quota, then go on"),
        QUOTA_WANTS => format!(
            "the quota of {place} wants something of every pod that stepwell's has not; see `kubectl describe quota`"
        ),
        LIMITS => format!(
            "--cpu and --memory say what the pod asks for; `kubectl describe limitrange` shows what {place} allows"
        ),
        POD_SECURITY => format!(
            "see the labels pod-security.kubernetes.io/… of {place}; the pod fits the level restricted"
        ),
        SCC => format!(
            "the user of {context} may use no security context constraint that fits; restricted-v2 does, and `oc adm policy add-scc-to-user` gives it"
        ),
        WEBHOOK | POLICY => {
            format!("a policy of the cluster of {context} refuses it; its text names what it wants")
        }
        "InternalError" => {
            format!("the server of {context} may be waiting for a webhook that does not answer")
        }
        _ => return None,
    })
}
