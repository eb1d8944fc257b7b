//! As kubectl 1.32 says it.

use std::os::unix::process::ExitStatusExt as _;

use super::*;

fn of(stderr: &str) -> Fault {
    let place = Place {
        kubectl: "kubectl".to_owned(),
        context: Some("dc1".to_owned()),
        namespace: Some("keycloak".to_owned()),
    };
    classify("get pod", &place, stderr, ExitStatus::from_raw(256), true)
}

/// As kubectl 1.32 says it.
#[test]
fn what_kubectl_says_is_classified() {
    for (stderr, class, code, uncertain) in [
        (
            "Error from server (NotFound): pods \"x\" not found",
            FaultClass::Permanent,
            "NotFound",
            false,
        ),
        (
            "Error from server (Forbidden): pods is forbidden: User \"u\" cannot list",
            FaultClass::Operator,
            "Forbidden",
            false,
        ),
        (
            "Error from server (Forbidden): error when creating \"STDIN\": pods \"x\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4",
            FaultClass::Operator,
            "QuotaExceeded",
            false,
        ),
        (
            "error: error from server (NotFound): pods \"x\" not found in namespace \"y\"",
            FaultClass::Permanent,
            "NotFound",
            false,
        ),
        (
            "error: You must be logged in to the server (Unauthorized)",
            FaultClass::Operator,
            "Unauthorized",
            false,
        ),
        (
            "Unable to connect to the server: getting credentials: exec: executable rosa failed",
            FaultClass::Operator,
            "CredentialsFailed",
            false,
        ),
        (
            "The connection to the server 127.0.0.1:9 was refused - did you specify the right host or port?",
            FaultClass::Unreachable,
            "ConnectionRefused",
            false,
        ),
        (
            "Unable to connect to the server: dial tcp: lookup nowhere.invalid: no such host",
            FaultClass::Unreachable,
            "NoSuchHost",
            false,
        ),
        (
            "Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
            FaultClass::Unreachable,
            "NoConnection",
            true,
        ),
        (
            "Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired",
            FaultClass::Permanent,
            "CertificateRefused",
            false,
        ),
        (
            "Error in configuration: context was not found for specified context: dc1",
            FaultClass::Permanent,
            "ContextNotFound",
            false,
        ),
        (
            "error: context \"dc1\" does not exist",
            FaultClass::Permanent,
            "ContextNotFound",
            false,
        ),
        (
            "Error from server (TooManyRequests): slow down",
            FaultClass::Transient,
            "TooManyRequests",
            true,
        ),
        (
            "Error from server: etcdserver: request timed out",
            FaultClass::Transient,
            "ServiceUnavailable",
            true,
        ),
    ] {
        let fault = of(stderr);
        assert_eq!(fault.class, class, "{stderr}");
        assert_eq!(fault.code.as_deref(), Some(code), "{stderr}");
        assert_eq!(fault.effect.may_have_happened(), uncertain, "{stderr}");
        assert!(
            fault.message.contains("namespace keycloak of context dc1"),
            "{fault}"
        );
    }
}

#[test]
fn the_log_and_warnings_are_left_out() {
    let fault = of(
        "E1125 22:10:19.200664   20892 memcache.go:265] \"Unhandled Error\" err=\"connection refused\"\n\
         Warning: would violate PodSecurity\n\
         Error from server (NotFound): namespaces \"x\" not found\n",
    );
    assert_eq!(
        fault.message,
        "kubectl get pod failed in namespace keycloak of context dc1: Error from server (NotFound): namespaces \"x\" not found"
    );
    assert_eq!(of("").message.split(": ").last(), Some("1"));
}

#[test]
fn a_refusal_is_told_by_its_kind() {
    for (said, code, class) in [
        (
            "exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4",
            "QuotaExceeded",
            FaultClass::Operator,
        ),
        (
            "failed quota: compute-resources: must specify limits.cpu for: psql",
            "QuotaNotSatisfied",
            FaultClass::Permanent,
        ),
        (
            "minimum cpu usage per Container is 200m, but request is 100m",
            "LimitRange",
            FaultClass::Permanent,
        ),
        (
            "violates PodSecurity \"restricted:latest\": runAsNonRoot != true",
            "PodSecurity",
            FaultClass::Permanent,
        ),
        (
            "unable to validate against any security context constraint: [provider \"anyuid\": Forbidden]",
            "SecurityContextConstraints",
            FaultClass::Permanent,
        ),
        (
            "ValidatingAdmissionPolicy 'images' with binding 'images' denied request: no",
            "AdmissionPolicy",
            FaultClass::Permanent,
        ),
        (
            "User \"u\" cannot create resource \"pods\" in API group \"\" in the namespace \"keycloak\"",
            "Forbidden",
            FaultClass::Operator,
        ),
    ] {
        let fault = of(&format!(
            "Error from server (Forbidden): error when creating \"STDIN\": pods \"x\" is forbidden: {said}"
        ));
        assert_eq!(fault.code.as_deref(), Some(code), "{said}");
        assert_eq!(fault.class, class, "{said}");
        assert!(
            !fault.effect.may_have_happened() && fault.hint.is_some(),
            "{said}"
        );
    }
    // A webhook gives a reason of its own, or none.
    for reason in ["(Forbidden)", "(BadRequest)", ""] {
        let fault = of(&format!(
            "Error from server {reason}: error when creating \"STDIN\": admission webhook \"a.b\" denied the request: no"
        ));
        assert_eq!(fault.code.as_deref(), Some("WebhookDenied"), "{reason}");
        assert_eq!(fault.class, FaultClass::Permanent);
    }
}

/// The reason of a policy is `Invalid` unless it says otherwise.
#[test]
fn a_policy_without_a_reason() {
    let fault = of(
        "The pods \"x\" is invalid: : ValidatingAdmissionPolicy 'a' with binding 'b' denied request: no",
    );
    assert_eq!(fault.code.as_deref(), Some("AdmissionPolicy"));
    assert_eq!(fault.class, FaultClass::Permanent);
    assert!(!fault.effect.may_have_happened() && fault.hint.is_some());
}

/// As `kubectl` 1.27 and 1.32 say it, beside their logs.
#[test]
fn kinds_that_the_server_does_not_tell_of_may_be_there() {
    let away = "the server is currently unable to handle the request";
    let said = "error: the server doesn't have a resource type \"statefulset\"";
    for logged in [
        format!("couldn't get resource list for apps/v1: {away}"),
        format!("\"Unhandled Error\" err=\"couldn't get resource list for apps/v1: {away}\""),
    ] {
        let fault = of(&format!(
            "E1130 12:26:28.988054   16037 memcache.go:287] {logged}\n{said}"
        ));
        assert_eq!(fault.class, FaultClass::Transient);
        assert_eq!(fault.code.as_deref(), Some("ApiUnavailable"));
        assert!(fault.message.ends_with(away), "{}", fault.message);
        assert!(!fault.effect.may_have_happened(), "it was not sent");
    }
    for other in [
        String::new(),
        format!(
            "E1130 12:26:28.988054   16037 memcache.go:287] couldn't get resource list for metrics.k8s.io/v1beta1: {away}\n"
        ),
    ] {
        let fault = of(&format!("{other}{said}"));
        assert_eq!(fault.code.as_deref(), Some("NoSuchResource"));
    }
}

/// After the request was sent, whatever is no answer leaves its effect open.
#[test]
fn a_lost_answer_is_no_refusal() {
    let post = "error: error when creating \"STDIN\": Post \"https://h:6443/api/v1/namespaces/k/pods?fieldManager=kubectl-create\": ";
    for (said, uncertain) in [
        ("EOF", true),
        ("http2: client connection lost", true),
        ("write tcp 1.2.3.4:5->1.2.3.4:6: write: broken pipe", true),
        ("http2: server sent GOAWAY and closed the connection", true),
        ("something that nobody has heard of", true),
        ("dial tcp 1.2.3.4:6443: connect: connection refused", false),
        ("dial tcp: lookup h: no such host", false),
        (
            "proxyconnect tcp: dial tcp 1.2.3.4:3128: i/o timeout",
            false,
        ),
    ] {
        let fault = of(&format!("{post}{said}"));
        assert_eq!(fault.class, FaultClass::Unreachable, "{said}");
        assert_eq!(fault.effect.may_have_happened(), uncertain, "{said}");
        assert!(fault.hint.is_some(), "{said}");
    }
    // What only looks is in no doubt.
    let place = Place {
        kubectl: "kubectl".to_owned(),
        context: None,
        namespace: None,
    };
    let read = classify(
        "get",
        &place,
        &format!("{post}EOF"),
        ExitStatus::from_raw(256),
        false,
    );
    assert!(!read.effect.may_have_happened());
    // Nor is what never left this machine.
    for said in [
        "error: unknown flag: --x",
        "The Pod \"x\" is invalid: spec: no",
    ] {
        let fault = of(said);
        assert_eq!(fault.class, FaultClass::Permanent, "{said}");
        assert!(!fault.effect.may_have_happened(), "{said}");
    }
}
